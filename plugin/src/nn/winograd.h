#pragma once

// 3 x 3 convolution of stride 1 by minimal filtering, F(2x2, 3x3) of Lavin and Gray 2016, "Fast
// algorithms for convolutional neural networks", section 4.1: 16 products for 4 results instead of
// 36. A number that is not finite also reaches the results that share a tile with it.

#include <cstdint>
#include <memory_resource>
#include <span>

#include "canter/base/memory.h"
#include "nn/conv.h"

namespace canter::nn::detail {

/// Points of a transformed tile.
inline constexpr std::int64_t kWinogradPoints = 16;

/// Transformed kernels: [points][out][in].
struct WinogradConv {
  std::int64_t in = 0;
  std::int64_t out = 0;
  Block weights;
  Block bias;  ///< [out]

  std::size_t size_bytes() const { return weights.size() + bias.size(); }
};

/// Whether it is faster than the direct loops for these numbers of channels.
bool winograd_pays(std::int64_t in, std::int64_t out);
/// @param weights  [out, in, 3, 3]
/// @param bias     [out], or null for zeros
WinogradConv pack_winograd(const float* weights, std::int64_t in, std::int64_t out,
                           const float* bias,
                           std::pmr::memory_resource* memory = std::pmr::get_default_resource());

/// The padded buffer of copy_padded() for whole tiles of 2 x 2 results.
/// @param layout  its window set; the rest is filled
void winograd_layout(ConvLayout& layout);

struct WinogradCall {
  const float* x = nullptr;  ///< padded buffer of all channels, kReadSlack numbers behind it
  std::int64_t channel = 0;  ///< numbers of a channel of it
  std::int64_t pitch = 0;    ///< numbers of a row of it
  std::int64_t height = 0;   ///< of the results
  std::int64_t width = 0;
  float* y = nullptr;  ///< [out][height][width]
  bool relu = false;   ///< negative results become 0
  std::span<std::byte> scratch;
};
std::size_t winograd_scratch_bytes(const WinogradConv& conv, std::int64_t height,
                                   std::int64_t width);
/// Its scalar statement is conv_reference.
void winograd_simd(const WinogradConv& conv, const WinogradCall& call);

/// How the tiles of an image are taken: strips of whole rows of tiles that stay in the cache.
struct WinogradStrips {
  std::int64_t tiles_wide, tiles_high;
  std::int64_t rows;    ///< rows of tiles of a strip
  std::int64_t padded;  ///< tiles of a strip, padded to a panel of the matrix product

  WinogradStrips(std::int64_t height, std::int64_t width);
  /// Numbers of one point of all channels. The slack is for vectors that write beyond the last
  /// tile, and keeps the points of a tile out of each other's place in the cache.
  std::int64_t in_point(const WinogradConv& conv) const { return conv.in * padded + kReadSlack; }
  std::int64_t out_point(const WinogradConv& conv) const { return conv.out * padded + kReadSlack; }
};

}  // namespace canter::nn::detail
