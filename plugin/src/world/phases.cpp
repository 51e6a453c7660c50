// The phases of a frame: of clips at their times, of networks in batches, and locks between
// characters.
#include "world/phases.h"

#include <cmath>

namespace canter::detail {
namespace {

CharacterPlace& place_at(WorldData& world, int index) {
  return world.places[static_cast<std::size_t>(index)];
}

bool stands(const CharacterPlace& place) {
  return place.state().parked != ParkReason::none || place.state().paused != 0;
}

// Of a clip at its time; `speed` is that of playback.
void write(const phase::ClipPhases& phases, const PlayState& play, float speed,
           std::span<phase::ChannelPhase> out) {
  phase::sample(phases.track, static_cast<float>(play.time_s), out);
  for (phase::ChannelPhase& channel : out) channel.frequency_hz *= speed;
}

void set_nothing(PhaseState& phase) {
  phase.mode = phase::Mode::none;
  phase.filled = 0.0f;
  phase.num_channels = phase.primary = 0;
}

// PhaseSource::clip: the phases of what is played at the time it is at.
void read_clip(const WorldData& world, const CharacterPlace& place) {
  PhaseState& phase = phase_state(place);
  const CharacterState& state = place.state();
  const phase::ClipPhases* playing = phases_of(world, state.play.clip);
  if (playing == nullptr || place.is_physical()) return set_nothing(phase);
  phase.mode = playing->track.mode;
  phase.filled = 1.0f;
  phase.primary = static_cast<std::uint8_t>(playing->track.primary);
  phase.num_channels = static_cast<std::uint8_t>(playing->track.channels);
  const std::span<phase::ChannelPhase> out = std::span(phase.channels).first(phase.num_channels);
  const bool moves = state.paused == 0;
  write(*playing, state.play, moves ? state.play.speed : 0.0f, out);

  const phase::ClipPhases* previous = phases_of(world, state.previous.clip);
  if (!(state.fade_duration_s > 0.0f) || previous == nullptr ||
      previous->track.channels != playing->track.channels)
    return;
  std::array<phase::ChannelPhase, kMaxPhaseChannels> before;
  write(*previous, state.previous, moves ? state.previous.speed : 0.0f,
        std::span(before).first(out.size()));
  const float weight = fade_weight(state);
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = phase::blend(before[c], out[c], weight);
}

// What the tracker says after its update.
void take_reading(const PhaseNetwork& network, const CharacterPlace& place) {
  PhaseState& phase = phase_state(place);
  const std::span<const float> state = tracker_state(place);
  const phase::PhaseReading reading = network.reading(state);
  const auto channels = network.phases(state);
  phase.mode = reading.mode;
  phase.filled = reading.filled;
  phase.primary = static_cast<std::uint8_t>(network.primary());
  phase.num_channels = static_cast<std::uint8_t>(channels.size());
  std::copy(channels.begin(), channels.end(), phase.channels.begin());
}

// PhaseSource::pose: up to kPhaseBatch characters of one network, on one worker.
void read_poses(WorldData& world, PhaseNetwork& network, std::span<const int> members, int worker,
                double dt_s) {
  const StageTimer timer(world.workers[static_cast<std::size_t>(worker)], Stage::phase);
  // Longer than any gap a stream bridges: it takes the pose and no movement.
  constexpr double kCut_s = 1e6;
  std::array<phase::TrackItem, kPhaseBatch> items;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const CharacterPlace& place = place_at(world, members[i]);
    PhaseState& phase = phase_state(place);
    items[i] = {place.phase_points.get(), place.models(), phase.cut != 0 ? kCut_s : dt_s,
                tracker_state(place)};
    phase.cut = 0;
  }
  network.update(worker, std::span(items).first(members.size()));
  for (const int member : members) take_reading(network, place_at(world, member));
}

// Everyone's source for this step: networks learn who uses them, clips are read.
void sort_by_source(WorldData& world) {
  for (std::uint32_t i = 0; i < world.phase_networks.num_places(); ++i)
    if (const PhaseNetworkId id = world.phase_networks.at(i); id)
      world.phase_networks.find(id)->members.clear();
  for (const int index : world.phased) {
    const CharacterPlace& place = place_at(world, index);
    if (phase_state(place).source != PhaseSource::pose) continue;
    PhaseNetwork* network = network_of(world, place);
    if (network == nullptr)
      set_nothing(phase_state(place));
    else if (!stands(place))
      network->members.push_back(index);
  }
}

// ---- locks

// The speed at which the follower's clip gains on the leader what it lacks; nothing: as it is.
void steer(WorldData& world, CharacterPlace& place, double dt_s) {
  PhaseState& phase = phase_state(place);
  const CharacterPlace* leader = world.find(phase.leader);
  if (leader == nullptr || !leader->has_phase()) return unlock(place);
  const PhaseState& ahead = phase_state(*leader);
  PlayState& play = place.state().play;
  const phase::ClipPhases* clip = phases_of(world, play.clip);
  if (clip == nullptr || place.is_physical() || stands(place) || ahead.mode == phase::Mode::none ||
      ahead.num_channels == 0)
    return;

  const phase::ChannelPhase& wanted = ahead.channels[ahead.primary];
  const phase::ChannelPhase own =
      phase::sample_channel(clip->track, clip->track.primary, static_cast<float>(play.time_s));
  phase.phase_error = phase::cycle_difference(wanted.phase + phase.lock.offset, own.phase);
  // A clip whose phase hardly moves cannot be steered.
  constexpr float kSlowest_hz = 0.05f;
  if (own.frequency_hz < kSlowest_hz) return;
  // Speeds follow five times as fast as the error goes: it comes to rest without swinging over.
  constexpr float kLn2 = 0.693147181f;
  constexpr float kQuicker = 5.0f;
  float speed = 0.0f;
  if (!stands(*leader)) {
    const float gain_hz = phase.phase_error * kLn2 / phase.lock.half_life_s;
    speed = std::clamp((wanted.frequency_hz + gain_hz) / own.frequency_hz, phase.lock.min_speed,
                       phase.lock.max_speed);
  }
  const float kept = std::exp2(-static_cast<float>(dt_s) * kQuicker / phase.lock.half_life_s);
  play.speed = speed + kept * (play.speed - speed);
}

}  // namespace

