#include "canter/trainer/mimic.h"

#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>
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
      case mimic::End::running:
      case mimic::End::time_limit:
        break;
    }
    return Ending::running;
  }
  mimic::Scratch& scratch(int worker) { return scratch_[static_cast<std::size_t>(worker)]; }

  mimic::Task task_;
  std::vector<mimic::Scratch> scratch_;
};

// [in, out] as the trainer keeps them to [out, in] as networks are written.
nn::Tensor transposed(const Policy::Layer& layer) {
  std::vector<float> values(layer.weights.size());
  const auto in = static_cast<std::size_t>(layer.in), out = static_cast<std::size_t>(layer.out);
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t o = 0; o < out; ++o) values[o * in + i] = layer.weights[i * out + o];
  return nn::Tensor::of(nn::Shape{layer.out, layer.in}, std::span<const float>(values));
}

nn::Tensor vector_of(const std::vector<float>& values) {
  return nn::Tensor::of(nn::Shape{static_cast<std::int64_t>(values.size())},
                        std::span<const float>(values));
}

}  // namespace

std::unique_ptr<Environment> make_mimic_environment(mimic::Task task) {
  return std::make_unique<MimicEnvironment>(std::move(task));
}

Settings mimic_settings(const mimic::Task& task) {
  Settings settings;
  settings.precision = fastest_precision();
  // The original's targets span whole turns, so the same angles are smaller outputs.
  if (task.options().interface.action == mimic::ActionKind::deepmimic)
    settings.noise_first = settings.noise_last = 0.05f;
  return settings;
}

Result<nn::ModelFile> make_policy_file(const Policy& policy, nn::Precision precision,
                                       nn::TextMap provenance) {
  using Json = nlohmann::ordered_json;
  nn::TensorMap tensors;
  tensors.emplace("observation.mean", vector_of(policy.mean));
  tensors.emplace("observation.std", vector_of(policy.std));
  Json layers = {
      {{"type", "normalise"}, {"mean", "observation.mean"}, {"std", "observation.std"}},
      {{"type", "clip"}, {"min", -policy.observation_clip}, {"max", policy.observation_clip}}};
  for (std::size_t i = 0; i < policy.layers.size(); ++i) {
    const std::string name = "actor." + std::to_string(i);
    tensors.emplace(name + ".weight", transposed(policy.layers[i]));
    tensors.emplace(name + ".bias", vector_of(policy.layers[i].bias));
    Json layer = {{"type", "linear"}, {"tensors", name}};
    const bool last = i + 1 == policy.layers.size();
    if (last) layer["output"] = "action";
    layers.push_back(layer);
    if (!last) layers.push_back({{"type", "relu"}});
  }
  const Json architecture = {
      {"canter_architecture", 1},
      {"inputs", {{{"name", "observation"}, {"shape", {"batch", policy.mean.size()}}}}},
      {"layers", layers},
      {"outputs", {"action"}}};
  nn::ConvertOptions options;
  options.precision = precision;
  options.provenance = std::move(provenance);
  return nn::make_model_file(architecture.dump(), std::move(tensors), options);
}

}  // namespace canter::trainer
