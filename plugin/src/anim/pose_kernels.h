#pragma once

// Operations on whole poses, each as a plain scalar loop (the reference, which stays) and as the
// vector kernel chosen for this machine. They agree within rounding: the kernels use fused
// multiply-add and sum in another order.

#include <span>

#include "anim/lines.h"
#include "canter/anim/blend.h"
#include "canter/anim/pose.h"
#include "canter/anim/skinning.h"

namespace canter::detail {

/// A joint whose weights sum to less takes the fallback pose.
inline constexpr float kNoWeight = 1e-6f;

void blend_two_reference(ConstPoseView a, ConstPoseView b, float alpha, PoseView out);
void blend_two_simd(ConstPoseView a, ConstPoseView b, float alpha, PoseView out);

/// Two poses in two places each; alpha within [0, 1].
void blend_lines_reference(const LinePose& a, const LinePose& b, float alpha, PoseView out);
void blend_lines_simd(const LinePose& a, const LinePose& b, float alpha, PoseView out);

void blend_layers_reference(std::span<const BlendLayer> layers, ConstPoseView fallback,
                            PoseView out);
void blend_layers_simd(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out);

void add_layer_reference(ConstPoseView difference, float weight,
                         std::span<const float> joint_weights, PoseView out);
void add_layer_simd(ConstPoseView difference, float weight, std::span<const float> joint_weights,
                    PoseView out);

void local_to_model_reference(std::span<const std::int16_t> parents, const Mat4& root,
                              ConstPoseView locals, Mat4* models);
/// @param links  [joints] Skeleton::links of the same skeleton
void local_to_model_simd(std::span<const std::int16_t> parents, std::span<const JointLink> links,
                         const Mat4& root, ConstPoseView locals, Mat4* models);

void stream_models_simd(std::span<const Mat4> from, Mat4* to);
void finish_streaming_simd();

void skinning_matrices_reference(std::span<const SkinBone> bones, std::span<const Mat4> models,
                                 std::span<Mat4> palette);
void skinning_matrices_simd(std::span<const SkinBone> bones, std::span<const Mat4> models,
                            std::span<Mat4> palette);

}  // namespace canter::detail