std::size_t tracker_offset() {
  return align_up(sizeof(PhaseState));
}

std::size_t phase_bytes(const PhaseNetwork* network) {
  return tracker_offset() + (network == nullptr ? 0 : network->state_size() * sizeof(float));
}

PhaseState& phase_state(const CharacterPlace& place) {
  return *reinterpret_cast<PhaseState*>(const_cast<std::byte*>(place.phase.data()));
}

std::span<float> tracker_state(const CharacterPlace& place) {
  auto* floats =
      reinterpret_cast<float*>(const_cast<std::byte*>(place.phase.data()) + tracker_offset());
  return {floats, (place.phase.size() - tracker_offset()) / sizeof(float)};
}

void silence(const CharacterPlace& place) {
  PhaseState& phase = phase_state(place);
  phase.source = PhaseSource::none;
  phase.leader = {};
  set_nothing(phase);
}

bool is_lock(const PhaseLock& lock) {
  return std::abs(lock.offset) <= 1.0f && lock.half_life_s >= 0.05f && lock.half_life_s <= 10.0f &&
         lock.min_speed >= 0.0f && lock.max_speed >= lock.min_speed && lock.max_speed <= kMaxSpeed;
}

PhaseNetwork* network_of(const WorldData& world, const CharacterPlace& place) {
  return world.phase_networks.find(phase_state(place).network).get();
}

const phase::ClipPhases* phases_of(const WorldData& world, ClipId clip) {
  const auto& asset = world.clips.find(clip);
  return asset == nullptr ? nullptr : asset->phases.get();
}

void note_cut(const CharacterPlace& place) {
  if (place.has_phase()) phase_state(place).cut = 1;
}

void note_speed(const CharacterPlace& place) {
  if (place.has_phase()) phase_state(place).speed_before_lock = place.state().play.speed;
}

void unlock(CharacterPlace& place) {
  PhaseState& phase = phase_state(place);
  if (!phase.leader) return;
  place.state().play.speed = phase.speed_before_lock;
  phase.leader = {};
  phase.phase_error = 0.0f;
}

void begin_phases(WorldData& world, double dt_s) {
  world.phased.clear();
  for (int i = 0; i < world.used_places; ++i) {
    const CharacterPlace& place = place_at(world, i);
    if (place.live() && place.has_phase()) world.phased.push_back(i);
  }
  if (world.phased.empty()) return;
  // One after another: a follower may be another one's leader.
  const StageTimer timer(world.workers[0], Stage::phase);
  for (const int index : world.phased)
    if (phase_state(place_at(world, index)).leader) steer(world, place_at(world, index), dt_s);
}

void read_phases(WorldData& world, double dt_s) {
  if (world.phased.empty()) return;
  sort_by_source(world);
  for_each_on_workers(world, static_cast<int>(world.phased.size()), [&](int i, int worker) {
    const CharacterPlace& place = place_at(world, world.phased[static_cast<std::size_t>(i)]);
    if (phase_state(place).source != PhaseSource::clip || place.state().parked != ParkReason::none)
      return;
    const StageTimer timer(world.workers[static_cast<std::size_t>(worker)], Stage::phase);
    read_clip(world, place);
  });
  for (std::uint32_t i = 0; i < world.phase_networks.num_places(); ++i) {
    const PhaseNetworkId id = world.phase_networks.at(i);
    if (!id) continue;
    PhaseNetwork& network = *world.phase_networks.find(id);
    const std::span<const int> members = network.members;
    const int count = static_cast<int>(members.size());
    for_each_on_workers(world, (count + kPhaseBatch - 1) / kPhaseBatch, [&](int b, int worker) {
      const auto first = static_cast<std::size_t>(b * kPhaseBatch);
      const auto taken = std::min(members.size() - first, static_cast<std::size_t>(kPhaseBatch));
      read_poses(world, network, members.subspan(first, taken), worker, dt_s);
    });
  }
}

}  // namespace canter::detail
