#pragma once

// What a Trainer holds. Private to the trainer.

#include <algorithm>
#include <memory>
#include <vector>

#include "canter/trainer/trainer.h"
#include "trainer/ppo/learner.h"
#include "trainer/ppo/rollout.h"
#include "trainer/ppo/thread_pool.h"

namespace canter::trainer {

namespace detail {

/// How far training is.
struct Counters {
  std::int64_t iteration = 0, samples = 0, next_evaluation = 0;
  double best_reward = -1.0;
  double seconds = 0.0;
};

/// What is summed over groups and ranks after collecting.
struct CollectSums {
  double reward = 0.0, ended_steps = 0.0, episodes = 0.0, failures = 0.0;
  double broken = 0.0;       ///< episodes
  double thrown_away = 0.0;  ///< samples of theirs
};

/// With what the environment says is given.
Normaliser make_normaliser(const Environment& environment, float clip);

}  // namespace detail

struct Trainer::State {
  State(Environment& e, const Settings& s, Collective& c)
      : settings(s),
        environment(e),
        collective(c),
        pool(s.threads),
        learner(s, e.observation_size(), e.action_size()),
        normaliser(detail::make_normaliser(e, s.observation_clip)),
        slots(s.environments, e.state_bytes(), s.seed, c.rank()),
        samples(s, e),
        random(s.seed, (static_cast<std::uint64_t>(c.rank()) << 32) + 0x75ffffff),
        noise_scale(static_cast<std::size_t>(e.action_size())) {
    for (int group = 0; group < s.environments / s.group; ++group)
      groups.emplace_back(s, e, learner.actor().shape());
    e.noise_scale(noise_scale);
    deviation = noise_scale;
    counters.next_evaluation = s.evaluate_every;
  }

  float noise() const;
  detail::CollectSums collect();
  void evaluate(Iteration& report);
  void note_totals(Iteration& report) const;
  Policy policy() const;

  Settings settings;
  Environment& environment;
  Collective& collective;
  detail::ThreadPool pool;
  detail::Learner learner;
  detail::Normaliser normaliser;
  detail::Slots slots;
  detail::Starts starts;
  std::vector<detail::Group> groups;
  detail::Samples samples;
  detail::Random random;  ///< order of the samples
  std::vector<float> noise_scale, deviation;
  detail::Counters counters;
  Policy best;
  Evaluation evaluation, best_evaluation;
};

}  // namespace canter::trainer
