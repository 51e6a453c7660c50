#include "canter/mimic/episode.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "mimic/episode_data.h"
#include "mimic/task_data.h"

namespace canter::mimic {

using physics::JointSet;
using physics::load3;

static_assert(sizeof(EpisodeHead) == 88, "no padding: equal episodes are equal bytes");

namespace detail {

void sample_reference(const Task& task, const EpisodeHead& head, double ahead_s,
                      std::span<double> positions, std::span<double> velocities) {
  sample(task.motion(), task.model(), head.time_s + ahead_s, positions, velocities);
  for (int a = 0; a < 3; ++a) positions[static_cast<std::size_t>(a)] += head.origin[a];
}

}  // namespace detail

namespace {

/// Bodies start this far above the ground, a little more than counts as touching it.
constexpr double kStartHeight_m = 0.001 + 1e-6;
constexpr double kTouch_m = 0.001;

double lap_of(const ReferenceMotion& motion, double time_s) {
  return std::floor(time_s / motion.duration_s());
}

// Puts the reference's root over the body's; its height is the clip's own again.
void resync(const Task& task, EpisodeView episode, Scratch& scratch) {
  Scratch::Buffers& buffers = scratch.buffers();
  episode.head->origin = glm::dvec3(0.0);
  detail::sample_reference(task, *episode.head, 0.0, buffers.positions, buffers.velocities);
  episode.head->origin = {episode.state[0] - buffers.positions[0], 0.0,
                          episode.state[2] - buffers.positions[2]};
}

// Links of the fall set that touch the plane now. Contacts of the engine are those before the last
// physics step; these are those after it.
JointSet fallen_links(const Task::Data& data, std::span<const physics::LinkState> links) {
  JointSet fallen = 0;
  for (int j = 0; j < data.model.num_joints(); ++j)
    if ((data.fall >> j & 1) != 0 &&
        physics::ground_distance(data.model, j, links[static_cast<std::size_t>(j)]) < kTouch_m)
      fallen |= JointSet{1} << j;
  return fallen;
}

bool strayed(const TaskOptions& options, const Subject& body, const Subject& reference) {
  const double distance =
      glm::distance(load3(body.positions.data()), load3(reference.positions.data()));
  const double turn = glm::length(
      physics::log_rotation(glm::conjugate(body.links[0].rotation) * reference.links[0].rotation));
  const auto beyond = [](double value, float limit) {
    return limit > 0.0f && value > static_cast<double>(limit);
  };
  return beyond(distance, options.max_root_distance_m) || beyond(turn, options.max_root_turn_rad);
}

bool is_over(const Task::Data& data, const EpisodeHead& head) {
  return !data.motion.loop() && head.time_s >= data.motion.duration_s() + data.options.hold_s;
}

// How the episode stands, the worst reason first.
End end_of(const Task::Data& data, const EpisodeHead& head, const Subject& body,
           const Subject& reference) {
  if (head.end != End::running) return head.end;
  if (fallen_links(data, body.links) != 0) return End::fell;
  if (strayed(data.options, body, reference)) return End::strayed;
  if (is_over(data, head)) return End::finished;
  // Half a physics step of slack: the clock is a sum of steps.
  if (head.elapsed_s + 0.5 * data.model.step_s() >= data.options.episode_s) return End::time_limit;
  return End::running;
}

bool is_failure(End end) {
  return end == End::fell || end == End::strayed || end == End::broken;
}

}  // namespace

const char* describe(End end) {
  switch (end) {
    case End::running:
      return "running";
    case End::fell:
      return "fell: a part that must not has touched the ground";
    case End::strayed:
      return "strayed too far from the reference";
    case End::finished:
      return "the clip is over";
    case End::time_limit:
      return "time limit";
    case End::broken:
      return "the simulation failed";
  }
  return "unknown";
}

bool is_sound(const Task& task, const EpisodeHead& head) {
  const double sum = head.time_s + head.origin.x + head.origin.y + head.origin.z +
                     head.push_force_n.x + head.push_force_n.y + head.push_force_n.z +
                     head.push_left_s + head.elapsed_s;
  return std::isfinite(sum) && head.push_joint >= 0 &&
         head.push_joint < task.model().num_joints() && head.num_actions >= 0 &&
         head.substep >= 0 && head.substep <= task.steps_per_action() && head.end <= End::broken;
}

Episode::Episode(const Task& task) : block_(task.episode_bytes() / sizeof(double), 0.0) {
  Scratch scratch(task);
  reset(task, 0.0, episode_over(task, bytes()), scratch);
}

EpisodeView episode_over(const Task& task, std::span<std::byte> bytes) {
  assert(bytes.size() >= task.episode_bytes());
  assert(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(double) == 0);
  const auto state_size = static_cast<std::size_t>(task.model().state_size());
  auto* state = reinterpret_cast<double*>(bytes.data() + sizeof(EpisodeHead));
  return {
      reinterpret_cast<EpisodeHead*>(bytes.data()),
      {state, state_size},
      {reinterpret_cast<float*>(state + state_size), static_cast<std::size_t>(task.action_size())}};
}

Scratch::Scratch(const Task& task) : physics_(task.model()), buffers_(std::make_unique<Buffers>()) {
  const auto num_joints = static_cast<std::size_t>(task.model().num_joints());
  buffers_->links.resize(num_joints);
  buffers_->reference_links.resize(num_joints);
  buffers_->positions.resize(static_cast<std::size_t>(task.model().num_body_positions()));
  buffers_->velocities.resize(static_cast<std::size_t>(task.model().num_body_velocities()));
}
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

double start_phase(const Task& task, double uniform) {
  double skipped = 0.0;
  for (const PhaseRange& range : task.options().skip_starts)
    skipped += static_cast<double>(range.to - range.from);
  double phase = std::clamp(uniform, 0.0, 1.0) * (1.0 - skipped);
  for (const PhaseRange& range : task.options().skip_starts)
    if (phase >= static_cast<double>(range.from))
      phase += static_cast<double>(range.to - range.from);
  return phase;
}

void reset(const Task& task, double phase, EpisodeView episode, Scratch& scratch) {
  const Task::Data& data = task.data();
  Scratch::Buffers& buffers = scratch.buffers();
  *episode.head = EpisodeHead{};
  EpisodeHead& head = *episode.head;
  head.time_s = phase * data.motion.duration_s();
  std::fill(episode.action.begin(), episode.action.end(), 0.0f);

  // The body takes the reference's place and pace, over the origin.
  physics::rest_state(data.model, episode.state);
  const physics::StateView state = physics::state_over(data.model, episode.state);
  sample(data.motion, data.model, head.time_s, state.positions, state.velocities);
  head.origin = {-state.positions[0], 0.0, -state.positions[2]};
  state.positions[0] = state.positions[2] = 0.0;

  physics::forward_kinematics(data.model, state.positions, state.velocities, buffers.links);
  const double lowest = physics::lowest_distance(data.model, buffers.links);
  const double slope = static_cast<double>(data.options.physics.ground.slope_rad);
  const double lift = std::max(0.0, kStartHeight_m - lowest) / std::cos(slope);
  state.positions[1] += lift;
  head.origin.y = lift;
}

void begin_action(const Task& task, std::span<const float> action, EpisodeView episode) {
  assert(action.size() >= static_cast<std::size_t>(task.action_size()));
  std::copy_n(action.begin(), episode.action.size(), episode.action.begin());
  episode.head->substep = 0;
  ++episode.head->num_actions;
  static_cast<void>(task);
}

physics::Drive drive(const Task& task, const EpisodeView& episode, Scratch& scratch) {
  Scratch::Buffers& buffers = scratch.buffers();
  detail::sample_reference(task, *episode.head, task.model().step_s(), buffers.positions,
                           buffers.velocities);
  return detail::drive_target(task, episode.action, buffers.positions, buffers.velocities);
}

physics::SimulateReport simulate(const Task& task, const physics::Drive& drive, EpisodeView episode,
                                 Scratch& scratch) {
  const Task::Data& data = task.data();
  EpisodeHead& head = *episode.head;
  const double step_s = data.model.step_s();
  const physics::Push push{head.push_joint, head.push_force_n};
  const bool pushed = head.push_left_s > 0.5 * step_s;
  const physics::SimulateReport report = physics::simulate(
      data.model, drive, std::span(&push, pushed ? 1u : 0u), episode.state, scratch.physics());
  if (report.fault != physics::Fault::none) {
    head.end = End::broken;
    return report;
  }

  const double before_s = head.time_s;
  head.time_s += step_s;
  head.elapsed_s += step_s;
  head.push_left_s = pushed ? head.push_left_s - step_s : 0.0;
  ++head.substep;
  if ((report.touching & data.fall) != 0 && head.end == End::running) head.end = End::fell;
  if (data.options.resync && data.motion.loop() &&
      lap_of(data.motion, head.time_s) != lap_of(data.motion, before_s))
    resync(task, episode, scratch);
  return report;
}

StepResult judge(const Task& task, EpisodeView episode, Scratch& scratch) {
  const Task::Data& data = task.data();
  Scratch::Buffers& buffers = scratch.buffers();
  EpisodeHead& head = *episode.head;
  StepResult result;
  result.end = head.end;
  if (head.end == End::broken) return result;

  const physics::StateView state = physics::state_over(data.model, episode.state);
  physics::forward_kinematics(data.model, state.positions, state.velocities, buffers.links);
  detail::sample_reference(task, head, 0.0, buffers.positions, buffers.velocities);
  physics::forward_kinematics(data.model, buffers.positions, buffers.velocities,
                              buffers.reference_links);
  const Subject body{state.positions, state.velocities, buffers.links,
                     physics::mass_centre(data.model, buffers.links), 0.0};
  const Subject reference{buffers.positions, buffers.velocities, buffers.reference_links,
                          physics::mass_centre(data.model, buffers.reference_links), head.origin.y};
  result.terms = reward_terms(data.model, body, reference);
  result.joint_error_rad = joint_error(data.model, body, reference);
  result.position_error_m = position_error(body, reference);
  head.end = end_of(data, head, body, reference);
  result.end = head.end;
  if (is_failure(result.end)) return result;
  result.reward_paper = reward_paper(result.terms);
  result.reward_code = reward_code(result.terms);
  result.reward =
      data.options.reward == RewardKind::paper ? result.reward_paper : result.reward_code;
  return result;
}

StepResult step(const Task& task, std::span<const float> action, EpisodeView episode,
                Scratch& scratch) {
  StepResult result;
  if (episode.head->end != End::running) {
    result.end = episode.head->end;
    return result;
  }
  begin_action(task, action, episode);
  physics::SimulateReport last;
  JointSet saturated = 0, touching = 0;
  int extra_solves = 0;
  for (int i = 0; i < task.steps_per_action() && episode.head->end == End::running; ++i) {
    last = simulate(task, drive(task, episode, scratch), episode, scratch);
    saturated |= last.saturated;
    touching |= last.touching;
    extra_solves += last.num_solves - 1;
  }
  result = judge(task, episode, scratch);
  result.fault = last.fault;
  result.saturated = saturated;
  result.touching = touching;
  result.extra_solves = static_cast<std::uint8_t>(std::min(extra_solves, 255));
  return result;
}

void push(EpisodeView episode, const PushOrder& order) {
  episode.head->push_joint = order.joint;
  episode.head->push_force_n = order.force_n;
  episode.head->push_left_s = order.duration_s;
}

void reference_now(const Task& task, const EpisodeView& episode, std::span<double> positions,
                   std::span<double> velocities) {
  detail::sample_reference(task, *episode.head, 0.0, positions, velocities);
}

}  // namespace canter::mimic
