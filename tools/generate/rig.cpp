#include "generate/rig.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace canter::generate {
namespace {

Quat about(const Vec3& axis, float angle_rad) {
  return glm::angleAxis(angle_rad, axis);
}

Quat mirrored(const Quat& q) {
  return {q.w, q.x, -q.y, -q.z};
}

/// Rotation whose x axis is `side` and whose -y axis is `along` (both unit length, orthogonal): the
/// orientation of a leg bone, which hangs down in the rest pose.
Quat leg_rotation(const Vec3& side, const Vec3& along) {
  return glm::normalize(glm::quat_cast(Mat3(side, -along, glm::cross(side, -along))));
}

TrunkAngles operator*(float share, const TrunkAngles& a) {
  return {share * a.pitch, share * a.yaw, share * a.roll};
}

}  // namespace

Quat rotation_x(float angle_rad) {
  return about({1, 0, 0}, angle_rad);
}
Quat rotation_y(float angle_rad) {
  return about({0, 1, 0}, angle_rad);
}
Quat rotation_z(float angle_rad) {
  return about({0, 0, 1}, angle_rad);
}
Quat to_rotation(const TrunkAngles& angles) {
  return rotation_y(angles.yaw) * rotation_x(angles.pitch) * rotation_z(angles.roll);
}

Rig::Rig(const Proportions& p)
    : skeleton_(humanoid_skeleton(p)),
      thigh_(static_cast<float>(p.thigh)),
      shin_(static_cast<float>(p.shin)),
      arm_angle_(static_cast<float>(p.arm_angle_rad)) {
  const auto at = joint_positions(p);
  ankle_height_ = static_cast<float>(at[kLeftFoot].y);
  standing_height_ = static_cast<float>(at[kHips].y);
  hip_offset_ = Vec3(at[kLeftUpLeg] - at[kHips]);
  toe_joint_ = Vec3(at[kLeftToeBase] - at[kLeftFoot]);
  // The heel rolls over a point inside of its rounded edge.
  heel_ = Vec3(0.0f, -ankle_height_, static_cast<float>(-0.62 * p.foot_behind));
  ball_ = Vec3(0.0f, -ankle_height_, toe_joint_.z);
  toe_tip_ = Vec3(0.0f, -toe_joint_.y - ankle_height_, static_cast<float>(0.75 * p.toes));
}

FootPlace Rig::flat_foot(float x, float z, float yaw) const {
  return {Vec3(x, ankle_height_, z), yaw, 0.0f, 0.0f};
}

FootPlace Rig::rolled_foot(const FootPlace& flat, float pitch) const {
  const Vec3 pivot = pitch > 0.0f ? heel_ : toe_joint_;
  FootPlace out = flat;
  out.ankle = flat.ankle + rotation_y(flat.yaw) * (pivot - rotation_x(-pitch) * pivot);
  out.pitch = pitch;
  out.toes = std::max(0.0f, -pitch);
  return out;
}

float Rig::sole_depth(float pitch, float toes) const {
  const Quat foot = rotation_x(-pitch);
  const Vec3 tip = toe_joint_ + rotation_x(-toes) * toe_tip_;
  return -std::min({(foot * heel_).y, (foot * ball_).y, (foot * tip).y});
}

Vec3 Rig::hip(const BodyPose& body, Side side) const {
  const Vec3 offset = side == kLeft ? hip_offset_ : hip_offset_ * Vec3(-1, 1, 1);
  return body.hips + to_rotation(body.pelvis) * offset;
}

float Rig::highest_hips(const BodyPose& body, float reach) const {
  float highest = 1e9f;
  for (const Side side : {kLeft, kRight}) {
    const Vec3 to_ankle = body.feet[side].ankle - hip(body, side);
    const float length = reach * leg_length();
    const float across2 = to_ankle.x * to_ankle.x + to_ankle.z * to_ankle.z;
    const float down = std::sqrt(std::max(0.0f, length * length - across2));
    highest = std::min(highest, body.hips.y + to_ankle.y + down);
  }
  return highest;
}

