#pragma once

#include <memory>
#include <memory_resource>
#include <span>

#include "canter/anim/root_motion.h"
#include "canter/base/jobs.h"
#include "canter/base/log.h"
#include "canter/base/result.h"
#include "canter/base/trace.h"
#include "canter/nn/model.h"
#include "canter/world/body.h"
#include "canter/world/character.h"
#include "canter/world/fixed_clock.h"
#include "canter/world/phase.h"

namespace canter {

struct WorldDesc {
  int max_characters = 64;
  /// How many characters may be inside an inertialized transition at once; one more crossfades
  /// instead and is counted (World::refused_transitions). -1: an eighth of max_characters, at least
  /// 16. Each takes inertialization_bytes() of the largest skeleton.
  int max_transitions = -1;
  /// Worker loops that a step hands to `jobs`; each has scratch memory of its own.
  int max_workers = 8;
  /// Rate of the fixed step that simulation runs at; 120, or 240 for quality.
  double fixed_rate_hz = 120.0;
  /// Frames of latency history.
  int trace_history = 1200;
  Jobs jobs;
  Log log;
  /// For everything the world holds, assets' control blocks excepted. Must outlive the world.
  std::pmr::memory_resource* memory = std::pmr::get_default_resource();
};

namespace detail {
struct WorldData;
}

/// What one step did beyond the expected.
struct StepReport {
  int num_stepped = 0;          ///< characters that were updated
  int num_parked = 0;           ///< characters standing still with a reason (ParkReason)
  int newly_parked = 0;         ///< of those, the ones this step parked
  bool bad_dt = false;          ///< dt was negative or not finite and counted as 0
  int num_simulated = 0;        ///< characters whose body was simulated
  int num_ended = 0;            ///< skills that failed or were over (BodyState::last_end)
  int dropped_fixed_steps = 0;  ///< the frame was longer than max_steps_per_frame fixed steps
};

/// The characters of a scene and the assets they share. Memory is taken when things are added;
/// `step` takes none. One thread at a time may use a world; `step` itself spreads over `jobs`.
class World {
 public:
  explicit World(const WorldDesc& desc = {});
  World(World&&) noexcept;
  World& operator=(World&&) noexcept;
  ~World();

  // --- assets: shared, immutable --------------------------------------------------------------

  /// Never null. The world keeps the clip alive until remove_clip.
  /// @param root_motion  the movement over the ground that was taken out of the clip, if it was
  ClipId add_clip(std::shared_ptr<const Clip> clip,
                  std::shared_ptr<const RootMotion> root_motion = nullptr);
  /// Characters that still play it are parked by the next step. False: stale handle.
  bool remove_clip(ClipId clip);
  /// nullptr for a stale handle.
  const Clip* clip(ClipId clip) const;

  /// Per-joint factors in [0, 1] for layers.
  /// Errors: a count other than the skeleton's, a value outside [0, 1].
  Result<MaskId> add_mask(const Skeleton& skeleton, std::span<const float> joint_weights);
  bool remove_mask(MaskId mask);

  /// A skill: the task and its policy, whose network maps [batch, observation_size] to
  /// [batch, action_size]. Without one, muscles follow the reference as they are. Characters of one
  /// skill share one run of its network. Memory of the physics engine does not come from
  /// WorldDesc::memory. Errors: a task of another physics rate than WorldDesc::fixed_rate_hz, a
  /// network of other sizes.
  Result<SkillId> add_skill(const mimic::Task& task, const nn::Model* policy = nullptr);
  /// Lets all who perform the skill go on with another network from their next action on (nullptr:
  /// none). Errors: stale handle, a network of other sizes.
  Result<void> set_policy(SkillId skill, const nn::Model* policy);
  /// Characters that perform it are parked by the next step. False: stale handle.
  bool remove_skill(SkillId skill);
  /// nullptr for a stale handle.
  const mimic::Task* task(SkillId skill) const;

