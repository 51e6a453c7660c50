#pragma once

#include <span>

#include "canter/anim/pose.h"

namespace canter {

/// Concatenates local transforms into model space.
/// @param root    placed before every root joint (identity for model space, the character's
///                placement for world space)
/// @param models  [num_joints] out, column-major; 16-byte aligned, 64 for full speed
/// No allocation; O(num_joints).
void local_to_model(const Skeleton& skeleton, const Mat4& root, ConstPoseView locals,
                    std::span<Mat4> models);

/// Asks for the memory `models` without waiting. Where more characters are updated than the caches
/// hold, call it for the next character before updating this one: writing then does not stall.
void prefetch_models(std::span<Mat4> models);

}  // namespace canter
