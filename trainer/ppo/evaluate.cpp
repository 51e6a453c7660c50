#include "trainer/ppo/evaluate.h"

#include <algorithm>
#include <cmath>

namespace canter::trainer::detail {
namespace {

constexpr int kBatch = 8;  // episodes stepped together by one thread

struct Episode {
  double reward = 0.0;
  int steps = 0;
  bool running = true;
  bool failed = false;
};

double start_of(int episode, const Settings& settings) {
  return episode / static_cast<double>(settings.evaluation_starts);
}

void run_batch(const Settings& settings, Environment& environment, const Weights& actor,
               const Normaliser& normaliser, int first, int worker, std::span<Episode> episodes) {
  MlpPass pass(actor.shape(), actor.precision(), kBatch, MlpPass::Purpose::inference);
  const std::size_t pitch = align_up(environment.state_bytes());
  Block states(pitch * episodes.size());
  const auto state = [&](std::size_t i) {
    return states.bytes().subspan(i * pitch, environment.state_bytes());
  };
  for (std::size_t i = 0; i < episodes.size(); ++i)
    environment.reset(state(i), start_of(first + static_cast<int>(i), settings), worker);
  std::vector<float> observation(static_cast<std::size_t>(environment.observation_size()));
  const auto actions = static_cast<std::size_t>(environment.action_size());
  for (int step = 0; step < settings.evaluation_steps; ++step) {
    if (std::ranges::none_of(episodes, &Episode::running)) return;
    for (std::size_t i = 0; i < episodes.size(); ++i) {
      if (!episodes[i].running) continue;
      environment.observe(state(i), observation, worker);
      normaliser.apply(observation, observation);
      encode(observation, actor.precision(), pass.input_row(static_cast<int>(i)));
    }
    const std::span<const float> means = pass.forward(actor);
    for (std::size_t i = 0; i < episodes.size(); ++i) {
      Episode& episode = episodes[i];
      if (!episode.running) continue;
      StepResult result = environment.step(state(i), means.subspan(i * actions, actions), worker);
      if (!std::isfinite(result.reward)) result = {0.0f, Ending::broken};
      episode.reward += static_cast<double>(result.reward);
      ++episode.steps;
      episode.running = result.ending == Ending::running;
      episode.failed = result.ending == Ending::failed || result.ending == Ending::broken;
    }
  }
}

}  // namespace

Evaluation evaluate(const Settings& settings, Environment& environment, const Weights& actor,
                    const Normaliser& normaliser, ThreadPool& pool) {
  std::vector<Episode> episodes(static_cast<std::size_t>(settings.evaluation_starts));
  const int batches = (settings.evaluation_starts + kBatch - 1) / kBatch;
  pool.run(batches, [&](int batch, int worker) {
    const auto first = static_cast<std::size_t>(batch * kBatch);
    run_batch(
        settings, environment, actor, normaliser, batch * kBatch, worker,
        std::span(episodes).subspan(first, std::min<std::size_t>(kBatch, episodes.size() - first)));
  });
  Evaluation result;
  result.starts = settings.evaluation_starts;
  double all_steps = 0.0;
  for (int i = 0; i < result.starts; ++i) {
    const Episode& episode = episodes[static_cast<std::size_t>(i)];
    // An episode's own clock may round its length up by a step.
    const int most =
        std::min(settings.evaluation_steps, environment.most_steps(start_of(i, settings)));
    const int steps = std::max(episode.steps, most);
    const double life_s = episode.steps * environment.step_s();
    all_steps += steps;
    result.reward += episode.reward;
    result.life_s += life_s / result.starts;
    result.survived += episode.failed ? 0 : 1;
    result.rewards.push_back(static_cast<float>(episode.reward / steps));
    result.lives_s.push_back(static_cast<float>(life_s));
  }
  result.reward /= all_steps;
  return result;
}

}  // namespace canter::trainer::detail