  /// A network for PhaseSource::pose. Characters of one network share its runs, in batches. Memory
  /// of the network does not come from WorldDesc::memory. Errors: an autoencoder of other features
  /// than the points of a humanoid (phase::kBodyPoints); more than kMaxPhaseChannels (limit).
  Result<PhaseNetworkId> add_phase_network(const phase::Autoencoder& network);
  Result<PhaseNetworkId> add_phase_network(const phase::FrameNetwork& network);
  /// Characters that used it have no phase from then on. False: stale handle.
  bool remove_phase_network(PhaseNetworkId network);

  /// The phases of a clip, for PhaseSource::clip, scrub, locks and transitions in phase; nullptr
  /// takes them away. Errors: stale handle, those of check_clip_phases.
  Result<void> set_clip_phases(ClipId clip, std::shared_ptr<const phase::ClipPhases> phases);
  /// nullptr: stale handle, or a clip without.
  const phase::ClipPhases* clip_phases(ClipId clip) const;

  // --- characters -----------------------------------------------------------------------------

  /// A character in its rest pose. Errors: no skeleton, non-finite placement, more than
  /// max_characters.
  Result<CharacterId> create(const CharacterDesc& desc);
  /// False: stale handle.
  bool destroy(CharacterId character);
  bool alive(CharacterId character) const;
  int num_characters() const;
  int max_characters() const;
  /// The handle of the i-th place, null where it is empty; i in [0, max_characters()).
  CharacterId character_at(int place) const;

  /// Everything that decides the next step; nullptr for a stale handle. Valid until the next call
  /// that changes the world.
  const CharacterState* state(CharacterId character) const;
  /// nullptr for a stale handle.
  const Skeleton* skeleton(CharacterId character) const;

  /// Starts a clip; a null clip is the rest pose. Ends parking.
  /// Errors: stale handles, a clip of another skeleton, numbers out of range.
  Result<void> play(CharacterId character, const Playback& playback,
                    const Transition& transition = {});
  /// Sets or clears (LayerMode::off) a layer; `index` in [0, kMaxLayers), applied in that order.
  /// A layer switched off with fade_s > 0 fades out first. Errors as play().
  Result<void> set_layer(CharacterId character, int index, const Layer& layer);
  /// These return false for a stale handle or a value out of range, and then change nothing.
  bool seek(CharacterId character, double time_s);
  bool set_speed(CharacterId character, float speed);
  bool set_paused(CharacterId character, bool paused);
  bool set_placement(CharacterId character, const Transform& placement);
  bool set_root_motion(CharacterId character, RootMotionMode mode);
  /// Lets a parked character try again at the next step.
  bool resume(CharacterId character);

  // --- bodies -----------------------------------------------------------------------------------

  /// Gives a character a body that performs a skill, in place of clips, from the next action on.
  /// Everything physical happens in the space of its placement, whose floor is y = 0. The pose is
  /// carried from the body's joints to the character's skeleton where that is another one. May
  /// allocate. Errors: stale handles, a phase out of range, a skeleton with too little in common.
  Result<void> simulate(CharacterId character, const SimulateDesc& desc);
  /// These return false for a stale handle, a character without a body or a number out of range.
  /// From kinematic the skill begins at its beginning, from ragdoll to simulated where it would be.
  /// @param fade_s  in [0, 10]; above 0 the pose, layers included, glides there (an inertialized
  ///                transition), clip and body meet over the same place of the floor and face the
  ///                same way, for which the placement moves and turns (it does not turn uneven
  ///                ground), and are at the same phase if the clip is as long as the skill's
  bool set_body_mode(CharacterId character, BodyMode mode, float fade_s = 0.0f);
  /// Puts the body onto the reference at a phase, over the same place of the floor.
  bool restart(CharacterId character, double phase);
  /// Pushes a link with a constant force, in the space of the placement.
  bool push(CharacterId character, const mimic::PushOrder& order);
  /// Throws one of the task's boxes (physics::ModelOptions::num_boxes), in the same space. Boxes go
  /// when the body is put back onto the reference.
  bool throw_box(CharacterId character, int box, const Vec3& position, const Vec3& velocity);

