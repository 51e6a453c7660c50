#pragma once

#include <cmath>
#include <glm/gtc/quaternion.hpp>

namespace canter::mimic::detail {

/// The angle about +Y by which a root faces away from +X.
inline double heading_of(const glm::dquat& root) {
  const glm::dvec3 ahead = root * glm::dvec3(1.0, 0.0, 0.0);
  return std::atan2(-ahead.z, ahead.x);
}

/// Turns world axes into those of the heading.
inline glm::dquat to_heading(double heading_rad) {
  return {std::cos(0.5 * heading_rad), 0.0, -std::sin(0.5 * heading_rad), 0.0};
}

}  // namespace canter::mimic::detail
