#pragma once

// What a World holds. Private to the room.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <memory_resource>
#include <vector>

#include "canter/anim/inertialize.h"
#include "canter/anim/retarget.h"
#include "canter/base/memory.h"
#include "canter/world/world.h"
#include "world/phase_network.h"
#include "world/skill.h"

namespace canter::detail {

/// The rows of the frame, in order (docs: architecture.md, section 2). A stage that comes into
/// being gets its row here, its name below and its line in `step`.
enum class Stage { sample, observe, infer, drive, simulate, pose, model, phase, count };
inline constexpr std::array<const char*, static_cast<std::size_t>(Stage::count)> kStageNames = {
    "sample", "observe", "infer", "drive", "simulate", "pose", "model", "phase"};

/// Per-joint weights for layers.
struct Mask {
  std::pmr::vector<float> weights;
  std::uint64_t skeleton_hash = 0;
};

/// A clip and what was taken out of it.
struct ClipAsset {
  std::shared_ptr<const Clip> clip;
  std::shared_ptr<const RootMotion> root_motion;         ///< nullptr: none
  std::shared_ptr<const phase::ClipPhases> phases = {};  ///< nullptr: not known
};

/// The offsets of inertialized transitions: slots of equal size, because few characters are in a
/// transition at once and the offsets are half as large as all the rest of a character.
class TransitionPool {
 public:
  TransitionPool(int num_slots, std::pmr::memory_resource* memory)
      : memory_(memory), owners_(static_cast<std::size_t>(num_slots), 0, memory) {}

  int num_slots() const { return static_cast<int>(owners_.size()); }
  /// Makes the slots large enough for this skeleton; keeps what they hold.
  void reserve(const Skeleton& skeleton);
  /// A slot + 1 for a character's place, at rest; 0 if all are taken. Not while characters step.
  std::uint32_t acquire(std::uint32_t owner_index1);
  /// Safe for different slots at the same time.
  void release(std::uint32_t slot1) { owners_[slot1 - 1] = 0; }
  void release_all() { std::fill(owners_.begin(), owners_.end(), 0u); }
  int num_free() const { return static_cast<int>(std::count(owners_.begin(), owners_.end(), 0u)); }
  std::span<std::byte> bytes(std::uint32_t slot1, const Skeleton& skeleton);
  InertializationView view(std::uint32_t slot1, const Skeleton& skeleton) {
    return inertialization_over(skeleton, bytes(slot1, skeleton));
  }

 private:
  std::pmr::memory_resource* memory_;
  Block block_;
  std::size_t slot_bytes_ = 0;
  std::pmr::vector<std::uint32_t> owners_;  ///< index1 of the character inside; 0: free
};

/// What a body did last, for instruments: decides nothing.
struct BodyReadout {
  std::array<physics::Contact, kMaxReadContacts> contacts;  ///< of the last frame with a step
  std::size_t num_contacts = 0;
  std::array<float, physics::kMaxBodyJoints> torque_shares{};
};

/// A place for a character. The block holds its CharacterState and its model matrices, one behind
/// the other; everything else here outlives a restore.
struct CharacterPlace {
  Block block;
  std::shared_ptr<const Skeleton> skeleton;  ///< nullptr: the place is empty
  PoseHook pose_hook;
  Block body;  ///< empty: none. BodyState, the positions a physics step ago, the episode
  std::unique_ptr<BodyReadout> readout;         ///< where there is a body
  std::shared_ptr<const Retargeter> from_body;  ///< nullptr: the skeleton is the body's own
  Block phase;  ///< empty: none. PhaseState, then the state that the network's tracker keeps
  std::shared_ptr<const phase::Body> phase_points;  ///< what a network sees; where one does
  std::uint32_t generation = 0;                     ///< of the present occupant
  std::uint32_t last_generation = 0;                ///< largest ever given out here

  bool live() const { return skeleton != nullptr; }
  CharacterState& state() { return block.at<CharacterState>(0, 1)[0]; }
  const CharacterState& state() const { return block.at<CharacterState>(0, 1)[0]; }
  std::span<Mat4> models() {
    return block.at<Mat4>(align_up(sizeof(CharacterState)),
                          static_cast<std::size_t>(skeleton->num_joints()));
  }
  std::span<const Mat4> models() const {
    return block.at<Mat4>(align_up(sizeof(CharacterState)),
                          static_cast<std::size_t>(skeleton->num_joints()));
  }

  bool has_body() const { return body.size() != 0; }
  /// Constness of a place is that of its handle, not of what its body holds.
  std::span<std::byte> body_bytes() const {
    return {const_cast<std::byte*>(body.data()), body.size()};
  }
  BodyState& body_state() { return body.at<BodyState>(0, 1)[0]; }
  const BodyState& body_state() const { return body.at<BodyState>(0, 1)[0]; }
  bool has_phase() const { return phase.size() != 0; }
  /// Whether physics and not clips move it.
  bool is_physical() const { return has_body() && body_state().mode != BodyMode::kinematic; }
};

/// What one worker loop of a step owns.
struct alignas(kBlockAlignment) Worker {
  Block scratch;
  std::array<std::int64_t, static_cast<std::size_t>(Stage::count)> stage_ns{};
  int num_stepped = 0;
  int num_parked = 0;
  int newly_parked = 0;
  int num_ended = 0;
  /// The first of them: what the log names.
  std::array<int, 4> parked_places{};
};

struct WorldData {
  explicit WorldData(const WorldDesc& desc);

