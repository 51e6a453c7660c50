#pragma once

#include <span>
#include <vector>

#include "canter/anim/contacts.h"
#include "canter/anim/joint_map.h"
#include "canter/anim/raw_clip.h"

namespace canter {

struct RetargetSettings {
  /// Roles of the joints; nullptr: map_joints.
  const JointMap* source_map = nullptr;
  const JointMap* target_map = nullptr;
  /// [num_joints] poses relative to parents in which both stand upright: T, A, or arms down, not
  /// necessarily the same. Empty: the rest pose. See canter/anim/reference_pose.h.
  std::span<const Transform> source_reference;
  std::span<const Transform> target_reference;
  /// Factor on the way of the hips; 0: the ratio of the leg lengths.
  float scale = 0.0f;
};

/// One joint that drives another.
struct JointPair {
  int source = -1;
  int target = -1;
};

/// How motion is carried from one skeleton onto another. Immutable, shared by threads; holds what
/// it needs of both skeletons.
class Retargeter {
 public:
  Retargeter() = default;

  const Skeleton& source() const { return source_; }
  const Skeleton& target() const { return target_; }
  const JointMap& source_map() const { return source_map_; }
  const JointMap& target_map() const { return target_map_; }
  /// [target joints] the reference pose of the target, relative to parents.
  std::span<const Transform> target_reference() const { return target_reference_; }
  /// Target size over source size.
  float scale() const { return scale_; }
  /// Target joints that are driven, with the (nearest) source joint.
  std::vector<JointPair> mapped() const;
  /// Joints without a counterpart: of the source, whose motion is lost but for what it does to
  /// joints further out; of the target, which keep their reference pose.
  std::vector<int> unmapped_source() const;
  std::vector<int> unmapped_target() const;
  /// Transforms of scratch that retarget_pose needs.
  std::size_t scratch_size() const {
    return static_cast<std::size_t>(source_.num_joints() + target_.num_joints());
  }

 private:
  friend class RetargeterBuilder;
  friend void retarget_pose(const Retargeter&, ConstPoseView, float, std::span<Transform>,
                            PoseView);

  // Model rotation of the target joint = slerp(source a * offset a, source b * offset b, alpha).
  struct Drive {
    int a = -1, b = -1;
    float alpha = 0.0f;
    Quat offset_a = kIdentityRotation;
    Quat offset_b = kIdentityRotation;
  };

  Skeleton source_, target_;
  JointMap source_map_, target_map_;
  std::vector<Drive> drives_;                // [target joints]; a = -1: not driven
  std::vector<Transform> target_reference_;  // [target joints] relative to parents
  float scale_ = 1.0f;
};

/// Prepares retargeting. Torso, head and clavicles turn from their reference as the source does
/// from its own; spines and necks of different lengths share the turn evenly. Limbs, hands and
/// fingers point where the source's point, whatever the reference poses; feet keep their angle to
/// the ground. Joints without a role follow a source joint of the same name. Errors: a reference of
/// the wrong size; skeletons with fewer than four joints in common.
Result<Retargeter> make_retargeter(const Skeleton& source, const Skeleton& target,
                                   const RetargetSettings& settings = {});

/// One pose, for live use: no foot clean-up. Bone lengths and scales are those of the target.
/// @param ground_m  height in model space that stays where it is while the rest is scaled
/// @param scratch   [retargeter.scratch_size()]
/// @param out       a pose of the target; may not alias `in`
/// No allocation.
void retarget_pose(const Retargeter& retargeter, ConstPoseView in, float ground_m,
                   std::span<Transform> scratch, PoseView out);

struct RetargetClipSettings {
  /// Hold the feet where the source's stand: no sliding, at the height of the ground.
  bool foot_cleanup = true;
  /// Time over which a foot is led to and from its place.
  float fade_s = 0.15f;
  ContactSettings contacts;
};

/// What became of a clip.
struct RetargetReport {
  float scale = 1.0f;
  int mapped = 0;  ///< driven target joints
  std::vector<int> unmapped_source, unmapped_target;
  /// Mean speed over the ground of the feet while the source's stand, m/s: of the source, and of
  /// the result without and with clean-up.
  float source_slide_mps = 0.0f;
  float slide_before_mps = 0.0f;
  float slide_after_mps = 0.0f;
  /// Largest distance by which a leg was too short for its foot's place.
  float worst_miss_m = 0.0f;
};

/// A whole clip, with foot clean-up; a loop still closes after it. Errors: what validate() refuses.
Result<RawClip> retarget(const Retargeter& retargeter, const RawClip& clip,
                         const RetargetClipSettings& settings = {},
                         RetargetReport* report = nullptr);

/// Both steps in one, with the source's reference pose taken from the clip where its rest pose is
/// none (see reference_pose).
Result<RawClip> retarget(const Skeleton& source, const RawClip& clip, const Skeleton& target,
                         const RetargetSettings& settings = {},
                         const RetargetClipSettings& clip_settings = {},
                         RetargetReport* report = nullptr);

}  // namespace canter
