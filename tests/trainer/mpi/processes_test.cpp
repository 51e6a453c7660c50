// One policy learned by all processes of an mpirun: the same bits on each, and as well as alone.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "canter/trainer/run.h"
#include "test_environments.h"

using namespace canter::trainer;

namespace {

// Whether all processes hold the same numbers: their sums of squares of differences to the mean.
bool same_everywhere(Collective& processes, const std::vector<float>& values) {
  std::vector<double> sums(values.begin(), values.end());
  processes.sum(std::span(sums));
  double apart = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i)
    apart += sums[i] == processes.size() * static_cast<double>(values[i]) ? 0.0 : 1.0;
  processes.sum(std::span(&apart, 1));
  return apart == 0.0;
}

}  // namespace

TEST_CASE("processes learn one policy together, as fast per sample as one alone") {
  const std::unique_ptr<Collective> processes = mpi_collective();
  REQUIRE(processes != nullptr);
  CAPTURE(processes->size());
  canter::test::FollowSine environment;
  Settings settings;
  settings.hidden = {32, 16};
  settings.environments = 64;
  settings.group = 16;
  settings.minibatch = 256;
  settings.episode_steps = settings.evaluation_steps = 150;
  settings.evaluation_starts = 8;
  settings.evaluate_every = 8192;
  settings.noise_first = 0.3f;
  settings.noise_samples = 60'000;
  settings.actor_step = settings.critic_step = 1e-3f;
  auto trainer = Trainer::make(environment, settings, *processes);
  REQUIRE(trainer.ok());
  CHECK(trainer->settings().environments * processes->size() == 64);
  CHECK(same_everywhere(*processes, {1.0f}));
  CHECK(same_everywhere(*processes, {static_cast<float>(processes->rank())}) ==
        (processes->size() == 1));

  std::int64_t good = 0;  // samples until the task is learned
  Callbacks callbacks;
  callbacks.iteration = [&](const Iteration& i) {
    if (good == 0 && i.best_reward > 0.9) good = i.samples;
  };
  // Only one process's limit ends the run of all.
  const Limits limits{processes->rank() == 0 ? 80'000 : 0};
  const auto report = run(*trainer, limits, callbacks);
  REQUIRE(report.ok());
  CHECK(report.value().last.samples == 81'920);
  MESSAGE("rank " << processes->rank() << " of " << processes->size() << ": .9 at " << good
                  << " samples, best " << report.value().last.best_reward);
  CHECK(report.value().last.best_reward > 0.95);
  CHECK(good > 0);
  CHECK(good <= 60'000);
  const Policy policy = trainer->policy();
  CHECK(same_everywhere(*processes, policy.mean));
  CHECK(same_everywhere(*processes, policy.std));
  for (const Policy::Layer& layer : policy.layers) {
    CHECK(same_everywhere(*processes, layer.weights));
    CHECK(same_everywhere(*processes, layer.bias));
  }
  // Environments differ, or nothing was gained.
  CHECK(same_everywhere(*processes, {static_cast<float>(trainer->state_hash() >> 40)}) ==
        (processes->size() == 1));

  settings.environments = 63;
  settings.group = 63;
  settings.minibatch = 63 * 32;
  CHECK(Trainer::make(environment, settings, *processes).ok() == (processes->size() == 1));
}
