#include "trainer/ppo/rollout.h"

#include <algorithm>
#include <cmath>

namespace canter::trainer::detail {
namespace {

bool all_finite(std::span<const float> values) {
  // Infinity and NaN times zero are NaN, which no later term removes.
  float sum = 0.0f;
  for (const float v : values) sum += v * 0.0f;
  return sum == 0.0f;
}

void fill_normal(std::span<float> values, Random& random) {
  for (std::size_t i = 0; i < values.size(); i += 2) {
    float spare = 0.0f;
    random.normal_pair(values[i], i + 1 < values.size() ? values[i + 1] : spare);
  }
}

// One group's way through a rollout.
class Collector {
 public:
  Collector(const Collecting& c, int group_index, int worker, Slots& slots, Group& group,
            Samples& samples)
      : c_(c),
        first_(static_cast<std::size_t>(group_index * c.settings.group)),
        worker_(worker),
        slots_(slots),
        group_(group),
        samples_(samples) {}

  void run() {
    const auto count = static_cast<std::size_t>(c_.settings.group);
    for (int step = 0; step < samples_.steps; ++step) {
      for (std::size_t i = 0; i < count; ++i) observe(i, step);
      const std::span<const float> means = group_.pass.forward(c_.actor);
      for (std::size_t i = 0; i < count; ++i) act(i, step, means);
    }
    for (std::size_t i = 0; i < count; ++i)
      if (slot(i).running != 0) look_beyond(i, samples_.steps - 1);
  }

 private:
  std::size_t sample(std::size_t i, int step) const {
    return (first_ + i) * static_cast<std::size_t>(samples_.steps) + static_cast<std::size_t>(step);
  }
  Slot& slot(std::size_t i) { return slots_.slots[first_ + i]; }
  std::span<std::byte> state(std::size_t i) { return slots_.state(first_ + i); }

  void begin_episode(std::size_t i) {
    Slot& s = slot(i);
    s.start = c_.starts.draw(static_cast<double>(c_.settings.hard_starts), s.random);
    s.steps = 0;
    s.running = 1;
    c_.environment.reset(state(i), s.start, worker_);
    c_.environment.observe(state(i), group_.observation, worker_);
  }

  // Leaves the raw observation in group_.observation.
  void observe(std::size_t i, int step) {
    if (slot(i).running == 0)
      begin_episode(i);
    else
      c_.environment.observe(state(i), group_.observation, worker_);
    if (!all_finite(group_.observation)) {
      break_episode(i, step - 1);
      begin_episode(i);
    }
    group_.moments.add(group_.observation);
    c_.normaliser.apply(group_.observation, group_.observation);
    std::byte* row = samples_.row(sample(i, step));
    encode(group_.observation, c_.settings.precision, row);
    std::copy_n(row, samples_.row_bytes, group_.pass.input_row(static_cast<int>(i)));
  }

  void act(std::size_t i, int step, std::span<const float> means) {
    const std::size_t n = sample(i, step);
    const std::span<float> action = samples_.action_of(n);
    const std::span<float> noise = samples_.noise_of(n);
    fill_normal(noise, slot(i).random);
    for (std::size_t j = 0; j < action.size(); ++j)
      action[j] = means[i * action.size() + j] + c_.deviation[j] * noise[j];

    StepResult result = c_.environment.step(state(i), action, worker_);
    ++slot(i).steps;
    if (!std::isfinite(result.reward)) result = {0.0f, Ending::broken};
    samples_.thrown_away[n] = 0;
    samples_.reward[n] = result.reward;
    group_.reward_sum += static_cast<double>(result.reward);
    const bool cut = result.ending == Ending::cut || (result.ending == Ending::running &&
                                                      slot(i).steps >= c_.settings.episode_steps);
    if (result.ending == Ending::broken) {
      break_episode(i, step);
    } else if (cut) {
      samples_.next[n] = Next::cut;
      if (look_beyond(i, step)) end_episode(i, false);
    } else if (result.ending != Ending::running) {
      samples_.next[n] = Next::nothing;
      end_episode(i, result.ending != Ending::finished);
    } else {
      samples_.next[n] = step + 1 < samples_.steps ? Next::same_episode : Next::cut;
    }
  }

