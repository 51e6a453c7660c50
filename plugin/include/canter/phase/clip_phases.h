#pragma once

#include <array>
#include <memory>
#include <vector>

#include "canter/phase/index.h"
#include "canter/phase/track.h"

namespace canter::phase {

/// A foot that comes down.
struct Strike {
  float time_s = 0.0f;
  float phase = 0.0f;  ///< of the primary channel then, cycles in [0, 1)
};

/// What a host needs of the phases of a whole clip. Immutable, shared by threads.
struct ClipPhases {
  /// Frame by frame; `frequency_hz` is each phase's own speed (phase_speed_hz), cycles per second
  /// of the clip's time.
  PhaseTrack track;
  PhaseIndex index;  ///< of `track`
  std::array<std::vector<Strike>, 2>
      strikes;  ///< left, right; empty: no feet, or no contacts known

  ClipPhases() = default;
  ClipPhases(const ClipPhases&) = delete;
  ClipPhases& operator=(const ClipPhases&) = delete;
};

/// Of a clip: its phases by a network, their index, and where its feet strike. As costly as
/// phases_of: for a job, not for a frame. Errors: those of phases_of and find_gait.
Result<std::shared_ptr<const ClipPhases>> make_clip_phases(const Autoencoder& network,
                                                           const Skeleton& skeleton,
                                                           const RawClip& clip);
/// Of phases that are known already (a `.phase` file); without strikes.
std::shared_ptr<const ClipPhases> make_clip_phases(PhaseTrack track);

}  // namespace canter::phase
