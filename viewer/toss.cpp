#include "viewer/toss.h"

#include <algorithm>
#include <array>
#include <glm/geometric.hpp>

#include "canter/physics/kinematics.h"

namespace canter::viewer {

Toss toss_at(const BodyView& body, const Vec3& eye, float speed_m_s) {
  constexpr float kNearest_m = 1.0f, kFarthest_m = 3.0f;
  constexpr float kChest_m = 0.25f;  // above the centre of mass
  constexpr float kLowest_m = 0.3f;  // the floor is in nobody's way
  const physics::Model& model = body.task->model();
  std::array<physics::LinkState, physics::kMaxBodyJoints> room;
  const auto links = std::span(room).first(static_cast<std::size_t>(model.num_joints()));
  physics::forward_kinematics(model, body.positions, body.velocities, links);
  const physics::MassCentre centre = physics::mass_centre(model, links);

  const Vec3 chest = Vec3(centre.position) + Vec3(0.0f, kChest_m, 0.0f);
  const Vec3 to_eye = eye - chest;
  const float distance_m = std::clamp(glm::length(to_eye), kNearest_m, kFarthest_m);
  Vec3 from = chest + distance_m * glm::normalize(to_eye + Vec3(0.0f, 0.0f, 1e-6f));
  from.y = std::max(from.y, kLowest_m);
  // Level ground and a steady pace: gravity is all that bends the way.
  const float time_s = glm::distance(chest, from) / speed_m_s;
  const auto gravity = static_cast<float>(model.options().gravity_m_s2);
  return {from, (chest - from) / time_s + Vec3(centre.velocity) * Vec3(1, 0, 1) +
                    Vec3(0.0f, 0.5f * gravity * time_s, 0.0f)};
}

}  // namespace canter::viewer
