#include "canter/anim/blend.h"

#include <cassert>

namespace canter {
namespace {

constexpr float kNoWeight = 1e-6f;

float layer_weight(const BlendLayer& layer, int joint) {
  return layer.joint_weights.empty()
             ? layer.weight
             : layer.weight * layer.joint_weights[static_cast<std::size_t>(joint)];
}

Quat toward(const Quat& reference, const Quat& q) {
  return glm::dot(reference, q) < 0.0f ? -q : q;
}

}  // namespace

void blend(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  for (int j = 0; j < out.num_joints; ++j) {
    float total = 0.0f;
    for (const BlendLayer& layer : layers) total += layer_weight(layer, j);
    if (!(total > kNoWeight)) {
      out.set(j, fallback.get(j));
      continue;
    }
    const Quat reference = layers[0].pose.rotations[j];
    Transform sum{Quat(0, 0, 0, 0), Vec3(0), Vec3(0)};
    for (const BlendLayer& layer : layers) {
      const float w = layer_weight(layer, j) / total;
      const Transform t = layer.pose.get(j);
      sum.rotation += toward(reference, t.rotation) * w;
      sum.translation += t.translation * w;
      sum.scale += t.scale * w;
    }
    sum.rotation = glm::normalize(sum.rotation);
    out.set(j, sum);
  }
}

void blend(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  assert(a.num_joints == b.num_joints && a.num_joints == out.num_joints);
  for (int j = 0; j < out.num_joints; ++j) {
    const Transform ta = a.get(j);
    const Transform tb = b.get(j);
    out.set(
        j, {glm::normalize(ta.rotation * (1.0f - alpha) + toward(ta.rotation, tb.rotation) * alpha),
            glm::mix(ta.translation, tb.translation, alpha), glm::mix(ta.scale, tb.scale, alpha)});
  }
}

void make_additive(ConstPoseView pose, ConstPoseView base, PoseView difference) {
  for (int j = 0; j < difference.num_joints; ++j) {
    const Transform p = pose.get(j);
    const Transform b = base.get(j);
    difference.set(j, {glm::conjugate(b.rotation) * p.rotation, p.translation - b.translation,
                       p.scale / b.scale});
  }
}

void add_layer(ConstPoseView difference, float weight, std::span<const float> joint_weights,
               PoseView out) {
  for (int j = 0; j < out.num_joints; ++j) {
    const float w =
        joint_weights.empty() ? weight : weight * joint_weights[static_cast<std::size_t>(j)];
    const Transform d = difference.get(j);
    Transform t = out.get(j);
    t.rotation = glm::normalize(t.rotation * exp_rotation(log_rotation(d.rotation) * w));
    t.translation += d.translation * w;
    t.scale *= glm::pow(d.scale, Vec3(w));
    out.set(j, t);
  }
}

}  // namespace canter
