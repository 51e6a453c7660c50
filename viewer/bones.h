#pragma once

#include <span>
#include <vector>

#include "viewer/document.h"
#include "viewer/gfx/scene_frame.h"

namespace canter::viewer {

/// A skeleton as lit solids: a tapered bone from every joint to its children and end sites, left
/// blue, right orange. Joints above the travelling one only carry the hierarchy and are left out.
/// @param models  [num_joints] world space
/// @param alpha   below 1: a ghost of one colour
void append_bones(const Document& document, std::span<const Mat4> models, float alpha,
                  std::vector<Solid>& out);

}  // namespace canter::viewer
