#include "canter/trainer/mimic.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "canter/mimic/episode.h"

namespace canter::trainer {
namespace {

class MimicEnvironment : public Environment {
 public:
  explicit MimicEnvironment(mimic::Task task) : task_(std::move(task)) {}

  int observation_size() const override { return task_.observation_size(); }
  int action_size() const override { return task_.action_size(); }
  std::size_t state_bytes() const override { return task_.episode_bytes(); }
  double step_s() const override { return task_.action_s(); }

  void set_workers(int count) override {
    scratch_.clear();
    for (int i = 0; i < count; ++i) scratch_.emplace_back(task_);
  }

  void reset(std::span<std::byte> state, double start, int worker) override {
    mimic::reset(task_, mimic::start_phase(task_, start), mimic::episode_over(task_, state),
                 scratch(worker));
  }

  StepResult step(std::span<std::byte> state, std::span<const float> action, int worker) override {
    const mimic::StepResult result =
        mimic::step(task_, action, mimic::episode_over(task_, state), scratch(worker));
    return {result.reward, ending_of(result.end)};
  }

  void observe(std::span<const std::byte> state, std::span<float> observation,
               int worker) override {
    // An episode's view can write, observing does not.
    auto* bytes = const_cast<std::byte*>(state.data());
    mimic::observe(task_, mimic::episode_over(task_, {bytes, state.size()}), scratch(worker),
                   observation);
  }

  int most_steps(double start) const override {
    const mimic::ReferenceMotion& motion = task_.motion();
    if (motion.loop()) return Environment::most_steps(start);
    const double left_s =
        motion.duration_s() * (1.0 - mimic::start_phase(task_, start)) + task_.options().hold_s;
    return std::max(1, static_cast<int>(std::ceil(left_s / task_.action_s() - 1e-9)));
  }

  void fixed_normaliser(std::span<float> mean, std::span<float> std) const override {
    for (const mimic::TableRow& row : task_.observation_table()) {
      if (!row.fixed) continue;
      for (int i = row.offset; i < row.offset + row.width; ++i) {
        mean[static_cast<std::size_t>(i)] = row.mean;
        std[static_cast<std::size_t>(i)] = row.std;
      }
    }
  }

 private:
  static Ending ending_of(mimic::End end) {
    switch (end) {
      case mimic::End::fell:
      case mimic::End::strayed:
        return Ending::failed;
      case mimic::End::finished:
        return Ending::finished;
      case mimic::End::broken:
        return Ending::broken;
      case mimic::End::time_limit:
        return Ending::cut;
      case mimic::End::running:
        break;
    }
    return Ending::running;
  }
  mimic::Scratch& scratch(int worker) { return scratch_[static_cast<std::size_t>(worker)]; }

  mimic::Task task_;
  std::vector<mimic::Scratch> scratch_;
};

}  // namespace

std::unique_ptr<Environment> make_mimic_environment(mimic::Task task) {
  return std::make_unique<MimicEnvironment>(std::move(task));
}

Settings mimic_settings(const mimic::Task& task) {
  Settings settings;
  settings.precision = fastest_precision();
  settings.hidden = {256, 128};
  // The original's targets span whole turns, so the same angles are smaller outputs.
  if (task.options().interface.action == mimic::ActionKind::deepmimic) {
    settings.hidden = {1024, 512};
    settings.noise_first = settings.noise_last = 0.05f;
  }
  return settings;
}

mimic::ActorWeights actor_weights(const Policy& policy) {
  mimic::ActorWeights actor{policy.mean, policy.std, policy.observation_clip, {}};
  for (const Policy::Layer& layer : policy.layers)
    actor.layers.push_back({layer.in, layer.out, layer.weights, layer.bias});
  return actor;
}

}  // namespace canter::trainer
