// clip → reference pose: what a character's clips, transitions and layers say, as one local pose.
#include <algorithm>
#include <array>
#include <cmath>

#include "canter/anim/blend.h"
#include "world/world_data.h"

namespace canter::detail {
namespace {

// The time to sample at: a clip that wraps by itself must not fold its very end back to its start.
float sample_time(const Clip& clip, double time_s) {
  const float t = static_cast<float>(time_s);
  const float end = clip.duration_s();
  return clip.loop() && t >= end ? std::nextafter(end, 0.0f) : t;
}

// What a play refers to, if it can move this skeleton.
struct FoundClip {
  const ClipAsset* asset = nullptr;
  ParkReason why = ParkReason::none;

  // The root's way, if the pose is to have it back.
  const RootMotion* root(RootMotionMode mode) const {
    return mode == RootMotionMode::in_pose ? asset->root_motion.get() : nullptr;
  }
};

FoundClip find_clip(const WorldData& world, const PlayState& play, const Skeleton& skeleton) {
  const ClipAsset* asset = world.clips.find(play.clip).get();
  if (asset == nullptr) return {nullptr, ParkReason::missing_clip};
  const Clip& clip = *asset->clip;
  if (clip.skeleton_hash() != skeleton.hash() || clip.num_joints() != skeleton.num_joints())
    return {nullptr, ParkReason::foreign_clip};
  return {asset, ParkReason::none};
}

ParkReason sample_play(const WorldData& world, const PlayState& play, RootMotionMode root_motion,
                       const Skeleton& skeleton, PoseView out) {
  if (!play.clip) {
    set_rest_pose(skeleton, out);
    return ParkReason::none;
  }
  const FoundClip found = find_clip(world, play, skeleton);
  if (found.why != ParkReason::none) return found.why;
  const float time_s = sample_time(*found.asset->clip, play.time_s);
  sample(*found.asset->clip, time_s, out);
  if (const RootMotion* root = found.root(root_motion); root != nullptr)
    apply_root(skeleton, root_at(*root, time_s), out);
  return ParkReason::none;
}

// The base in the middle of a crossfade.
ParkReason sample_crossfade(const WorldData& world, const CharacterState& state,
                            const Skeleton& skeleton, Arena& scratch, PoseView out) {
  const Arena::Scope scope(scratch);
  const PoseView from = pose_over(skeleton, scratch);
  const PoseView to = pose_over(skeleton, scratch);
  if (from.rotations == nullptr || to.rotations == nullptr) return ParkReason::out_of_scratch;
  const float alpha = fade_weight(state);

  // Nothing happens to either pose before the blend: both in one go.
  const FoundClip a = find_clip(world, state.previous, skeleton);
  const FoundClip b = find_clip(world, state.play, skeleton);
  if (a.asset != nullptr && b.asset != nullptr && a.root(state.root_motion) == nullptr &&
      b.root(state.root_motion) == nullptr) {
    const Clip& clip_a = *a.asset->clip;
    const Clip& clip_b = *b.asset->clip;
    sample_blend({clip_a, sample_time(clip_a, state.previous.time_s), clip_b,
                  sample_time(clip_b, state.play.time_s), alpha},
                 from, to, out);
    return ParkReason::none;
  }

  ParkReason why = sample_play(world, state.play, state.root_motion, skeleton, to);
  if (why == ParkReason::none)
    why = sample_play(world, state.previous, state.root_motion, skeleton, from);
  if (why == ParkReason::none) blend(from, to, alpha, out);
  return why;
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
  if (const ParkReason why =
          sample_play(world, layer.play, RootMotionMode::in_place, skeleton, pose);
      why != ParkReason::none)
    return why;
  if (layer.mode == LayerMode::replace) return blend_over(pose, layer.weight, mask, scratch, out);

  const PoseView first = pose_over(skeleton, scratch);
  if (first.rotations == nullptr) return ParkReason::out_of_scratch;
  PlayState at_start = layer.play;
  at_start.time_s = 0.0;
  sample_play(world, at_start, RootMotionMode::in_place, skeleton, first);
  make_additive(pose, first, pose);
  add_layer(pose, layer.weight, mask, out);
  return ParkReason::none;
}

}  // namespace

CharacterState earlier(const WorldData& world, CharacterState state, double earlier_s) {
  if (state.paused != 0) return state;
  const auto back = [&](PlayState& play) {
    if (const Clip* clip = world.find_clip(play.clip); clip != nullptr)
      play.time_s =
          wrap_time(*clip, Wrap::clamp, play.time_s - earlier_s * static_cast<double>(play.speed));
  };
  back(state.play);
  back(state.previous);
  for (LayerState& layer : state.layers) {
    back(layer.play);
    const float change = layer.weight_per_s * static_cast<float>(earlier_s);
    layer.weight -= layer.target_weight < layer.weight ? -change : change;
  }
  state.fade_s = std::max(0.0f, state.fade_s - static_cast<float>(earlier_s));
  state.transition_s = std::max(0.0f, state.transition_s - static_cast<float>(earlier_s));
  return state;
}

float fade_weight(const CharacterState& state) {
  // Smoothstep: a crossfade starts and ends without a jump in velocity.
  const float x = std::min(1.0f, state.fade_s / state.fade_duration_s);
  return x * x * (3.0f - 2.0f * x);
}

ParkReason evaluate_base(const WorldData& world, const CharacterState& state,
                         const Skeleton& skeleton, Arena& scratch, PoseView out) {
  const ParkReason why = state.fade_duration_s > 0.0f
                             ? sample_crossfade(world, state, skeleton, scratch, out)
                             : sample_play(world, state.play, state.root_motion, skeleton, out);
  if (why == ParkReason::none && state.transition_over_layers == 0)
    apply_transition(world, state, skeleton, out);
  return why;
}

ParkReason evaluate(const WorldData& world, const CharacterState& state, const Skeleton& skeleton,
                    Arena& scratch, PoseView out) {
  if (const ParkReason why = evaluate_base(world, state, skeleton, scratch, out);
      why != ParkReason::none)
    return why;
  for (const LayerState& layer : state.layers) {
    if (layer.mode == LayerMode::off || layer.weight == 0.0f) continue;
    if (const ParkReason why = apply_layer(world, layer, skeleton, scratch, out);
        why != ParkReason::none)
      return why;
  }
  if (state.transition_over_layers != 0) apply_transition(world, state, skeleton, out);
  return ParkReason::none;
}

void apply_transition(const WorldData& world, const CharacterState& state, const Skeleton& skeleton,
                      PoseView pose) {
  if (state.transition_slot1 != 0)
    apply_inertialization(world.transitions.view(state.transition_slot1, skeleton),
                          state.transition_s, pose);
}

bool take_offsets(WorldData& world, CharacterPlace& place, const InertializationStart& start) {
  CharacterState& state = place.state();
  if (state.transition_slot1 == 0)
    state.transition_slot1 = world.transitions.acquire(world.id_of(place).index1);
  if (state.transition_slot1 == 0) return false;
  start_inertialization(start, world.transitions.view(state.transition_slot1, *place.skeleton));
  state.transition_s = 0.0f;
  state.transition_duration_s = start.duration_s;
  return true;
}

void end_transition(WorldData& world, CharacterState& state) {
  if (state.transition_slot1 != 0) world.transitions.release(state.transition_slot1);
  state.transition_slot1 = 0;
  state.transition_s = state.transition_duration_s = 0.0f;
  state.transition_over_layers = 0;
}

bool begin_inertialization(WorldData& world, CharacterPlace& place, const PlayState& next,
                           float duration_s) {
  CharacterState& state = place.state();
  const Skeleton& skeleton = *place.skeleton;
  CharacterState target = state;
  target.play = next;
  target.fade_s = target.fade_duration_s = 0.0f;
  target.transition_slot1 = 0;
  // One that goes on over the layers stays there.
  const auto evaluated = state.transition_over_layers != 0 ? evaluate : evaluate_base;

  // What is shown and what is to come, both now and a moment ago: the offsets have a velocity.
  const std::array<CharacterState, 4> states = {state, earlier(world, state, kBefore_s), target,
                                                earlier(world, target, kBefore_s)};
  std::array<PoseView, 4> poses;
  Arena scratch(world.workers[0].scratch.bytes());
  for (std::size_t i = 0; i < states.size(); ++i) {
    poses[i] = pose_over(skeleton, scratch);
    // A character without a pose has nothing to come from: it begins with the new clip.
    if (poses[i].rotations == nullptr ||
        evaluated(world, states[i], skeleton, scratch, poses[i]) != ParkReason::none) {
      end_transition(world, state);
      return true;
    }
  }
  return take_offsets(
      world, place,
      {poses[0], poses[1], poses[2], poses[3], static_cast<float>(kBefore_s), duration_s});
}

}  // namespace canter::detail
