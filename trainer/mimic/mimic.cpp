#include "canter/trainer/mimic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>
#include <vector>

#include "canter/base/memory.h"
#include "canter/mimic/episode.h"
#include "trainer/ppo/random.h"

namespace canter::trainer {
namespace {

class MimicEnvironment : public Environment {
 public:
  MimicEnvironment(mimic::Task task, const Hardships& hardships)
      : task_(std::move(task)), hardships_(hardships) {}

  int observation_size() const override { return task_.observation_size(); }
  int action_size() const override { return task_.action_size(); }
  std::size_t state_bytes() const override { return chance_at() + sizeof(Chance); }
  double step_s() const override { return task_.action_s(); }

  void set_workers(int count) override {
    scratch_.clear();
    for (int i = 0; i < count; ++i) scratch_.emplace_back(task_);
  }

  void reset(std::span<std::byte> state, double start, int worker) override {
    mimic::reset(task_, mimic::start_phase(task_, start), mimic::episode_over(task_, state),
                 scratch(worker));
    // In training no two episodes start at the same place, so the start can seed what happens in
    // them; in evaluations that makes all of them alike.
    Chance chance;
    if (hardships_.push_n > 0.0f) chance = {1, Random(std::bit_cast<std::uint64_t>(start))};
    std::memcpy(state.data() + chance_at(), &chance, sizeof chance);
  }

  StepResult step(std::span<std::byte> state, std::span<const float> action, int worker) override {
    push_by_chance(state);
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
  using Random = detail::Random;
  // Behind the episode in its state.
  struct Chance {
    std::uint64_t active = 0;
    Random random;
  };

  std::size_t chance_at() const { return align_up(task_.episode_bytes(), alignof(Chance)); }

  void push_by_chance(std::span<std::byte> state) const {
    Chance chance;
    std::memcpy(&chance, state.data() + chance_at(), sizeof chance);
    if (chance.active == 0) return;
    if (chance.random.uniform() < task_.action_s() / hardships_.push_every_s) {
      const double force = static_cast<double>(hardships_.push_n) * chance.random.uniform();
      const double way = 2.0 * std::numbers::pi * chance.random.uniform();
      mimic::push(mimic::episode_over(task_, state),
                  {0, {force * std::cos(way), 0.0, force * std::sin(way)}, hardships_.push_s});
    }
    std::memcpy(state.data() + chance_at(), &chance, sizeof chance);
  }

  mimic::Scratch& scratch(int worker) { return scratch_[static_cast<std::size_t>(worker)]; }

  mimic::Task task_;
  Hardships hardships_;
  std::vector<mimic::Scratch> scratch_;
};

}  // namespace

std::unique_ptr<Environment> make_mimic_environment(mimic::Task task, const Hardships& hardships) {
  return std::make_unique<MimicEnvironment>(std::move(task), hardships);
}

Settings mimic_settings(const mimic::Task& task) {
  Settings settings;
  settings.precision = fastest_precision();
  // The original's targets span whole turns, so the same angles are smaller outputs.
  if (task.options().interface.action == mimic::ActionKind::deepmimic) {
    settings.hidden = {1024, 512};
    settings.noise_first = 0.05f;
    settings.noise_last = 0.025f;
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
