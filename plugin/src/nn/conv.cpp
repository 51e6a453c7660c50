#include "nn/conv.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "canter/nn/half.h"

namespace canter::nn::detail {

namespace {

std::size_t weight_size(Precision precision) {
  return precision == Precision::f32 ? 4 : precision == Precision::i8 ? 1 : 2;
}

void store_weight(PackedConv& conv, std::int64_t at, float value, float inverse_scale) {
  std::byte* to = conv.weights.data() + static_cast<std::size_t>(at) * weight_size(conv.precision);
  switch (conv.precision) {
    case Precision::f32:
      std::memcpy(to, &value, sizeof value);
      break;
    case Precision::f16: {
      const Half half = to_half(value);
      std::memcpy(to, &half, sizeof half);
      break;
    }
    case Precision::bf16: {
      const BFloat16 half = to_bfloat16(value);
      std::memcpy(to, &half, sizeof half);
      break;
    }
    case Precision::i8: {
      const float rounded = std::nearbyint(value * inverse_scale);
      const auto q = static_cast<std::int8_t>(std::clamp(rounded, -127.0f, 127.0f));
      std::memcpy(to, &q, sizeof q);
      break;
    }
  }
}

}  // namespace

PackedConv pack_conv(const float* weights, std::int64_t groups, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, const float* bias, Precision precision) {
  PackedConv conv;
  conv.precision = precision;
  conv.groups = groups;
  conv.in = in;
  conv.out = out;
  conv.taps = in * kernel;
  const auto channels = static_cast<std::size_t>(groups * out);
  conv.weights =
      Block(static_cast<std::size_t>(groups * conv.group_size()) * weight_size(precision));
  conv.bias = Block(channels * sizeof(float));
  if (bias != nullptr) std::copy_n(bias, channels, conv.bias.at<float>(0, channels).begin());
  if (precision == Precision::i8) conv.scales = Block(channels * sizeof(float));
  for (std::int64_t c = 0; c < groups * out; ++c) {
    const float* row = weights + c * conv.taps;
    float largest = 0.0f;
    for (std::int64_t r = 0; r < conv.taps; ++r) largest = std::max(largest, std::abs(row[r]));
    const float scale = largest / 127.0f;
    const float inverse = scale > 0.0f && std::isfinite(scale) ? 1.0f / scale : 0.0f;
    if (precision == Precision::i8)
      conv.scales.at<float>(0, channels)[static_cast<std::size_t>(c)] = scale;
    const std::int64_t local = c % out;
    const std::int64_t base = c / out * conv.group_size() +
                              local / kChannelTile * conv.taps * kChannelTile +
                              local % kChannelTile;
    for (std::int64_t r = 0; r < conv.taps; ++r)
      store_weight(conv, base + r * kChannelTile, row[r], inverse);
  }
  return conv;
}

void widen_group(const PackedConv& conv, std::int64_t group, float* to) {
  const auto count = static_cast<std::size_t>(conv.group_size());
  const std::byte* from =
      conv.weights.data() + static_cast<std::size_t>(group) * count * weight_size(conv.precision);
  const Shape shape{conv.group_size()};
  const TensorView target{DType::f32, shape, reinterpret_cast<std::byte*>(to)};
  const DType stored = conv.precision == Precision::f16    ? DType::f16
                       : conv.precision == Precision::bf16 ? DType::bf16
                       : conv.precision == Precision::i8   ? DType::i8
                                                           : DType::f32;
  convert_into({stored, shape, from}, target);
  if (conv.precision != Precision::i8) return;
  const auto scales = conv.scales.at<float>(0, static_cast<std::size_t>(conv.groups * conv.out));
  for (std::int64_t c = 0; c < conv.out; ++c) {
    float* column = to + c / kChannelTile * conv.taps * kChannelTile + c % kChannelTile;
    for (std::int64_t r = 0; r < conv.taps; ++r)
      column[r * kChannelTile] *= scales[static_cast<std::size_t>(group * conv.out + c)];
  }
}

void finish_layout(ConvLayout& layout) {
  const auto extent = [](const Window::Axis& axis) {
    return axis.out + (axis.kernel - 1) * axis.dilation / axis.stride;
  };
  const Window& w = layout.window;
  layout.rows = extent(w.height);
  layout.pitch = extent(w.width);
  layout.channel = layout.rows * layout.pitch * w.height.stride * w.width.stride;
  layout.positions = (w.height.out - 1) * layout.pitch + w.width.out;
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
  if (w.stride == 1 && layout.up_width == 1) {
    const std::int64_t begin = std::clamp<std::int64_t>(w.before, 0, layout.pitch);
    const std::int64_t end = std::clamp<std::int64_t>(w.before + w.in, begin, layout.pitch);
    std::fill(to, to + begin, 0.0f);
    std::copy(x + begin - w.before, x + end - w.before, to + begin);
    std::fill(to + end, to + layout.pitch, 0.0f);
    return;
  }
  for (std::int64_t q = 0; q < layout.pitch; ++q) {
    const std::int64_t from = source_of(w, layout.up_width, q * w.stride + phase);
    to[q] = from < 0 ? 0.0f : x[from];
  }
}

}  // namespace

void copy_padded(const ConvLayout& layout, const float* x, std::int64_t channels, float* buffer) {
  const Window& w = layout.window;
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
  for (std::int64_t c = 0; c < call.channels; ++c) {
    const float* w = call.weights + c / kChannelTile * call.taps * kChannelTile + c % kChannelTile;
    for (std::int64_t p = 0; p < call.positions; ++p) {
      float sum = 0.0f;
      for (std::int64_t r = 0; r < call.taps; ++r)
        sum += w[r * kChannelTile] * call.x[call.offsets[r] + p];
      call.out[c * call.out_stride + p] = sum + call.bias[c];
    }
  }
}

}  // namespace canter::nn::detail
