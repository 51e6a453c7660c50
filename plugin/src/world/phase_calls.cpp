// World's calls about phases.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "canter/mimic/reference_motion.h"
#include "world/bodies.h"
#include "world/phases.h"

namespace canter {
namespace {

using detail::CharacterPlace;
using detail::phase_state;
using detail::PhaseState;
using detail::WorldData;

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, std::move(message)};
}

Error stale(const char* what) {
  return bad_value("the " + std::string(what) +
                   "'s handle is stale: it was destroyed, removed or never existed");
}

Result<void> check_channels(int channels) {
  if (channels <= static_cast<int>(kMaxPhaseChannels)) return {};
  return Error{ErrorCode::limit, std::to_string(channels) + " phase channels; at most " +
                                     std::to_string(kMaxPhaseChannels)};
}

Result<void> check(const PhaseLock& lock) {
  if (detail::is_lock(lock)) return {};
  return bad_value("the lock's numbers are out of range: offset " + std::to_string(lock.offset) +
                   ", half-life " + std::to_string(lock.half_life_s) + " s, speeds " +
                   std::to_string(lock.min_speed) + " to " + std::to_string(lock.max_speed));
}

template <class Network>
PhaseNetworkId add_network(WorldData& world, const Network& network) {
  const std::pmr::polymorphic_allocator<> allocator(world.desc.memory);
  auto added = std::allocate_shared<detail::PhaseNetwork>(
      allocator, network, static_cast<int>(world.workers.size()), world.desc.memory);
  added->members.reserve(world.places.size());
  return world.phase_networks.add(std::move(added));
}

// Phases to find a clip's like by: [num_channels] of the clip, and whether all of them count.
struct Sought {
  std::array<phase::ChannelPhase, kMaxPhaseChannels> channels{};
  bool primary_only = false;
};

// Those of the character, as channels of `to`.
Result<Sought> phases_to_match(const WorldData& world, const CharacterPlace& place,
                               const phase::PhaseTrack& to) {
  Sought sought;
  if (place.has_phase() && phase_state(place).num_channels != 0 &&
      phase_state(place).mode != phase::Mode::none) {
    const PhaseState& own = phase_state(place);
    sought.primary_only = own.num_channels != to.channels;
    if (sought.primary_only)
      sought.channels[static_cast<std::size_t>(to.primary)] = own.channels[own.primary];
    else
      sought.channels = own.channels;
    return sought;
  }
  const PlayState& play = place.state().play;
  const phase::ClipPhases* now = detail::phases_of(world, play.clip);
  if (now == nullptr || place.is_physical())
    return bad_value(
        "the character has no phase to start from: neither its own (set_phase) nor "
        "that of a clip it plays (set_clip_phases)");
  const auto time_s = static_cast<float>(play.time_s);
  sought.primary_only = now->track.channels != to.channels;
  if (sought.primary_only)
    sought.channels[static_cast<std::size_t>(to.primary)] =
        phase::sample_channel(now->track, now->track.primary, time_s);
  else
    phase::sample(now->track, time_s, sought.channels);
  return sought;
}

}  // namespace

Result<void> check_clip_phases(const phase::ClipPhases& phases, const Clip& clip) {
  const phase::PhaseTrack& track = phases.track;
  if (Result<void> ok = check_channels(track.channels); !ok) return ok;
  const float off_s = std::abs(track.duration_s - clip.duration_s());
  if (track.frames() > 0 && off_s <= 1.0f / track.rate_hz) return {};
  return bad_value("phases of " + std::to_string(track.duration_s) + " s, " +
                   std::to_string(track.frames()) + " frames; the clip lasts " +
                   std::to_string(clip.duration_s()) + " s");
}

Result<PhaseNetworkId> World::add_phase_network(const phase::Autoencoder& network) {
  if (network.info().dims != 3 * phase::kBodyPoints)
    return bad_value("the phase network sees " + std::to_string(network.info().dims) +
                     " features; expected " + std::to_string(3 * phase::kBodyPoints) +
                     ", the velocities of a humanoid's points");
  if (Result<void> ok = check_channels(network.info().channels); !ok) return ok.error();
  return add_network(*data_, network);
}

Result<PhaseNetworkId> World::add_phase_network(const phase::FrameNetwork& network) {
  return add_network(*data_, network);
}

bool World::remove_phase_network(PhaseNetworkId network) {
  return data_->phase_networks.remove(network);
}

Result<void> World::set_clip_phases(ClipId clip, std::shared_ptr<const phase::ClipPhases> phases) {
  const auto& asset = data_->clips.find(clip);
  if (asset == nullptr) return stale("clip");
  if (phases != nullptr)
    if (Result<void> ok = check_clip_phases(*phases, *asset->clip); !ok) return ok;
  detail::ClipAsset changed = *asset;
  changed.phases = std::move(phases);
  const std::pmr::polymorphic_allocator<> allocator(data_->desc.memory);
  data_->clips.replace(
      clip, std::allocate_shared<const detail::ClipAsset>(allocator, std::move(changed)));
  return {};
}

