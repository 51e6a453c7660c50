// Layers stated plainly. linear_kernels.cpp is the same in vectors.

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/bf16_linear.h"
#include "nn/linear.h"

namespace canter::nn::detail {

float quantise_row(const float* x, std::int64_t count, std::int64_t padded, int offset,
                   std::uint8_t* q) {
  float largest = 0.0f;
  bool finite = true;
  for (std::int64_t i = 0; i < count; ++i) {
    largest = std::max(largest, std::abs(x[i]));
    finite &= std::isfinite(x[i]);
  }
  const float scale = finite ? largest / 127.0f : std::numeric_limits<float>::quiet_NaN();
  // A scale that is denormal has no inverse; such a row is as good as zero.
  const float inverse = finite && scale > 1e-37f ? 1.0f / scale : 0.0f;
  for (std::int64_t i = 0; i < padded; ++i) {
    const float value = i < count && finite ? std::nearbyint(x[i] * inverse) : 0.0f;
    q[i] = static_cast<std::uint8_t>(static_cast<int>(value) + offset);
  }
  return scale;
}

void linear_reference(const PackedLinear& layer, const LinearCall& call) {
  const auto padded = static_cast<std::size_t>(layer.padded_out());
  const auto bias = layer.bias.at<float>(0, padded);
  for (std::int64_t r = 0; r < call.rows; ++r) {
    const float* x = call.x + r * call.x_stride;
    float* y = call.y + r * call.y_stride;
    auto* q = reinterpret_cast<std::uint8_t*>(call.scratch.data());
    const bool integers = layer.precision == Precision::i8;
    const float x_scale = integers ? quantise_row(x, layer.in, layer.padded_in(), 128, q) : 1.0f;
    for (std::int64_t o = 0; o < layer.out; ++o) {
      const float start = call.accumulate ? y[o] : bias[static_cast<std::size_t>(o)];
      if (integers) {
        std::int32_t sum = 0;
        for (std::int64_t i = 0; i < layer.in; ++i)
          sum += static_cast<std::int32_t>(layer.weight(o, i)) * (q[i] - 128);
        const float w_scale = layer.scales.at<float>(0, padded)[static_cast<std::size_t>(o)];
        y[o] = start + static_cast<float>(sum) * (x_scale * w_scale);
      } else {
        const bool rounds = rounds_inputs(layer, call.rows);
        float sum = 0.0f;
        for (std::int64_t i = 0; i < layer.in; ++i)
          sum += layer.weight(o, i) * (rounds ? to_float(to_bfloat16(x[i])) : x[i]);
        y[o] = start + sum;
      }
    }
  }
}

void matmul_reference(const MatmulCall& call) {
  for (std::int64_t r = 0; r < call.rows; ++r)
    for (std::int64_t j = 0; j < call.n; ++j) {
      float sum = 0.0f;
      for (std::int64_t i = 0; i < call.k; ++i)
        sum += call.a[r * call.a_stride + i] * call.b[i * call.b_stride + j];
      call.c[r * call.c_stride + j] = sum;
    }
}

}  // namespace canter::nn::detail
