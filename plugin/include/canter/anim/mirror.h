#pragma once

#include <span>
#include <vector>

#include "canter/anim/joint_map.h"
#include "canter/anim/raw_clip.h"

namespace canter {

struct MirrorSettings {
  /// true: every bone keeps its own length and offset; mirrored positions are exact where left and
  /// right are equally long. false: positions are exact reflections, and on an uneven skeleton
  /// bones take the length of the other side.
  bool keep_bone_lengths = true;
  /// [num_joints] a symmetric pose, relative to parents, that tells how left and right joint frames
  /// correspond; empty: the rest pose. See canter/anim/reference_pose.h for skeletons without one.
  std::span<const Transform> reference;
};

/// How a skeleton is mirrored: which joints change places and how their frames correspond.
/// Immutable, shared by threads.
class Mirror {
 public:
  Mirror() = default;

  int num_joints() const { return static_cast<int>(pairs_.size()); }
  /// [num_joints] the joint on the other side; itself on the middle line.
  std::span<const int> pairs() const { return pairs_; }
  /// Unit normal of the plane, from right to left; the plane is dot(normal, p) = offset_m.
  const Vec3& normal() const { return normal_; }
  float offset_m() const { return offset_m_; }
  /// Joints with a side in their name for which no counterpart was found; they mirror onto
  /// themselves.
  std::span<const int> unpaired() const { return unpaired_; }

 private:
  friend class MirrorBuilder;
  friend void mirror_pose(const Skeleton&, const Mirror&, ConstPoseView, std::span<Transform>,
                          PoseView);

  std::vector<int> pairs_;
  std::vector<int> unpaired_;
  std::vector<Quat>
      corrections_;  // [num_joints] joint frame against the reflected frame of its pair
  Vec3 normal_{1.0f, 0.0f, 0.0f};
  float offset_m_ = 0.0f;
  bool keep_bone_lengths_ = true;
};

/// Pairs joints by role, by name, and by place in the reference pose; the plane is upright, halfway
/// between them. Works for any joint frames: mirroring happens in model space. Never fails: a
/// skeleton without pairs is reflected in x = 0. Any thread.
Mirror make_mirror(const Skeleton& skeleton, const MirrorSettings& settings = {});

/// Mirrors a pose. Mirroring twice gives the pose back.
/// @param models  [num_joints] scratch
/// @param out     may alias `in`
/// No allocation. Non-uniform scale is taken over from the other side as it is.
void mirror_pose(const Skeleton& skeleton, const Mirror& mirror, ConstPoseView in,
                 std::span<Transform> models, PoseView out);

/// Every frame mirrored. The clip must be one of the skeleton.
RawClip mirror_clip(const Skeleton& skeleton, const Mirror& mirror, const RawClip& clip);

}  // namespace canter
