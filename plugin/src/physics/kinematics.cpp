#include "canter/physics/kinematics.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "canter/physics/quat_order.h"
#include "physics/model_data.h"

namespace canter::physics {

using detail::ModelData;

namespace {

// A link before its centre is known: place, rotation and velocity of its joint.
struct Frame {
  glm::dvec3 place, velocity;
  glm::dquat rotation;
  glm::dvec3 turning;
};

Frame root_frame(const JointIndex& index, const double* positions, const double* velocities) {
  const double* p = positions + index.position;
  const double* v = velocities + index.velocity;
  Frame frame{load3(p), load3(v), from_wxyz(p + 3), {}};
  frame.turning = frame.rotation * load3(v + 3);
  return frame;
}

Frame child_frame(const JointIndex& index, const Frame& parent, const glm::dvec3& attach,
                  const double* positions, const double* velocities) {
  Frame frame = parent;
  const glm::dvec3 offset = parent.rotation * attach;
  frame.place += offset;
  frame.velocity += glm::cross(parent.turning, offset);
  if (index.type == JointType::ball) {
    frame.rotation = parent.rotation * from_wxyz(positions + index.position);
    frame.turning += frame.rotation * load3(velocities + index.velocity);
  } else if (index.type == JointType::hinge) {
    const double half = 0.5 * positions[index.position];
    frame.rotation = parent.rotation * glm::dquat(std::cos(half), 0.0, 0.0, std::sin(half));
    frame.turning += frame.rotation * glm::dvec3(0.0, 0.0, velocities[index.velocity]);
  }
  return frame;
}

}  // namespace

void forward_kinematics(const Model& model, std::span<const double> positions,
                        std::span<const double> velocities, std::span<LinkState> links) {
  const ModelData& data = model.data();
  assert(positions.size() >= static_cast<std::size_t>(data.num_body_positions));
  assert(velocities.size() >= static_cast<std::size_t>(data.num_body_velocities));
  assert(links.size() >= data.joints.size());
  std::array<Frame, kMaxBodyJoints> frames;
  for (std::size_t j = 0; j < data.joints.size(); ++j) {
    const JointIndex& index = data.joints[j];
    const BodyJoint& joint = data.body.joints[j];
    frames[j] = j == 0 ? root_frame(index, positions.data(), velocities.data())
                       : child_frame(index, frames[static_cast<std::size_t>(index.parent)],
                                     glm::dvec3(joint.attach), positions.data(), velocities.data());
    const Frame& frame = frames[j];
    const glm::dvec3 offset = frame.rotation * glm::dvec3(joint.centre);
    links[j] = {frame.place, frame.place + offset, frame.rotation,
                frame.velocity + glm::cross(frame.turning, offset), frame.turning};
  }
}

double ground_distance(const Model& model, int joint, const LinkState& link) {
  const ModelData& data = model.data();
  const BodyJoint& shape = data.body.joints[static_cast<std::size_t>(joint)];
  const glm::dvec3& up = data.ground_normal;
  const glm::dvec3 half(shape.half_size);
  const double height = glm::dot(link.centre, up);
  if (shape.shape == Shape::sphere) return height - half.x;
  // The ground's normal in the shape's own frame: how far the shape reaches against it.
  const glm::dvec3 normal = glm::conjugate(link.rotation * glm::dquat(shape.shape_rotation)) * up;
  if (shape.shape == Shape::capsule) return height - std::abs(normal.y) * half.y - half.x;
  return height - std::abs(normal.x) * half.x - std::abs(normal.y) * half.y -
         std::abs(normal.z) * half.z;
}

double lowest_distance(const Model& model, std::span<const LinkState> links) {
  double lowest = ground_distance(model, 0, links[0]);
  for (int j = 1; j < model.num_joints(); ++j)
    lowest = std::min(lowest, ground_distance(model, j, links[static_cast<std::size_t>(j)]));
  return lowest;
}

MassCentre mass_centre(const Model& model, std::span<const LinkState> links) {
  const ModelData& data = model.data();
  MassCentre centre{glm::dvec3(0.0), glm::dvec3(0.0)};
  for (std::size_t j = 0; j < data.masses.size(); ++j) {
    centre.position += data.masses[j] * links[j].centre;
    centre.velocity += data.masses[j] * links[j].linear_velocity;
  }
  centre.position /= data.mass;
  centre.velocity /= data.mass;
  return centre;
}

}  // namespace canter::physics
