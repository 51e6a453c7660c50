#include "canter/anim/inertialize.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "anim/rotations.h"

namespace canter {
namespace {

using detail::is_finite;

InertializationView lay_over(std::byte* memory, int num_joints, bool has_scale) {
  auto* vectors = reinterpret_cast<Vec4*>(memory);
  InertializationView v;
  v.header = vectors;
  v.rotations = vectors + 1;
  v.translations = v.rotations + num_joints;
  v.scales = has_scale ? v.translations + num_joints : nullptr;
  v.num_joints = num_joints;
  return v;
}

Vec4 offset(const Vec3& now, const Vec3& before, float per_dt) {
  const float length = glm::length(now);
  if (!is_finite(now) || !(length > 1e-9f)) return Vec4(0.0f);
  // Only the movement along the offset counts: its direction is kept.
  const float rate = (length - glm::dot(before, now) / length) * per_dt;
  return Vec4(now, std::isfinite(rate) ? std::min(rate, 0.0f) : 0.0f);
}

Vec3 rotation_between(const Quat& from, const Quat& to) {
  return log_rotation(to * glm::conjugate(from));
}

// The factor on an offset whose length and rate are packed in one Vec4.
float remaining(const Vec4& packed, float duration_s, float time_s) {
  const float length = glm::length(Vec3(packed));
  return length > 0.0f ? inertial_decay(length, packed.w, duration_s, time_s) / length : 0.0f;
}

}  // namespace

std::size_t inertialization_bytes(const Skeleton& skeleton) {
  const auto joints = static_cast<std::size_t>(skeleton.num_joints());
  return (1 + joints * (skeleton.has_scale() ? 3 : 2)) * sizeof(Vec4);
}

InertializationView inertialization_over(const Skeleton& skeleton, std::span<std::byte> memory) {
  assert(memory.size() >= inertialization_bytes(skeleton));
  return lay_over(memory.data(), skeleton.num_joints(), skeleton.has_scale());
}

Inertialization::Inertialization(const Skeleton& skeleton, std::pmr::memory_resource* memory)
    : block_(inertialization_bytes(skeleton), memory),
      num_joints_(skeleton.num_joints()),
      has_scale_(skeleton.has_scale()) {}

InertializationView Inertialization::view() {
  return num_joints_ == 0 ? InertializationView{}
                          : lay_over(block_.data(), num_joints_, has_scale_);
}

float inertial_decay(float x0, float v0, float duration_s, float t_s) {
  if (!(x0 > 0.0f) || !(t_s < duration_s)) return 0.0f;
  v0 = std::min(v0, 0.0f);
  // A faster start would pass zero and come back.
  const float t1 = v0 < 0.0f ? std::min(duration_s, -5.0f * x0 / v0) : duration_s;
  if (!(t_s < t1)) return 0.0f;
  // The quintic in u = t / t1 with its triple root at u = 1 taken out, which keeps the tail exact.
  const float u = std::max(t_s, 0.0f) / t1;
  const float v = v0 * t1;
  const float a = std::max(0.0f, -8.0f * v - 20.0f * x0);
  const float rest = 1.0f - u;
  const float x =
      rest * rest * rest * (x0 + u * (v + 3.0f * x0 + u * (0.5f * a + 3.0f * v + 6.0f * x0)));
  return std::clamp(x, 0.0f, x0);
}

void start_inertialization(const InertializationStart& start, InertializationView state) {
  assert(start.output.num_joints == state.num_joints);
  assert(start.target.num_joints == state.num_joints);
  const ConstPoseView before = start.output_before;
  const ConstPoseView target_before =
      start.target_before.num_joints > 0 ? start.target_before : start.target;
  const bool moving = start.dt_s > 0.0f && std::isfinite(start.dt_s) && before.num_joints > 0;
  const float per_dt = moving ? 1.0f / start.dt_s : 0.0f;
  state.header->x =
      start.duration_s > 0.0f && std::isfinite(start.duration_s) ? start.duration_s : 0.0f;
  for (int j = 0; j < state.num_joints; ++j) {
    const Transform out = start.output.get(j);
    const Transform target = start.target.get(j);
    const Transform out_was = moving ? before.get(j) : out;
    const Transform target_was = moving ? target_before.get(j) : target;
    state.rotations[j] = offset(rotation_between(target.rotation, out.rotation),
                                rotation_between(target_was.rotation, out_was.rotation), per_dt);
    state.translations[j] = offset(out.translation - target.translation,
                                   out_was.translation - target_was.translation, per_dt);
    if (state.scales != nullptr)
      state.scales[j] = offset(out.scale - target.scale, out_was.scale - target_was.scale, per_dt);
  }
}

bool apply_inertialization(InertializationView state, float time_s, PoseView pose) {
  assert(pose.num_joints == state.num_joints);
  const float duration_s = state.duration_s();
  const float t = std::isfinite(time_s) ? std::max(time_s, 0.0f) : 0.0f;
  if (!(t < duration_s)) return false;
  for (int j = 0; j < state.num_joints; ++j) {
    const float turn = remaining(state.rotations[j], duration_s, t);
    if (turn > 0.0f)
      pose.rotations[j] =
          glm::normalize(exp_rotation(Vec3(state.rotations[j]) * turn) * pose.rotations[j]);
    pose.translations[j] +=
        Vec4(Vec3(state.translations[j]) * remaining(state.translations[j], duration_s, t), 0.0f);
    if (state.scales != nullptr && pose.scales != nullptr)
      pose.scales[j] +=
          Vec4(Vec3(state.scales[j]) * remaining(state.scales[j], duration_s, t), 0.0f);
  }
  return true;
}

}  // namespace canter
