#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "canter/anim/clip.h"
#include "canter/anim/pose.h"
#include "canter/anim/skeleton.h"
#include "canter/world/handle.h"

namespace canter {

/// Playback speeds a character accepts; negative plays backwards.
inline constexpr float kMaxSpeed = 5.0f;
/// Layers on top of the base motion.
inline constexpr int kMaxLayers = 4;

/// What happens at the ends of a clip.
enum class Wrap : std::uint8_t {
  as_clip,  ///< loops if the clip says so, else clamps
  loop,     ///< starts over (in either direction)
  clamp,    ///< stays at the end (or, backwards, at the beginning)
};

/// How a character gets from what it shows to another clip.
enum class TransitionKind : std::uint8_t {
  cut,        ///< at once
  crossfade,  ///< both clips play on and are blended; one begun during another keeps the newest two
  inertialize,  ///< only the new clip plays; the difference in pose and velocity fades out
};

/// What becomes of the movement over the ground that a clip carries beside its pose (the RootMotion
/// given to World::add_clip; clips without one move in their pose, whatever the mode).
enum class RootMotionMode : std::uint8_t {
  in_pose,   ///< put back into the pose: the character leaves its placement behind
  in_place,  ///< dropped
  move,      ///< moves the placement
};

enum class LayerMode : std::uint8_t {
  off,
  replace,   ///< blended over what is below by weight and mask
  additive,  ///< the clip's difference from its own first frame is added
};

/// Why a character stands still although it should not.
enum class ParkReason : std::uint8_t {
  none,
  missing_clip,       ///< a clip or mask it plays was removed from the world
  foreign_clip,       ///< a clip or mask it plays belongs to another skeleton
  non_finite_pose,    ///< its pose had a NaN or infinity
  out_of_scratch,     ///< scratch memory did not suffice for its skeleton
  missing_skill,      ///< the skill it performs was removed from the world
  simulation_failed,  ///< its simulation broke again right after it was put back
};

/// A sentence for people.
const char* describe(ParkReason reason);

/// A clip to play and how.
struct Playback {
  ClipId clip;
  double time_s = 0.0;  ///< where to start; wrapped or clamped into the clip
  float speed = 1.0f;   ///< [-kMaxSpeed, kMaxSpeed]
  Wrap wrap = Wrap::as_clip;
};

/// How to get there. With `cut` the duration is ignored.
struct Transition {
  TransitionKind kind = TransitionKind::cut;
  float duration_s = 0.2f;  ///< [0, 10]
};

/// A layer over the base motion.
struct Layer {
  LayerMode mode = LayerMode::replace;
  Playback playback;
  MaskId mask;          ///< null: every joint
  float weight = 1.0f;  ///< [0, 1]; additive layers also accept up to 2 and down to -2
  float fade_s = 0.0f;  ///< time to get from the present weight to this one, [0, 10]
};

/// The host's own say on the pose (aim, IK, look-at), called in the pose stage of every step after
/// clips and layers, on any thread, for several characters at once. Must not call into the world.
struct PoseHook {
  void (*adjust)(void* user, CharacterId character, const Skeleton& skeleton,
                 PoseView pose) = nullptr;
  void* user = nullptr;
};

struct CharacterDesc {
  std::shared_ptr<const Skeleton> skeleton;
  Transform placement;  ///< model to world space; scale stays as given
  RootMotionMode root_motion = RootMotionMode::in_pose;
  PoseHook pose_hook;
};

/// Where a character is in one clip.
struct PlayState {
  ClipId clip;  ///< null: the rest pose
  double time_s = 0.0;
  float speed = 1.0f;
  Wrap wrap = Wrap::as_clip;
  std::array<std::uint8_t, 3> reserved{};

  friend bool operator==(const PlayState&, const PlayState&) = default;
};

struct LayerState {
  PlayState play;
  MaskId mask;
  float weight = 0.0f;
  float target_weight = 0.0f;
  float weight_per_s = 0.0f;  ///< speed toward the target; 0: already there
  LayerMode mode = LayerMode::off;
  std::array<std::uint8_t, 3> reserved{};
};

/// Everything that decides a character's next step, but for the offsets of an inertialized
/// transition under way. Plain data: copying it is the snapshot.
struct CharacterState {
  PlayState play;
  PlayState previous;            ///< what a crossfade comes from; null clip and no fade: nothing
  float fade_s = 0.0f;           ///< time into the crossfade
  float fade_duration_s = 0.0f;  ///< 0: no crossfade
  float transition_s = 0.0f;     ///< time into the inertialized transition
  float transition_duration_s = 0.0f;
  std::uint32_t transition_slot1 = 0;  ///< where the world keeps its offsets, + 1; 0: no transition
  Transform placement;
  RootMotionMode root_motion = RootMotionMode::in_pose;
  ParkReason parked = ParkReason::none;
  std::uint8_t paused = 0;
  std::uint8_t transition_over_layers = 0;  ///< 1: it comes from a body, which has no layers
  std::array<LayerState, kMaxLayers> layers{};
};
static_assert(std::is_trivially_copyable_v<CharacterState>);
// No padding: equal states are equal bytes.
static_assert(sizeof(CharacterState) == 2 * sizeof(PlayState) + 5 * 4 + sizeof(Transform) + 4 +
                                            kMaxLayers * sizeof(LayerState));

}  // namespace canter
