#pragma once

#include <span>

#include "canter/anim/skeleton.h"
#include "canter/base/memory.h"

namespace canter {

/// Streams of a pose are padded to a multiple of this many joints and aligned to kBlockAlignment,
/// so that kernels of any vector width run without a tail. Padding holds identity and stays finite.
inline constexpr int kPosePadding = 16;

constexpr int padded_joints(int num_joints) {
  return (num_joints + kPosePadding - 1) / kPosePadding * kPosePadding;
}

/// Bytes a pose of this skeleton takes.
std::size_t pose_bytes(const Skeleton& skeleton);

/// One local transform per joint as streams: what the runtime samples, blends and concatenates.
/// Non-owning; obtained from a Pose or laid over an arena with `pose_over`.
struct PoseView {
  Quat* rotations = nullptr;     ///< [padded joints] unit length
  Vec4* translations = nullptr;  ///< [padded joints] x, y, z in metres; w is unused
  Vec4* scales = nullptr;  ///< [padded joints] x, y, z; nullptr when the skeleton has no scale
  int num_joints = 0;

  Transform get(int joint) const {
    return {rotations[joint], Vec3(translations[joint]),
            scales != nullptr ? Vec3(scales[joint]) : Vec3(1.0f)};
  }
  void set(int joint, const Transform& t) const {
    rotations[joint] = t.rotation;
    translations[joint] = Vec4(t.translation, 0.0f);
    if (scales != nullptr) scales[joint] = Vec4(t.scale, 1.0f);
  }
};

/// A PoseView that may only be read.
struct ConstPoseView {
  const Quat* rotations = nullptr;
  const Vec4* translations = nullptr;
  const Vec4* scales = nullptr;
  int num_joints = 0;

  ConstPoseView() = default;
  ConstPoseView(const PoseView& p)
      : rotations(p.rotations),
        translations(p.translations),
        scales(p.scales),
        num_joints(p.num_joints) {}

  Transform get(int joint) const {
    return {rotations[joint], Vec3(translations[joint]),
            scales != nullptr ? Vec3(scales[joint]) : Vec3(1.0f)};
  }
};

/// A pose that owns its memory; starts as the rest pose. Copying copies the pose.
class Pose {
 public:
  Pose() = default;
  explicit Pose(const Skeleton& skeleton,
                std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  int num_joints() const { return num_joints_; }
  PoseView view();
  ConstPoseView view() const;
  operator PoseView() { return view(); }
  operator ConstPoseView() const { return view(); }
  Transform get(int joint) const { return view().get(joint); }
  void set(int joint, const Transform& t) { view().set(joint, t); }

 private:
  Block block_;
  int num_joints_ = 0;
  bool has_scale_ = false;
};

/// Lays a pose over scratch memory; `rotations` is nullptr if the arena is full. Uninitialised
/// except for the padding.
PoseView pose_over(const Skeleton& skeleton, Arena& arena);

/// Writes the skeleton's rest pose.
void set_rest_pose(const Skeleton& skeleton, PoseView out);
void copy_pose(ConstPoseView from, PoseView to);

}  // namespace canter
