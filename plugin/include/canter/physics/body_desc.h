#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"
#include "canter/base/transform.h"

namespace canter::physics {

/// Most joints of a simulated body: sets of joints are bits of one word.
inline constexpr int kMaxBodyJoints = 64;

enum class JointType : std::uint8_t {
  root,   ///< six free degrees of freedom; the first joint and no other
  ball,   ///< three
  hinge,  ///< one, about the joint's local Z
  fixed,  ///< none: welded to its parent
};

enum class Shape : std::uint8_t { sphere, capsule, box };

/// What a link is to tasks that ask which parts may touch the ground.
enum class Part : std::uint8_t { trunk, limb, hand, foot };

/// A joint and the one rigid link on it. Every joint frame is aligned with the world's axes in the
/// zero pose: Y up, facing +X, right side +Z.
struct BodyJoint {
  std::string name;
  JointType type = JointType::fixed;
  int parent = -1;    ///< index into BodyDesc::joints, smaller than its own; -1 for the root
  Vec3 attach{0.0f};  ///< place in the parent's joint frame, metres
  /// Range of motion, rad: z for hinges (enforced in simulation), x, y, z for balls (scale the
  /// actions of the original interface only).
  Vec3 limit_low{0.0f}, limit_high{0.0f};
  float torque_limit_nm = 0.0f;  ///< on the length of a ball joint's torque
  float kp_nm_per_rad = 0.0f;
  float kd_nm_s_per_rad = 0.0f;

  Shape shape = Shape::sphere;
  /// Sphere: radius in x. Capsule: radius in x, half the length between its centres in y, along its
  /// local Y. Box: half lengths. Metres.
  Vec3 half_size{0.0f};
  Vec3 centre{0.0f};                        ///< of the shape and of mass, in the joint's frame
  Quat shape_rotation = kIdentityRotation;  ///< shape to joint frame
  float mass_kg = 0.0f;

  float reward_weight = 0.0f;  ///< of its pose and velocity in the reward; scaled to a sum of 1
  bool end_effector = false;   ///< its place counts in the reward
  bool key = false;            ///< its place is among what a policy sees of the reference
  Part part = Part::limb;
};

/// A body to be simulated: plain data, from the tables below or an importer.
struct BodyDesc {
  std::string name;
  std::vector<BodyJoint> joints;  ///< parents before children
};

/// Errors: no joints or too many, a parent not before its child, a first joint that is not the root
/// or another that is, a name that is empty or comes twice, a size, mass or gain that is not
/// positive where it must be, a number that is not finite. Messages name the joint.
Result<void> validate(const BodyDesc& body);

/// The DeepMimic humanoid (Peng et al. 2018): 15 joints, 34 degrees of freedom, 45 kg.
BodyDesc humanoid_body();
/// The dog of the same project: 23 joints, 64 degrees of freedom, 29.25 kg.
BodyDesc dog_body();

/// Index of the joint of this name, or -1.
int find_joint(const BodyDesc& body, std::string_view name);
/// Tells whether data belongs to this body: names, types, parents, dimensions, masses, gains,
/// limits.
std::uint64_t body_hash(const BodyDesc& body);

}  // namespace canter::physics
