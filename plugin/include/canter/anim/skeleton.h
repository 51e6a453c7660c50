#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"
#include "canter/base/transform.h"

namespace canter {

/// Largest skeleton Canter accepts.
inline constexpr int kMaxJoints = 2048;
inline constexpr int kMaxJointNameBytes = 255;
/// Skeletons are walked in runs of this many joints (see Skeleton::links).
inline constexpr int kDepthRun = 128;

/// A joint and what it hangs on.
struct JointLink {
  std::uint16_t joint = 0;   ///< index within its run of kDepthRun joints
  std::int16_t parent = -1;  ///< index in the skeleton; -1 for a root
};

/// The tip of a limb: a point without a rotation of its own (BVH "End Site").
struct EndSite {
  int joint = 0;      ///< the joint it is rigidly attached to
  Vec3 offset{0.0f};  ///< in that joint's frame, metres
};

/// What a skeleton is made from: plain data an importer fills, in any order of joints.
struct SkeletonDesc {
  struct Joint {
    std::string name;
    int parent = -1;  ///< index into `joints`; -1 for a root
    Transform rest;   ///< rest pose, relative to the parent
  };
  std::vector<Joint> joints;
  std::vector<EndSite> end_sites;
  /// True if any clip of this skeleton animates scale; rest scales other than 1 imply it.
  bool has_scale = false;
};

/// The hierarchy of joints, parents before children, with names and rest pose. Immutable, shared
/// by threads. Several roots are allowed.
class Skeleton {
 public:
  /// An empty skeleton: no joints.
  Skeleton() = default;

  int num_joints() const { return static_cast<int>(parents_.size()); }
  /// [num_joints]; -1 for roots, otherwise smaller than the joint's own index.
  std::span<const std::int16_t> parents() const { return parents_; }
  /// [num_joints] every joint once, run after run of kDepthRun indices; within a run shallow before
  /// deep: an order that has parents before children, and in which a joint waits least for its own.
  std::span<const JointLink> links() const { return links_; }
  int parent(int joint) const { return parents_[static_cast<std::size_t>(joint)]; }
  std::string_view name(int joint) const { return names_[static_cast<std::size_t>(joint)]; }
  /// Index of the first joint of exactly this name, or -1.
  int find(std::string_view name) const;
  /// [num_joints] neutral pose, relative to the parent joint.
  std::span<const Transform> rest_pose() const { return rest_; }
  std::span<const EndSite> end_sites() const { return end_sites_; }
  /// Whether poses of this skeleton carry scales. Without, every scale is 1 and nothing is spent.
  bool has_scale() const { return has_scale_; }
  /// Hash of names, parents and rest pose: tells whether data belongs to this skeleton.
  std::uint64_t hash() const { return hash_; }

 private:
  friend Result<Skeleton> make_skeleton(const SkeletonDesc&, std::vector<int>*);

  std::vector<std::int16_t> parents_;
  std::vector<JointLink> links_;
  std::vector<std::string> names_;
  std::vector<Transform> rest_;
  std::vector<EndSite> end_sites_;
  bool has_scale_ = false;
  std::uint64_t hash_ = 0;
};

/// Checks the description and sorts it parents-first (keeping the given order where it already is).
/// Errors: no or too many joints, a parent out of range, a cycle, a name that is empty or too long,
/// a non-finite or zero-scaled rest pose. Rest rotations are normalised.
/// @param new_index  optional out: new_index[i] is where desc.joints[i] went
Result<Skeleton> make_skeleton(const SkeletonDesc& desc, std::vector<int>* new_index = nullptr);

/// The description a skeleton is made from, to change and make anew.
SkeletonDesc describe(const Skeleton& skeleton);

}  // namespace canter
