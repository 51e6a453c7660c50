#pragma once

// y = W x + b in tiles of 16 rows by 16 outputs, written against a tile interface, so that its
// packing, indices and edges are tested without the hardware (tests/nn/amx_test.cpp emulates
// tiles).
//
// Tiles: an object that configures eight full tiles when made and lets go of them when it goes;
//   zero<T>(); load<T>(address, stride_bytes); store<T>(address, stride_bytes);
//   multiply<C, A, B>(): C[m][n] += sum over k of A[m][2k] B[k][2n] + A[m][2k + 1] B[k][2n + 1]

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "nn/bf16_linear.h"

namespace canter::nn::detail {

template <class Tiles>
class AmxKernel {
 public:
  AmxKernel(const PackedLinear& layer, const LinearCall& call, const BFloat16* x)
      : layer_(layer), call_(call), x_(x), stride_(bfloat16_stride(layer)) {}

  void run() {
    Tiles tiles;
    for (std::int64_t p = 0; p < layer_.num_panels(); ++p) {
      width_ = layer_.panel_width(p);
      panel_ = reinterpret_cast<const std::uint32_t*>(layer_.panel(p));
      for (std::int64_t o = 0; o < width_; o += 2 * kSide) {
        const bool two = o + kSide < width_;
        fill_tail(0, o);
        if (two) fill_tail(1, o + kSide);
        for (std::int64_t r = 0; r < call_.rows; r += 2 * kSide)
          run_block(tiles, p * kPanelWidth, o, r, two, r + kSide < call_.rows);
      }
    }
  }

 private:
  static constexpr std::int64_t kSide = 16;       // rows, outputs, and pairs of inputs of a tile
  static constexpr std::int64_t kTileBytes = 64;  // of a row of a tile

  // The last pairs of inputs of 16 outputs, zeros beyond: the panel ends before a tile does.
  void fill_tail(int column, std::int64_t o) {
    const std::int64_t pairs = layer_.padded_in() / 2;
    const std::int64_t whole = pairs / kSide * kSide;
    std::memset(tails_[column], 0, sizeof tails_[column]);
    for (std::int64_t k = whole; k < pairs; ++k)
      std::memcpy(tails_[column] + (k - whole) * kSide, panel_ + k * width_ + o, kTileBytes);
  }

  // Up to 32 rows by 32 outputs.
  void run_block(Tiles& tiles, std::int64_t first, std::int64_t o, std::int64_t r, bool two_columns,
                 bool two_rows) {
    tiles.template zero<0>();
    tiles.template zero<1>();
    tiles.template zero<2>();
    tiles.template zero<3>();
    const std::int64_t pairs = layer_.padded_in() / 2;
    std::int64_t k = 0;
    for (; k + kSide <= pairs; k += kSide)
      multiply(tiles, r, k, panel_ + k * width_ + o, panel_ + k * width_ + o + kSide, 4 * width_,
               two_columns, two_rows);
    if (k < pairs) multiply(tiles, r, k, tails_[0], tails_[1], kTileBytes, two_columns, two_rows);
    tiles.template store<0>(sums_[0], kTileBytes);
    tiles.template store<1>(sums_[1], kTileBytes);
    tiles.template store<2>(sums_[2], kTileBytes);
    tiles.template store<3>(sums_[3], kTileBytes);
    finish(sums_[0], first + o, r);
    if (two_columns) finish(sums_[1], first + o + kSide, r);
    if (two_rows) finish(sums_[2], first + o, r + kSide);
    if (two_rows && two_columns) finish(sums_[3], first + o + kSide, r + kSide);
  }

  void multiply(Tiles& tiles, std::int64_t r, std::int64_t k, const std::uint32_t* w0,
                const std::uint32_t* w1, std::int64_t w_stride, bool two_columns, bool two_rows) {
    const BFloat16* x = x_ + r * stride_ + 2 * k;
    tiles.template load<4>(x, 2 * stride_);
    tiles.template load<6>(w0, w_stride);
    tiles.template multiply<0, 4, 6>();
    if (two_columns) {
      tiles.template load<7>(w1, w_stride);
      tiles.template multiply<1, 4, 7>();
    }
    if (!two_rows) return;
    tiles.template load<5>(x + kSide * stride_, 2 * stride_);
    tiles.template multiply<2, 5, 6>();
    if (two_columns) tiles.template multiply<3, 5, 7>();
  }

  // Adds a tile's sums to the bias, or to what is there.
  void finish(const float* sums, std::int64_t o, std::int64_t r) {
    const std::int64_t columns = std::min(kSide, layer_.out - o);
    const float* bias = reinterpret_cast<const float*>(layer_.bias.data()) + o;
    for (std::int64_t i = 0; i < std::min(kSide, call_.rows - r); ++i, sums += kSide) {
      float* y = call_.y + (r + i) * call_.y_stride + o;
      for (std::int64_t c = 0; c < columns; ++c)
        y[c] = (call_.accumulate ? y[c] : bias[c]) + sums[c];
    }
  }

  const PackedLinear& layer_;
  const LinearCall& call_;
  const BFloat16* x_;
  std::int64_t stride_;
  std::int64_t width_ = 0;
  const std::uint32_t* panel_ = nullptr;  ///< [in / 2][width] pairs of weights
  alignas(64) std::uint32_t tails_[2][kSide * kSide];
  alignas(64) float sums_[4][kSide * kSide];
};

}  // namespace canter::nn::detail
