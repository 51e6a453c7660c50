#pragma once

#include <span>

#include "canter/anim/pose.h"
#include "canter/anim/raw_clip.h"
#include "canter/physics/model.h"

namespace canter::physics {

/// The skeleton of a body: its joints under their names and in their order, the zero pose standing
/// on y = 0, one end site per link without children at the far side of its shape's centre. Errors:
/// what validate() refuses.
Result<Skeleton> body_skeleton(const BodyDesc& body);

/// A simulated position as a pose of body_skeleton(), placed in the world by its root. No
/// allocation.
/// @param positions  [num_body_positions] or more
void write_pose(const Model& model, std::span<const double> positions, PoseView out);
/// The same as the keys of one frame of a RawClip, [num_joints].
void write_pose(const Model& model, std::span<const double> positions, std::span<Transform> out);

}  // namespace canter::physics
