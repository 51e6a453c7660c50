#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>
#include <string>

#include "canter/phase/window_network.h"
#include "canter/trainer/phase.h"
#include "trainer/nn/adam.h"
#include "trainer/phase/valid_conv.h"
#include "trainer/ppo/random.h"

namespace canter::trainer {
namespace {

using namespace detail;

constexpr int kFrames = phase::kWindowFrames, kDims = phase::kWindowDims;
constexpr int kOutputs = 2 * phase::kWindowPhases;
constexpr auto kWindow = static_cast<std::size_t>(kFrames) * static_cast<std::size_t>(kDims);

// The five layers; a dense one is a convolution over all the frames there are.
class Layers {
 public:
  explicit Layers(int batch) {
    const ValidConv::Extent extents[] = {{kDims, 32, 25, kFrames},
                                         {32, 64, 15, kFrames - 24},
                                         {64, 128, 5, kFrames - 38},
                                         {128, 256, kFrames - 42, kFrames - 42},
                                         {256, kOutputs, 1, 1, false}};
    for (const ValidConv::Extent& extent : extents) {
      begins_.push_back(size_);
      layers_.emplace_back(extent, batch);
      size_ += layers_.back().num_parameters();
      slopes_.emplace_back(static_cast<std::size_t>(batch * extent.frames * extent.in));
    }
  }

  std::size_t num_parameters() const { return size_; }
  std::size_t count() const { return layers_.size(); }
  const ValidConv& layer(std::size_t i) const { return layers_[i]; }
  /// A layer's share of an array of all parameters.
  template <class T>
  std::span<T> of(std::span<T> all, std::size_t i) const {
    return all.subspan(begins_[i], layers_[i].num_parameters());
  }

  std::span<const float> forward(std::span<const float> parameters, const float* x) {
    std::span<const float> y;
    for (std::size_t i = 0; i < layers_.size(); ++i, x = y.data())
      y = layers_[i].forward(of(parameters, i), x);
    return y;
  }
  void backward(std::span<const float> parameters, std::span<float> gy, std::span<float> gradient) {
    for (std::size_t i = layers_.size(); i-- > 0;) {
      float* gx = i == 0 ? nullptr : slopes_[i].data();
      layers_[i].backward(of(parameters, i), gy, of(gradient, i), gx);
      gy = slopes_[i];
    }
  }

