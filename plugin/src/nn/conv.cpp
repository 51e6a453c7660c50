#include "nn/conv.h"

#include <algorithm>
#include <cmath>

#include "canter/nn/half.h"

namespace canter::nn::detail {

namespace {

std::size_t weight_size(Precision precision) {
  return precision == Precision::f32 ? 4 : precision == Precision::i8 ? 1 : 2;
}

// Weight number `at` as it is stored.
void store_weight(PackedConv& conv, std::size_t at, float value, float scale) {
  std::byte* to = conv.weights.data();
  switch (conv.precision) {
    case Precision::f32:
      reinterpret_cast<float*>(to)[at] = value;
      break;
    case Precision::f16:
      reinterpret_cast<Half*>(to)[at] = to_half(value);
      break;
    case Precision::bf16:
      reinterpret_cast<BFloat16*>(to)[at] = to_bfloat16(value);
      break;
    case Precision::i8:
      reinterpret_cast<std::int8_t*>(to)[at] =
          static_cast<std::int8_t>(scale > 0.0f ? std::nearbyint(value / scale) : 0.0f);
      break;
  }
}

// The largest weight of a channel becomes 127; a channel that is not finite is left zero.
float scale_of(const float* weights, std::int64_t taps) {
  float largest = 0.0f;
  for (std::int64_t r = 0; r < taps; ++r) largest = std::max(largest, std::abs(weights[r]));
  const bool finite =
      std::all_of(weights, weights + taps, [](float w) { return std::isfinite(w); });
  return finite ? largest / 127.0f : 0.0f;
}

}  // namespace

PackedConv pack_conv(const float* weights, std::int64_t groups, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, const float* bias, Precision precision,
                     std::pmr::memory_resource* memory) {
  PackedConv conv;
  conv.precision = precision;
  conv.groups = groups;
  conv.in = in;
  conv.out = out;
  conv.taps = in * kernel;
  const auto channels = static_cast<std::size_t>(groups * out);
  const std::int64_t tiles = groups * conv.tiles();
  conv.weights =
      Block(static_cast<std::size_t>(tiles * conv.tile_size()) * weight_size(precision), memory);
  conv.bias = Block(channels * sizeof(float), memory);
  if (bias != nullptr) std::copy_n(bias, channels, conv.bias.at<float>(0, channels).begin());
  if (precision == Precision::i8)
    conv.scales = Block(static_cast<std::size_t>(tiles * kChannelTile) * sizeof(float), memory);
  float* scales = reinterpret_cast<float*>(conv.scales.data());
  for (std::int64_t c = 0; c < groups * out; ++c) {
    const float* row = weights + c * conv.taps;
    const std::int64_t lane = c % out % kChannelTile;
    const std::int64_t tile = c / out * conv.tiles() + c % out / kChannelTile;
    const float scale = precision == Precision::i8 ? scale_of(row, conv.taps) : 0.0f;
    if (precision == Precision::i8) scales[tile * kChannelTile + lane] = scale;
    for (std::int64_t r = 0; r < conv.taps; ++r)
      store_weight(conv,
                   static_cast<std::size_t>(tile * conv.tile_size() + r * kChannelTile + lane),
                   row[r], scale);
  }
  return conv;
}

void finish_layout(ConvLayout& layout) {
  const auto extent = [](const Window::Axis& axis) {
    return axis.out + (axis.kernel - 1) * axis.dilation / axis.stride;
  };
  const Window& w = layout.window;
  layout.rows = extent(w.height);
  layout.pitch = extent(w.width);
  layout.channel = layout.rows * layout.pitch * w.height.stride * w.width.stride;
}

void tap_offsets(const ConvLayout& layout, std::int64_t in, std::span<std::int32_t> offsets) {
  const Window::Axis& h = layout.window.height;
  const Window::Axis& w = layout.window.width;
  std::size_t next = 0;
  for (std::int64_t c = 0; c < in; ++c)
    for (std::int64_t a = 0; a < h.kernel; ++a)
      for (std::int64_t b = 0; b < w.kernel; ++b) {
        const std::int64_t row = a * h.dilation;
        const std::int64_t column = b * w.dilation;
        const std::int64_t plane = row % h.stride * w.stride + column % w.stride;
        offsets[next++] =
            static_cast<std::int32_t>(c * layout.channel + plane * layout.rows * layout.pitch +
                                      row / h.stride * layout.pitch + column / w.stride);
      }
}

namespace {

// Where padded sample `at` comes from in the input; -1 for a zero.
std::int64_t source_of(const Window::Axis& axis, std::int64_t up, std::int64_t at) {
  const std::int64_t from = at - axis.before;
  if (from < 0 || from % up != 0 || from / up >= axis.in) return -1;
  return from / up;
}

void copy_row(const ConvLayout& layout, const float* x, std::int64_t phase, float* to) {
  const Window::Axis& w = layout.window.width;
  for (std::int64_t q = 0; q < layout.pitch; ++q) {
    const std::int64_t from = source_of(w, layout.up_width, q * w.stride + phase);
    to[q] = from < 0 ? 0.0f : x[from];
  }
}

}  // namespace

void copy_padded(const ConvLayout& layout, const float* x, std::int64_t channels, float* buffer) {
  const Window& w = layout.window;
  if (w.height.stride == 1 && w.width.stride == 1 && layout.up_height == 1 && layout.up_width == 1)
    return copy_padded_simd({x, channels, w.height.in, w.width.in, buffer, layout.rows,
                             layout.pitch, w.height.before, w.width.before});
  for (std::int64_t c = 0; c < channels; ++c, x += w.in_plane())
    for (std::int64_t a = 0; a < w.height.stride; ++a)
      for (std::int64_t b = 0; b < w.width.stride; ++b)
        for (std::int64_t q = 0; q < layout.rows; ++q, buffer += layout.pitch) {
          const std::int64_t row = source_of(w.height, layout.up_height, q * w.height.stride + a);
          if (row < 0)
            std::fill(buffer, buffer + layout.pitch, 0.0f);
          else
            copy_row(layout, x + row * w.width.in, b, buffer);
        }
}

void conv_reference(const ConvCall& call) {
  float* out = call.out;
  for (std::int64_t c = 0; c < call.channels; ++c) {
    const float* w = call.weights + c / kChannelTile * call.taps * kChannelTile + c % kChannelTile;
    for (std::int64_t row = 0; row < call.rows; ++row)
      for (std::int64_t i = 0; i < call.width; ++i) {
        float sum = 0.0f;
        for (std::int64_t r = 0; r < call.taps; ++r)
          sum += w[r * kChannelTile] * call.x[call.offsets[r] + row * call.pitch + i];
        sum += call.bias[c];
        *out++ = call.relu && sum < 0.0f ? 0.0f : sum;
      }
  }
}

}  // namespace canter::nn::detail
