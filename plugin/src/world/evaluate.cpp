// clip → reference pose: what a character's clips, transitions and layers say, as one local pose.
#include <algorithm>
#include <array>
#include <cmath>

#include "canter/anim/blend.h"
#include "world/world_data.h"

namespace canter::detail {
namespace {

// Smoothstep: a crossfade starts and ends without a jump in velocity.
float ease(float x) {
  return x * x * (3.0f - 2.0f * x);
}

// The time to sample at: a clip that wraps by itself must not fold its very end back to its start.
float sample_time(const Clip& clip, double time_s) {
  const float t = static_cast<float>(time_s);
  const float end = clip.duration_s();
  return clip.loop() && t >= end ? std::nextafter(end, 0.0f) : t;
}

ParkReason sample_play(const WorldData& world, const PlayState& play, const Skeleton& skeleton,
                       PoseView out) {
  if (!play.clip) {
    set_rest_pose(skeleton, out);
    return ParkReason::none;
  }
  const Clip* clip = world.clips.find(play.clip).get();
  if (clip == nullptr) return ParkReason::missing_clip;
  if (clip->skeleton_hash() != skeleton.hash() || clip->num_joints() != skeleton.num_joints())
    return ParkReason::foreign_clip;
  sample(*clip, sample_time(*clip, play.time_s), out);
  return ParkReason::none;
}

// out = layer over out, by weight and mask.
ParkReason blend_over(ConstPoseView layer, float weight, std::span<const float> mask,
                      Arena& scratch, PoseView out) {
  if (mask.empty()) {
    blend(out, layer, weight, out);
    return ParkReason::none;
  }
  // Weights are normalised per joint, so what is below needs what the layer leaves.
  const std::span<float> below = scratch.take<float>(mask.size());
  if (below.empty()) return ParkReason::out_of_scratch;
  for (std::size_t j = 0; j < mask.size(); ++j) below[j] = 1.0f - weight * mask[j];
  const std::array<BlendLayer, 2> layers = {BlendLayer{out, 1.0f, below},
                                            BlendLayer{layer, weight, mask}};
  blend(layers, out, out);
  return ParkReason::none;
}

ParkReason apply_layer(const WorldData& world, const LayerState& layer, const Skeleton& skeleton,
                       Arena& scratch, PoseView out) {
  const Arena::Scope scope(scratch);
  std::span<const float> mask;
  if (layer.mask) {
    const Mask* found = world.masks.find(layer.mask).get();
    if (found == nullptr) return ParkReason::missing_clip;
    if (found->skeleton_hash != skeleton.hash()) return ParkReason::foreign_clip;
    mask = found->weights;
  }
  const PoseView pose = pose_over(skeleton, scratch);
  if (pose.rotations == nullptr) return ParkReason::out_of_scratch;
  if (const ParkReason why = sample_play(world, layer.play, skeleton, pose);
      why != ParkReason::none)
    return why;
  if (layer.mode == LayerMode::replace) return blend_over(pose, layer.weight, mask, scratch, out);

  const PoseView first = pose_over(skeleton, scratch);
  if (first.rotations == nullptr) return ParkReason::out_of_scratch;
  PlayState at_start = layer.play;
  at_start.time_s = 0.0;
  sample_play(world, at_start, skeleton, first);
  make_additive(pose, first, pose);
  add_layer(pose, layer.weight, mask, out);
  return ParkReason::none;
}

}  // namespace

ParkReason evaluate(const WorldData& world, const CharacterState& state, const Skeleton& skeleton,
                    Arena& scratch, PoseView out) {
  if (const ParkReason why = sample_play(world, state.play, skeleton, out); why != ParkReason::none)
    return why;
  if (state.fade_duration_s > 0.0f) {
    const Arena::Scope scope(scratch);
    const PoseView previous = pose_over(skeleton, scratch);
    if (previous.rotations == nullptr) return ParkReason::out_of_scratch;
    if (const ParkReason why = sample_play(world, state.previous, skeleton, previous);
        why != ParkReason::none)
      return why;
    blend(previous, out, ease(std::min(1.0f, state.fade_s / state.fade_duration_s)), out);
  }
  for (const LayerState& layer : state.layers) {
    if (layer.mode == LayerMode::off || layer.weight == 0.0f) continue;
    if (const ParkReason why = apply_layer(world, layer, skeleton, scratch, out);
        why != ParkReason::none)
      return why;
  }
  return ParkReason::none;
}

}  // namespace canter::detail
