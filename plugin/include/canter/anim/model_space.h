#pragma once

#include <span>
#include <vector>

#include "canter/anim/pose.h"

namespace canter {

/// Local to model space on plain transforms: what editing tools (contacts, mirroring, retargeting)
/// work on. The runtime's counterpart is canter/anim/local_to_model.h.
/// @param locals  [num_joints] relative to the parent joint, e.g. RawClip::frame or the rest pose
/// @param models  [num_joints] out, model space; may not alias `locals`
/// No allocation; O(num_joints). Shear from non-uniform scale under rotations is dropped.
void model_transforms(const Skeleton& skeleton, std::span<const Transform> locals,
                      std::span<Transform> models);
void model_transforms(const Skeleton& skeleton, ConstPoseView locals, std::span<Transform> models);

/// Model-space transforms of the rest pose, [num_joints].
std::vector<Transform> rest_models(const Skeleton& skeleton);

/// Model-space transform of one joint; costs its depth. No allocation.
Transform model_transform(const Skeleton& skeleton, std::span<const Transform> locals, int joint);

/// Whether `ancestor` is `joint` or above it.
bool is_ancestor_or_self(const Skeleton& skeleton, int ancestor, int joint);

}  // namespace canter