void Rig::pose_arm(const ArmAngles& arm, Side side, std::span<Transform> out) const {
  // Everything is built for a left arm in the frame of an arm hanging down; `hang` brings the rest
  // pose there. The right arm is its mirror image.
  const Quat hang = rotation_z(arm_angle_ - 0.5f * kPi);
  const Quat back = glm::conjugate(hang);
  const Quat shoulder = rotation_z(arm.shrug) * rotation_y(-arm.reach);
  const Quat upper =
      rotation_x(-arm.flexion) * rotation_z(arm.abduction) * rotation_y(-arm.twist) * hang;
  const Quat fore =
      back * rotation_x(-std::max(0.0f, arm.elbow)) * rotation_y(-arm.pronation) * hang;
  const Quat hand = back * rotation_z(-arm.wrist) * rotation_x(-arm.wrist_side) * hang;
  const Quat fingers = back * rotation_z(-arm.curl) * hang;
  const Quat thumb = back * rotation_z(-0.5f * arm.curl) * rotation_x(0.3f * arm.curl) * hang;
  const Quat rotations[6] = {shoulder, upper, fore, hand, thumb, fingers};
  const int first = side == kLeft ? kLeftShoulder : kRightShoulder;
  for (int i = 0; i < 6; ++i)
    out[static_cast<std::size_t>(first + i)].rotation =
        side == kLeft ? rotations[i] : mirrored(rotations[i]);
}

void Rig::pose_leg(const BodyPose& body, Side side, std::span<Transform> out) const {
  const FootPlace& foot = body.feet[side];
  const Quat pelvis = to_rotation(body.pelvis);
  const Vec3 from = hip(body, side);
  const Vec3 to_ankle = foot.ankle - from;
  const float distance = std::clamp(glm::length(to_ankle), 0.3f, 0.9998f * leg_length());
  const Vec3 along = glm::normalize(to_ankle);

  // The knee points between the way the pelvis and the way the foot looks.
  const float outwards = side == kLeft ? body.knees_out[side] : -body.knees_out[side];
  const float knee_yaw = 0.4f * body.pelvis.yaw + 0.6f * foot.yaw + outwards;
  const Vec3 side_axis = glm::normalize(glm::cross(rotation_y(knee_yaw) * Vec3(0, 0, 1), along));
  const Vec3 ahead = glm::cross(along, side_axis);
  const float cosine =
      (thigh_ * thigh_ + distance * distance - shin_ * shin_) / (2.0f * thigh_ * distance);
  const float angle = std::acos(std::clamp(cosine, -1.0f, 1.0f));
  const Vec3 thigh = std::cos(angle) * along + std::sin(angle) * ahead;
  const Vec3 shin = glm::normalize(distance * along - thigh_ * thigh);

  const Quat upper = leg_rotation(side_axis, thigh);
  const Quat lower = leg_rotation(side_axis, shin);
  const Quat ankle = rotation_y(foot.yaw) * rotation_x(-foot.pitch);
  const auto first = static_cast<std::size_t>(side == kLeft ? kLeftUpLeg : kRightUpLeg);
  out[first].rotation = glm::conjugate(pelvis) * upper;
  out[first + 1].rotation = glm::conjugate(upper) * lower;
  out[first + 2].rotation = glm::conjugate(lower) * ankle;
  out[first + 3].rotation = rotation_x(-foot.toes);
}

void Rig::pose(const BodyPose& body, std::span<Transform> out) const {
  assert(out.size() >= kNumJoints);
  for (std::size_t j = 0; j < kNumJoints; ++j) out[j] = skeleton_.rest_pose()[j];
  out[kHips].translation = body.hips;
  out[kHips].rotation = to_rotation(body.pelvis);
  // The upper joints of the spine turn more than the lower ones, as vertebrae do.
  out[kSpine].rotation = to_rotation(0.25f * body.spine);
  out[kSpine1].rotation = to_rotation(0.35f * body.spine);
  out[kSpine2].rotation = to_rotation(0.40f * body.spine);
  out[kNeck].rotation = to_rotation(0.45f * body.head);
  out[kHead].rotation = to_rotation(0.55f * body.head);
  for (const Side side : {kLeft, kRight}) {
    pose_arm(body.arms[side], side, out);
    pose_leg(body, side, out);
  }
  for (std::size_t j = 0; j < kNumJoints; ++j) out[j].rotation = glm::normalize(out[j].rotation);
}

}  // namespace canter::generate
