#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "canter/anim/clip.h"
#include "canter/phase/clip_phases.h"
#include "canter/phase/frame_network.h"
#include "canter/world/handle.h"

namespace canter {

/// A network that reads phases off poses (World::add_phase_network).
using PhaseNetworkId = Handle<struct PhaseNetworkTag>;

/// Channels a character's phase may have.
inline constexpr std::size_t kMaxPhaseChannels = 16;

/// Where a character's phase comes from.
enum class PhaseSource : std::uint8_t {
  none,
  /// The phases of the whole clip it plays (World::set_clip_phases), at the time it is at: exact,
  /// because a clip's future is known, and no network runs. In a crossfade, those of both clips
  /// blended. There is none where the clip has none, or where a body moves the character.
  clip,
  /// A network, from the pose that the character shows, whatever made it: clips, muscles, gravity
  /// or a pose hook.
  pose,
};

struct PhaseDesc {
  PhaseSource source = PhaseSource::pose;
  PhaseNetworkId network = {};  ///< of PhaseSource::pose
};

/// Whether phases can be those of a clip. Errors: phases of a clip of another duration, or none at
/// all; more than kMaxPhaseChannels (limit).
Result<void> check_clip_phases(const phase::ClipPhases& phases, const Clip& clip);

/// How a character follows another one's phase (World::lock_phase).
struct PhaseLock {
  float offset = 0.0f;       ///< cycles that the follower is ahead, [-1, 1]
  float half_life_s = 0.4f;  ///< in which half the phase error is gone, [0.05, 10]
  float min_speed = 0.5f;    ///< playback speeds to steer with, 0 <= min <= max <= kMaxSpeed
  float max_speed = 2.0f;
};

/// A character's phase as of the last step. Valid until the next call that changes the world.
struct PhaseView {
  phase::Mode mode = phase::Mode::none;  ///< what made it; none: no phase, or none yet
  float filled = 0.0f;  ///< share of the network's window that was seen; below 1 it settles
  int primary = 0;      ///< the channel that follows the gait
  /// Phase, amplitude and offset now; frequency_hz is the phase's own speed in cycles per second of
  /// the world's time. Empty: no phase. The frame network has one channel, whose amplitude is its
  /// confidence.
  std::span<const phase::ChannelPhase> channels;
  bool has_body_phase = false;
  float body_phase = 0.0f;   ///< where a simulated character's reference is, cycles in [0, 1)
  CharacterId leader;        ///< null: not locked
  float phase_error = 0.0f;  ///< of the lock: leader + offset - own, cycles in [-1/2, 1/2)
};

}  // namespace canter
