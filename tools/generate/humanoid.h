#pragma once

#include <array>
#include <string_view>

#include "canter/anim/skeleton.h"
#include "generate/field.h"

namespace canter::generate {

/// Joints of the shipped humanoid, in the order of its skeleton. Left joints come in a block, the
/// right ones follow in the same order.
enum Joint : int {
  kHips,
  kSpine,
  kSpine1,
  kSpine2,
  kNeck,
  kHead,
  kLeftShoulder,
  kLeftArm,
  kLeftForeArm,
  kLeftHand,
  kLeftHandThumb1,
  kLeftHandMiddle1,
  kRightShoulder,
  kRightArm,
  kRightForeArm,
  kRightHand,
  kRightHandThumb1,
  kRightHandMiddle1,
  kLeftUpLeg,
  kLeftLeg,
  kLeftFoot,
  kLeftToeBase,
  kRightUpLeg,
  kRightLeg,
  kRightFoot,
  kRightToeBase,
  kNumJoints
};

/// Name, parent and, for a joint of the left side, its right counterpart (otherwise itself).
struct JointInfo {
  std::string_view name;
  int parent = -1;
  int mirror = 0;
};
const std::array<JointInfo, kNumJoints>& joint_table();

/// Proportions of a humanoid in metres: Y up, facing +Z, left is +X. The defaults are those of the
/// DeepMimic humanoid (Peng et al. 2018; 45 kg, joints as in its published character file), with
/// the joints an animator expects placed between them.
struct Proportions {
  double hip_height = 0.881416;  ///< of the hip joints above the sole
  double hip_half_width = 0.084887;
  double thigh = 0.421546;
  double shin = 0.409870;
  double hips_to_chest = 0.236151;  ///< chest joint is Spine2
  double chest_to_neck = 0.223894;
  Point chest_to_shoulder{0.183110, 0.243500, -0.024050};  ///< left; joint of the upper arm
  double upper_arm = 0.274788;
  double forearm = 0.258947;
  double neck = 0.104;            ///< neck joint to head joint
  double head = 0.218;            ///< head joint to crown
  double hand = 0.168;            ///< wrist to fingertips
  double foot_behind = 0.058;     ///< ankle to the back of the heel
  double ball = 0.108;            ///< ankle to ball of the foot, forwards
  double toes = 0.068;            ///< ball of the foot to the tip
  double arm_angle_rad = 0.7854;  ///< of the arms in the rest pose, below horizontal
};

/// Positions of all joints in the rest pose, model space.
std::array<Point, kNumJoints> joint_positions(const Proportions& p);
/// Direction of the left arm in the rest pose.
Point arm_direction(const Proportions& p);

/// The skeleton: every joint's rest rotation is the identity, so offsets alone carry the pose.
Skeleton humanoid_skeleton(const Proportions& p);

}  // namespace canter::generate
