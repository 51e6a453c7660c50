#pragma once

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"

namespace canter::importer::detail {

/// The first joint without a parent.
int first_root(const Skeleton& skeleton);

/// Where a clip takes the body, and how much of it nothing explains.
struct Drift {
  Vec3 travelled_m{0.0f};  ///< of the first root, from its first place to its last
  Vec3 stepped_m{0.0f};    ///< the part of it that the steps make: the body over what supports it
  Vec3 drift_m{0.0f};      ///< the part that is neither; zero unless it is worth telling
};

/// Tells drift from progress. Over the ground a body on the spot drifts by what its supporting
/// points slide along with it; one that steps drifts by what they slide across its way, where the
/// clip is a loop, or wanders where its steps are too small to be meant. A loop that stays on the
/// spot drifts up or down by what its root has risen or sunk. Steps on stairs, jumps and feet
/// that slide along the way are no drift. O(frames × joints).
Drift judge_drift(const Skeleton& skeleton, const RawClip& clip);

}  // namespace canter::importer::detail
