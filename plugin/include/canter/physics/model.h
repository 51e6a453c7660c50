#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "canter/base/result.h"
#include "canter/physics/body_desc.h"

namespace canter::physics {

/// What the body stands on: a plane through the origin and, if asked for, stairs.
struct Ground {
  float friction = 0.81f;  ///< coefficient between body and ground, and of the body with itself
  float slope_rad = 0.0f;  ///< the plane rises along +X by this angle, within (-1, 1)
  int num_steps = 0;       ///< steps of stairs that go up along +X, at most 32
  float step_rise_m = 0.1f;
  float step_run_m = 0.3f;
  float step_start_m = 1.0f;  ///< x of the first step's edge
};

/// Boxes that a model can have at most.
inline constexpr int kMaxBoxes = 8;

struct ModelOptions {
  /// Physics steps per second; 120, or 240 for landings without sinking in.
  double rate_hz = 120.0;
  /// How fast contacts push back: their time constant (MuJoCo's solref), at least two steps.
  double contact_time_s = 0.02;
  double gravity_m_s2 = 9.8;
  bool self_collision = true;
  Ground ground;
  /// Boxes that can be thrown at the body, at most kMaxBoxes. Each costs state and time even at
  /// rest.
  int num_boxes = 0;
};

/// 240 steps per second and contacts twice as stiff.
ModelOptions quality_options();

/// Where a joint's numbers are in positions and velocities.
struct JointIndex {
  JointType type = JointType::fixed;
  int parent = -1;
  int position = 0;  ///< of its first position: root 7 (place, rotation w x y z), ball 4, hinge 1
  int velocity =
      0;  ///< of its first velocity: root 6 (linear world, angular own frame), ball 3, hinge 1
};

namespace detail {
struct ModelData;
}

/// A body and its surroundings, ready to be simulated. Immutable, shared by threads, cheap to copy.
class Model {
 public:
  Model() = default;

  const BodyDesc& body() const;
  const ModelOptions& options() const;
  int num_joints() const;
  /// [num_joints] in the order of the body. The numbers themselves lie in another order (children
  /// of one joint together), so always go through these.
  std::span<const JointIndex> joints() const;
  /// Numbers of a whole position (nq) and velocity (nv), boxes included.
  int num_positions() const;
  int num_velocities() const;
  /// The same without boxes: the first ones.
  int num_body_positions() const;
  int num_body_velocities() const;
  /// Doubles of a state: positions, velocities, and accelerations the solver starts from.
  int state_size() const { return num_positions() + 2 * num_velocities(); }
  double step_s() const;
  double mass_kg() const;
  /// Height of the ground under a point, stairs included.
  double ground_height(double x_m, double z_m) const;

  const detail::ModelData& data() const { return *data_; }

 private:
  friend struct ModelAccess;
  std::shared_ptr<const detail::ModelData> data_;
};

/// Builds the model. Errors: what validate() refuses; options out of range.
Result<Model> make_model(const BodyDesc& body, const ModelOptions& options = {});

}  // namespace canter::physics
