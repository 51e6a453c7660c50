#pragma once

#include <span>
#include <vector>

#include "canter/anim/skeleton.h"
#include "viewer/gfx/scene_renderer.h"

namespace canter::viewer {

/// A skeleton as lit solids: a tapered bone from every joint to its children and end sites, left
/// blue, right orange. Joints above `first_joint` only carry the hierarchy and are left out.
/// @param models  [num_joints] world space
/// @param alpha   below 1: a ghost of one colour
void append_bones(const Skeleton& skeleton, std::span<const Mat4> models, int first_joint,
                  float alpha, std::vector<Solid>& out);

}  // namespace canter::viewer
