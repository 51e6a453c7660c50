// PD drive made implicit through the armature, with a limit on what a joint really applies.
//
// With targets q*, q̇* for the end of a step of length h, a backward-Euler spring and damper applies
//   τ = kp (q* - q - h q̇') + kd (q̇* - q̇')       with q̇' = q̇ + h q̈
//     = [kp (q* - q) + kd q̇* - (kd + h kp) q̇] - (h kd + h² kp) q̈ .
// The bracket is the law, the factor of q̈ an armature: on the diagonal of the mass matrix it is
// part of every solve, that of the contacts included.
#include "physics/drive.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"

namespace canter::physics::detail {
namespace {

/// A limp joint keeps this share of its damping: tissue resists being swung around.
constexpr double kLimpDamping = 0.05;
/// Solves beyond the first that limits may ask for.
constexpr int kMaxExtraSolves = 3;
/// After the first extra solve, joints up to this much beyond their limit are left alone.
constexpr double kTolerance = 1.1;

// Rotation vector from where a joint is to where it is wanted, in the child's frame; the angle of a
// hinge in its first component.
glm::dvec3 position_error(const DriveJoint& joint, const double* now, const double* wanted) {
  if (joint.type == JointType::hinge) return {*wanted - *now, 0.0, 0.0};
  return log_rotation(glm::conjugate(from_wxyz(now)) * from_wxyz(wanted));
}

void law_of(const DriveJoint& joint, double h, const Drive& drive, const mjData& engine,
            double* out) {
  const glm::dvec3 error =
      position_error(joint, engine.qpos + joint.position, drive.positions.data() + joint.position);
  const double* velocity = engine.qvel + joint.velocity;
  const double* wanted =
      drive.velocities.empty() ? nullptr : drive.velocities.data() + joint.velocity;
  const double strength = static_cast<double>(drive.strength);
  const double kp = strength * joint.kp;
  const double kd = std::max(strength, kLimpDamping) * joint.kd;
  for (int k = 0; k < joint.num_dofs; ++k) {
    const double feed_forward = wanted == nullptr ? 0.0 : strength * joint.kd * wanted[k];
    out[k] = kp * error[k] + feed_forward - (kd + h * kp) * velocity[k];
  }
}

// The armature that belongs to weaker gains, as a share of the model's.
double armature_share(const DriveJoint& joint, double h, double strength) {
  const double kd = std::max(strength, kLimpDamping) * joint.kd;
  return (h * kd + h * h * strength * joint.kp) / joint.armature;
}

void add_armature(const ModelData& model, const DriveJoint& joint, double amount, mjData& engine) {
  for (int k = 0; k < joint.num_dofs; ++k)
    engine.qM[model.engine->dof_Madr[joint.velocity + k]] += amount;
}

void solve(const ModelData& model, Scratch::Data& scratch) {
  mj_fwdAcceleration(model.engine.get(), scratch.engine.get());
  solve_contacts(*model.engine, *scratch.engine, scratch.contact_work);
}

// The torque a joint applies now, with its armature's part; returns its length.
double applied_torque(const DriveJoint& joint, double share, double base_armature,
                      const Scratch::Data& scratch, double* torque) {
  double squares = 0.0;
  for (int k = 0; k < joint.num_dofs; ++k) {
    const int dof = joint.velocity + k;
    torque[k] = share * (scratch.law[static_cast<std::size_t>(dof)] -
                         base_armature * scratch.engine->qacc[dof]);
    squares += torque[k] * torque[k];
  }
  return std::sqrt(squares);
}

// Weakens joints beyond `tolerance` times their limit. False: none was.
bool weaken(const ModelData& model, double tolerance, double armature_scale, Scratch::Data& scratch,
            SimulateReport& report) {
  bool any = false;
  for (std::size_t i = 0; i < model.drives.size(); ++i) {
    const DriveJoint& joint = model.drives[i];
    double* torque = scratch.torque.data() + joint.velocity;
    const double armature =
        armature_scale == 1.0
            ? joint.armature
            : armature_share(joint, model.engine->opt.timestep, armature_scale) * joint.armature;
    const double length = applied_torque(joint, scratch.share[i], armature, scratch, torque);
    if (length <= tolerance * joint.torque_limit) continue;
    any = true;
    report.saturated |= JointSet{1} << joint.joint;
    const double before = scratch.share[i];
    scratch.share[i] = before * joint.torque_limit / length;
    add_armature(model, joint, (scratch.share[i] - before) * armature, *scratch.engine);
    for (int k = 0; k < joint.num_dofs; ++k)
      scratch.engine->qfrc_applied[joint.velocity + k] =
          scratch.share[i] * scratch.law[static_cast<std::size_t>(joint.velocity + k)];
  }
  return any;
}

}  // namespace

void apply_law(const ModelData& model, const Drive& drive, Scratch::Data& scratch) {
  mjData& engine = *scratch.engine;
  const double h = model.engine->opt.timestep;
  const double strength = static_cast<double>(drive.strength);
  for (const DriveJoint& joint : model.drives) {
    double* law = scratch.law.data() + joint.velocity;
    law_of(joint, h, drive, engine, law);
    std::copy_n(law, joint.num_dofs, engine.qfrc_applied + joint.velocity);
    if (strength != 1.0)
      add_armature(model, joint, (armature_share(joint, h, strength) - 1.0) * joint.armature,
                   engine);
  }
  if (strength != 1.0) mj_factorM(model.engine.get(), &engine);
  std::fill(scratch.share.begin(), scratch.share.end(), 1.0);
  scratch.strength = strength;
}

void solve_within_limits(const ModelData& model, Scratch::Data& scratch, SimulateReport& report) {
  mjData& engine = *scratch.engine;
  solve(model, scratch);
  // A joint beyond its limit gets less of its whole law, force and armature: weaker PD, but still
  // implicit, so it stays stable.
  double tolerance = 1.0;
  for (int extra = 0; extra < kMaxExtraSolves; ++extra) {
    if (!weaken(model, tolerance, scratch.strength, scratch, report)) return;
    mj_factorM(model.engine.get(), &engine);
    mju_copy(engine.qacc_warmstart, engine.qacc, model.engine->nv);
    solve(model, scratch);
    ++report.num_solves;
    tolerance = kTolerance;
  }
  // Only to note the torques of the last solve.
  weaken(model, std::numeric_limits<double>::infinity(), scratch.strength, scratch, report);
}

}  // namespace canter::physics::detail
