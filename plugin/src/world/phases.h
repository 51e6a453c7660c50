#pragma once

// Phases of characters: what World's calls, the frame and snapshots need of them. Private to the
// room.

#include <array>
#include <type_traits>

#include "world/world_data.h"

namespace canter::detail {

/// A character's phase as of the last step, and its lock. Plain data, part of its snapshot together
/// with the state of the network's tracker, which follows it in the character's phase block.
struct PhaseState {
  PhaseNetworkId network;
  CharacterId leader;  ///< null: not locked
  PhaseLock lock;
  float speed_before_lock = 1.0f;
  float phase_error = 0.0f;
  float filled = 0.0f;
  PhaseSource source = PhaseSource::none;
  phase::Mode mode = phase::Mode::none;
  std::uint8_t primary = 0;
  std::uint8_t num_channels = 0;
  std::uint8_t cut = 0;  ///< 1: the next pose is no movement from the last
  std::array<std::uint8_t, 3> reserved{};
  std::array<phase::ChannelPhase, kMaxPhaseChannels> channels{};
};
static_assert(std::is_trivially_copyable_v<PhaseState>);
// No padding: equal states are equal bytes.
static_assert(sizeof(PhaseState) == 2 * 8 + sizeof(PhaseLock) + 3 * 4 + 8 +
                                        kMaxPhaseChannels * sizeof(phase::ChannelPhase));

/// Bytes of a phase block; `network` is nullptr where none runs.
std::size_t phase_bytes(const PhaseNetwork* network);

/// Constness of a place is that of its handle, not of what its phase holds. The place must have a
/// phase.
PhaseState& phase_state(const CharacterPlace& place);
/// What the network's tracker keeps of the character.
std::span<float> tracker_state(const CharacterPlace& place);

/// Where the tracker's state begins in a phase block.
std::size_t tracker_offset();
/// Whether a lock's numbers are in range.
bool is_lock(const PhaseLock& lock);

/// Takes the phase out of use and keeps its memory.
void silence(const CharacterPlace& place);

/// The network of a phase; nullptr where none runs, or it was removed.
PhaseNetwork* network_of(const WorldData& world, const CharacterPlace& place);

/// The phases of a clip; nullptr where there are none.
const phase::ClipPhases* phases_of(const WorldData& world, ClipId clip);

/// Notes that what the character shows next is no movement from what it shows now.
void note_cut(const CharacterPlace& place);

/// Notes the speed that a lock gives back in the end.
void note_speed(const CharacterPlace& place);
/// Ends a lock and gives back the speed.
void unlock(CharacterPlace& place);

/// Lists those with a phase, and steers those that follow another one's. Before anything moves on.
void begin_phases(WorldData& world, double dt_s);
/// phase: the pose that everyone shows → phase. After everything has moved on.
void read_phases(WorldData& world, double dt_s);

}  // namespace canter::detail
