#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "canter/physics/kinematics.h"

namespace canter::physics {

/// A set of joints by their bits.
using JointSet = std::uint64_t;

/// The parts of a state block (Model::state_size doubles). All there is: equal blocks have equal
/// futures, bit for bit, on the same build. Copying the block saves it.
struct StateView {
  std::span<double> positions;      ///< [num_positions]
  std::span<double> velocities;     ///< [num_velocities]
  std::span<double> accelerations;  ///< [num_velocities] where the contact solver starts from
};
StateView state_over(const Model& model, std::span<double> block);

/// The zero pose standing on the ground, at rest; boxes put away.
void rest_state(const Model& model, std::span<double> block);

/// What one thread needs to simulate a model. Taken once; steps take no memory. Keeps the model
/// alive. Holds nothing that decides a step: which scratch a step runs in never matters.
class Scratch {
 public:
  explicit Scratch(Model model);
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ~Scratch();

  const Model& model() const { return model_; }
  struct Data;
  Data& data() { return *data_; }
  const Data& data() const { return *data_; }

 private:
  Model model_;
  std::unique_ptr<Data> data_;
};

/// Where the joints are driven to during one physics step.
struct Drive {
  std::span<const double> positions;  ///< [num_body_positions] wanted at the end of the step
  std::span<const double>
      velocities;         ///< [num_body_velocities] what damping acts against; empty: 0
  float strength = 1.0f;  ///< scales gains and limits; 0: a ragdoll
};

/// A force on a link's centre during a step.
struct Push {
  int joint = 0;
  glm::dvec3 force_n{0.0};
};

/// Why a step could not be simulated. The state is then left as it was before the step.
enum class Fault : std::uint8_t {
  none,
  non_finite,    ///< a NaN or infinity in state, drive or result
  exploding,     ///< a velocity beyond kMaxVelocity
  engine_error,  ///< the physics engine reported an error (Scratch keeps its text)
};
const char* describe(Fault fault);
/// The fastest any velocity may become, m/s or rad/s.
inline constexpr double kMaxVelocity = 100.0;

struct SimulateReport {
  Fault fault = Fault::none;
  /// Joints whose link was within 1 mm of the ground before the step moved them.
  JointSet touching = 0;
  /// Joints whose torque was limited.
  JointSet saturated = 0;
  std::uint8_t num_solves = 1;    ///< 1 + those that limits asked for
  bool contacts_dropped = false;  ///< more contacts than there is room for; some were left out
};

/// One physics step (drive, then simulate). PD drive made implicit through the joints' armature,
/// torque limited to what the joint really applies (docs/physics.md). No allocation.
SimulateReport simulate(const Model& model, const Drive& drive, std::span<const Push> pushes,
                        std::span<double> state, Scratch& scratch);

// --- what the last step in this scratch did, for instruments
// --------------------------------------

struct Contact {
  glm::dvec3 position;
  glm::dvec3 force_n;  ///< on the link of `joint`
  int joint = -1;
  int other = -1;  ///< the other link; -1: the ground or a box
};
/// Valid until the next step in this scratch.
std::span<const Contact> contacts(Scratch& scratch);
/// [num_body_velocities] N·m; 0 for the root.
std::span<const double> applied_torques(const Scratch& scratch);
/// Torque a joint applied, as a share of its limit (length for balls); 0 without a limit.
double torque_share(const Scratch& scratch, int joint);
/// The engine's words on the last engine_error.
const char* engine_error(const Scratch& scratch);

/// Width of a box that is thrown.
inline constexpr double kBoxWidth_m = 0.2;

/// Puts box `index` in flight: a cube of kBoxWidth_m and 0.8 kg. Does nothing where the model has
/// no such box.
void throw_box(const Model& model, int index, const glm::dvec3& position,
               const glm::dvec3& velocity, std::span<double> state);

/// Where a box is.
struct BoxPose {
  glm::dvec3 centre;
  glm::dquat rotation;
};
/// Of box `index`; nothing before it is thrown, and where the model has no such box.
/// @param positions  [num_positions]
std::optional<BoxPose> box_pose(const Model& model, int index, std::span<const double> positions);

}  // namespace canter::physics
