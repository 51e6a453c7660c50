#include "viewer/pull.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "canter/physics/kinematics.h"

namespace canter::viewer {
namespace {

constexpr float kSpring_n_m = 1500.0f;
constexpr float kDamper_n_s_m = 60.0f;
constexpr float kMostForce_n = 600.0f;
constexpr float kReach_m = 0.04f;  ///< that a ray may miss a link by

Vec3 view_direction(const Camera& camera) {
  return glm::normalize(camera.target - camera.position());
}

std::vector<physics::LinkState> links_of(const BodyView& body) {
  const physics::Model& model = body.task->model();
  std::vector<physics::LinkState> links(static_cast<std::size_t>(model.num_joints()));
  physics::forward_kinematics(model, body.positions, body.velocities, links);
  return links;
}

/// Half the breadth of a link.
float radius_of(const physics::BodyJoint& joint) {
  return std::max({joint.half_size.x, joint.half_size.z, 0.03f});
}

}  // namespace

std::optional<Hold> take_hold(const BodyView& body, const Camera& camera, const Ray& ray) {
  if (body.task == nullptr) return std::nullopt;
  const std::vector<physics::LinkState> links = links_of(body);
  const auto& joints = body.task->model().body().joints;
  std::optional<Hold> nearest;
  float first_m = 0.0f;
  for (std::size_t j = 0; j < links.size(); ++j) {
    // Limbs are long: their joint, middle and far end count alike.
    const Vec3 joint(links[j].joint), centre(links[j].centre);
    for (const float along : {0.0f, 1.0f, 1.8f}) {
      const Vec3 point = glm::mix(joint, centre, along);
      const float distance_m = glm::dot(point - ray.origin, ray.direction);
      const float miss_m = glm::distance(point, ray.origin + distance_m * ray.direction);
      if (distance_m <= 0.0f || miss_m > radius_of(joints[j]) + kReach_m) continue;
      if (nearest && distance_m >= first_m) continue;
      first_m = distance_m;
      const float depth_m = glm::dot(centre - ray.origin, view_direction(camera));
      nearest = Hold{static_cast<int>(j), depth_m, centre, centre, Vec3(0.0f)};
    }
  }
  return nearest;
}

void pull(const BodyView& body, const Camera& camera, const Ray& ray, Hold& hold) {
  const physics::LinkState link = links_of(body)[static_cast<std::size_t>(hold.joint)];
  const float slope = std::max(glm::dot(ray.direction, view_direction(camera)), 0.1f);
  hold.from = Vec3(link.centre);
  hold.to = ray.origin + hold.depth_m / slope * ray.direction;
  const Vec3 wanted =
      kSpring_n_m * (hold.to - hold.from) - kDamper_n_s_m * Vec3(link.linear_velocity);
  const float n = glm::length(wanted);
  hold.force_n = n > kMostForce_n ? wanted * (kMostForce_n / n) : wanted;
}

}  // namespace canter::viewer