  // --- phase ------------------------------------------------------------------------------------

  /// Gives a character a phase, or takes it away (PhaseSource::none); a lock of its own ends with
  /// it. May allocate. A network sees any skeleton as the points of a humanoid: limbs it lacks move
  /// with what they would hang on (phase::Body::missing). While a character is paused or parked a
  /// network's phase stays as it is; a cut, a seek and a body that is put back are no movement.
  /// Errors: stale handles, an unknown source.
  Result<void> set_phase(CharacterId character, const PhaseDesc& desc);
  /// Seeks the clip it plays to the time, nearest to now, at which a channel has a phase.
  /// False: stale handle, no phases of that clip, no such channel, a phase the clip never has.
  bool scrub(CharacterId character, int channel, float phase);
  /// Starts a clip where its phase is that of the character now, so that a transition keeps step.
  /// The character's phase is that of PhaseView, or of the clip it plays; one without all of the
  /// clip's channels is matched by the primary alone.
  /// @param playback  its time_s is of no account
  /// Errors: those of play(); no phase to start from; a clip without phases.
  Result<phase::PhaseMatch> play_in_phase(CharacterId character, const Playback& playback,
                                          const Transition& transition = {},
                                          const phase::MatchSettings& settings = {});
  /// Steers the playback speed of `follower`, from the next step on, so that the primary phase of
  /// the clip it plays becomes that of `leader`. It waits while the follower's clip has no phases
  /// or a body moves it, or the leader has no phase; it stands still with a leader that does. Ends
  /// with either character, or either's phase. Errors: stale handles, the same character twice, one
  /// without phase (set_phase), numbers out of range.
  Result<void> lock_phase(CharacterId follower, CharacterId leader, const PhaseLock& lock = {});
  /// Gives back the speed that it had. False: stale handle, or not locked.
  bool unlock_phase(CharacterId follower);

  // --- what a step leaves -----------------------------------------------------------------------

  /// [num_joints] model space, column-major; empty for a stale handle. Valid until the next step,
  /// restore or destroy. A parked character keeps its last good pose.
  std::span<const Mat4> models(CharacterId character) const;
  /// Model to world space; identity for a stale handle.
  Transform placement(CharacterId character) const;
  /// The local pose as the last step showed it, evaluated anew (pose hook excepted).
  /// False: stale handle, parked, or `out` of another size.
  bool local_pose(CharacterId character, PoseView out) const;

  /// How the body of a character fares; an empty view for a stale handle or without a body.
  BodyView body(CharacterId character) const;
  /// The boxes that were thrown at the body, in the space of its placement, as the last step shows
  /// it: centres and rotations of cubes of physics::kBoxWidth_m. Writes as many as `out` has room
  /// for; returns how many there are.
  int boxes(CharacterId character, std::span<Transform> out) const;
  /// The reference beside the body, now, as model matrices of the character's skeleton.
  /// False: no body, or `out` of another size than the skeleton's.
  bool reference_models(CharacterId character, std::span<Mat4> out) const;

  /// The phase of a character; an empty view for a stale handle or without any.
  PhaseView phase(CharacterId character) const;

  /// Latency of every stage. With several workers a row holds their times added up.
  const Trace& trace() const;
  const FixedClock& clock() const;
  /// Inertialized transitions that became crossfades because max_transitions were under way.
  std::int64_t refused_transitions() const;
  /// Bytes one character of this skeleton takes: its state and its model matrices.
  static std::size_t character_bytes(const Skeleton& skeleton);

  detail::WorldData& data() { return *data_; }
  const detail::WorldData& data() const { return *data_; }

 private:
  struct Delete {
    void operator()(detail::WorldData* data) const;
  };
  std::unique_ptr<detail::WorldData, Delete> data_;
};

/// Advances every character by `dt_s` (>= 0) through the stages of the frame. No allocation.
StepReport step(World& world, double dt_s);

}  // namespace canter
