#pragma once

#include <array>
#include <span>

#include "canter/base/transform.h"
#include "generate/humanoid.h"

namespace canter::generate {

/// Sides of the body.
enum Side : int { kLeft, kRight };

/// Rotation of a part of the trunk, radians, applied roll first, then pitch, then yaw.
struct TrunkAngles {
  float pitch = 0.0f;  ///< forward bend
  float yaw = 0.0f;    ///< turn to the left
  float roll = 0.0f;   ///< lean to the right: the left side rises
};

/// An arm in the terms of anatomy, radians, 0 = hanging straight down with the palm to the thigh.
struct ArmAngles {
  float flexion = 0.0f;     ///< forwards and up
  float abduction = 0.0f;   ///< sideways and up
  float twist = 0.0f;       ///< upper arm turned inwards
  float elbow = 0.0f;       ///< flexion, never below 0
  float pronation = 0.0f;   ///< forearm turned inwards: palm backwards when hanging
  float wrist = 0.0f;       ///< flexion towards the palm
  float wrist_side = 0.0f;  ///< bend towards the thumb
  float curl = 0.15f;       ///< of the fingers
  float shrug = 0.0f;       ///< shoulder up
  float reach = 0.0f;       ///< shoulder forward
};

/// A foot in the world. The leg follows by two-bone inverse kinematics.
struct FootPlace {
  Vec3 ankle{0.0f};
  float yaw = 0.0f;    ///< toes to the left
  float pitch = 0.0f;  ///< toes up
  float toes = 0.0f;   ///< toes bent up against the foot
};

/// A whole pose in terms an animator would use.
struct BodyPose {
  Vec3 hips{0.0f};  ///< of the hips joint, world, metres
  TrunkAngles pelvis;
  TrunkAngles spine;  ///< against the pelvis, spread over the spine's joints
  TrunkAngles head;   ///< against the chest, spread over neck and head
  std::array<ArmAngles, 2> arms;
  std::array<FootPlace, 2> feet;
  std::array<float, 2> knees_out{};  ///< extra turn of the knees to the outside, rad
};

/// Turns body poses into joint transforms.
class Rig {
 public:
  explicit Rig(const Proportions& proportions = {});

  const Skeleton& skeleton() const { return skeleton_; }
  float leg_length() const { return thigh_ + shin_; }
  float ankle_height() const { return ankle_height_; }
  float standing_height() const { return standing_height_; }
  /// Contact points of the sole in the foot's frame, relative to the ankle.
  Vec3 heel() const { return heel_; }
  Vec3 toe_joint() const { return toe_joint_; }

  /// A foot flat on the ground, its ankle above (x, z).
  FootPlace flat_foot(float x, float z, float yaw) const;
  /// That foot rolled onto its heel (pitch > 0) or onto its ball (pitch < 0, toes stay flat): the
  /// point it rolls over does not move.
  FootPlace rolled_foot(const FootPlace& flat, float pitch) const;
  /// Height of the lowest point of the sole below the ankle at a pitch and toe angle.
  float sole_depth(float pitch, float toes) const;

  /// Where the hip joint of a side is.
  Vec3 hip(const BodyPose& body, Side side) const;
  /// Highest the hips may be so that neither leg is straighter than `reach` of its length.
  float highest_hips(const BodyPose& body, float reach) const;

  /// Local transforms of all joints.
  /// @param out  [kNumJoints]
  void pose(const BodyPose& body, std::span<Transform> out) const;

 private:
  void pose_arm(const ArmAngles& arm, Side side, std::span<Transform> out) const;
  void pose_leg(const BodyPose& body, Side side, std::span<Transform> out) const;

  Skeleton skeleton_;
  float thigh_ = 0.0f;
  float shin_ = 0.0f;
  float ankle_height_ = 0.0f;
  float standing_height_ = 0.0f;
  float arm_angle_ = 0.0f;
  Vec3 hip_offset_{0.0f};  // left
  Vec3 heel_{0.0f};
  Vec3 toe_joint_{0.0f};
  Vec3 ball_{0.0f};
  Vec3 toe_tip_{0.0f};
};

Quat rotation_x(float angle_rad);
Quat rotation_y(float angle_rad);
Quat rotation_z(float angle_rad);
Quat to_rotation(const TrunkAngles& angles);

inline float radians(float degrees) {
  return degrees * kPi / 180.0f;
}

}  // namespace canter::generate
