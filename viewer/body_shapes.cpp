#include "viewer/body_shapes.h"

#include <algorithm>
#include <array>
#include <glm/geometric.hpp>

namespace canter::viewer {

void append_shape(const physics::BodyJoint& joint, const physics::LinkState& link,
                  const Vec4& color, std::vector<Solid>& out) {
  const Quat rotation = Quat(link.rotation) * joint.shape_rotation;
  const Vec3 centre(link.centre);
  Vec3 axis(0.0f);
  float radius = joint.half_size.x;
  if (joint.shape == physics::Shape::capsule) {
    axis = rotation * Vec3(0.0f, joint.half_size.y, 0.0f);
  } else if (joint.shape == physics::Shape::box) {
    std::array<int, 3> order = {0, 1, 2};
    std::ranges::sort(order, [&](int a, int b) { return joint.half_size[a] > joint.half_size[b]; });
    radius = 0.5f * (joint.half_size[order[1]] + joint.half_size[order[2]]);
    Vec3 longest(0.0f);
    longest[order[0]] = std::max(joint.half_size[order[0]] - radius, 0.0f);
    axis = rotation * longest;
  }
  out.push_back({Vec4(centre - axis, radius), Vec4(centre + axis, radius), color});
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
