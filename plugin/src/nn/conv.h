#pragma once

// Convolution over one or two axes: geometry, packed weights, the scalar reference, the kernels.
//
// The kernels see one problem only: out[c][p] = bias[c] + sum over r of w[c][r] * x[offset[r] + p].
// Padding, stride, dilation and the second axis are dealt with when the input is copied into a
// padded buffer: a stride of s becomes s interleaved planes, so that neighbouring outputs read
// neighbouring samples; rows of two axes follow each other, and the few outputs that straddle two
// rows are computed and thrown away.

#include <cstdint>
#include <span>

#include "canter/base/memory.h"
#include "canter/nn/model.h"
#include "nn/window.h"

namespace canter::nn::detail {

/// Channels that lie side by side in the packed weights.
inline constexpr std::int64_t kChannelTile = 8;
/// Numbers the kernels may read beyond the positions they need.
inline constexpr std::int64_t kReadSlack = 64;

/// Weights of one convolution: [groups][tiles of kChannelTile channels][taps][kChannelTile].
/// i8 has one scale per output channel and is widened, as f16 and bf16 are, before use.
struct PackedConv {
  Precision precision = Precision::f32;
  std::int64_t groups = 1;
  std::int64_t in = 0;    ///< channels per group
  std::int64_t out = 0;   ///< channels per group
  std::int64_t taps = 0;  ///< in * kernel height * kernel width
  Block weights;
  Block bias;    ///< [groups * out] f32
  Block scales;  ///< [groups * out] f32, i8 only

  std::int64_t tiles() const { return (out + kChannelTile - 1) / kChannelTile; }
  std::int64_t group_size() const { return tiles() * taps * kChannelTile; }
  std::size_t size_bytes() const { return weights.size() + bias.size() + scales.size(); }
};

/// @param weights  [groups * out, in, taps of the kernel]
/// @param bias     [groups * out], or null for zeros
PackedConv pack_conv(const float* weights, std::int64_t groups, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, const float* bias, Precision precision);

/// The weights of a group as f32, scales included. [group_size()]
void widen_group(const PackedConv& conv, std::int64_t group, float* to);

/// How an input lies in its padded buffer.
struct ConvLayout {
  Window window;
  std::int64_t up_height = 1;  ///< zeros between samples, of a transposed convolution
  std::int64_t up_width = 1;
  std::int64_t rows = 0;       ///< of a plane
  std::int64_t pitch = 0;      ///< samples of a row
  std::int64_t channel = 0;    ///< numbers of a channel: planes of all phases
  std::int64_t positions = 0;  ///< outputs per channel, those thrown away included

  bool compact() const { return pitch == window.width.out || window.height.out == 1; }
};
/// Fills rows, pitch, channel and positions.
void finish_layout(ConvLayout& layout);
/// Offset of every tap in the buffer of a group. @param offsets  [in * kernel]
void tap_offsets(const ConvLayout& layout, std::int64_t in, std::span<std::int32_t> offsets);
/// Copies `channels` channels of one item into the buffer, zeros around.
void copy_padded(const ConvLayout& layout, const float* x, std::int64_t channels, float* buffer);

/// out[c][p] for all channels of a group. @param out  [channels][out_stride]
struct ConvCall {
  const float* weights = nullptr;  ///< [tiles][taps][kChannelTile]
  const float* bias = nullptr;
  const std::int32_t* offsets = nullptr;
  const float* x = nullptr;
  float* out = nullptr;
  std::int64_t out_stride = 0;
  std::int64_t channels = 0;
  std::int64_t taps = 0;
  std::int64_t positions = 0;
};
void conv_simd(const ConvCall& call);
void conv_reference(const ConvCall& call);

}  // namespace canter::nn::detail
