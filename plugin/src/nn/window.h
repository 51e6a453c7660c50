#pragma once

#include "nn/op_support.h"

namespace canter::nn::detail {

/// A sliding window over one or two spatial axes (one: height 1), as Conv and the pools have it.
struct Window {
  struct Axis {
    std::int64_t kernel = 1, stride = 1, dilation = 1;
    std::int64_t before = 0, after = 0;  ///< padding
    std::int64_t in = 1, out = 1;

    std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
  };
  Axis height, width;
  std::int64_t channels = 0;
  std::int64_t batch = 0;

  std::int64_t in_plane() const { return height.in * width.in; }
  std::int64_t out_plane() const { return height.out * width.out; }
};

/// The window attributes of a node, checked against an input [batch, channels, (height,) width].
/// @param kernel  extents of the kernel; empty: from the attribute
/// Errors: other ranks, attributes that do not fit, kernels larger than the padded input.
Result<Window> make_window(const Node& node, const Shape& input,
                           std::vector<std::int64_t> kernel = {});

/// [batch, channels, (height,) width] of the output, with the rank of the input.
Shape window_output(const Window& window, std::int64_t channels, int rank);

}  // namespace canter::nn::detail
