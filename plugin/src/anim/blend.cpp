#include "canter/anim/blend.h"

#include <cassert>

#include "anim/pose_kernels.h"

namespace canter {

void blend(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  // The kernel expects all poses to have the same streams.
  bool same_streams = (fallback.scales != nullptr) == (out.scales != nullptr);
  for (const BlendLayer& layer : layers) {
    assert(layer.pose.num_joints == out.num_joints);
    same_streams = same_streams && (layer.pose.scales != nullptr) == (out.scales != nullptr);
  }
  if (same_streams)
    detail::blend_layers_simd(layers, fallback, out);
  else
    detail::blend_layers_reference(layers, fallback, out);
}

void blend(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  assert(a.num_joints == b.num_joints && a.num_joints == out.num_joints);
  const bool scaled = out.scales != nullptr;
  if ((a.scales != nullptr) == scaled && (b.scales != nullptr) == scaled)
    detail::blend_two_simd(a, b, alpha, out);
  else
    detail::blend_two_reference(a, b, alpha, out);
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
  detail::add_layer_simd(difference, weight, joint_weights, out);
}

}  // namespace canter
