#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "canter/nn/half.h"
#include "nn/bf16_linear.h"
#include "nn/linear.h"

namespace canter::nn::detail {

namespace {

// How many inputs lie side by side for one output.
std::int64_t group_of(Precision precision) {
  return precision == Precision::i8 ? 4 : precision == Precision::bf16 ? 2 : 1;
}

std::size_t weight_size(Precision precision) {
  return precision == Precision::f32 ? 4 : precision == Precision::i8 ? 1 : 2;
}

// Index of weight (o, i) in elements.
std::int64_t index_of(const PackedLinear& layer, std::int64_t o, std::int64_t i) {
  const std::int64_t group = group_of(layer.precision);
  const std::int64_t panel = o / kPanelWidth;
  const std::int64_t width = layer.panel_width(panel);
  return panel * kPanelWidth * layer.padded_in() + (i / group * width + o % kPanelWidth) * group +
         i % group;
}

// The scale of an output's integers: its largest weight becomes 127.
float scale_of(const WeightSource& source, std::int64_t o, std::int64_t in) {
  float largest = 0.0f;
  for (std::int64_t i = 0; i < in; ++i) largest = std::max(largest, std::abs(source(o, i)));
  return largest / 127.0f;
}

constexpr std::int64_t kPackedTogether = 16;

// Fills the weights panel by panel, in the order in which they lie: value(o, i) as stored.
template <class T, class Value>
void fill_panels(PackedLinear& layer, Value value) {
  const std::int64_t group = group_of(layer.precision);
  T* to = reinterpret_cast<T*>(layer.weights.data());
  for (std::int64_t p = 0; p < layer.num_panels(); ++p) {
    const std::int64_t width = layer.panel_width(p);
    const std::int64_t first = p * kPanelWidth;
    const std::int64_t count = std::min(width, layer.out - first);
    // A few outputs at a time: as many lines of the source are in the cache as are read from.
    for (std::int64_t begin = 0; begin < count; begin += kPackedTogether) {
      const std::int64_t end = std::min(begin + kPackedTogether, count);
      T* row = to;
      for (std::int64_t i = 0; i < layer.padded_in(); i += group, row += width * group)
        for (std::int64_t o = begin; o < end; ++o)
          for (std::int64_t k = 0; k < group; ++k)
            row[o * group + k] = i + k < layer.in ? T(value(first + o, i + k)) : T{};
    }
    // Outputs that fill up the panel.
    if (count < width)
      for (std::int64_t i = 0; i < layer.padded_in() / group; ++i)
        std::fill(to + (i * width + count) * group, to + (i + 1) * width * group, T{});
    to += layer.padded_in() * width;
  }
}

void fill_integers(PackedLinear& layer, const WeightSource& source) {
  const auto padded = static_cast<std::size_t>(layer.padded_out());
  const auto scales = layer.scales.at<float>(0, padded);
  const auto sums = layer.sums.at<std::int32_t>(0, padded);
  std::vector<float> inverses(padded, 0.0f);
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.out); ++o) {
    scales[o] = scale_of(source, static_cast<std::int64_t>(o), layer.in);
    if (scales[o] > 0.0f && std::isfinite(scales[o])) inverses[o] = 1.0f / scales[o];
  }
  fill_panels<std::int8_t>(layer, [&](std::int64_t o, std::int64_t i) {
    const auto at = static_cast<std::size_t>(o);
    const float rounded = std::nearbyint(source(o, i) * inverses[at]);
    const auto q = static_cast<std::int8_t>(std::clamp(rounded, -127.0f, 127.0f));
    sums[at] += q;
    return q;
  });
}

void fill_weights(PackedLinear& layer, const WeightSource& source) {
  switch (layer.precision) {
    case Precision::f32:
      return fill_panels<float>(layer, source);
    case Precision::f16:
      return fill_panels<Half>(
          layer, [&](std::int64_t o, std::int64_t i) { return to_half(source(o, i)); });
    case Precision::bf16:
      return fill_panels<BFloat16>(
          layer, [&](std::int64_t o, std::int64_t i) { return to_bfloat16(source(o, i)); });
    case Precision::i8:
      return fill_integers(layer, source);
  }
}

}  // namespace

const std::byte* PackedLinear::panel(std::int64_t index) const {
  return weights.data() +
         static_cast<std::size_t>(index * kPanelWidth * padded_in()) * weight_size(precision);
}

float PackedLinear::weight(std::int64_t o, std::int64_t i) const {
  const auto at = static_cast<std::size_t>(index_of(*this, o, i));
  const auto count = weights.size() / weight_size(precision);
  switch (precision) {
    case Precision::f16:
      return to_float(weights.at<Half>(0, count)[at]);
    case Precision::bf16:
      return to_float(weights.at<BFloat16>(0, count)[at]);
    case Precision::i8:
      return static_cast<float>(weights.at<std::int8_t>(0, count)[at]);
    case Precision::f32:
      break;
  }
  return weights.at<float>(0, count)[at];
}

PackedLinear pack_linear(const WeightSource& source, std::int64_t in, std::int64_t out,
                         const float* bias, Precision precision,
                         std::pmr::memory_resource* memory) {
  PackedLinear layer;
  layer.precision = precision == Precision::i8 && in > kMostInt8Inputs ? Precision::f16 : precision;
  layer.in = in;
  layer.out = out;
  const auto padded = static_cast<std::size_t>(layer.padded_out());
  layer.weights = Block::undefined(
      padded * static_cast<std::size_t>(layer.padded_in()) * weight_size(layer.precision), memory);
  layer.bias = Block(padded * sizeof(float), memory);
  if (layer.precision == Precision::i8) {
    layer.scales = Block(padded * sizeof(float), memory);
    layer.sums = Block(padded * sizeof(std::int32_t), memory);
  }
  if (bias != nullptr) std::copy_n(bias, out, layer.bias.at<float>(0, padded).begin());
  fill_weights(layer, source);
  return layer;
}

std::size_t linear_scratch_bytes(const PackedLinear& layer, std::int64_t rows) {
  if (rounds_inputs(layer, rows)) return bfloat16_scratch_bytes(layer, rows);
  if (layer.precision != Precision::i8) return 0;
  return align_up(static_cast<std::size_t>(rows) * static_cast<std::size_t>(layer.padded_in())) +
         align_up(static_cast<std::size_t>(rows) * sizeof(float));
}

std::size_t matmul_scratch_bytes(std::int64_t k, std::int64_t n) {
  if (n % kPanelStep == 0) return 0;
  const std::int64_t padded = (n + kPanelStep - 1) / kPanelStep * kPanelStep;
  return static_cast<std::size_t>(k * padded) * sizeof(float);
}

}  // namespace canter::nn::detail