 private:
  std::vector<ValidConv> layers_;
  std::vector<std::size_t> begins_;
  std::vector<std::vector<float>> slopes_;  ///< by what goes into each layer
  std::size_t size_ = 0;
};

// He's uniform weights; the last layer's a tenth of that.
void initialise(const Layers& layers, std::span<float> parameters, Random& random) {
  for (std::size_t i = 0; i < layers.count(); ++i) {
    const ValidConv::Extent& e = layers.layer(i).extent();
    const double fan_in = static_cast<double>(e.in) * e.taps;
    const double bound = std::sqrt(6.0 / fan_in) * (e.relu ? 1.0 : 0.1);
    const auto own = layers.of(parameters, i);
    for (std::size_t w = 0; w < own.size(); ++w)
      own[w] = w < layers.layer(i).num_weights()
                   ? static_cast<float>(bound * (2.0 * random.uniform() - 1.0))
                   : 0.0f;
  }
}

// How much every feature varies; its mean is 0 but for turns.
std::vector<float> deviations(const WindowSamples& samples) {
  std::vector<double> squares(kDims, 0.0);
  for (const float* window : samples.windows)
    for (std::size_t d = 0; d < kDims; ++d) {
      // The newest row stands for its window: neighbours share the others.
      const double v = static_cast<double>(window[kWindow - kDims + d]);
      squares[d] += v * v / static_cast<double>(samples.windows.size());
    }
  std::vector<float> out;
  for (const double s : squares) out.push_back(static_cast<float>(std::max(std::sqrt(s), 0.01)));
  return out;
}

// A window in deviations, every feature's level off by some noise of its own.
void draw_window(const float* window, std::span<const float> deviation, float noise, Random& random,
                 float* to) {
  std::array<float, kDims> shift;
  for (float& s : shift) s = 1.7f * noise * static_cast<float>(2.0 * random.uniform() - 1.0);
  for (std::size_t i = 0; i < kWindow; ++i)
    to[i] = window[i] / deviation[i % kDims] + shift[i % kDims];
}

// [taps, in, out] of the trainer to [out, in, taps] of files; the first layer takes raw features.
void add_layer(const Layers& layers, std::size_t i, std::span<const float> parameters,
               std::span<const float> deviation, nn::TensorMap& tensors) {
  const ValidConv::Extent& e = layers.layer(i).extent();
  const auto in = static_cast<std::size_t>(e.in), out = static_cast<std::size_t>(e.out),
             taps = static_cast<std::size_t>(e.taps);
  const auto own = layers.of(parameters, i);
  std::vector<float> weights(taps * in * out);
  for (std::size_t k = 0; k < taps; ++k)
    for (std::size_t c = 0; c < in; ++c)
      for (std::size_t o = 0; o < out; ++o)
        weights[(o * in + c) * taps + k] =
            own[(k * in + c) * out + o] / (i == 0 ? deviation[c] : 1.0f);
  const bool dense = i >= 3;
  const std::string name = dense ? "fc." + std::to_string(i - 3) : "conv." + std::to_string(i);
  const nn::Shape shape = dense ? nn::Shape{e.out, e.in * e.taps} : nn::Shape{e.out, e.in, e.taps};
  tensors.emplace(name + ".weight", nn::Tensor::of(shape, std::span<const float>(weights)));
  tensors.emplace(name + ".bias",
                  nn::Tensor::of(nn::Shape{e.out}, own.subspan(layers.layer(i).num_weights())));
}

}  // namespace

nn::WeightFile learn_window_network(const WindowSamples& samples, const WindowSettings& settings,
                                    double* error, const std::function<void(int)>& progress) {
  const std::size_t count = samples.windows.size();
  assert(count > 0 && samples.targets.size() == count * kOutputs);
  const std::vector<float> deviation = deviations(samples);
  Layers layers(settings.batch);
  std::vector<float> parameters(layers.num_parameters()), gradient(parameters.size());
  Random random(settings.seed);
  initialise(layers, parameters, random);
  Adam adam(parameters.size());
  const auto batch = static_cast<std::size_t>(settings.batch);
  std::vector<float> x(batch * kWindow), slope(batch * kOutputs);
  std::vector<std::size_t> drawn(batch);
  double recent = 1.0;
  for (int step = 0; step < settings.steps; ++step) {
    for (std::size_t b = 0; b < batch; ++b) {
      drawn[b] = random.below(static_cast<std::uint32_t>(count));
      draw_window(samples.windows[drawn[b]], deviation, settings.noise, random,
                  x.data() + b * kWindow);
    }
    const std::span<const float> y = layers.forward(parameters, x.data());
    double squares = 0.0;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      const float d = y[i] - samples.targets[kOutputs * drawn[i / kOutputs] + i % kOutputs];
      squares += static_cast<double>(d * d);
      slope[i] = 2.0f * d / static_cast<float>(settings.batch);
    }
    layers.backward(parameters, slope, gradient);
    recent += 0.01 * (squares / static_cast<double>(settings.batch) - recent);
    const double share = 0.5 * (1.0 + std::cos(std::numbers::pi * step / settings.steps));
    const float step_size = settings.step_size * static_cast<float>(share);
    for (float& p : parameters) p -= step_size * settings.weight_decay * p;
    adam.step(parameters, gradient, step_size, 1.0f);
    if (progress) progress(step + 1);
  }
  if (error != nullptr) *error = recent;
  nn::WeightFile file;
  file.format = "safetensors";
  for (std::size_t i = 0; i < layers.count(); ++i)
    add_layer(layers, i, parameters, deviation, file.tensors);
  return file;
}

}  // namespace canter::trainer
