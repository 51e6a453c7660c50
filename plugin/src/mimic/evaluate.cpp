#include "canter/mimic/evaluate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "canter/physics/pose.h"
#include "canter/physics/quat_order.h"
#include "mimic/crowd.h"
#include "mimic/heading.h"

namespace canter::mimic {
namespace {

// A number in [0, 1) from a seed and a place (SplitMix64).
double uniform(std::uint64_t seed, std::uint64_t place) {
  std::uint64_t x = seed + (place + 1) * 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1.0p-53;
}

// The policy's task without limits on straying, for episodes of this length.
Policy for_test(const Policy& policy, double seconds) {
  TaskOptions options = policy.task().options();
  options.max_root_turn_rad = options.max_root_distance_m = 0.0f;
  options.episode_s = seconds;
  options.skip_starts.clear();
  return with_options(policy, options).value();
}

// The longest an episode from this phase can last, in actions.
int possible_actions(const Task& task, double phase) {
  double seconds = task.options().episode_s;
  const ReferenceMotion& motion = task.motion();
  if (!motion.loop())
    seconds = std::min(seconds, (1.0 - phase) * motion.duration_s() + task.options().hold_s);
  return std::max(1, static_cast<int>(std::ceil(seconds / task.action_s() - 1e-6)));
}

bool is_survival(End end) {
  return end == End::time_limit || end == End::finished || end == End::running;
}

constexpr float RewardTerms::*kTerms[] = {&RewardTerms::pose,         &RewardTerms::velocity,
                                          &RewardTerms::end_effector, &RewardTerms::root,
                                          &RewardTerms::com_position, &RewardTerms::com_velocity};

// What one episode has earned so far.
struct Tally {
  double paper = 0.0, code = 0.0, joint_error = 0.0, position_error = 0.0;
  std::array<double, std::size(kTerms)> terms{};
  int actions = 0;
  int possible = 1;

  void add(const StepResult& result) {
    paper += static_cast<double>(result.reward_paper);
    code += static_cast<double>(result.reward_code);
    joint_error += static_cast<double>(result.joint_error_rad);
    position_error += static_cast<double>(result.position_error_m);
    for (std::size_t i = 0; i < terms.size(); ++i)
      terms[i] += static_cast<double>(result.terms.*kTerms[i]);
    ++actions;
  }
};

Evaluation summary(const Task& task, const std::vector<Tally>& tallies,
                   std::vector<EpisodeRecord> records) {
  Evaluation out;
  const auto count = static_cast<double>(tallies.size());
  Tally all;
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const Tally& t = tallies[i];
    records[i].life_s = t.actions * task.action_s();
    records[i].nr_paper = t.paper / t.possible;
    records[i].nr_code = t.code / t.possible;
    out.nr_paper += records[i].nr_paper / count;
    out.nr_code += records[i].nr_code / count;
    out.life_s += records[i].life_s / count;
    out.possible_life_s += t.possible * task.action_s() / count;
    out.survived += is_survival(records[i].end) ? 1 : 0;
    out.broken += records[i].end == End::broken ? 1 : 0;
    for (std::size_t k = 0; k < t.terms.size(); ++k) all.terms[k] += t.terms[k];
    all.joint_error += t.joint_error;
    all.position_error += t.position_error;
    all.actions += t.actions;
  }
  const double actions = std::max(1, all.actions);
  out.joint_error_rad = all.joint_error / actions;
  out.position_error_m = all.position_error / actions;
  for (std::size_t k = 0; k < all.terms.size(); ++k)
    out.terms.*kTerms[k] = static_cast<float>(all.terms[k] / actions);
  out.episodes = std::move(records);
  return out;
}

enum class Direction { forward, right, left };

glm::dvec3 direction_of(const EpisodeView& episode, Direction direction) {
  const double heading = detail::heading_of(physics::from_wxyz(episode.state.data() + 3));
  const glm::dquat to_world = glm::conjugate(detail::to_heading(heading));
  switch (direction) {
    case Direction::forward:
      return to_world * glm::dvec3(1.0, 0.0, 0.0);
    case Direction::right:
      return to_world * glm::dvec3(0.0, 0.0, 1.0);
    case Direction::left:
      break;
  }
  return to_world * glm::dvec3(0.0, 0.0, -1.0);
}

// Which of the episodes still stand after a push of this force.
std::vector<bool> stand_after(detail::Crowd& crowd, const std::vector<Episode>& settled,
                              Direction direction, double force_n, const PushOptions& options) {
  crowd.restore(settled);
  for (int i = 0; i < crowd.size(); ++i)
    push(crowd.episode(i),
         {0, force_n * direction_of(crowd.episode(i), direction), options.duration_s});
  const int actions = static_cast<int>(
      std::ceil((options.duration_s + options.survive_s) / crowd.task().action_s()));
  for (int k = 0; k < actions && crowd.any_running(); ++k) crowd.step();
  std::vector<bool> stand;
  for (int i = 0; i < crowd.size(); ++i) stand.push_back(is_survival(crowd.result(i).end));
  return stand;
}

// For every moment, the largest force up to which all were survived.
std::vector<double> largest_pushes(detail::Crowd& crowd, const std::vector<Episode>& settled,
                                   Direction direction, const PushOptions& options) {
  std::vector<double> largest(static_cast<std::size_t>(crowd.size()), -1.0);
  std::vector<bool> still(largest.size(), true);
  for (double force = 0.0; force <= options.most_n; force += options.step_n) {
    if (std::ranges::none_of(still, [](bool s) { return s; })) break;
    const std::vector<bool> stand = stand_after(crowd, settled, direction, force, options);
    for (std::size_t i = 0; i < still.size(); ++i) {
      still[i] = still[i] && stand[i];
      if (still[i]) largest[i] = force;
    }
  }
  for (double& force : largest) force = std::max(force, 0.0);  // fell without any push
  return largest;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[(values.size() - 1) / 2];
}

void append_frame(const Task& task, const EpisodeView& episode, RawClip& clip) {
  const auto joints = static_cast<std::size_t>(clip.num_joints);
  const std::size_t start = clip.keys.size();
  clip.keys.resize(start + joints);
  physics::write_pose(task.model(), episode.state, std::span(clip.keys).subspan(start, joints));
}

}  // namespace

