#pragma once

// Convolution over one or two axes: geometry, packed weights, the scalar reference, the kernels.
//
// The kernels see one problem only: out[c][p] = bias[c] + sum over r of w[c][r] * x[offset[r] + p].
// Padding, stride, dilation and the second axis are dealt with when the input is copied into a
// padded buffer: a stride of s becomes s interleaved planes, so that neighbouring outputs read
// neighbouring samples; a row of outputs is a row of positions.

#include <cstdint>
#include <memory_resource>
#include <span>

#include "canter/base/memory.h"
#include "canter/nn/model.h"
#include "nn/window.h"

namespace canter::nn::detail {

/// Channels that lie side by side in the packed weights.
inline constexpr std::int64_t kChannelTile = 8;
/// Numbers the kernels may read beyond the positions they need.
inline constexpr std::int64_t kReadSlack = 64;

/// Weights of one convolution: [groups][tiles of kChannelTile channels][taps][kChannelTile], in 16
/// or 8 bits where the precision says so. They are read once per tile of positions: a run widens
/// the tile it works on.
struct PackedConv {
  Precision precision = Precision::f32;
  std::int64_t groups = 1;
  std::int64_t in = 0;    ///< channels per group
  std::int64_t out = 0;   ///< channels per group
  std::int64_t taps = 0;  ///< in * kernel height * kernel width
  Block weights;
  Block bias;    ///< [groups * out] f32
  Block scales;  ///< i8: [groups][tiles][kChannelTile] f32

  std::int64_t tiles() const { return (out + kChannelTile - 1) / kChannelTile; }
  std::int64_t tile_size() const { return taps * kChannelTile; }
  std::size_t size_bytes() const { return weights.size() + bias.size() + scales.size(); }
};

/// @param weights  [groups * out, in, taps of the kernel]
/// @param bias     [groups * out], or null for zeros
PackedConv pack_conv(const float* weights, std::int64_t groups, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, const float* bias, Precision precision,
                     std::pmr::memory_resource* memory = std::pmr::get_default_resource());

/// Numbers that widen_tile() writes at most.
inline std::int64_t widened_size(const PackedConv& conv) {
  return conv.precision == Precision::f32 ? 0 : conv.tile_size();
}
/// The f32 weights of a tile, [taps][kChannelTile]: where they lie, or widened into `to`.
const float* widen_tile(const PackedConv& conv, std::int64_t group, std::int64_t tile, float* to);

/// How an input lies in its padded buffer.
struct ConvLayout {
  Window window;
  std::int64_t up_height = 1;  ///< zeros between samples, of a transposed convolution
  std::int64_t up_width = 1;
  std::int64_t rows = 0;     ///< of a plane
  std::int64_t pitch = 0;    ///< samples of a row
  std::int64_t channel = 0;  ///< numbers of a channel: planes of all phases
};
/// Fills rows, pitch and channel.
void finish_layout(ConvLayout& layout);
/// Offset of every tap in the buffer of a group. @param offsets  [in * kernel]
void tap_offsets(const ConvLayout& layout, std::int64_t in, std::span<std::int32_t> offsets);
/// Copies `channels` channels of one item into the buffer, zeros around. Up to kReadSlack numbers
/// behind the last may be written, too.
void copy_padded(const ConvLayout& layout, const float* x, std::int64_t channels, float* buffer);
/// Its common case, neither strides nor zeros between samples: [channels][in_rows][in_width] into
/// [channels][rows][pitch], the first sample at (top, left).
struct PaddedCopy {
  const float* x = nullptr;
  std::int64_t channels = 0, in_rows = 0, in_width = 0;
  float* to = nullptr;
  std::int64_t rows = 0, pitch = 0;
  std::int64_t top = 0, left = 0;  ///< negative: samples are left out
};
void copy_padded_simd(const PaddedCopy& copy);

/// All channels of a group: out[c][row][i] for every row of the plane.
struct ConvCall {
  const float* weights = nullptr;  ///< [tiles][taps][kChannelTile]
  const float* bias = nullptr;
  const std::int32_t* offsets = nullptr;
  const float* x = nullptr;
  float* out = nullptr;  ///< [channels][rows][width]
  std::int64_t channels = 0;
  std::int64_t taps = 0;
  std::int64_t rows = 1;
  std::int64_t width = 0;
  std::int64_t pitch = 0;  ///< samples from one row of x to the next
  bool relu = false;       ///< negative results become 0
};
void conv_simd(const ConvCall& call);
void conv_reference(const ConvCall& call);

}  // namespace canter::nn::detail
