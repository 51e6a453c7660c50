#include "canter/world/snapshot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "world/bodies.h"
#include "world/phases.h"

namespace canter {
namespace detail {
namespace {

constexpr std::array<char, 4> kWorldMagic = {'C', 'T', 'R', 'W'};
constexpr std::array<char, 4> kCharacterMagic = {'C', 'T', 'R', 'C'};
constexpr std::uint32_t kVersion = 3;

struct WorldHeader {
  std::array<char, 4> magic = kWorldMagic;
  std::uint32_t version = kVersion;
  std::uint32_t num_characters = 0;
  std::uint32_t reserved = 0;
  FixedClock clock;
};

struct CharacterHeader {
  std::array<char, 4> magic = kCharacterMagic;
  std::uint32_t version = kVersion;
  std::uint32_t state_bytes = sizeof(CharacterState);
  std::uint32_t index1 = 0;
  std::uint32_t generation = 0;
  std::uint32_t body_bytes = 0;  ///< BodyState, physics and episode, behind those; 0: no body
  std::uint64_t skeleton_hash = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t transition_bytes = 0;  ///< offsets of an inertialized transition, behind the block
  std::uint64_t phase_bytes = 0;       ///< PhaseState and the tracker's state, last; 0: no phase
};

Error bad(ErrorCode code, std::string message) {
  return {code, "the snapshot " + std::move(message)};
}

Error stale_character() {
  return {ErrorCode::bad_value,
          "the character's handle is stale: it was destroyed or never existed"};
}

std::size_t transition_size(const CharacterPlace& place) {
  return place.state().transition_slot1 == 0 ? 0 : inertialization_bytes(*place.skeleton);
}

std::size_t saved_size(const CharacterPlace& place) {
  return sizeof(CharacterHeader) + place.block.size() + transition_size(place) + place.body.size() +
         place.phase.size();
}

void write(const WorldData& world, const CharacterPlace& place, std::byte* out) {
  CharacterHeader header;
  header.index1 = world.id_of(place).index1;
  header.generation = place.generation;
  header.skeleton_hash = place.skeleton->hash();
  header.block_bytes = place.block.size();
  header.transition_bytes = transition_size(place);
  header.body_bytes = static_cast<std::uint32_t>(place.body.size());
  header.phase_bytes = place.phase.size();
  std::memcpy(out, &header, sizeof header);
  out += sizeof header;
  std::memcpy(out, place.block.data(), place.block.size());
  std::byte* const behind = out + place.block.size() + header.transition_bytes;
  if (place.has_body()) std::memcpy(behind, place.body.data(), place.body.size());
  if (place.has_phase())
    std::memcpy(behind + place.body.size(), place.phase.data(), place.phase.size());
  if (header.transition_bytes == 0) return;
  // Which slot a transition has is the world's affair: the snapshot says only that there is one.
  CharacterState state = place.state();
  const std::span<const std::byte> transition =
      world.transitions.bytes(state.transition_slot1, *place.skeleton);
  state.transition_slot1 = 1;
  std::memcpy(out, &state, sizeof state);
  std::memcpy(out + place.block.size(), transition.data(), transition.size());
}

bool in_range(double value, double low, double high) {
  return value >= low && value <= high;  // false for NaN
}

bool is_sound(const PlayState& play) {
  return std::isfinite(play.time_s) && in_range(play.speed, -kMaxSpeed, kMaxSpeed) &&
         play.wrap <= Wrap::clamp;
}

bool is_sound(const LayerState& layer) {
  constexpr double kMaxWeight = 2.0;
  return is_sound(layer.play) && in_range(layer.weight, -kMaxWeight, kMaxWeight) &&
         in_range(layer.target_weight, -kMaxWeight, kMaxWeight) && layer.weight_per_s >= 0.0f &&
         std::isfinite(layer.weight_per_s) && layer.mode <= LayerMode::additive;
}

// Whether every field holds a value that calls could have put there.
bool is_sound(const CharacterState& state) {
  return is_sound(state.play) && is_sound(state.previous) &&
         in_range(state.fade_s, 0.0, kMaxFade_s) &&
         in_range(state.fade_duration_s, 0.0, kMaxFade_s) &&
         in_range(state.transition_s, 0.0, kMaxFade_s) &&
         in_range(state.transition_duration_s, 0.0, kMaxFade_s) && state.transition_slot1 <= 1 &&
         state.root_motion <= RootMotionMode::move && is_placement(state.placement) &&
         state.parked <= ParkReason::simulation_failed && state.paused <= 1 &&
         state.transition_over_layers <= 1 &&
         std::all_of(state.layers.begin(), state.layers.end(),
                     [](const LayerState& layer) { return is_sound(layer); });
}

bool is_sound(const FixedClock& clock, const FixedClock& present) {
  return clock.step_s == present.step_s && in_range(clock.left_over_s, 0.0, clock.step_s) &&
         clock.num_steps >= 0 && clock.dropped_steps >= 0 &&
         clock.max_steps_per_frame == present.max_steps_per_frame;
}

// A character's part of a snapshot, checked for everything but its skeleton.
struct Record {
  CharacterHeader header;
  std::span<const std::byte> block;
  std::span<const std::byte> transition;
  std::span<const std::byte> body;
  std::span<const std::byte> phase;

