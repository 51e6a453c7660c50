#include "canter/mimic/reward.h"

#include <cmath>

#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "mimic/heading.h"

namespace canter::mimic {

using physics::BodyJoint;
using physics::from_wxyz;
using physics::JointIndex;
using physics::JointType;
using physics::load3;
using physics::log_rotation;
using physics::Model;

namespace {

// Scales of the released code (DeepMimicCore, SceneImitate). The paper prints 2, 0.1, 40 and 10 for
// plain sums; with normalised joint weights and a sum over four end effectors they are these.
constexpr double kPoseScale = 2.0;
constexpr double kVelocityScale = 0.1;
constexpr double kEndEffectorScale = 10.0;
constexpr double kRootScale = 5.0;
constexpr double kRootTurnShare = 0.1, kRootVelocityShare = 0.01, kRootSpinShare = 0.001;
constexpr double kComPositionScale = 10.0;
constexpr double kComVelocityScale = 10.0 * 0.1;

double squared(const glm::dvec3& v) {
  return glm::dot(v, v);
}

float falloff(double scale, double error) {
  return static_cast<float>(std::exp(-scale * error));
}

glm::dquat root_rotation(const Subject& s) {
  return from_wxyz(s.positions.data() + 3);
}

double squared_turn(const glm::dquat& a, const glm::dquat& b) {
  return squared(log_rotation(glm::conjugate(a) * b));
}

// Squared angle between two poses of one joint; the root's in the world.
double squared_joint_error(const JointIndex& joint, const Subject& a, const Subject& b) {
  const double* p = a.positions.data() + joint.position;
  const double* q = b.positions.data() + joint.position;
  switch (joint.type) {
    case JointType::root:
      return squared_turn(root_rotation(a), root_rotation(b));
    case JointType::ball:
      return squared_turn(from_wxyz(p), from_wxyz(q));
    case JointType::hinge:
      return (*p - *q) * (*p - *q);
    case JointType::fixed:
      break;
  }
  return 0.0;
}

// Squared difference of angular velocities, joint-relative; the root's in the world.
double squared_velocity_error(const JointIndex& joint, const Subject& a, const Subject& b) {
  const double* v = a.velocities.data() + joint.velocity;
  const double* w = b.velocities.data() + joint.velocity;
  switch (joint.type) {
    case JointType::root:
      return squared(a.links[0].angular_velocity - b.links[0].angular_velocity);
    case JointType::ball:
      return squared(load3(v) - load3(w));
    case JointType::hinge:
      return (*v - *w) * (*v - *w);
    case JointType::fixed:
      break;
  }
  return 0.0;
}

// Σ w_j error_j with weights that add up to 1.
template <class ErrorOf>
double weighted_sum(const Model& model, ErrorOf&& error_of) {
  double sum = 0.0, weights = 0.0;
  for (std::size_t j = 0; j < model.joints().size(); ++j) {
    const auto weight = static_cast<double>(model.body().joints[j].reward_weight);
    weights += weight;
    if (weight > 0.0) sum += weight * error_of(model.joints()[j]);
  }
  return sum / weights;
}

// A point from the own root, its height from the own ground, about the own heading.
glm::dvec3 about_heading(const Subject& s, const glm::dquat& heading, const glm::dvec3& point) {
  const glm::dvec3 root = load3(s.positions.data());
  return heading * glm::dvec3(point.x - root.x, point.y - s.ground_m, point.z - root.z);
}

glm::dvec3 above_ground(const Subject& s, const glm::dvec3& point) {
  return {point.x, point.y - s.ground_m, point.z};
}

}  // namespace

// Peng et al. 2018, equation 6: r^p = exp[-2 Σ_j |q̂_j ⊖ q_j|²].
float pose_term(const Model& model, const Subject& body, const Subject& reference) {
  return falloff(kPoseScale, weighted_sum(model, [&](const JointIndex& joint) {
                   return squared_joint_error(joint, body, reference);
                 }));
}

// Equation 7: r^v = exp[-0.1 Σ_j |q̇̂_j - q̇_j|²].
float velocity_term(const Model& model, const Subject& body, const Subject& reference) {
  return falloff(kVelocityScale, weighted_sum(model, [&](const JointIndex& joint) {
                   return squared_velocity_error(joint, body, reference);
                 }));
}

// Equation 8: r^e = exp[-40 Σ_e |p̂_e - p_e|²], the sum read as a mean over four.
float end_effector_term(const Model& model, const Subject& body, const Subject& reference) {
  const glm::dquat own = detail::to_heading(detail::heading_of(root_rotation(body)));
  const glm::dquat other = detail::to_heading(detail::heading_of(root_rotation(reference)));
  double sum = 0.0;
  for (std::size_t j = 0; j < model.joints().size(); ++j)
    if (model.body().joints[j].end_effector)
      sum += squared(about_heading(body, own, body.links[j].joint) -
                     about_heading(reference, other, reference.links[j].joint));
  return falloff(kEndEffectorScale, sum);
}

// Not in the paper; the code's root term.
float root_term(const Model&, const Subject& body, const Subject& reference) {
  const double place = squared(above_ground(body, load3(body.positions.data())) -
                               above_ground(reference, load3(reference.positions.data())));
  const double turn = squared_turn(root_rotation(body), root_rotation(reference));
  const double velocity =
      squared(load3(body.velocities.data()) - load3(reference.velocities.data()));
  const double spin = squared(body.links[0].angular_velocity - reference.links[0].angular_velocity);
  return falloff(kRootScale, place + kRootTurnShare * turn + kRootVelocityShare * velocity +
                                 kRootSpinShare * spin);
}

// Equation 9: r^c = exp[-10 |p̂_c - p_c|²].
float com_position_term(const Subject& body, const Subject& reference) {
  return falloff(kComPositionScale, squared(above_ground(body, body.mass.position) -
                                            above_ground(reference, reference.mass.position)));
}

// The code's centre of mass: velocities instead of places.
float com_velocity_term(const Subject& body, const Subject& reference) {
  return falloff(kComVelocityScale, squared(body.mass.velocity - reference.mass.velocity));
}

RewardTerms reward_terms(const Model& model, const Subject& body, const Subject& reference) {
  RewardTerms terms;
  terms.pose = pose_term(model, body, reference);
  terms.velocity = velocity_term(model, body, reference);
  terms.end_effector = end_effector_term(model, body, reference);
  terms.root = root_term(model, body, reference);
  terms.com_position = com_position_term(body, reference);
  terms.com_velocity = com_velocity_term(body, reference);
  return terms;
}

float reward_paper(const RewardTerms& t) {
  return 0.65f * t.pose + 0.1f * t.velocity + 0.15f * t.end_effector + 0.1f * t.com_position;
}

float reward_code(const RewardTerms& t) {
  return 0.5f * t.pose + 0.05f * t.velocity + 0.15f * t.end_effector + 0.2f * t.root +
         0.1f * t.com_velocity;
}

float joint_error(const Model& model, const Subject& body, const Subject& reference) {
  double sum = 0.0;
  int count = 0;
  for (const JointIndex& joint : model.joints()) {
    if (joint.type != JointType::ball && joint.type != JointType::hinge) continue;
    sum += std::sqrt(squared_joint_error(joint, body, reference));
    ++count;
  }
  return count == 0 ? 0.0f : static_cast<float>(sum / count);
}

float position_error(const Subject& body, const Subject& reference) {
  double sum = 0.0;
  for (std::size_t j = 0; j < body.links.size(); ++j)
    sum += glm::distance(body.links[j].centre, reference.links[j].centre);
  return static_cast<float>(sum / static_cast<double>(body.links.size()));
}

}  // namespace canter::mimic
