#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "canter/phase/frame_network.h"
#include "canter/trainer/phase.h"
#include "trainer/nn/adam.h"
#include "trainer/nn/mlp.h"
#include "trainer/ppo/random.h"

namespace canter::trainer {
namespace {

using namespace detail;

constexpr auto kInputs = static_cast<std::size_t>(phase::kFrameInputs);

// What every input is on average, and how much it varies.
struct Scales {
  std::vector<double> mean, deviation;
};
Scales measure(const std::vector<float>& inputs) {
  Scales s{std::vector<double>(kInputs, 0.0), std::vector<double>(kInputs, 0.0)};
  const auto count = static_cast<double>(inputs.size() / kInputs);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    s.mean[i % kInputs] += static_cast<double>(inputs[i]) / count;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    s.deviation[i % kInputs] +=
        std::pow(static_cast<double>(inputs[i]) - s.mean[i % kInputs], 2) / count;
  // What hardly varies (the hips' own place) must not become noise that counts.
  for (double& d : s.deviation) d = std::max(std::sqrt(d), 0.01);
  return s;
}

// [in, out] of the trainer to [out, in] of files; the first layer takes raw inputs.
void add_layer(const Weights& weights, int layer, const Scales& scales, nn::TensorMap& tensors) {
  const auto in = static_cast<std::size_t>(weights.shape().in(layer));
  const auto out = static_cast<std::size_t>(weights.shape().out(layer));
  const float* w = weights.values().data() + weights.shape().weights_at(layer);
  std::vector<float> turned(in * out), bias(weights.bias(layer), weights.bias(layer) + out);
  for (std::size_t o = 0; o < out; ++o) {
    double shift = 0.0;
    for (std::size_t i = 0; i < in; ++i) {
      const double value =
          static_cast<double>(w[i * out + o]) / (layer == 0 ? scales.deviation[i] : 1.0);
      turned[o * in + i] = static_cast<float>(value);
      if (layer == 0) shift -= value * scales.mean[i];
    }
    bias[o] += static_cast<float>(shift);
  }
  const std::string name = "layers." + std::to_string(layer);
  const auto rows = static_cast<std::int64_t>(out), columns = static_cast<std::int64_t>(in);
  tensors.emplace(name + ".weight",
                  nn::Tensor::of(nn::Shape{rows, columns}, std::span<const float>(turned)));
  tensors.emplace(name + ".bias", nn::Tensor::of(nn::Shape{rows}, std::span<const float>(bias)));
}

}  // namespace

nn::WeightFile learn_frame_network(const FrameSamples& samples, const FrameSettings& settings,
                                   double* error) {
  const std::size_t count = samples.inputs.size() / kInputs;
  assert(count > 0 && samples.targets.size() == 2 * count);
  const Scales scales = measure(samples.inputs);
  MlpShape shape;
  shape.sizes = {phase::kFrameInputs, 256, 128, 32, 16, 2};
  Random random(settings.seed);
  Weights weights(shape, Precision::f32);
  initialise(weights, 0.0f, random);
  MlpPass pass(shape, Precision::f32, settings.batch, MlpPass::Purpose::training);
  Adam adam(shape.num_elements());
  std::vector<float> gradient(shape.num_elements(), 0.0f);
  std::vector<float> row(kInputs), slope(2 * static_cast<std::size_t>(settings.batch));
  std::vector<std::size_t> drawn(static_cast<std::size_t>(settings.batch));
  double recent = 1.0;
  for (int step = 0; step < settings.steps; ++step) {
    for (int b = 0; b < settings.batch; ++b) {
      const std::size_t s = random.below(static_cast<std::uint32_t>(count));
      drawn[static_cast<std::size_t>(b)] = s;
      for (std::size_t i = 0; i < kInputs; ++i) {
        const double x = static_cast<double>(samples.inputs[s * kInputs + i]);
        const double noise = static_cast<double>(settings.noise) * (2.0 * random.uniform() - 1.0);
        row[i] = static_cast<float>((x - scales.mean[i]) / scales.deviation[i] + 1.7 * noise);
      }
      std::memcpy(pass.input_row(b), row.data(), kInputs * sizeof(float));
    }
    const std::span<const float> y = pass.forward(weights);
    double squares = 0.0;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      const float d = y[i] - samples.targets[2 * drawn[i / 2] + i % 2];
      squares += static_cast<double>(d * d);
      slope[i] = 2.0f * d / static_cast<float>(settings.batch);
    }
    pass.backward(weights, slope, gradient);
    recent += 0.01 * (squares / static_cast<double>(settings.batch) - recent);
    const double share = 0.5 * (1.0 + std::cos(std::numbers::pi * step / settings.steps));
    adam.step(weights.values(), gradient, settings.step_size * static_cast<float>(share), 1.0f);
    weights.refresh();
  }
  if (error != nullptr) *error = recent;
  nn::WeightFile file;
  file.format = "safetensors";
  for (int layer = 0; layer < shape.num_layers(); ++layer)
    add_layer(weights, layer, scales, file.tensors);
  return file;
}

}  // namespace canter::trainer
