#include <cmath>

#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "mimic/episode_data.h"
#include "mimic/task_data.h"

namespace canter::mimic::detail {
namespace {

using physics::JointIndex;
using physics::JointType;

// A number of the action as an angle or axis component.
double meant(const ActionRange& range, float output) {
  return static_cast<double>(range.mean + range.std * output);
}

// Rotation by an angle about an axis of any length; +Z where it has none.
glm::dquat turn(double angle, const glm::dvec3& axis) {
  const double length = glm::length(axis);
  const glm::dvec3 unit = length > 0.0 ? axis / length : glm::dvec3(0.0, 0.0, 1.0);
  return glm::angleAxis(angle, unit);
}

void original_target(const JointIndex& joint, const double* numbers, double* out) {
  if (joint.type == JointType::hinge)
    *out = numbers[0];
  else
    physics::to_wxyz(turn(numbers[0], {numbers[1], numbers[2], numbers[3]}), out);
}

// `out` holds the reference's position of the joint.
void residual_target(const JointIndex& joint, const double* numbers, double* out) {
  if (joint.type == JointType::hinge)
    *out += numbers[0];
  else
    physics::to_wxyz(physics::from_wxyz(out) * physics::exp_rotation(physics::load3(numbers)), out);
}

int numbers_of(JointType type, bool original) {
  return type == JointType::hinge ? 1 : original ? 4 : 3;
}

}  // namespace

physics::Drive drive_target(const Task& task, std::span<const float> action,
                            std::span<double> positions, std::span<double> velocities) {
  const Task::Data& data = task.data();
  const bool original = data.options.interface.action == ActionKind::deepmimic;
  std::size_t next = 0;
  for (const int j : data.driven) {
    const JointIndex& joint = data.model.joints()[static_cast<std::size_t>(j)];
    double numbers[4];
    const int count = numbers_of(joint.type, original);
    for (int k = 0; k < count; ++k, ++next)
      numbers[k] = meant(data.action_ranges[next], action[next]);
    double* out = positions.data() + joint.position;
    if (original)
      original_target(joint, numbers, out);
    else
      residual_target(joint, numbers, out);
  }
  physics::Drive drive;
  drive.positions = positions;
  if (!original) drive.velocities = velocities;
  return drive;
}

}  // namespace canter::mimic::detail