  std::size_t size() const {
    return sizeof header + block.size() + transition.size() + body.size() + phase.size();
  }
};

// The next part of a record, of as many bytes as its header claims.
Result<std::span<const std::byte>> take_part(std::span<const std::byte>& rest, std::uint64_t size,
                                             const char* what) {
  if (size > rest.size())
    return bad(ErrorCode::truncated, "claims a " + std::string(what) + " of " +
                                         std::to_string(size) + " bytes, but " +
                                         std::to_string(rest.size()) + " remain");
  const std::span<const std::byte> part = rest.first(static_cast<std::size_t>(size));
  rest = rest.subspan(part.size());
  return part;
}

Result<Record> read_record(std::span<const std::byte> bytes) {
  Record record;
  if (bytes.size() < sizeof record.header)
    return bad(ErrorCode::truncated,
               "ends inside a character's header: " + std::to_string(bytes.size()) +
                   " bytes remain of " + std::to_string(sizeof record.header));
  std::memcpy(&record.header, bytes.data(), sizeof record.header);
  const CharacterHeader& header = record.header;
  if (header.magic != kCharacterMagic)
    return bad(ErrorCode::bad_format, "does not start a character where one was expected");
  if (header.version != kVersion || header.state_bytes != sizeof(CharacterState))
    return bad(ErrorCode::unsupported,
               "is of version " + std::to_string(header.version) + " with states of " +
                   std::to_string(header.state_bytes) + " bytes; this build has version " +
                   std::to_string(kVersion) + " with " + std::to_string(sizeof(CharacterState)));
  bytes = bytes.subspan(sizeof header);
  if (header.block_bytes < sizeof(CharacterState))
    return bad(ErrorCode::truncated,
               "claims a character of " + std::to_string(header.block_bytes) + " bytes");
  const struct {
    std::uint64_t size;
    const char* what;
    std::span<const std::byte>& part;
  } parts[] = {{header.block_bytes, "character", record.block},
               {header.transition_bytes, "transition", record.transition},
               {header.body_bytes, "body", record.body},
               {header.phase_bytes, "phase", record.phase}};
  for (const auto& [size, what, part] : parts) {
    const auto taken = take_part(bytes, size, what);
    if (!taken) return taken.error();
    part = *taken;
  }
  CharacterState state;
  std::memcpy(&state, record.block.data(), sizeof state);
  if (!is_sound(state) || (state.transition_slot1 != 0) != !record.transition.empty())
    return bad(ErrorCode::bad_value, "holds a state with numbers out of range for character " +
                                         std::to_string(header.index1));
  return record;
}

Result<void> check_skeleton(const Record& record, const Skeleton& skeleton) {
  if (record.header.skeleton_hash != skeleton.hash() ||
      record.block.size() != World::character_bytes(skeleton) ||
      (!record.transition.empty() && record.transition.size() != inertialization_bytes(skeleton)))
    return bad(ErrorCode::bad_value, "holds a character of another skeleton");
  return {};
}

bool is_sound(const BodyState& state) {
  return state.mode <= BodyMode::ragdoll && state.after_fall <= AfterFall::ragdoll &&
         state.last_end <= mimic::End::broken && state.last_fault <= physics::Fault::engine_error;
}

// The body of a record, against the skill it names.
Result<void> check_body(const WorldData& world, const Record& record) {
  if (record.body.empty()) return {};
  BodyState state;
  if (record.body.size() < sizeof state)
    return bad(ErrorCode::truncated, "ends inside a body's state");
  std::memcpy(&state, record.body.data(), sizeof state);
  const SkillAsset* skill = world.skills.find(state.skill).get();
  if (skill == nullptr)
    return bad(ErrorCode::bad_value, "needs a skill that this world does not have");
  if (record.body.size() != body_bytes(skill->task()))
    return bad(ErrorCode::bad_value, "holds a body of another skill");
  mimic::EpisodeHead head;
  std::memcpy(&head, record.body.data() + episode_offset(skill->task()), sizeof head);
  if (!is_sound(state) || !mimic::is_sound(skill->task(), head))
    return bad(ErrorCode::bad_value, "holds a body with numbers out of range for character " +
                                         std::to_string(record.header.index1));
  return {};
}

// Whether a place has the body that a record holds, so that it can be written there.
bool has_same_body(const CharacterPlace& place, const Record& record) {
  if (!place.live() || place.body.size() != record.body.size()) return false;
  BodyState state;
  std::memcpy(&state, record.body.data(), sizeof state);
  return place.body_state().skill == state.skill;
}

bool is_sound(const phase::ChannelPhase& channel) {
  return channel.phase >= 0.0f && channel.phase < 1.0f && std::isfinite(channel.frequency_hz) &&
         std::isfinite(channel.amplitude) && std::isfinite(channel.offset);
}

bool is_sound(const PhaseState& state) {
  const PhaseLock& lock = state.lock;
  return is_lock(lock) && in_range(state.speed_before_lock, -kMaxSpeed, kMaxSpeed) &&
         in_range(state.phase_error, -1.0, 1.0) && in_range(state.filled, 0.0, 1.0) &&
         state.source <= PhaseSource::pose &&
         (state.source != PhaseSource::pose || state.network) && state.mode <= phase::Mode::frame &&
         state.num_channels <= kMaxPhaseChannels &&
         state.primary < std::max<std::uint8_t>(state.num_channels, 1) && state.cut <= 1 &&
         std::all_of(state.channels.begin(), state.channels.end(),
                     [](const phase::ChannelPhase& channel) { return is_sound(channel); });
}

// The phase of a record, against the network it names.
Result<void> check_phase(const WorldData& world, const Record& record) {
  if (record.phase.empty()) return {};
  PhaseState state;
  if (record.phase.size() < sizeof state)
    return bad(ErrorCode::truncated, "ends inside a phase's state");
  std::memcpy(&state, record.phase.data(), sizeof state);
  PhaseNetwork* network = world.phase_networks.find(state.network).get();
  if (state.network && network == nullptr)
    return bad(ErrorCode::bad_value, "needs a phase network that this world does not have");
  if (record.phase.size() != phase_bytes(network))
    return bad(ErrorCode::bad_value, "holds a phase of another network");
  if (!is_sound(state) ||
      (network != nullptr && !network->is_sound(record.phase.subspan(tracker_offset()))))
    return bad(ErrorCode::bad_value, "holds a phase with numbers out of range for character " +
                                         std::to_string(record.header.index1));
  return {};
}

// Whether a place has the phase that a record holds, so that it can be written there.
bool has_same_phase(const CharacterPlace& place, const Record& record) {
  if (!place.live() || place.phase.size() != record.phase.size()) return false;
  PhaseState state;
  std::memcpy(&state, record.phase.data(), sizeof state);
  return phase_state(place).network == state.network;
}

// A record and where it goes; what has to be allocated already is.
struct Arrival {
  Record record;
  std::shared_ptr<const Skeleton> skeleton;
  Block block;  ///< empty: the place's own block fits
  Block body;   ///< empty: none, or the place's own body fits
  std::unique_ptr<BodyReadout> readout;
  std::shared_ptr<const Retargeter> from_body;
  Block phase;  ///< empty: none, or the place's own phase fits
  std::shared_ptr<const phase::Body> phase_points;
};

Result<void> prepare_phase(const WorldData& world, Arrival& arrival) {
  const Record& record = arrival.record;
  if (Result<void> ok = check_phase(world, record); !ok || record.phase.empty()) return ok;
  const CharacterPlace& place = world.places[record.header.index1 - 1];
  if (has_same_phase(place, record) && place.skeleton->hash() == record.header.skeleton_hash)
    return {};
  arrival.phase = Block(record.phase.size(), world.desc.memory);
  arrival.phase_points = std::make_shared<const phase::Body>(phase::make_body(*arrival.skeleton));
  return {};
}

Result<void> prepare_body(const WorldData& world, Arrival& arrival) {
  const Record& record = arrival.record;
  if (Result<void> ok = check_body(world, record); !ok || record.body.empty()) return ok;
  const CharacterPlace& place = world.places[record.header.index1 - 1];
  if (has_same_body(place, record) && place.skeleton->hash() == record.header.skeleton_hash)
    return {};
  arrival.body = Block(record.body.size(), world.desc.memory);
  std::memcpy(arrival.body.data(), record.body.data(), record.body.size());
  arrival.readout = std::make_unique<BodyReadout>();
  const SkillId id = arrival.body.at<BodyState>(0, 1)[0].skill;
  auto from_body = make_from_body(*world.skills.find(id), *arrival.skeleton);
  if (!from_body) return from_body.error();
  arrival.from_body = std::move(from_body).value();
  return {};
}

Result<Arrival> prepare(const WorldData& world, const Record& record) {
  const CharacterHeader& header = record.header;
  if (header.index1 == 0 || header.index1 > world.places.size() || header.generation == 0)
    return bad(ErrorCode::limit, "names character place " + std::to_string(header.index1) +
                                     "; the world has " + std::to_string(world.places.size()));
  const std::shared_ptr<const Skeleton>* skeleton = world.find_skeleton(header.skeleton_hash);
  if (skeleton == nullptr)
    return bad(ErrorCode::bad_value, "needs a skeleton that this world has never seen");
  if (Result<void> ok = check_skeleton(record, **skeleton); !ok) return ok.error();
  Arrival arrival{record, *skeleton, {}, {}, {}, {}, {}, {}};
  if (Result<void> ok = prepare_body(world, arrival); !ok) return ok.error();
  if (Result<void> ok = prepare_phase(world, arrival); !ok) return ok.error();
  const CharacterPlace& place = world.places[header.index1 - 1];
  if (!place.live() || place.block.size() != record.block.size())
    arrival.block = Block(record.block.size(), world.desc.memory);
  return arrival;
}

// The state into a place whose block fits; a slot for its transition is known to be free.
void write_state(WorldData& world, CharacterPlace& place, const Record& record) {
  const std::uint32_t old_slot1 = place.state().transition_slot1;
  std::memcpy(place.block.data(), record.block.data(), record.block.size());
  if (!record.body.empty())
    std::memcpy(place.body.data(), record.body.data(), record.body.size());
  else if (place.has_body())
    place.body_state().mode = BodyMode::kinematic;
  if (!record.phase.empty())
    std::memcpy(place.phase.data(), record.phase.data(), record.phase.size());
  else if (place.has_phase())
    silence(place);
  std::uint32_t& slot1 = place.state().transition_slot1;
  if (record.transition.empty()) {
    if (old_slot1 != 0) world.transitions.release(old_slot1);
    return;
  }
  slot1 = old_slot1 != 0 ? old_slot1 : world.transitions.acquire(world.id_of(place).index1);
  std::memcpy(world.transitions.bytes(slot1, *place.skeleton).data(), record.transition.data(),
              record.transition.size());
}

Error too_many_transitions(const WorldData& world) {
  return bad(ErrorCode::limit, "needs more transitions than the world's " +
                                   std::to_string(world.transitions.num_slots()) +
                                   " (WorldDesc::max_transitions)");
}

void settle(WorldData& world, Arrival& arrival) {
  const CharacterHeader& header = arrival.record.header;
  CharacterPlace& place = world.places[header.index1 - 1];
  if (!place.live() || place.generation != header.generation) place.pose_hook = {};
  if (arrival.block.size() != 0) place.block = std::move(arrival.block);
  if (arrival.body.size() != 0 || arrival.record.body.empty()) {
    place.body = std::move(arrival.body);
    place.readout = std::move(arrival.readout);
    place.from_body = std::move(arrival.from_body);
  }
  if (arrival.phase.size() != 0 || arrival.record.phase.empty()) {
    place.phase = std::move(arrival.phase);
    place.phase_points = std::move(arrival.phase_points);
  }
  place.skeleton = std::move(arrival.skeleton);
  place.generation = header.generation;
  place.last_generation = std::max(place.last_generation, header.generation);
  place.state().transition_slot1 = 0;  // all slots were given back before
  write_state(world, place, arrival.record);
}

}  // namespace
}  // namespace detail

std::size_t snapshot_size(const World& world, CharacterId character) {
  const detail::CharacterPlace* place = world.data().find(character);
  return place == nullptr ? 0 : detail::saved_size(*place);
}

Result<std::size_t> save(const World& world, CharacterId character, std::span<std::byte> out) {
  const detail::CharacterPlace* place = world.data().find(character);
  if (place == nullptr) return detail::stale_character();
  const std::size_t size = detail::saved_size(*place);
  if (out.size() < size)
    return detail::bad(ErrorCode::limit, "takes " + std::to_string(size) +
                                             " bytes; there is room for " +
                                             std::to_string(out.size()));
  detail::write(world.data(), *place, out.data());
  return size;
}

Result<void> restore(World& world, CharacterId character, std::span<const std::byte> bytes) {
  detail::CharacterPlace* place = world.data().find(character);
  if (place == nullptr) return detail::stale_character();
  const Result<detail::Record> record = detail::read_record(bytes);
  if (!record) return record.error();
  if (Result<void> ok = detail::check_skeleton(*record, *place->skeleton); !ok) return ok;
  if (Result<void> ok = detail::check_body(world.data(), *record); !ok) return ok;
  if (!record->body.empty() && !detail::has_same_body(*place, *record))
    return detail::bad(ErrorCode::bad_value,
                       "holds a body, but the character has none of its skill (World::simulate)");
  if (Result<void> ok = detail::check_phase(world.data(), *record); !ok) return ok;
  if (!record->phase.empty() && !detail::has_same_phase(*place, *record))
    return detail::bad(ErrorCode::bad_value,
                       "holds a phase, but the character has none like it (World::set_phase)");
  if (!record->transition.empty() && place->state().transition_slot1 == 0 &&
      world.data().transitions.num_free() == 0)
    return detail::too_many_transitions(world.data());
  detail::write_state(world.data(), *place, *record);
  return {};
}

std::size_t snapshot_size(const World& world) {
  std::size_t size = sizeof(detail::WorldHeader);
  for (const detail::CharacterPlace& place : world.data().places)
    if (place.live()) size += detail::saved_size(place);
  return size;
}

Result<std::size_t> save(const World& world, std::span<std::byte> out) {
  const std::size_t size = snapshot_size(world);
  if (out.size() < size)
    return detail::bad(ErrorCode::limit, "takes " + std::to_string(size) +
                                             " bytes; there is room for " +
                                             std::to_string(out.size()));
  const detail::WorldData& data = world.data();
  detail::WorldHeader header;
  header.num_characters = static_cast<std::uint32_t>(data.num_characters);
  header.clock = data.clock;
  std::memcpy(out.data(), &header, sizeof header);
  std::byte* at = out.data() + sizeof header;
  for (const detail::CharacterPlace& place : data.places) {
    if (!place.live()) continue;
    detail::write(data, place, at);
    at += detail::saved_size(place);
  }
  return size;
}

Result<void> restore(World& world, std::span<const std::byte> bytes) {
  using namespace detail;
  WorldData& data = world.data();
  WorldHeader header;
  if (bytes.size() < sizeof header)
    return bad(ErrorCode::truncated, "is " + std::to_string(bytes.size()) +
                                         " bytes long; its header alone takes " +
                                         std::to_string(sizeof header));
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kWorldMagic)
    return bad(ErrorCode::bad_format, "does not begin like one of a world");
  if (header.version != kVersion)
    return bad(ErrorCode::unsupported, "is of version " + std::to_string(header.version) +
                                           "; this build reads " + std::to_string(kVersion));
  if (!is_sound(header.clock, data.clock))
    return bad(ErrorCode::bad_value, "has a clock out of range or of another rate");
  if (header.num_characters > data.places.size())
    return bad(ErrorCode::limit, "holds " + std::to_string(header.num_characters) +
                                     " characters; the world has room for " +
                                     std::to_string(data.places.size()));