  CharacterPlace* find(CharacterId id);
  const CharacterPlace* find(CharacterId id) const;
  CharacterId id_of(const CharacterPlace& place) const;

  WorldDesc desc;
  /// nullptr for a stale handle.
  const Clip* find_clip(ClipId id) const {
    const auto& asset = clips.find(id);
    return asset == nullptr ? nullptr : asset->clip.get();
  }

  /// The first skeleton of this hash that a character was created with, or nullptr.
  const std::shared_ptr<const Skeleton>* find_skeleton(std::uint64_t hash) const {
    const auto found = std::find_if(skeletons.begin(), skeletons.end(),
                                    [hash](const auto& s) { return s->hash() == hash; });
    return found == skeletons.end() ? nullptr : &*found;
  }

  HandleTable<ClipId, const ClipAsset> clips;
  HandleTable<MaskId, const Mask> masks;
  HandleTable<SkillId, SkillAsset> skills;
  HandleTable<PhaseNetworkId, PhaseNetwork> phase_networks;
  std::pmr::vector<CharacterPlace> places;  ///< [max_characters]
  /// One skeleton of every kind that characters were created with: a restored snapshot may need it.
  std::pmr::vector<std::shared_ptr<const Skeleton>> skeletons;
  int num_characters = 0;
  int used_places = 0;           ///< every place at or beyond this one is empty
  int first_free = 0;            ///< every place before this one is taken
  std::pmr::vector<int> bodies;  ///< places of those that physics moves in this step
  std::pmr::vector<int> phased;  ///< places of those that have a phase in this step
  std::size_t scratch_pose_bytes = 0;
  mutable std::pmr::vector<Worker> workers;
  mutable TransitionPool transitions;
  std::int64_t refused_transitions = 0;
  FixedClock clock;
  Trace trace;
};

/// Characters a worker carries through the stages together: enough to make the stage clock cheap,
/// few enough for their poses to stay in the first-level cache.
inline constexpr int kBatchSize = 8;
/// Poses of scratch beyond those of the batch that evaluating, or starting a transition, needs.
inline constexpr int kTemporaryPoses = 4;

/// The longest that fades and transitions take, s.
inline constexpr float kMaxFade_s = 10.0f;

/// Adds what is left of a character's inertialized transition to a pose.
void apply_transition(const WorldData& world, const CharacterState& state, const Skeleton& skeleton,
                      PoseView pose);
/// The base motion of a character at its present times, layers not included; transitions are, but
/// for one over the layers.
/// `none`, or why there is no pose.
ParkReason evaluate_base(const WorldData& world, const CharacterState& state,
                         const Skeleton& skeleton, Arena& scratch, PoseView out);
/// The same with layers, and any transition.
ParkReason evaluate(const WorldData& world, const CharacterState& state, const Skeleton& skeleton,
                    Arena& scratch, PoseView out);

/// The character as it was `earlier_s` ago, as far as its clips reach back: ends are not wrapped,
/// because what lies beyond a seam is no velocity.
CharacterState earlier(const WorldData& world, CharacterState state, double earlier_s);

/// Moves the clocks of a character on by dt_s, and its placement if its root motion does that.
void advance(WorldData& world, CharacterState& state, double dt_s);
/// The same for its inertialized transition alone.
void advance_transition(WorldData& world, CharacterState& state, double dt_s);

/// How far back the poses lie that give the offsets of a transition their velocity, s.
inline constexpr double kBefore_s = 1.0 / 60.0;
/// Begins an inertialized transition, or continues the one under way. False: no slot is free.
bool take_offsets(WorldData& world, CharacterPlace& place, const InertializationStart& start);
void end_transition(WorldData& world, CharacterState& state);

/// Takes the offsets from what the character shows to `next`, which it is about to play.
/// False: no slot is free.
bool begin_inertialization(WorldData& world, CharacterPlace& place, const PlayState& next,
                           float duration_s);

/// Weight of the new clip in a crossfade under way.
float fade_weight(const CharacterState& state);

bool loops(const Clip& clip, Wrap wrap);

/// `time_s` brought into the clip.
double wrap_time(const Clip& clip, Wrap wrap, double time_s);

/// Finite, with a rotation that can be normalised.
bool is_placement(const Transform& t);

/// Books the time from construction to destruction for a stage of a worker.
class StageTimer {
 public:
  StageTimer(Worker& worker, Stage stage)
      : worker_(worker), stage_(stage), start_(std::chrono::steady_clock::now()) {}
  ~StageTimer() {
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    worker_.stage_ns[static_cast<std::size_t>(stage_)] +=
        std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  Worker& worker_;
  Stage stage_;
  std::chrono::steady_clock::time_point start_;
};

/// Hands items out to worker loops on the host's threads; no result depends on who gets which.
/// `work(item, worker)` for each item in [0, count).
template <class Work>
void for_each_on_workers(WorldData& world, int count, Work&& work) {
  const int num_workers = std::min(static_cast<int>(world.workers.size()), count);
  std::atomic<int> next{0};
  parallel_for(world.desc.jobs, num_workers, [&](int worker) {
    for (int i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i, worker);
  });
}

/// Notes that a place stands still from now on, and why.
void park(WorldData& world, Worker& worker, CharacterPlace& place, ParkReason reason);

/// Grows every worker's scratch and the transitions to hold this skeleton.
void reserve_for(WorldData& world, const Skeleton& skeleton);

}  // namespace canter::detail
