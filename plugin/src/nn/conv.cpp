#include "nn/conv.h"

#include <algorithm>
#include <cmath>

#include "canter/nn/half.h"

namespace canter::nn::detail {

namespace {

// What a weight becomes when it is stored in this precision.
float rounded(float value, Precision precision, float scale) {
  switch (precision) {
    case Precision::f16:
      return to_float(to_half(value));
    case Precision::bf16:
      return to_float(to_bfloat16(value));
    case Precision::i8:
      return scale > 0.0f && std::isfinite(scale) ? std::nearbyint(value / scale) * scale : 0.0f;
    case Precision::f32:
      break;
  }
  return value;
}

}  // namespace

PackedConv pack_conv(const float* weights, std::int64_t groups, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, const float* bias, Precision precision,
                     std::pmr::memory_resource* memory) {
  PackedConv conv;
  conv.groups = groups;
  conv.in = in;
  conv.out = out;
  conv.taps = in * kernel;
  const auto channels = static_cast<std::size_t>(groups * out);
  conv.weights =
      Block(static_cast<std::size_t>(groups * conv.group_size()) * sizeof(float), memory);
  conv.bias = Block(channels * sizeof(float), memory);
  if (bias != nullptr) std::copy_n(bias, channels, conv.bias.at<float>(0, channels).begin());
  float* packed = reinterpret_cast<float*>(conv.weights.data());
  for (std::int64_t c = 0; c < groups * out; ++c) {
    const float* row = weights + c * conv.taps;
    float largest = 0.0f;
    for (std::int64_t r = 0; r < conv.taps; ++r) largest = std::max(largest, std::abs(row[r]));
    const std::int64_t local = c % out;
    float* to = packed + c / out * conv.group_size() +
                local / kChannelTile * conv.taps * kChannelTile + local % kChannelTile;
    for (std::int64_t r = 0; r < conv.taps; ++r)
      to[r * kChannelTile] = rounded(row[r], precision, largest / 127.0f);
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
