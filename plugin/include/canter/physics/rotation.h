#pragma once

#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <glm/vec3.hpp>

namespace canter::physics {

/// Rotation vector (axis * angle, rad) to quaternion, in double precision.
inline glm::dquat exp_rotation(const glm::dvec3& v) {
  const double angle = glm::length(v);
  const double s = angle < 1e-8 ? 0.5 : std::sin(0.5 * angle) / angle;
  return {std::cos(0.5 * angle), s * v.x, s * v.y, s * v.z};
}

/// The inverse, the short way round: angle in [0, pi].
inline glm::dvec3 log_rotation(const glm::dquat& q) {
  const glm::dvec3 v(q.x, q.y, q.z);
  const double sine = glm::length(v);
  const double cosine = std::abs(q.w);
  const double scale = sine < 1e-8 ? 2.0 : 2.0 * std::atan2(sine, cosine) / sine;
  return (q.w < 0.0 ? -scale : scale) * v;
}

}  // namespace canter::physics
