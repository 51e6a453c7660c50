// Time: what moves on between two frames before anything is sampled.
#include <algorithm>
#include <cmath>

#include "world/world_data.h"

namespace canter::detail {
namespace {

// What a whole number of laps adds up to. A frame that makes more laps than this is no motion.
constexpr int kMaxLaps = 64;

// The way from t0 to t1 of a clip that the player loops although its root motion knows no laps.
Transform delta_over_laps(const RootMotion& motion, double duration, double t0, double t1) {
  const double laps = std::floor(t1 / duration);
  const auto end = static_cast<float>(duration);
  const auto from = static_cast<float>(t0);
  const auto to = static_cast<float>(t1 - laps * duration);
  if (laps == 0.0) return root_delta(motion, from, to);
  const bool forward = laps > 0.0;
  Transform delta = root_delta(motion, from, forward ? end : 0.0f);
  const Transform lap = forward ? root_delta(motion, 0.0f, end) : root_delta(motion, end, 0.0f);
  const int whole = static_cast<int>(std::min(std::abs(laps) - 1.0, double{kMaxLaps}));
  for (int i = 0; i < whole; ++i) delta = delta * lap;
  return delta * root_delta(motion, forward ? 0.0f : end, to);
}

// Moves a clip on; returns the way over the ground it made meanwhile.
Transform advance(const WorldData& world, PlayState& play, double dt_s) {
  const auto& asset = world.clips.find(play.clip);
  if (asset == nullptr) return {};
  const Clip& clip = *asset->clip;
  const double t0 = play.time_s;
  const double t1 = t0 + dt_s * static_cast<double>(play.speed);
  play.time_s = wrap_time(clip, play.wrap, t1);
  if (asset->root_motion == nullptr || t1 == t0) return {};

  const RootMotion& motion = *asset->root_motion;
  const auto duration = static_cast<double>(clip.duration_s());
  if (!loops(clip, play.wrap) || !(duration > 0.0))
    return root_delta(motion, static_cast<float>(t0), static_cast<float>(play.time_s));
  if (motion.loop()) return root_delta(motion, static_cast<float>(t0), static_cast<float>(t1));
  return delta_over_laps(motion, duration, t0, t1);
}

void advance(const WorldData& world, LayerState& layer, double dt_s) {
  if (layer.mode == LayerMode::off) return;
  advance(world, layer.play, dt_s);
  if (layer.weight_per_s == 0.0f) return;
  const float change = layer.weight_per_s * static_cast<float>(dt_s);
  const float left = layer.target_weight - layer.weight;
  if (std::abs(left) > change) {
    layer.weight += left > 0.0f ? change : -change;
    return;
  }
  layer.weight = layer.target_weight;
  layer.weight_per_s = 0.0f;
  if (layer.target_weight == 0.0f) layer = LayerState{};
}

Transform mix(const Transform& a, const Transform& b, float alpha) {
  const Quat toward = glm::dot(a.rotation, b.rotation) < 0.0f ? -b.rotation : b.rotation;
  return {glm::normalize(a.rotation * (1.0f - alpha) + toward * alpha),
          glm::mix(a.translation, b.translation, alpha), Vec3(1.0f)};
}

}  // namespace

bool loops(const Clip& clip, Wrap wrap) {
  return wrap == Wrap::loop || (wrap == Wrap::as_clip && clip.loop());
}

double wrap_time(const Clip& clip, Wrap wrap, double time_s) {
  const auto duration = static_cast<double>(clip.duration_s());
  if (!(duration > 0.0)) return 0.0;
  if (!loops(clip, wrap)) return std::clamp(time_s, 0.0, duration);
  const double wrapped = time_s - std::floor(time_s / duration) * duration;
  return wrapped < duration ? std::max(wrapped, 0.0) : 0.0;
}

void advance_transition(WorldData& world, CharacterState& state, double dt_s) {
  if (state.transition_slot1 == 0) return;
  state.transition_s += static_cast<float>(dt_s);
  if (state.transition_s >= state.transition_duration_s) end_transition(world, state);
}

void advance(WorldData& world, CharacterState& state, double dt_s) {
  Transform moved = advance(world, state.play, dt_s);
  if (state.fade_duration_s > 0.0f) {
    const Transform previous = advance(world, state.previous, dt_s);
    state.fade_s += static_cast<float>(dt_s);
    moved = mix(previous, moved, fade_weight(state));
    if (state.fade_s >= state.fade_duration_s) {
      state.previous = PlayState{};
      state.fade_s = state.fade_duration_s = 0.0f;
    }
  }
  if (state.root_motion == RootMotionMode::move) {
    state.placement = state.placement * moved;
    state.placement.rotation = glm::normalize(state.placement.rotation);
  }
  advance_transition(world, state, dt_s);
  for (LayerState& layer : state.layers) advance(world, layer, dt_s);
}

}  // namespace canter::detail