  void end_episode(std::size_t i, bool failed) {
    Slot& s = slot(i);
    ++group_.episodes;
    group_.failures += failed ? 1 : 0;
    group_.ended_steps += static_cast<double>(s.steps);
    const double most = c_.settings.episode_steps;
    group_.starts.add(s.start, failed ? static_cast<double>(s.steps) / most : 1.0);
    s.running = 0;  // observe() begins the next
  }

  // The simulation failed in this step (-1: of the rollout before), which says nothing about the
  // policy: what there is of the episode in this rollout is thrown away.
  void break_episode(std::size_t i, int step) {
    Slot& s = slot(i);
    const int count = static_cast<int>(std::min<std::int64_t>(s.steps, step + 1));
    for (int k = 0; k < count; ++k) {
      const std::size_t n = sample(i, step - k);
      group_.reward_sum -= static_cast<double>(samples_.reward[n]);
      samples_.reward[n] = 0.0f;
      samples_.thrown_away[n] = 1;
    }
    if (count > 0) samples_.next[sample(i, step)] = Next::nothing;
    group_.thrown_away += count;
    ++group_.broken;
    s.running = 0;
  }

  // Keeps the observation after a step, whose value the advantages need. False: it broke.
  bool look_beyond(std::size_t i, int step) {
    c_.environment.observe(state(i), group_.observation, worker_);
    if (!all_finite(group_.observation)) {
      break_episode(i, step);
      return false;
    }
    c_.normaliser.apply(group_.observation, group_.observation);
    Beyond& beyond = group_.beyond.emplace_back();
    beyond.sample = sample(i, step);
    beyond.observation.resize(samples_.row_bytes);
    encode(group_.observation, c_.settings.precision, beyond.observation.data());
    return true;
  }

  const Collecting& c_;
  std::size_t first_;
  int worker_;
  Slots& slots_;
  Group& group_;
  Samples& samples_;
};

}  // namespace

Slots::Slots(int count, std::size_t bytes_of_state, std::uint64_t seed, int rank)
    : slots(static_cast<std::size_t>(count)),
      states(static_cast<std::size_t>(count) * align_up(bytes_of_state)),
      state_bytes(bytes_of_state),
      state_pitch(align_up(bytes_of_state)) {
  for (std::size_t i = 0; i < slots.size(); ++i)
    slots[i].random =
        Random(seed, static_cast<std::uint64_t>(rank) << 32 | static_cast<std::uint64_t>(i + 1));
}

Samples::Samples(const Settings& settings, const Environment& environment)
    : count(settings.samples_per_iteration()),
      steps(settings.steps),
      actions(environment.action_size()),
      row_bytes(static_cast<std::size_t>(environment.observation_size()) *
                activation_bytes(settings.precision)) {
  const auto n = static_cast<std::size_t>(count);
  observations = Block(n * row_bytes);
  action.resize(n * static_cast<std::size_t>(actions));
  noise.resize(action.size());
  for (auto* values : {&reward, &value, &next_value, &advantage}) values->resize(n);
  next.resize(n);
  thrown_away.resize(n);
}

std::span<float> Samples::action_of(std::size_t sample) {
  return std::span(action).subspan(sample * static_cast<std::size_t>(actions),
                                   static_cast<std::size_t>(actions));
}

std::span<float> Samples::noise_of(std::size_t sample) {
  return std::span(noise).subspan(sample * static_cast<std::size_t>(actions),
                                  static_cast<std::size_t>(actions));
}

Group::Group(const Settings& settings, const Environment& environment, const MlpShape& actor)
    : pass(actor, settings.precision, settings.group, MlpPass::Purpose::inference),
      observation(static_cast<std::size_t>(environment.observation_size())),
      moments(observation.size()) {}

void Group::begin_rollout() {
  moments.clear();
  beyond.clear();
  starts = {};
  reward_sum = ended_steps = 0.0;
  episodes = failures = broken = thrown_away = 0;
}

void collect(const Collecting& c, int group_index, int worker, Slots& slots, Group& group,
             Samples& samples) {
  group.begin_rollout();
  Collector(c, group_index, worker, slots, group, samples).run();
}

}  // namespace canter::trainer::detail
