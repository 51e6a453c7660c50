// Layers of an architecture file: arithmetic between values and tensors, and the spectrum of a
// latent curve as the Periodic Autoencoder reads it.

#include <cmath>
#include <numbers>

#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

int wider_rank(const LayerBuilder& builder, const Names& values) {
  int rank = 0;
  for (const std::string& value : values) {
    if (builder.rank(value) < 0) return -1;
    rank = std::max(rank, builder.rank(value));
  }
  return rank;
}

// All inputs, and the number "value" if there is one, from left to right.
Names fold(LayerBuilder& builder, LayerSpec& spec, const Names& inputs, const char* op) {
  Names values = inputs;
  if (spec.has("value"))
    values.push_back(builder.scalar(static_cast<float>(spec.number("value", 0.0))));
  if (values.size() < 2) {
    spec.fail(ErrorCode::bad_format, "needs two inputs, or one and \"value\"");
    return inputs;
  }
  std::string result = values[0];
  for (std::size_t i = 1; i < values.size(); ++i)
    result = builder.emit(op, {result, values[i]}, wider_rank(builder, {result, values[i]}),
                          i + 1 == values.size() ? "" : "part");
  return {result};
}

Names add(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return fold(builder, spec, inputs, "Add");
}
Names sub(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return fold(builder, spec, inputs, "Sub");
}
Names mul(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return fold(builder, spec, inputs, "Mul");
}
Names div(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return fold(builder, spec, inputs, "Div");
}

Names sin(LayerBuilder& builder, LayerSpec&, const Names& inputs) {
  return {builder.emit("Sin", {inputs[0]}, builder.rank(inputs[0]))};
}
Names cos(LayerBuilder& builder, LayerSpec&, const Names& inputs) {
  return {builder.emit("Cos", {inputs[0]}, builder.rank(inputs[0]))};
}

// The angle of (x, y), inputs y and x; in turns where "turns" says so. ONNX has atan alone.
Names atan2(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  if (inputs.size() != 2) {
    spec.fail(ErrorCode::bad_format, "needs two inputs, y and x");
    return inputs;
  }
  const std::string& y = inputs[0];
  const std::string& x = inputs[1];
  const int rank = builder.rank(y);
  const std::string zero = builder.scalar(0.0f);
  const std::string pi = builder.scalar(std::numbers::pi_v<float>);
  const std::string ratio = builder.emit("Div", {y, x}, rank, "ratio");
  const std::string angle = builder.emit("Atan", {ratio}, rank, "atan");
  const std::string up = builder.emit("Add", {angle, pi}, rank, "up");
  const std::string down = builder.emit("Sub", {angle, pi}, rank, "down");
  const std::string below = builder.emit("Less", {y, zero}, rank, "below");
  const std::string left = builder.emit("Less", {x, zero}, rank, "left");
  const std::string turned = builder.emit("Where", {below, down, up}, rank, "turned");
  const bool turns = spec.flag("turns", false);
  const std::string radians =
      builder.emit("Where", {left, turned, angle}, rank, turns ? "radians" : "");
  if (!turns) return {radians};
  const float per_radian = 0.5f / std::numbers::pi_v<float>;
  return {builder.emit("Mul", {radians, builder.scalar(per_radian)}, rank)};
}

// Cosines or sines of the bins 1 … N/2 of N samples: [N, N/2]. Reduced exactly before rounding.
Tensor fourier(std::int64_t samples, bool sine) {
  const std::int64_t bins = samples / 2;
  std::vector<float> table;
  for (std::int64_t t = 0; t < samples; ++t)
    for (std::int64_t k = 1; k <= bins; ++k) {
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(t * k % samples) /
                           static_cast<double>(samples);
      table.push_back(static_cast<float>(sine ? std::sin(angle) : std::cos(angle)));
    }
  return Tensor::of(Shape({samples, bins}), std::span<const float>(table));
}

// Frequency (Hz), amplitude and offset of every channel of a curve [batch, channels, samples]:
// Starke, Mason and Komura 2022, DeepPhase, section 4; the amplitude is 2 √(Σ power) / samples.
Names spectrum(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("samples");
  spec.require("window_s");
  const std::int64_t samples = spec.integer("samples", 0);
  const double window_s = spec.number("window_s", 0.0);
  if (samples < 2 || samples > 1024 || !(window_s > 0.0))
    spec.fail(ErrorCode::bad_value, "samples must be 2 to 1024, window_s above 0");
  if (!spec.ok()) return Names(3, inputs[0]);
  const std::vector<std::int64_t> last = {-1};
  const auto squared = [&](bool sine, const std::string& name) {
    const std::string table = builder.constant(fourier(samples, sine), name);
    const std::string part = builder.emit("MatMul", {inputs[0], table}, 3, name);
    return builder.emit("Mul", {part, part}, 3, name + "_squared");
  };
  const std::string power =
      builder.emit("Add", {squared(false, "cosine"), squared(true, "sine")}, 3, "power");
  const auto sum = [&](const std::string& value, const char* name) {
    const std::string axes = builder.indices(last);
    return builder.emit("ReduceSum", {value, axes}, 2, name, {{"keepdims", std::int64_t{0}}});
  };
  std::vector<float> hertz;
  for (std::int64_t k = 1; k <= samples / 2; ++k)
    hertz.push_back(static_cast<float>(static_cast<double>(k) / window_s));
  const std::string bins = builder.constant(
      Tensor::of(Shape({static_cast<std::int64_t>(hertz.size())}), std::span<const float>(hertz)),
      "hertz");
  const std::string total = sum(power, "total");
  const std::string moment = sum(builder.emit("Mul", {power, bins}, 3, "weighted"), "moment");
  const std::string frequency = builder.emit("Div", {moment, total}, 2, "frequency");
  const std::string root = builder.emit("Sqrt", {total}, 2, "root");
  const std::string amplitude = builder.emit(
      "Mul", {root, builder.scalar(2.0f / static_cast<float>(samples))}, 2, "amplitude");
  const std::string offset = builder.emit("ReduceMean", {inputs[0]}, 2, "offset",
                                          {{"axes", last}, {"keepdims", std::int64_t{0}}});
  return {frequency, amplitude, offset};
}

constexpr LayerType kTypes[] = {
    {"add", add}, {"sub", sub}, {"mul", mul},     {"div", div},
    {"sin", sin}, {"cos", cos}, {"atan2", atan2}, {"spectrum", spectrum},
};

}  // namespace

std::span<const LayerType> math_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
