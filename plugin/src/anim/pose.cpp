#include "canter/anim/pose.h"

#include <cassert>
#include <cstring>

namespace canter {
namespace {

std::size_t stream_bytes(int num_joints) {
  return static_cast<std::size_t>(padded_joints(num_joints)) * sizeof(Vec4);
}

PoseView lay_over(std::byte* memory, int num_joints, bool has_scale) {
  const std::size_t stream = stream_bytes(num_joints);
  PoseView p;
  p.rotations = reinterpret_cast<Quat*>(memory);
  p.translations = reinterpret_cast<Vec4*>(memory + stream);
  p.scales = has_scale ? reinterpret_cast<Vec4*>(memory + 2 * stream) : nullptr;
  p.num_joints = num_joints;
  return p;
}

void fill_padding(const PoseView& p) {
  for (int j = p.num_joints; j < padded_joints(p.num_joints); ++j) p.set(j, Transform{});
}

}  // namespace

static_assert(sizeof(Quat) == 16 && sizeof(Vec4) == 16);

std::size_t pose_bytes(const Skeleton& skeleton) {
  return stream_bytes(skeleton.num_joints()) * (skeleton.has_scale() ? 3 : 2);
}

Pose::Pose(const Skeleton& skeleton, std::pmr::memory_resource* memory)
    : block_(pose_bytes(skeleton), memory),
      num_joints_(skeleton.num_joints()),
      has_scale_(skeleton.has_scale()) {
  fill_padding(view());
  set_rest_pose(skeleton, view());
}

PoseView Pose::view() {
  return lay_over(block_.data(), num_joints_, has_scale_);
}

ConstPoseView Pose::view() const {
  return lay_over(const_cast<std::byte*>(block_.data()), num_joints_, has_scale_);
}

PoseView pose_over(const Skeleton& skeleton, Arena& arena) {
  const std::span<std::byte> memory = arena.take<std::byte>(pose_bytes(skeleton));
  if (memory.empty()) return {};
  PoseView p = lay_over(memory.data(), skeleton.num_joints(), skeleton.has_scale());
  fill_padding(p);
  return p;
}

void set_rest_pose(const Skeleton& skeleton, PoseView out) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    out.set(j, skeleton.rest_pose()[static_cast<std::size_t>(j)]);
}

void copy_pose(ConstPoseView from, PoseView to) {
  assert(from.num_joints == to.num_joints && (from.scales != nullptr) == (to.scales != nullptr));
  const std::size_t stream = stream_bytes(from.num_joints);
  std::memcpy(static_cast<void*>(to.rotations), from.rotations, stream);
  std::memcpy(static_cast<void*>(to.translations), from.translations, stream);
  if (to.scales != nullptr) std::memcpy(static_cast<void*>(to.scales), from.scales, stream);
}

}  // namespace canter
