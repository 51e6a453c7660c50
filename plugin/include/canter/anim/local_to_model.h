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

/// Copies model matrices past the caches. For crowds that do not fit them: concatenate into scratch
/// that stays in the cache, then stream to where the character keeps its matrices. Other threads
/// see what was written after this thread's finish_streaming().
/// @param to  [from.size()] 64-byte aligned for full speed
void stream_models(std::span<const Mat4> from, std::span<Mat4> to);

/// Call once after a batch of stream_models, before telling another thread.
void finish_streaming();

}  // namespace canter
