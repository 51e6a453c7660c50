#pragma once

#include <span>

#include "canter/physics/kinematics.h"

namespace canter::mimic {

/// The terms of the imitation reward (Peng et al. 2018, section 5, and the code released with it),
/// each in [0, 1]. Errors are sums with the body's joint weights, which add up to 1; the printed
/// equations' plain sums read as these.
struct RewardTerms {
  float pose = 0.0f;      ///< exp(-2 E), E of joint rotations, the root's world rotation among them
  float velocity = 0.0f;  ///< exp(-0.1 E), E of joint velocities
  float end_effector = 0.0f;  ///< exp(-10 Σ |Δp|²), places about the own heading
  float root = 0.0f;  ///< exp(-5 (|Δp|² + 0.1 θ² + 0.01 |Δv|² + 0.001 |Δω|²)); code only
  float com_position = 0.0f;  ///< exp(-10 |Δp|²); paper only
  float com_velocity = 0.0f;  ///< exp(-10 · 0.1 |Δv|²); code only
};

/// 0.65 pose + 0.1 velocity + 0.15 end effectors + 0.1 centre of mass (position).
float reward_paper(const RewardTerms& terms);
/// 0.5 pose + 0.05 velocity + 0.15 end effectors + 0.2 root + 0.1 centre of mass (velocity).
float reward_code(const RewardTerms& terms);

/// A body as the reward sees it.
struct Subject {
  std::span<const double> positions, velocities;  ///< as in physics::StateView
  std::span<const physics::LinkState> links;
  physics::MassCentre mass;
  double ground_m = 0.0;  ///< height that its own heights are measured from
};

float pose_term(const physics::Model& model, const Subject& body, const Subject& reference);
float velocity_term(const physics::Model& model, const Subject& body, const Subject& reference);
float end_effector_term(const physics::Model& model, const Subject& body, const Subject& reference);
float root_term(const physics::Model& model, const Subject& body, const Subject& reference);
float com_position_term(const Subject& body, const Subject& reference);
float com_velocity_term(const Subject& body, const Subject& reference);
RewardTerms reward_terms(const physics::Model& model, const Subject& body,
                         const Subject& reference);

/// Mean angle between the two over the joints that a policy moves, rad.
float joint_error(const physics::Model& model, const Subject& body, const Subject& reference);
/// Mean distance between the links' centres, m, as they stand in the world.
float position_error(const Subject& body, const Subject& reference);

}  // namespace canter::mimic
