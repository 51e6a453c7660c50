#include "trainer/nn/mlp.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace canter::trainer::detail {
namespace {

// Nearest, ties to even, as nn::to_bfloat16 for numbers; NaN stays NaN because the loops here
// check for it elsewhere. Without branches, so that the compiler makes vectors of it.
std::uint16_t round_to_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

float widen_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

void narrow(const float* values, std::size_t count, std::uint16_t* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = round_to_bf16(values[i]);
}

// The gradient passes where the activation is positive. Elements are compared as integers: ReLU
// gives +0 or a positive number in either precision.
template <class Bits>
void mask_by_relu(const std::byte* activation, std::byte* gradient, std::size_t count) {
  const auto* a = reinterpret_cast<const Bits*>(activation);
  auto* g = reinterpret_cast<Bits*>(gradient);
  for (std::size_t i = 0; i < count; ++i) g[i] = a[i] == 0 ? Bits{0} : g[i];
}

void add_row(const float* row, float* sums, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += row[i];
}
void add_row(const std::uint16_t* row, float* sums, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += widen_bf16(row[i]);
}

// Sums over the batch, row after row: the order, and so the bits, never change.
template <class T>
void sum_rows(const std::byte* rows, int batch, std::size_t columns, float* sums) {
  std::memset(sums, 0, columns * sizeof(float));
  for (int i = 0; i < batch; ++i)
    add_row(reinterpret_cast<const T*>(rows) + static_cast<std::size_t>(i) * columns, sums,
            columns);
}

}  // namespace

Weights::Weights(const MlpShape& shape, Precision precision)
    : shape_(shape),
      precision_(precision),
      values_(shape.num_elements() * sizeof(float)),
      narrow_(precision == Precision::bf16 ? shape.num_elements() * sizeof(std::uint16_t) : 0) {}

void Weights::refresh() {
  if (precision_ != Precision::bf16) return;
  narrow(values().data(), shape_.num_elements(), reinterpret_cast<std::uint16_t*>(narrow_.data()));
}

const void* Weights::weights(int layer) const {
  const std::size_t at = shape_.weights_at(layer);
  if (precision_ == Precision::bf16) return narrow_.data() + at * sizeof(std::uint16_t);
  return values().data() + at;
}

void initialise(Weights& weights, float output_range, Random& random) {
  const MlpShape& shape = weights.shape();
  const std::span<float> values = weights.values();
  for (int layer = 0; layer < shape.num_layers(); ++layer) {
    const bool last = layer + 1 == shape.num_layers();
    const double range = last && output_range > 0.0f
                             ? static_cast<double>(output_range)
                             : std::sqrt(6.0 / (shape.in(layer) + shape.out(layer)));
    for (float& w : values.subspan(shape.weights_at(layer), shape.num_weights(layer)))
      w = static_cast<float>(range * (2.0 * random.uniform() - 1.0));
    for (float& b :
         values.subspan(shape.bias_at(layer), static_cast<std::size_t>(shape.out(layer))))
      b = 0.0f;
  }
  weights.refresh();
}

void encode(std::span<const float> values, Precision precision, std::byte* out) {
  if (precision == Precision::bf16)
    narrow(values.data(), values.size(), reinterpret_cast<std::uint16_t*>(out));
  else
    std::memcpy(out, values.data(), values.size_bytes());
}

MlpPass::MlpPass(const MlpShape& shape, Precision precision, int batch, Purpose purpose)
    : shape_(shape), precision_(precision), batch_(batch) {
  const auto rows = static_cast<std::size_t>(batch);
  const std::size_t element = activation_bytes(precision);
  input_ = Block(rows * static_cast<std::size_t>(shape.inputs()) * element);
  layers_.resize(static_cast<std::size_t>(shape.num_layers()));
  for (int i = 0; i < shape.num_layers(); ++i) {
    Layer& layer = layers_[static_cast<std::size_t>(i)];
    const bool last = i + 1 == shape.num_layers();
    const std::size_t outputs = rows * static_cast<std::size_t>(shape.out(i));
    layer.forward = Gemm({.m = batch,
                          .n = shape.out(i),
                          .k = shape.in(i),
                          .in = precision,
                          .out = last ? Precision::f32 : precision,
                          .bias = true,
                          .relu = !last});
    layer.activation = Block(outputs * (last ? sizeof(float) : element));
    if (purpose == Purpose::inference) continue;
    layer.weights_gradient = Gemm(
        {.m = shape.in(i), .n = shape.out(i), .k = batch, .a_transposed = true, .in = precision});
    if (i > 0)
      layer.input_gradient = Gemm({.m = batch,
                                   .n = shape.in(i),
                                   .k = shape.out(i),
                                   .b_transposed = true,
                                   .in = precision,
                                   .out = precision});
    layer.gradient = Block(outputs * element);
  }
}

std::byte* MlpPass::input_row(int i) {
  return input_.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(shape_.inputs()) *
                             activation_bytes(precision_);
}

std::span<const float> MlpPass::forward(const Weights& weights) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const int layer = static_cast<int>(i);
    layers_[i].forward.run(input_of(i), weights.weights(layer), weights.bias(layer),
                           layers_[i].activation.data());
  }
  return std::as_const(layers_.back().activation)
      .at<float>(0, static_cast<std::size_t>(batch_) * static_cast<std::size_t>(shape_.outputs()));
}

void MlpPass::backward(const Weights& weights, std::span<const float> output_gradient,
                       std::span<float> gradient) {
  const bool bf16 = precision_ == Precision::bf16;
  encode(output_gradient, precision_, layers_.back().gradient.data());
  for (std::size_t i = layers_.size(); i-- > 0;) {
    Layer& layer = layers_[i];
    const int index = static_cast<int>(i);
    const auto out = static_cast<std::size_t>(shape_.out(index));
    layer.weights_gradient.run(input_of(i), layer.gradient.data(), nullptr,
                               gradient.data() + shape_.weights_at(index));
    float* bias_gradient = gradient.data() + shape_.bias_at(index);
    if (bf16)
      sum_rows<std::uint16_t>(layer.gradient.data(), batch_, out, bias_gradient);
    else
      sum_rows<float>(layer.gradient.data(), batch_, out, bias_gradient);
    if (i == 0) break;
    Layer& below = layers_[i - 1];
    layer.input_gradient.run(layer.gradient.data(), weights.weights(index), nullptr,
                             below.gradient.data());
    const std::size_t count =
        static_cast<std::size_t>(batch_) * static_cast<std::size_t>(shape_.in(index));
    if (bf16)
      mask_by_relu<std::uint16_t>(below.activation.data(), below.gradient.data(), count);
    else
      mask_by_relu<std::uint32_t>(below.activation.data(), below.gradient.data(), count);
  }
}

}  // namespace canter::trainer::detail
