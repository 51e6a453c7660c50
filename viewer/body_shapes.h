#pragma once

#include <vector>

#include "canter/physics/kinematics.h"
#include "viewer/gfx/scene_frame.h"

/// What the simulation sees of a body, as solids and lines.
namespace canter::viewer {

/// A link's shape; a box as the capsule that fills it best along its longest side.
void append_shape(const physics::BodyJoint& joint, const physics::LinkState& link,
                  const Vec4& color, std::vector<Solid>& out);

/// An arrow of even width, pixels; nothing where both ends are the same place.
void append_arrow(const Vec3& from, const Vec3& to, const Vec4& color, std::vector<Line>& out);

}  // namespace canter::viewer
