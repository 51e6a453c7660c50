#pragma once

// What a Model holds. Private to the room.

#include <mujoco/mujoco.h>

#include <memory>
#include <vector>

#include "canter/physics/model.h"
#include "canter/physics/simulate.h"

namespace canter::physics::detail {

/// A joint as the drive sees it.
struct DriveJoint {
  JointType type;
  int joint;     ///< index in the body
  int position;  ///< as JointIndex
  int velocity;
  int num_dofs;
  double kp, kd;        ///< N·m/rad, N·m·s/rad
  double armature;      ///< h kd + h² kp: makes the drive implicit, kg·m²
  double torque_limit;  ///< N·m
};

/// What a geometry of the engine belongs to.
inline constexpr int kGround = -1;
inline constexpr int kBox = -2;

/// Density of a box that is thrown, and the height at which those wait that are not in use.
inline constexpr double kBoxDensity_kg_m3 = 100.0;
inline constexpr double kBoxShelf_m = 1000.0;
/// A contact counts, and a body lifted to start, within this distance of the ground.
inline constexpr double kTouch_m = 0.001;

struct DeleteModel {
  void operator()(mjModel* model) const { mj_deleteModel(model); }
};

struct ModelData {
  BodyDesc body;
  ModelOptions options;
  std::unique_ptr<mjModel, DeleteModel> engine;  ///< not changed after make_model
  std::vector<JointIndex> joints;                ///< [num_joints]
  std::vector<DriveJoint> drives;                ///< the joints that have a drive
  std::vector<int> engine_body;                  ///< [num_joints]
  std::vector<int> geom_owner;                   ///< joint of every geometry, kGround or kBox
  std::vector<double> masses;                    ///< [num_joints] kg
  double mass = 0.0;
  int num_body_positions = 0, num_body_velocities = 0;
  glm::dvec3 ground_normal{0.0, 1.0, 0.0};
};

}  // namespace canter::physics::detail
