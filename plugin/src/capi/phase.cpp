// Phases: networks, whole clips, characters.
#include "canter/nn/weights.h"
#include "capi/context.h"
#include "capi/play.h"

using namespace canter;
using namespace canter::capi;

namespace {

using For = WorldUse::For;
using ClipPhasesPtr = std::shared_ptr<const phase::ClipPhases>;

static_assert(CANTER_MAX_PHASE_CHANNELS == kMaxPhaseChannels);
static_assert(CANTER_PHASE_MODE_FRAME == static_cast<int>(phase::Mode::frame));
static_assert(CANTER_PHASE_SOURCE_POSE == static_cast<int>(PhaseSource::pose));

std::span<const std::byte> bytes_of(const void* bytes, std::size_t size) {
  require_argument(bytes != nullptr || size == 0, "the bytes are null but their size is not 0");
  return {static_cast<const std::byte*>(bytes), size};
}

canter_channel_phase to_c(const phase::ChannelPhase& channel) {
  return {channel.phase, channel.frequency_hz, channel.amplitude, channel.offset};
}

PhaseNetworkEntry read_network(std::span<const std::byte> bytes) {
  nn::WeightFile file = take(nn::read_weights(bytes, "phase network"), CANTER_STATUS_BAD_DATA);
  if (file.tensors.find("layers.0.weight") != file.tensors.end())
    return take(phase::make_frame_network(std::move(file), "phase network"),
                CANTER_STATUS_BAD_DATA);
  return take(phase::make_autoencoder(std::move(file), "phase network"), CANTER_STATUS_BAD_DATA);
}

ClipPhasesPtr phases_of(canter_context& context, canter_clip clip) {
  const auto entry = find(context, clip);
  const std::lock_guard lock(context.mutex);
  return entry->phases;
}

void set_phases(canter_context& context, const ClipEntry& entry, ClipPhasesPtr phases) {
  take(check_clip_phases(*phases, entry.clip), CANTER_STATUS_BAD_DATA);
  const std::lock_guard lock(context.mutex);
  entry.phases.swap(phases);
}

}  // namespace

extern "C" {

canter_clip_phase_info canter_clip_phase_info_default(void) noexcept {
  canter_clip_phase_info info{};
  info.size = sizeof info;
  return info;
}

canter_phase_state canter_phase_state_default(void) noexcept {
  canter_phase_state state{};
  state.size = sizeof state;
  return state;
}

canter_phase_lock_desc canter_phase_lock_desc_default(void) noexcept {
  const PhaseLock defaults;
  canter_phase_lock_desc desc{};
  desc.size = sizeof desc;
  desc.offset = defaults.offset;
  desc.half_life_s = defaults.half_life_s;
  desc.min_speed = defaults.min_speed;
  desc.max_speed = defaults.max_speed;
  return desc;
}

canter_status canter_phase_network_load(canter_context* context, const void* bytes, size_t size,
                                        canter_phase_network* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    auto network = std::allocate_shared<const PhaseNetworkEntry>(
        std::pmr::polymorphic_allocator<>(&c.memory), read_network(bytes_of(bytes, size)));
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_phase_network>(c.phase_networks.add(std::move(network)));
  });
}

canter_status canter_phase_network_destroy(canter_context* context,
                                           canter_phase_network network) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    find(c, network);
    const std::lock_guard lock(c.mutex);
    c.phase_networks.remove(id_of<ContextPhaseNetworkId>(network));
  });
}

canter_status canter_clip_find_phases(canter_context* context, canter_clip clip,
                                      canter_skeleton skeleton,
                                      canter_phase_network network) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto entry = find(c, clip);
    const auto of = find(c, skeleton);
    const auto found = find(c, network);
    const auto* autoencoder = std::get_if<phase::Autoencoder>(found.get());
    require_argument(autoencoder != nullptr,
                     "the phase network is a frame network; clips want an autoencoder");
    require_argument(entry->clip.skeleton_hash() == of->hash(),
                     "the clip was made for another skeleton");
    set_phases(c, *entry,
               take(phase::make_clip_phases(*autoencoder, *of, decompress(entry->clip, *of)),
                    CANTER_STATUS_INVALID_ARGUMENT));
  });
}

canter_status canter_clip_load_phases(canter_context* context, canter_clip clip, const void* bytes,
                                      size_t size) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto entry = find(c, clip);
    set_phases(
        c, *entry,
        phase::make_clip_phases(take(phase::load_phase_track(bytes_of(bytes, size), "phases"),
                                     CANTER_STATUS_BAD_DATA)));
  });
}

