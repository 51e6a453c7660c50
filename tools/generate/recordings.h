#pragma once

#include "canter/mimic/policy.h"

namespace canter::generate {

struct RecordingOptions {
  double seconds = 20.0;  ///< that the body performs, to choose from
  double settle_s = 4.0;  ///< after which a loop's laps count
};

/// A clip as a simulated body performs it.
struct Recording {
  RawClip clip;           ///< on the skeleton of the clip that is performed
  double from_s = 0.0;    ///< into the performance
  float seam_rad = 0.0f;  ///< how far a joint was from meeting itself before the loop was closed
};

/// Lets a policy perform and takes what a clip of its own shows: of a loop, the lap whose ends meet
/// best, closed; else from the beginning. Toes, hands and fingers, which the body has not, move as
/// in the clip. Deterministic on one build.
/// @param performed  the clip that the policy was trained on
/// Errors: a body that falls, skeletons with too little in common.
Result<Recording> record(const mimic::Policy& policy, const Skeleton& skeleton,
                         const RawClip& performed, const RecordingOptions& options = {});

}  // namespace canter::generate
