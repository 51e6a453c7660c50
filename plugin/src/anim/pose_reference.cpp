// The scalar statements of what pose_kernels.cpp does in vectors.

#include <cassert>

#include "anim/pose_kernels.h"

namespace canter::detail {
namespace {

float layer_weight(const BlendLayer& layer, int joint) {
  return layer.joint_weights.empty()
             ? layer.weight
             : layer.weight * layer.joint_weights[static_cast<std::size_t>(joint)];
}

Quat toward(const Quat& reference, const Quat& q) {
  return glm::dot(reference, q) < 0.0f ? -q : q;
}

// The quad of a joint, from the place where its line lies.
const float* quad(const LineStream& stream, int joint) {
  const bool moves = stream.masks[joint / kLineJoints] != 0;
  return (moves ? stream.moving : stream.still) + 4 * joint;
}

Transform transform(const LinePose& pose, int joint) {
  const float* r = quad(pose.rotations, joint);
  const float* t = quad(pose.translations, joint);
  const float* s = pose.scales.still != nullptr ? quad(pose.scales, joint) : nullptr;
  return {Quat(r[3], r[0], r[1], r[2]), Vec3(t[0], t[1], t[2]),
          s != nullptr ? Vec3(s[0], s[1], s[2]) : Vec3(1.0f)};
}

Transform blend(const Transform& a, const Transform& b, float alpha) {
  return {glm::normalize(a.rotation * (1.0f - alpha) + toward(a.rotation, b.rotation) * alpha),
          glm::mix(a.translation, b.translation, alpha), glm::mix(a.scale, b.scale, alpha)};
}

}  // namespace

void blend_two_reference(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  for (int j = 0; j < out.num_joints; ++j) out.set(j, blend(a.get(j), b.get(j), alpha));
}

void blend_lines_reference(const LinePose& a, const LinePose& b, float alpha, PoseView out) {
  for (int j = 0; j < out.num_joints; ++j)
    out.set(j, blend(transform(a, j), transform(b, j), alpha));
}

void blend_layers_reference(std::span<const BlendLayer> layers, ConstPoseView fallback,
                            PoseView out) {
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

void add_layer_reference(ConstPoseView difference, float weight,
                         std::span<const float> joint_weights, PoseView out) {
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

void local_to_model_reference(std::span<const std::int16_t> parents, const Mat4& root,
                              ConstPoseView locals, Mat4* models) {
  for (std::size_t j = 0; j < parents.size(); ++j) {
    // Joints are stored parents-first, so every parent is finished here.
    const Mat4& above = parents[j] < 0 ? root : models[parents[j]];
    models[j] = above * to_matrix(locals.get(static_cast<int>(j)));
  }
}

void skinning_matrices_reference(std::span<const SkinBone> bones, std::span<const Mat4> models,
                                 std::span<Mat4> palette) {
  for (std::size_t i = 0; i < bones.size(); ++i)
    palette[i] = models[static_cast<std::size_t>(bones[i].joint)] * bones[i].inverse_bind;
}

}  // namespace canter::detail
