#include "viewer/body_shapes.h"

#include <algorithm>
#include <glm/geometric.hpp>

#include "canter/base/transform.h"

namespace canter::viewer {

void append_shape(const physics::BodyJoint& joint, const physics::LinkState& link,
                  const Vec4& color, std::vector<Solid>& solids, std::vector<Cuboid>& cuboids) {
  const Quat rotation = Quat(link.rotation) * joint.shape_rotation;
  const Vec3 centre(link.centre);
  if (joint.shape == physics::Shape::box) {
    cuboids.push_back(cuboid_at(centre, rotation, joint.half_size, color));
    return;
  }
  const bool long_one = joint.shape == physics::Shape::capsule;
  const Vec3 axis = rotation * Vec3(0.0f, long_one ? joint.half_size.y : 0.0f, 0.0f);
  const float radius = joint.half_size.x;
  solids.push_back({Vec4(centre - axis, radius), Vec4(centre + axis, radius), color});
}

Cuboid cuboid_at(const Vec3& centre, const Quat& rotation, const Vec3& half_size,
                 const Vec4& color) {
  return {to_matrix({rotation, centre, half_size}), color};
}

void append_arrow(const Vec3& from, const Vec3& to, const Vec4& color, std::vector<Line>& out) {
  const float length = glm::distance(from, to);
  if (length < 1e-4f) return;
  constexpr float kWidth_px = 2.0f, kHead_px = 7.0f;
  const Vec3 neck = glm::mix(from, to, std::max(0.0f, 1.0f - 0.05f / length));
  out.push_back({Vec4(from, kWidth_px), Vec4(neck, kWidth_px), color, color});
  out.push_back({Vec4(neck, kHead_px), Vec4(to, 0.0f), color, color});
}

}  // namespace canter::viewer
