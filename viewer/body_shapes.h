#pragma once

#include <vector>

#include "canter/physics/kinematics.h"
#include "viewer/gfx/scene_frame.h"

/// What the simulation sees of a body, as solids and lines.
namespace canter::viewer {

/// A link's shape.
void append_shape(const physics::BodyJoint& joint, const physics::LinkState& link,
                  const Vec4& color, std::vector<Solid>& solids, std::vector<Cuboid>& cuboids);
/// A box around its centre.
Cuboid cuboid_at(const Vec3& centre, const Quat& rotation, const Vec3& half_size,
                 const Vec4& color);

/// An arrow of even width, pixels; nothing where both ends are the same place.
void append_arrow(const Vec3& from, const Vec3& to, const Vec4& color, std::vector<Line>& out);

}  // namespace canter::viewer