const phase::ClipPhases* World::clip_phases(ClipId clip) const {
  return detail::phases_of(*data_, clip);
}

Result<void> World::set_phase(CharacterId character, const PhaseDesc& desc) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr) return stale("character");
  if (desc.source > PhaseSource::pose) return bad_value("the phase's source is unknown");
  const bool reads_poses = desc.source == PhaseSource::pose;
  const auto& network = data_->phase_networks.find(desc.network);
  if (reads_poses && network == nullptr) return stale("phase network");
  std::shared_ptr<const phase::Body> points;
  if (reads_poses) points = std::make_shared<const phase::Body>(phase::make_body(*place->skeleton));

  if (place->has_phase()) detail::unlock(*place);
  place->phase_points = std::move(points);
  place->phase = Block();
  if (desc.source == PhaseSource::none) return {};
  place->phase =
      Block(detail::phase_bytes(reads_poses ? network.get() : nullptr), data_->desc.memory);
  PhaseState& state = phase_state(*place);
  state = PhaseState{};
  state.source = desc.source;
  if (reads_poses) {
    state.network = desc.network;
    network->start(detail::tracker_state(*place));
  }
  return {};
}

bool World::scrub(CharacterId character, int channel, float phase) {
  const CharacterPlace* place = data_->find(character);
  if (place == nullptr) return false;
  const PlayState& play = place->state().play;
  const phase::ClipPhases* phases = detail::phases_of(*data_, play.clip);
  if (phases == nullptr) return false;
  const auto time_s =
      phase::find_phase(phases->track, channel, phase, static_cast<float>(play.time_s));
  return time_s.has_value() && seek(character, static_cast<double>(*time_s));
}

Result<phase::PhaseMatch> World::play_in_phase(CharacterId character, const Playback& playback,
                                               const Transition& transition,
                                               const phase::MatchSettings& settings) {
  const CharacterPlace* place = data_->find(character);
  if (place == nullptr) return stale("character");
  if (data_->find_clip(playback.clip) == nullptr) return stale("clip");
  const phase::ClipPhases* phases = detail::phases_of(*data_, playback.clip);
  if (phases == nullptr)
    return bad_value("the clip to play has no phases (World::set_clip_phases)");
  const Result<Sought> sought = phases_to_match(*data_, *place, phases->track);
  if (!sought) return sought.error();
  phase::MatchSettings how = settings;
  how.primary_only |= sought->primary_only;
  const phase::PhaseMatch match = phase::find_match(phases->index, sought->channels, how);
  Playback at = playback;
  at.time_s = static_cast<double>(match.time_s);
  if (Result<void> played = play(character, at, transition); !played) return played.error();
  return match;
}

Result<void> World::lock_phase(CharacterId follower, CharacterId leader, const PhaseLock& lock) {
  CharacterPlace* place = data_->find(follower);
  const CharacterPlace* ahead = data_->find(leader);
  if (place == nullptr || ahead == nullptr) return stale("character");
  if (place == ahead) return bad_value("a character cannot follow its own phase");
  if (!place->has_phase() || !ahead->has_phase())
    return bad_value(std::string("the ") + (place->has_phase() ? "leader" : "follower") +
                     " has no phase (World::set_phase)");
  if (Result<void> ok = check(lock); !ok) return ok;
  PhaseState& state = phase_state(*place);
  if (!state.leader) detail::note_speed(*place);
  state.leader = leader;
  state.lock = lock;
  return {};
}

bool World::unlock_phase(CharacterId follower) {
  CharacterPlace* place = data_->find(follower);
  if (place == nullptr || !place->has_phase() || !phase_state(*place).leader) return false;
  detail::unlock(*place);
  return true;
}

PhaseView World::phase(CharacterId character) const {
  const CharacterPlace* place = data_->find(character);
  PhaseView view;
  if (place == nullptr) return view;
  if (place->has_phase()) {
    const PhaseState& state = phase_state(*place);
    view.mode = state.mode;
    view.filled = state.filled;
    view.primary = state.primary;
    view.channels = std::span(state.channels).first(state.num_channels);
    view.leader = state.leader;
    view.phase_error = state.phase_error;
  }
  const detail::SkillAsset* skill = place->has_body() ? detail::skill_of(*data_, *place) : nullptr;
  view.has_body_phase = skill != nullptr && place->body_state().mode == BodyMode::simulated;
  if (view.has_body_phase) {
    const auto parts = detail::parts_of(skill->task(), place->body_bytes());
    view.body_phase = phase::wrap_cycle(
        static_cast<float>(mimic::phase_at(skill->task().motion(), parts.episode.head->time_s)));
  }
  return view;
}

}  // namespace canter
