#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "canter/mimic/task.h"

// One character in one task. Assets (Task) first, then the state (Episode), a Scratch per thread,
// spans in and out. Deterministic: equal episodes and actions give equal bits, whatever the thread
// or scratch. No operation allocates.

namespace canter::mimic {

/// How an episode stands.
enum class End : std::uint8_t {
  running,
  fell,        ///< a link of the fall set touched the ground. A failure: value 0 afterwards
  strayed,     ///< further from the reference than allowed. A failure
  finished,    ///< a clip without a loop is over, its hold included. Not a failure
  time_limit,  ///< not a failure: bootstrap the value of the last observation
  broken,      ///< the simulation failed (StepResult::fault): learn nothing from this episode
};
const char* describe(End end);

/// A constant force on a link for a while, from the next physics step on.
struct PushOrder {
  int joint = 0;
  glm::dvec3 force_n{0.0};
  double duration_s = 0.0;
};

/// Plain numbers of an episode; behind them in its block lie the simulation state and the action.
struct EpisodeHead {
  double time_s = 0.0;     ///< of the reference; runs on over laps
  glm::dvec3 origin{0.0};  ///< added to the reference's root
  glm::dvec3 push_force_n{0.0};
  double push_left_s = 0.0;
  double elapsed_s = 0.0;  ///< since the reset
  std::int32_t push_joint = 0;
  std::int32_t num_actions = 0;
  std::int32_t substep = 0;  ///< physics steps into the present action
  End end = End::running;
  std::uint8_t reserved[3] = {};
};

/// The parts of an episode's block (Task::episode_bytes). Copying the bytes is the snapshot.
struct EpisodeView {
  EpisodeHead* head = nullptr;
  std::span<double> state;  ///< [model.state_size()]
  std::span<float> action;  ///< [action_size] the one being carried out
};
/// Whether the head holds what operations could have put there: what a snapshot of unknown origin
/// is asked. The numbers of the state are not looked at; a step finds those that are not finite.
bool is_sound(const Task& task, const EpisodeHead& head);
/// Lays an episode over memory aligned to 8 bytes and at least episode_bytes() long.
EpisodeView episode_over(const Task& task, std::span<std::byte> bytes);

/// An episode that owns its memory; about 1.2 kB for the humanoid. Copying copies the state.
class Episode {
 public:
  Episode() = default;
  explicit Episode(const Task& task);
  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(block_)); }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(block_)); }

 private:
  std::vector<double> block_;
};

/// What one thread needs to run episodes of a task.
class Scratch {
 public:
  explicit Scratch(const Task& task);
  physics::Scratch& physics() { return physics_; }
  const physics::Scratch& physics() const { return physics_; }

  struct Buffers;
  Buffers& buffers() { return *buffers_; }

  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ~Scratch();

 private:
  physics::Scratch physics_;
  std::unique_ptr<Buffers> buffers_;
};

/// The phase to start from for a number drawn uniformly in [0, 1): even over the clip except for
/// TaskOptions::skip_starts.
double start_phase(const Task& task, double uniform);

/// Begins at a phase of the clip: the body gets the reference's pose and velocity with x = z = 0,
/// is lifted until nothing is lower than 1 mm above the ground, and the reference is lifted with
/// it.
void reset(const Task& task, double phase, EpisodeView episode, Scratch& scratch);

/// What the policy sees now, as it is: normalising is the policy's.
/// @param out  [observation_size]
void observe(const Task& task, const EpisodeView& episode, Scratch& scratch, std::span<float> out);

struct StepResult {
  float reward = 0.0f;  ///< of TaskOptions::reward; 0 after a fall
  float reward_paper = 0.0f;
  float reward_code = 0.0f;
  RewardTerms terms;
  float joint_error_rad = 0.0f;   ///< mean over the joints that move
  float position_error_m = 0.0f;  ///< mean over the links, world
  End end = End::running;
  physics::Fault fault = physics::Fault::none;
  /// Joints whose torque was limited, and those that touched the ground, in any physics step.
  physics::JointSet saturated = 0;
  physics::JointSet touching = 0;
  /// Solves beyond one per physics step, for the whole action.
  std::uint8_t extra_solves = 0;
};

/// Carries out one action: steps_per_action() physics steps, then the reward at the new state.
/// An episode that has ended does not move and reports its end again. On `broken` the state is that
/// before the failed physics step.
/// @param action  [action_size] outputs of the policy's network; see Task::action_ranges. A number
///                that is not finite breaks the episode
StepResult step(const Task& task, std::span<const float> action, EpisodeView episode,
                Scratch& scratch);

/// The parts of step(), for hosts with a frame of their own: take an action, then drive and
/// simulate one physics step at a time, then judge. step() is exactly begin_action,
/// steps_per_action() times both, judge.
void begin_action(const Task& task, std::span<const float> action, EpisodeView episode);
/// Where the action drives the joints during the next physics step. Valid until the scratch is used
/// again.
physics::Drive drive(const Task& task, const EpisodeView& episode, Scratch& scratch);
/// One physics step under a drive; the reference moves on with it.
physics::SimulateReport simulate(const Task& task, const physics::Drive& drive, EpisodeView episode,
                                 Scratch& scratch);
StepResult judge(const Task& task, EpisodeView episode, Scratch& scratch);

void push(EpisodeView episode, const PushOrder& order);

/// The reference beside the body now: positions as in physics::StateView, with the episode's
/// origin.
/// @param positions, velocities  [num_body_positions], [num_body_velocities]
void reference_now(const Task& task, const EpisodeView& episode, std::span<double> positions,
                   std::span<double> velocities);

}  // namespace canter::mimic