canter_status canter_clip_get_phase_info(canter_context* context, canter_clip clip,
                                         canter_clip_phase_info* info) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const ClipPhasesPtr phases = phases_of(c, clip);
    canter_clip_phase_info full = canter_clip_phase_info_default();
    if (phases != nullptr) {
      full.num_frames = static_cast<std::uint32_t>(phases->track.frames());
      full.num_channels = static_cast<std::uint32_t>(phases->track.channels);
      full.primary = static_cast<std::uint32_t>(phases->track.primary);
      full.rate_hz = phases->track.rate_hz;
      full.duration_s = phases->track.duration_s;
    }
    write_out(info, full);
  });
}

canter_status canter_clip_read_phases(canter_context* context, canter_clip clip,
                                      canter_channel_phase* phases, uint32_t capacity,
                                      uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const ClipPhasesPtr found = phases_of(c, clip);
    write_array(
        found == nullptr ? 0 : found->track.values.size(),
        [&](std::size_t i) { return to_c(found->track.values[i]); }, phases, capacity, count);
  });
}

canter_status canter_clip_read_strikes(canter_context* context, canter_clip clip, uint32_t foot,
                                       canter_strike* strikes, uint32_t capacity,
                                       uint32_t* count) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(foot <= 1, "foot is neither 0 (left) nor 1 (right)");
    const ClipPhasesPtr found = phases_of(c, clip);
    write_array(
        found == nullptr ? 0 : found->strikes[foot].size(),
        [&](std::size_t i) {
          const phase::Strike& strike = found->strikes[foot][i];
          return canter_strike{strike.time_s, strike.phase};
        },
        strikes, capacity, count);
  });
}

canter_status canter_character_set_phase(canter_context* context, canter_character character,
                                         int32_t source, canter_phase_network network) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    PhaseDesc desc;
    desc.source = enumerator(source, PhaseSource::pose, "source is no canter_phase_source");
    WorldUse use(c, character, For::writing);
    use.learn_clips(c);
    desc.network = use.phase_network(c, network);
    take(use->set_phase(use.character(), desc), CANTER_STATUS_INVALID_ARGUMENT);
  });
}

canter_status canter_character_get_phase(canter_context* context, canter_character character,
                                         canter_phase_state* state) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, character, For::reading);
    const PhaseView view = use->phase(use.character());
    canter_phase_state full = canter_phase_state_default();
    full.mode = static_cast<std::int32_t>(view.mode);
    full.filled = view.filled;
    full.num_channels = static_cast<std::uint32_t>(view.channels.size());
    full.primary = static_cast<std::uint32_t>(view.primary);
    full.has_body_phase = view.has_body_phase ? 1 : 0;
    full.body_phase = view.body_phase;
    full.locked = view.leader ? 1 : 0;
    full.phase_error = view.phase_error;
    for (std::size_t i = 0; i < view.channels.size(); ++i)
      full.channels[i] = to_c(view.channels[i]);
    write_out(state, full);
  });
}

canter_status canter_character_scrub_phase(canter_context* context, canter_character character,
                                           uint32_t channel, float phase) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(channel < CANTER_MAX_PHASE_CHANNELS, "there is no channel of this index");
    const WorldUse use(c, character, For::writing);
    require_argument(use->scrub(use.character(), static_cast<int>(channel), phase),
                     "the clip it plays has no phases, no such channel, or never this phase");
  });
}

canter_status canter_character_play_in_phase(canter_context* context, canter_character character,
                                             const canter_play_desc* desc,
                                             canter_phase_match* match) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    WorldUse use(c, character, For::writing);
    const PlayOrder order = read_play(c, use, desc);
    const phase::PhaseMatch found =
        take(use->play_in_phase(use.character(), order.playback, order.transition),
             CANTER_STATUS_INVALID_ARGUMENT);
    if (match != nullptr) *match = {found.time_s, found.phase_error, found.distance};
  });
}

canter_status canter_character_lock_phase(canter_context* context, canter_character follower,
                                          canter_character leader,
                                          const canter_phase_lock_desc* desc) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const canter_phase_lock_desc defaults = canter_phase_lock_desc_default();
    const canter_phase_lock_desc full = desc == nullptr ? defaults : read_desc(desc, defaults);
    require_argument(follower.world.index1 == leader.world.index1 &&
                         follower.world.generation == leader.world.generation,
                     "follower and leader are of two worlds");
    const WorldUse use(c, follower, For::writing);
    take(use->lock_phase(use.character(), id_of<CharacterId>(leader),
                         {full.offset, full.half_life_s, full.min_speed, full.max_speed}),
         CANTER_STATUS_INVALID_ARGUMENT);
  });
}

canter_status canter_character_unlock_phase(canter_context* context,
                                            canter_character follower) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const WorldUse use(c, follower, For::writing);
    require_argument(use->unlock_phase(use.character()), "the character is not locked");
  });
}

}  // extern "C"