  // Check and allocate everything first, so that a refused snapshot leaves the world as it was.
  std::pmr::vector<Arrival> arrivals(data.desc.memory);
  arrivals.reserve(header.num_characters);
  std::pmr::vector<char> arrives(data.places.size(), 0, data.desc.memory);
  int num_transitions = 0;
  std::span<const std::byte> rest = bytes.subspan(sizeof header);
  for (std::uint32_t i = 0; i < header.num_characters; ++i) {
    const Result<Record> record = read_record(rest);
    if (!record) return record.error();
    Result<Arrival> arrival = prepare(data, *record);
    if (!arrival) return arrival.error();
    char& taken = arrives[record->header.index1 - 1];
    if (taken != 0) return bad(ErrorCode::bad_value, "holds the same character twice");
    taken = 1;
    if (!record->transition.empty() && ++num_transitions > data.transitions.num_slots())
      return too_many_transitions(data);
    rest = rest.subspan(record->size());
    arrivals.push_back(std::move(arrival).value());
  }
  if (!rest.empty())
    return bad(ErrorCode::bad_format,
               "has " + std::to_string(rest.size()) + " bytes behind its last character");

  for (std::size_t i = 0; i < arrives.size(); ++i)
    if (arrives[i] == 0 && data.places[i].live()) world.destroy(data.id_of(data.places[i]));
  data.transitions.release_all();
  for (Arrival& arrival : arrivals) settle(data, arrival);
  data.num_characters = static_cast<int>(header.num_characters);
  data.used_places = static_cast<int>(data.places.size());
  while (data.used_places > 0 &&
         !data.places[static_cast<std::size_t>(data.used_places) - 1].live())
    --data.used_places;
  data.first_free = 0;
  data.clock = header.clock;
  return reserve_skills(data);
}

}  // namespace canter
