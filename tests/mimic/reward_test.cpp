// Every term against values worked out by hand.
#include <doctest/doctest.h>

#include <cmath>

#include "canter/mimic/reward.h"
#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "canter/physics/simulate.h"

using namespace canter;
using namespace canter::mimic;
using physics::to_wxyz;

namespace {

const physics::Model& model() {
  static const physics::Model humanoid = physics::make_model(physics::humanoid_body()).value();
  return humanoid;
}

// A pose with all that the reward looks at.
struct Body {
  Body() : block(static_cast<std::size_t>(model().state_size())), links(15) {
    physics::rest_state(model(), block);
    positions = physics::state_over(model(), block).positions;
    velocities = physics::state_over(model(), block).velocities;
    update();
  }
  void update() {
    physics::forward_kinematics(model(), positions, velocities, links);
    mass = physics::mass_centre(model(), links);
  }
  double* position(const char* joint) {
    return positions.data() + model().joints()[at(joint)].position;
  }
  double* velocity(const char* joint) {
    return velocities.data() + model().joints()[at(joint)].velocity;
  }
  static std::size_t at(const char* joint) {
    return static_cast<std::size_t>(physics::find_joint(model().body(), joint));
  }
  operator Subject() const { return {positions, velocities, links, mass, ground_m}; }

  std::vector<double> block;
  std::span<double> positions, velocities;
  std::vector<physics::LinkState> links;
  physics::MassCentre mass;
  double ground_m = 0.0;
};

void turn(double* wxyz, const glm::dvec3& rotation_vector) {
  to_wxyz(physics::exp_rotation(rotation_vector), wxyz);
}

}  // namespace

TEST_CASE("a body on its reference earns everything") {
  const Body body;
  const RewardTerms terms = reward_terms(model(), body, body);
  for (const float term : {terms.pose, terms.velocity, terms.end_effector, terms.root,
                           terms.com_position, terms.com_velocity})
    CHECK(term == doctest::Approx(1.0f).epsilon(1e-6));
  CHECK(reward_paper(terms) == doctest::Approx(1.0f).epsilon(1e-6));
  CHECK(reward_code(terms) == doctest::Approx(1.0f).epsilon(1e-6));
}

TEST_CASE("pose: exp(-2 Σ w θ²), weights over 4.8") {
  Body body;
  const Body reference;
  *body.position("right_knee") = -0.5;
  body.update();
  CHECK(pose_term(model(), body, reference) == doctest::Approx(std::exp(-2 * 0.3 / 4.8 * 0.25)));
  turn(body.position("chest"), {0.0, 0.4, 0.0});
  body.update();
  CHECK(pose_term(model(), body, reference) ==
        doctest::Approx(std::exp(-2 / 4.8 * (0.3 * 0.25 + 0.5 * 0.16))));
  turn(body.positions.data() + 3, {0.0, 0.0, -0.7});
  body.update();
  CHECK(pose_term(model(), body, reference) ==
        doctest::Approx(std::exp(-2 / 4.8 * (0.3 * 0.25 + 0.5 * 0.16 + 1.0 * 0.49))));
}

TEST_CASE("velocity: exp(-0.1 Σ w |Δω|²), the root's angular only") {
  Body body;
  const Body reference;
  body.velocities[0] = 5.0;  // linear: not counted
  body.update();
  CHECK(velocity_term(model(), body, reference) == doctest::Approx(1.0f));
  body.velocities[4] = 2.0;
  *body.velocity("left_elbow") = 3.0;
  body.velocity("neck")[1] = -4.0;
  body.update();
  CHECK(velocity_term(model(), body, reference) ==
        doctest::Approx(std::exp(-0.1 / 4.8 * (1.0 * 4 + 0.2 * 9 + 0.3 * 16))));
}

TEST_CASE("end effectors: exp(-10 Σ |Δp|²) about each own heading") {
  Body body;
  const Body reference;
  // Elsewhere and facing elsewhere is no error …
  body.positions[0] = 3.0;
  body.positions[2] = -2.0;
  turn(body.positions.data() + 3, {0.0, 1.0, 0.0});
  body.update();
  CHECK(end_effector_term(model(), body, reference) == doctest::Approx(1.0f));
  // … a lift is: four effectors, each 0.1 m higher.
  body.positions[1] += 0.1;
  body.update();
  CHECK(end_effector_term(model(), body, reference) == doctest::Approx(std::exp(-10.0 * 4 * 0.01)));
  body.ground_m = 0.1;  // unless its heights are measured from there
  CHECK(end_effector_term(model(), body, reference) == doctest::Approx(1.0f));
  // A forearm of 0.258947 m turned by a right angle moves the wrist by it forward and up.
  Body bent;
  *bent.position("right_elbow") = 0.5 * glm::pi<double>();
  bent.update();
  CHECK(end_effector_term(model(), bent, reference) ==
        doctest::Approx(std::exp(-10.0 * 2 * 0.258947 * 0.258947)).epsilon(1e-5));
}

TEST_CASE("root: exp(-5 (|Δp|² + 0.1 θ² + 0.01 |Δv|² + 0.001 |Δω|²))") {
  Body body;
  const Body reference;
  body.positions[0] += 0.2;
  body.update();
  CHECK(root_term(model(), body, reference) == doctest::Approx(std::exp(-5 * 0.04)));
  turn(body.positions.data() + 3, {0.3, 0.0, 0.0});
  body.velocities[2] = 1.5;
  body.velocities[3] = 4.0;
  body.update();
  CHECK(root_term(model(), body, reference) ==
        doctest::Approx(std::exp(-5 * (0.04 + 0.1 * 0.09 + 0.01 * 2.25 + 0.001 * 16))));
  body.positions[1] += 0.5;
  body.ground_m = 0.5;
  body.update();
  CHECK(root_term(model(), body, reference) ==
        doctest::Approx(std::exp(-5 * (0.04 + 0.1 * 0.09 + 0.01 * 2.25 + 0.001 * 16))));
}

TEST_CASE("centre of mass: place in the paper, velocity in the code") {
  Body body;
  const Body reference;
  body.positions[2] += 0.3;
  body.velocities[0] = 0.8;
  body.update();
  CHECK(com_position_term(body, reference) == doctest::Approx(std::exp(-10 * 0.09)));
  CHECK(com_velocity_term(body, reference) == doctest::Approx(std::exp(-10 * 0.1 * 0.64)));
}

TEST_CASE("the totals weigh the terms as published") {
  RewardTerms t;
  t.pose = 0.1f;
  t.velocity = 0.2f;
  t.end_effector = 0.3f;
  t.root = 0.4f;
  t.com_position = 0.5f;
  t.com_velocity = 0.6f;
  CHECK(reward_paper(t) == doctest::Approx(0.65 * 0.1 + 0.1 * 0.2 + 0.15 * 0.3 + 0.1 * 0.5));
  CHECK(reward_code(t) ==
        doctest::Approx(0.5 * 0.1 + 0.05 * 0.2 + 0.15 * 0.3 + 0.2 * 0.4 + 0.1 * 0.6));
}

TEST_CASE("errors in radians and metres") {
  Body body;
  const Body reference;
  *body.position("right_knee") = -0.6;
  body.update();
  CHECK(joint_error(model(), body, reference) == doctest::Approx(0.6 / 12));
  Body moved;
  moved.positions[0] += 0.25;
  moved.update();
  CHECK(position_error(moved, reference) == doctest::Approx(0.25));
}
