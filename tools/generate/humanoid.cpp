#include "generate/humanoid.h"

#include <cassert>
#include <cmath>
#include <string>
#include <utility>

namespace canter::generate {

const std::array<JointInfo, kNumJoints>& joint_table() {
  static constexpr std::array<JointInfo, kNumJoints> kTable{{
      {"Hips", -1, kHips},
      {"Spine", kHips, kSpine},
      {"Spine1", kSpine, kSpine1},
      {"Spine2", kSpine1, kSpine2},
      {"Neck", kSpine2, kNeck},
      {"Head", kNeck, kHead},
      {"LeftShoulder", kSpine2, kRightShoulder},
      {"LeftArm", kLeftShoulder, kRightArm},
      {"LeftForeArm", kLeftArm, kRightForeArm},
      {"LeftHand", kLeftForeArm, kRightHand},
      {"LeftHandThumb1", kLeftHand, kRightHandThumb1},
      {"LeftHandMiddle1", kLeftHand, kRightHandMiddle1},
      {"RightShoulder", kSpine2, kLeftShoulder},
      {"RightArm", kRightShoulder, kLeftArm},
      {"RightForeArm", kRightArm, kLeftForeArm},
      {"RightHand", kRightForeArm, kLeftHand},
      {"RightHandThumb1", kRightHand, kLeftHandThumb1},
      {"RightHandMiddle1", kRightHand, kLeftHandMiddle1},
      {"LeftUpLeg", kHips, kRightUpLeg},
      {"LeftLeg", kLeftUpLeg, kRightLeg},
      {"LeftFoot", kLeftLeg, kRightFoot},
      {"LeftToeBase", kLeftFoot, kRightToeBase},
      {"RightUpLeg", kHips, kLeftUpLeg},
      {"RightLeg", kRightUpLeg, kLeftLeg},
      {"RightFoot", kRightLeg, kLeftFoot},
      {"RightToeBase", kRightFoot, kLeftToeBase},
  }};
  return kTable;
}

Point arm_direction(const Proportions& p) {
  return {std::cos(p.arm_angle_rad), -std::sin(p.arm_angle_rad), 0.0};
}

std::array<Point, kNumJoints> joint_positions(const Proportions& p) {
  std::array<Point, kNumJoints> at{};
  const Point up(0, 1, 0);
  const Point arm = arm_direction(p);
  at[kHips] = p.hip_height * up;
  // The spine's lower joints share the way from hips to chest.
  at[kSpine] = at[kHips] + 0.33 * p.hips_to_chest * up;
  at[kSpine1] = at[kHips] + 0.66 * p.hips_to_chest * up;
  at[kSpine2] = at[kHips] + p.hips_to_chest * up;
  at[kNeck] = at[kSpine2] + p.chest_to_neck * up;
  at[kHead] = at[kNeck] + Point(0, p.neck, 0.1 * p.neck);
  at[kLeftArm] = at[kSpine2] + p.chest_to_shoulder;
  // The inner end of the collar bone.
  at[kLeftShoulder] = at[kLeftArm] + Point(-0.82 * p.chest_to_shoulder.x, -0.015, 0.03);
  at[kLeftForeArm] = at[kLeftArm] + p.upper_arm * arm;
  at[kLeftHand] = at[kLeftForeArm] + p.forearm * arm;
  at[kLeftHandThumb1] = at[kLeftHand] + p.hand * (0.16 * arm + Point(0, 0, 0.13));
  at[kLeftHandMiddle1] = at[kLeftHand] + 0.49 * p.hand * arm;
  at[kLeftUpLeg] = at[kHips] + Point(p.hip_half_width, 0, 0);
  at[kLeftLeg] = at[kLeftUpLeg] - p.thigh * up;
  at[kLeftFoot] = at[kLeftLeg] - p.shin * up;
  at[kLeftToeBase] = at[kLeftFoot] + Point(0, -0.55 * at[kLeftFoot].y, p.ball);
  for (int j = 0; j < kNumJoints; ++j) {
    const int left = joint_table()[static_cast<std::size_t>(j)].mirror;
    if (left < j)
      at[static_cast<std::size_t>(j)] = Point(-1, 1, 1) * at[static_cast<std::size_t>(left)];
  }
  return at;
}

Skeleton humanoid_skeleton(const Proportions& p) {
  const auto at = joint_positions(p);
  SkeletonDesc desc;
  for (int j = 0; j < kNumJoints; ++j) {
    const JointInfo& info = joint_table()[static_cast<std::size_t>(j)];
    const Point base = info.parent < 0 ? Point(0.0) : at[static_cast<std::size_t>(info.parent)];
    Transform rest;
    rest.translation = Vec3(at[static_cast<std::size_t>(j)] - base);
    desc.joints.push_back({std::string(info.name), info.parent, rest});
  }
  const Vec3 fingers(0.51 * p.hand * arm_direction(p));
  const Vec3 toes(0.0, 0.0, p.toes);
  const Vec3 mirrored(-1, 1, 1);
  desc.end_sites = {{kHead, Vec3(0, p.head, 0)},
                    {kLeftHandMiddle1, fingers},
                    {kRightHandMiddle1, fingers * mirrored},
                    {kLeftToeBase, toes},
                    {kRightToeBase, toes}};
  Result<Skeleton> skeleton = make_skeleton(desc);
  assert(skeleton.ok());  // the table above is a valid hierarchy
  return std::move(skeleton).value();
}

}  // namespace canter::generate
