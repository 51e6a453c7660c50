#pragma once

#include <span>
#include <vector>

#include "canter/anim/joint_map.h"
#include "canter/anim/raw_clip.h"

namespace canter {

/// How much a pose is one that people stand in to be measured (T, A, or arms down): upright, legs
/// straight and down, arms straight and alike. 0 to 1; the rest pose of most characters is above
/// 0.9. Parts that `map` lacks do not count.
/// @param locals  [num_joints]
float standing_score(const Skeleton& skeleton, const JointMap& map,
                     std::span<const Transform> locals);

/// A pose in which body axes can be read off: the rest pose where it is one to stand in, else the
/// best such frame of `clip` (some exporters write a rest pose of bones all along one axis).
/// @param clip  may be nullptr: the rest pose
std::vector<Transform> reference_pose(const Skeleton& skeleton, const JointMap& map,
                                      const RawClip* clip);

}  // namespace canter
