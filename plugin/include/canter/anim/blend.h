#pragma once

#include <span>

#include "canter/anim/pose.h"

namespace canter {

/// One pose of a blend.
struct BlendLayer {
  ConstPoseView pose;
  float weight = 1.0f;
  /// [num_joints] factors in [0, 1] on `weight`, or empty for all 1.
  std::span<const float> joint_weights;
};

/// Weighted average of any number of poses; weights are normalised per joint. Rotations blend on
/// the shortest arc from the first layer and are renormalised. A joint whose weights sum to
/// (nearly) zero takes the pose of `fallback`. `out` may alias any input. No allocation.
void blend(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out);

/// Two poses, `alpha` of the second: the common case, one pass.
void blend(ConstPoseView a, ConstPoseView b, float alpha, PoseView out);

/// difference = what turns `base` into `pose`: the additive form of a pose.
void make_additive(ConstPoseView pose, ConstPoseView base, PoseView difference);

/// Applies `weight` of an additive pose onto `out`. Negative weight subtracts.
void add_layer(ConstPoseView difference, float weight, std::span<const float> joint_weights,
               PoseView out);

}  // namespace canter
