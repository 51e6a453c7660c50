#pragma once

// y = W x + b for batches of rows: packed weights, the scalar reference and the vector kernels.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>

#include "canter/base/memory.h"
#include "canter/nn/model.h"

namespace canter::nn::detail {

/// Outputs that lie side by side in memory for every input: one AVX-512 register of f32 four times.
inline constexpr std::int64_t kPanelWidth = 64;
/// Panels are padded with zeros to a multiple of this many outputs.
inline constexpr std::int64_t kPanelStep = 16;
/// Inputs beyond this do not fit the 32-bit sums of i8; such layers are kept as f16.
inline constexpr std::int64_t kMostInt8Inputs = 65000;

/// Weights as the kernels read them, in panels of kPanelWidth outputs (the last may be narrower):
///   f32, f16  [in][width]
///   bf16      [in / 2][width][2]   pairs of inputs, so that one shift or mask widens
///   i8        [in / 4][width][4]   as vpdpbusd wants them
struct PackedLinear {
  Precision precision = Precision::f32;
  std::int64_t in = 0;
  std::int64_t out = 0;
  Block weights;
  Block bias;    ///< [padded out] f32
  Block scales;  ///< [padded out] f32, i8 only: weight = scale * integer
  Block sums;    ///< [padded out] i32, i8 only: sum of the integers of an output

  std::int64_t padded_out() const { return (out + kPanelStep - 1) / kPanelStep * kPanelStep; }
  std::int64_t num_panels() const { return (out + kPanelWidth - 1) / kPanelWidth; }
  std::int64_t panel_width(std::int64_t panel) const {
    const std::int64_t rest = padded_out() - panel * kPanelWidth;
    return rest < kPanelWidth ? rest : kPanelWidth;
  }
  /// Inputs padded to what one step of the precision takes.
  std::int64_t padded_in() const {
    const std::int64_t step = precision == Precision::i8 ? 4 : precision == Precision::bf16 ? 2 : 1;
    return (in + step - 1) / step * step;
  }
  const std::byte* panel(std::int64_t index) const;
  std::size_t size_bytes() const {
    return weights.size() + bias.size() + scales.size() + sums.size();
  }
  /// The weight from input i to output o as the kernels see it, without the scale of i8.
  float weight(std::int64_t o, std::int64_t i) const;
};

/// Where the weights of a layer come from: w(o, i) = data[o * out_step + i * in_step].
struct WeightSource {
  const float* data = nullptr;
  std::int64_t out_step = 0;
  std::int64_t in_step = 0;

  float operator()(std::int64_t o, std::int64_t i) const {
    return data[o * out_step + i * in_step];
  }
};

/// @param bias  [out], or null for zeros
PackedLinear pack_linear(const WeightSource& source, std::int64_t in, std::int64_t out,
                         const float* bias, Precision precision,
                         std::pmr::memory_resource* memory = std::pmr::get_default_resource());

/// One call: `rows` rows of x against the layer.
struct LinearCall {
  const float* x = nullptr;  ///< [rows, in]
  std::int64_t rows = 0;
  std::int64_t x_stride = 0;
  float* y = nullptr;  ///< [rows, out]
  std::int64_t y_stride = 0;
  bool accumulate = false;  ///< y += W x, without the bias
  bool reverse = false;     ///< panels last to first; the result is the same
  std::span<std::byte> scratch;
};

std::size_t linear_scratch_bytes(const PackedLinear& layer, std::int64_t rows);

void linear_reference(const PackedLinear& layer, const LinearCall& call);
void linear_simd(const PackedLinear& layer, const LinearCall& call);
inline void linear(const PackedLinear& layer, const LinearCall& call, bool reference) {
  reference ? linear_reference(layer, call) : linear_simd(layer, call);
}

/// c[rows, n] = a[rows, k] b[k, n], dense rows of the given strides.
struct MatmulCall {
  const float* a = nullptr;
  std::int64_t a_stride = 0;
  const float* b = nullptr;
  std::int64_t b_stride = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  std::int64_t rows = 0, k = 0, n = 0;
  std::span<std::byte> scratch;
};
std::size_t matmul_scratch_bytes(std::int64_t k, std::int64_t n);
void matmul_reference(const MatmulCall& call);
void matmul_simd(const MatmulCall& call);
inline void matmul(const MatmulCall& call, bool reference) {
  reference ? matmul_reference(call) : matmul_simd(call);
}

/// A row as integers -127 to 127: q = round(x / scale), scale = largest / 127. A row that is not
/// finite has scale NaN, and so will its results.
/// @param q  [padded] out, zero beyond `count`, plus `offset` each
float quantise_row(const float* x, std::int64_t count, std::int64_t padded, int offset,
                   std::uint8_t* q);

}  // namespace canter::nn::detail
