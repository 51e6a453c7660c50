// Control of what a character plays. Everything here changes plain numbers in its state; the next
// step acts on them.
#include <algorithm>
#include <cmath>

#include "world/phases.h"

namespace canter {
namespace {

using detail::CharacterPlace;
using detail::WorldData;

constexpr float kMaxAdditiveWeight = 2.0f;

Error bad_value(std::string message) {
  return {ErrorCode::bad_value, std::move(message)};
}

Error stale_character() {
  return bad_value("the character's handle is stale: it was destroyed or never existed");
}

// A number with its allowed range, for error messages.
Result<void> check_range(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return bad_value(std::string(name) + " is " + std::to_string(value) + "; expected " +
                   std::to_string(low) + " to " + std::to_string(high));
}

Result<void> check(const WorldData& world, const Skeleton& skeleton, const Playback& playback) {
  if (!std::isfinite(playback.time_s)) return bad_value("the start time is not finite");
  if (playback.wrap > Wrap::clamp) return bad_value("the wrap mode is unknown");
  if (Result<void> ok = check_range("the speed", playback.speed, -kMaxSpeed, kMaxSpeed); !ok)
    return ok;
  if (!playback.clip) return {};
  const Clip* clip = world.find_clip(playback.clip);
  if (clip == nullptr)
    return bad_value("the clip's handle is stale: it was removed or never added");
  if (clip->skeleton_hash() != skeleton.hash() || clip->num_joints() != skeleton.num_joints())
    return bad_value("the clip was made for another skeleton (" +
                     std::to_string(clip->num_joints()) + " joints) than the character's (" +
                     std::to_string(skeleton.num_joints()) + ")");
  return {};
}

Result<void> check(const WorldData& world, const Skeleton& skeleton, const Layer& layer) {
  if (layer.mode > LayerMode::additive) return bad_value("the layer mode is unknown");
  const bool additive = layer.mode == LayerMode::additive;
  if (Result<void> ok =
          check_range("the layer's weight", layer.weight, additive ? -kMaxAdditiveWeight : 0.0f,
                      additive ? kMaxAdditiveWeight : 1.0f);
      !ok)
    return ok;
  if (Result<void> ok = check_range("the fade", layer.fade_s, 0.0f, detail::kMaxFade_s); !ok)
    return ok;
  if (layer.mask) {
    const detail::Mask* mask = world.masks.find(layer.mask).get();
    if (mask == nullptr)
      return bad_value("the mask's handle is stale: it was removed or never added");
    if (mask->skeleton_hash != skeleton.hash())
      return bad_value("the mask was made for another skeleton than the character's");
  }
  return check(world, skeleton, layer.playback);
}

PlayState start(const WorldData& world, const Playback& playback) {
  PlayState play;
  play.clip = playback.clip;
  play.speed = playback.speed;
  play.wrap = playback.wrap;
  const Clip* clip = world.find_clip(playback.clip);
  play.time_s = clip == nullptr ? 0.0 : detail::wrap_time(*clip, playback.wrap, playback.time_s);
  return play;
}

}  // namespace

Result<void> World::play(CharacterId character, const Playback& playback,
                         const Transition& transition) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr) return stale_character();
  if (Result<void> ok = check(*data_, *place->skeleton, playback); !ok) return ok;
  if (transition.kind > TransitionKind::inertialize)
    return bad_value("the kind of transition is unknown");
  if (Result<void> ok =
          check_range("the transition's duration", transition.duration_s, 0.0f, detail::kMaxFade_s);
      !ok)
    return ok;

  CharacterState& state = place->state();
  const PlayState next = start(*data_, playback);
  // Behind a body nobody sees the clips, and a transition under way is the body's.
  const bool seen = !place->is_physical();
  TransitionKind kind =
      seen && transition.duration_s > 0.0f ? transition.kind : TransitionKind::cut;
  if (kind == TransitionKind::inertialize &&
      !detail::begin_inertialization(*data_, *place, next, transition.duration_s)) {
    kind = TransitionKind::crossfade;
    ++data_->refused_transitions;
  }
  if (kind == TransitionKind::cut && seen) detail::end_transition(*data_, state);
  const bool fades = kind == TransitionKind::crossfade;
  state.previous = fades ? state.play : PlayState{};
  state.fade_duration_s = fades ? transition.duration_s : 0.0f;
  state.fade_s = 0.0f;
  state.play = next;
  state.parked = ParkReason::none;
  if (kind == TransitionKind::cut && seen) detail::note_cut(*place);
  detail::note_speed(*place);
  return {};
}

Result<void> World::set_layer(CharacterId character, int index, const Layer& layer) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr) return stale_character();
  if (index < 0 || index >= kMaxLayers)
    return bad_value("there is no layer " + std::to_string(index) + "; expected 0 to " +
                     std::to_string(kMaxLayers - 1));
  LayerState& state = place->state().layers[static_cast<std::size_t>(index)];
  if (layer.mode == LayerMode::off) {
    if (Result<void> ok = check_range("the fade", layer.fade_s, 0.0f, detail::kMaxFade_s); !ok)
      return ok;
    if (layer.fade_s > 0.0f && state.mode != LayerMode::off) {
      state.target_weight = 0.0f;
      state.weight_per_s = std::abs(state.weight) / layer.fade_s;
    } else {
      state = LayerState{};
    }
    return {};
  }
  if (Result<void> ok = check(*data_, *place->skeleton, layer); !ok) return ok;
  const float before = state.mode == layer.mode ? state.weight : 0.0f;
  state.play = start(*data_, layer.playback);
  state.mask = layer.mask;
  state.mode = layer.mode;
  state.target_weight = layer.weight;
  const bool fades = layer.fade_s > 0.0f;
  state.weight = fades ? before : layer.weight;
  state.weight_per_s = fades ? std::abs(layer.weight - before) / layer.fade_s : 0.0f;
  return {};
}

bool World::seek(CharacterId character, double time_s) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr || !std::isfinite(time_s)) return false;
  PlayState& play = place->state().play;
  if (const Clip* clip = data_->find_clip(play.clip); clip != nullptr)
    play.time_s = detail::wrap_time(*clip, play.wrap, time_s);
  detail::note_cut(*place);
  return true;
}

bool World::set_speed(CharacterId character, float speed) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr || !(std::abs(speed) <= kMaxSpeed)) return false;
  place->state().play.speed = speed;
  detail::note_speed(*place);
  return true;
}

bool World::set_paused(CharacterId character, bool paused) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr) return false;
  place->state().paused = paused ? 1 : 0;
  return true;
}

}  // namespace canter
