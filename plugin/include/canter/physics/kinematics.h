#pragma once

#include <span>

#include <glm/gtc/quaternion.hpp>
#include <glm/vec3.hpp>

#include "canter/physics/model.h"

namespace canter::physics {

/// A link in world space. Double precision, as the simulation is.
struct LinkState {
  glm::dvec3 joint;   ///< place of the joint, m
  glm::dvec3 centre;  ///< of mass, m
  glm::dquat rotation;
  glm::dvec3 linear_velocity;   ///< of the centre, m/s
  glm::dvec3 angular_velocity;  ///< rad/s, world axes
};

/// Places and velocities of all links.
/// @param positions   [num_body_positions] or more
/// @param velocities  [num_body_velocities] or more
/// @param links       [num_joints] out, in the order of the body
void forward_kinematics(const Model& model, std::span<const double> positions,
                        std::span<const double> velocities, std::span<LinkState> links);

/// Smallest distance between a link's surface and the ground's plane (negative: below), m.
double ground_distance(const Model& model, int joint, const LinkState& link);
/// The smallest of all links.
double lowest_distance(const Model& model, std::span<const LinkState> links);

/// Centre of mass of the body and its velocity.
struct MassCentre {
  glm::dvec3 position, velocity;
};
MassCentre mass_centre(const Model& model, std::span<const LinkState> links);

}  // namespace canter::physics