Evaluation evaluate(const Policy& policy, const EvaluateOptions& options) {
  const Policy tested = for_test(policy, options.seconds);
  const int count = std::max(1, options.episodes);
  detail::Crowd crowd(tested, count);
  std::vector<Tally> tallies(static_cast<std::size_t>(count));
  std::vector<EpisodeRecord> records(tallies.size());
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    records[at].start_phase = (i + uniform(options.seed, at)) / count;
    tallies[at].possible = possible_actions(crowd.task(), records[at].start_phase);
    crowd.reset(i, records[at].start_phase);
  }
  while (crowd.any_running()) {
    std::vector<bool> running;
    for (int i = 0; i < count; ++i) running.push_back(crowd.result(i).end == End::running);
    crowd.step();
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (!running[at]) continue;
      tallies[at].add(crowd.result(i));
      records[at].end = crowd.result(i).end;
    }
  }
  return summary(crowd.task(), tallies, std::move(records));
}

PushResult push_test(const Policy& policy, const PushOptions& options) {
  const Policy tested = for_test(policy, 1e5);
  const int count = std::max(1, options.phases);
  detail::Crowd crowd(tested, count);
  for (int i = 0; i < count; ++i) crowd.reset(i, static_cast<double>(i) / count);
  // A clip without a loop ends before it has settled: it is pushed where it starts.
  if (tested.task().motion().loop()) {
    const int settle = static_cast<int>(options.settle_s / crowd.task().action_s());
    for (int k = 0; k < settle; ++k) crowd.step();
  }
  const std::vector<Episode> settled = crowd.save();
  const auto forward = largest_pushes(crowd, settled, Direction::forward, options);
  const auto right = largest_pushes(crowd, settled, Direction::right, options);
  const auto left = largest_pushes(crowd, settled, Direction::left, options);
  PushResult result;
  result.forward_n = std::ranges::min(forward);
  result.forward_median_n = median(forward);
  result.sideways_n = std::min(std::ranges::min(right), std::ranges::min(left));
  result.sideways_median_n = std::min(median(right), median(left));
  crowd.restore(settled);
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    result.moments.push_back({phase_at(tested.task().motion(), crowd.episode(i).head->time_s),
                              forward[at], right[at], left[at]});
  }
  return result;
}

RawClip record(const Policy& policy, const RecordOptions& options, End* end) {
  const Policy tested = for_test(policy, options.seconds);
  const Task& task = tested.task();
  Scratch scratch(task);
  Episode episode(task);
  const EpisodeView view = episode_over(task, episode.bytes());
  PolicyWorkspace workspace = PolicyWorkspace::make(tested).value();
  std::vector<float> observation(static_cast<std::size_t>(task.observation_size()));
  std::vector<float> action(static_cast<std::size_t>(task.action_size()));

  RawClip clip;
  clip.name = policy.clip_name();
  clip.rate_hz = static_cast<float>(0.5 / task.model().step_s());
  clip.num_joints = task.model().num_joints();
  reset(task, options.start_phase, view, scratch);
  append_frame(task, view, clip);
  int physics_steps = 0;
  while (view.head->end == End::running) {
    observe(task, view, scratch, observation);
    infer(workspace, observation, action, 1);
    begin_action(task, action, view);
    for (int k = 0; k < task.steps_per_action() && view.head->end == End::running; ++k) {
      simulate(task, drive(task, view, scratch), view, scratch);
      if (++physics_steps % 2 == 0) append_frame(task, view, clip);
    }
    judge(task, view, scratch);
  }
  if (end != nullptr) *end = view.head->end;
  return clip;
}

}  // namespace canter::mimic
