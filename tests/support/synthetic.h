#pragma once

#include <cstdint>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"

namespace canter::test {

/// A made-up body of `num_joints` joints: a spine with limbs and fingers, bones of 3 to 45 cm.
/// The same for the same arguments on every machine.
Skeleton synthetic_skeleton(int num_joints, bool has_scale = false);

/// A made-up walk-like motion: sums of a few sines per joint, some joints still, a travelling root.
RawClip synthetic_clip(const Skeleton& skeleton, int num_frames, float rate_hz,
                       std::uint32_t seed = 1);

}  // namespace canter::test
