#pragma once

#include <random>
#include <vector>

#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "canter/physics/simulate.h"

namespace canter::test {

/// Numbers that are the same on every machine.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  /// Even in [-1, 1).
  double number() { return static_cast<double>(engine_()) / 2147483648.0 - 1.0; }
  glm::dquat rotation() {
    return physics::exp_rotation(3.0 * glm::dvec3(number(), number(), number()));
  }

 private:
  std::mt19937 engine_;
};

/// A pose and velocities within reach, 0.5 to 1.5 m above the ground.
inline std::vector<double> random_state(const physics::Model& model, Random& random) {
  std::vector<double> block(static_cast<std::size_t>(model.state_size()));
  physics::rest_state(model, block);
  const physics::StateView state = physics::state_over(model, block);
  for (const physics::JointIndex& joint : model.joints()) {
    double* p = state.positions.data() + joint.position;
    double* v = state.velocities.data() + joint.velocity;
    const glm::dquat turn =
        physics::exp_rotation(0.8 * glm::dvec3(random.number(), random.number(), random.number()));
    int dofs = 0;
    if (joint.type == physics::JointType::root) {
      physics::store3({random.number(), 1.0 + 0.5 * random.number(), random.number()}, p);
      physics::to_wxyz(random.rotation(), p + 3);
      dofs = 6;
    } else if (joint.type == physics::JointType::ball) {
      physics::to_wxyz(turn, p);
      dofs = 3;
    } else if (joint.type == physics::JointType::hinge) {
      *p = random.number();
      dofs = 1;
    }
    for (int k = 0; k < dofs; ++k) v[k] = 3.0 * random.number();
  }
  return block;
}

}  // namespace canter::test
