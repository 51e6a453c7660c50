#include "nn/winograd.h"

#include <algorithm>

#include "nn/linear.h"

namespace canter::nn::detail {

namespace {

constexpr std::int64_t kStripTiles = 192;

// G g Gᵀ, to every point's matrix.
void transform_kernel(const float* g, float* to, std::int64_t step) {
  double rows[4][3];
  for (int c = 0; c < 3; ++c) {
    const double a = g[c], b = g[3 + c], d = g[6 + c];
    rows[0][c] = a;
    rows[1][c] = 0.5 * (a + b + d);
    rows[2][c] = 0.5 * (a - b + d);
    rows[3][c] = d;
  }
  for (int r = 0; r < 4; ++r) {
    const double a = rows[r][0], b = rows[r][1], d = rows[r][2];
    const double columns[4] = {a, 0.5 * (a + b + d), 0.5 * (a - b + d), d};
    for (int c = 0; c < 4; ++c) to[(4 * r + c) * step] = static_cast<float>(columns[c]);
  }
}

}  // namespace

bool winograd_pays(std::int64_t in, std::int64_t out) {
  // The transforms of inputs and results cost some 3 products each.
  return in * out >= 12 * (in + out) / 2 && in >= 8 && out >= 8;
}

WinogradConv pack_winograd(const float* weights, std::int64_t in, std::int64_t out,
                           const float* bias, std::pmr::memory_resource* memory) {
  WinogradConv conv;
  conv.in = in;
  conv.out = out;
  const auto floats = static_cast<std::size_t>(kWinogradPoints * in * out);
  conv.weights = Block(floats * sizeof(float), memory);
  conv.bias = Block(static_cast<std::size_t>(out) * sizeof(float), memory);
  if (bias != nullptr)
    std::copy_n(bias, out, conv.bias.at<float>(0, static_cast<std::size_t>(out)).begin());
  float* to = reinterpret_cast<float*>(conv.weights.data());
  for (std::int64_t k = 0; k < in * out; ++k) transform_kernel(weights + 9 * k, to + k, in * out);
  return conv;
}

void winograd_layout(ConvLayout& layout) {
  const Window& w = layout.window;
  layout.rows = (w.height.out + 1) / 2 * 2 + 2;
  layout.pitch = (w.width.out + 1) / 2 * 2 + 2;
  layout.channel = layout.rows * layout.pitch;
}

WinogradStrips::WinogradStrips(std::int64_t height, std::int64_t width)
    : tiles_wide((width + 1) / 2),
      tiles_high((height + 1) / 2),
      rows(std::clamp<std::int64_t>(kStripTiles / tiles_wide, 1, tiles_high)),
      padded((rows * tiles_wide + kPanelStep - 1) / kPanelStep * kPanelStep) {}

std::size_t winograd_scratch_bytes(const WinogradConv& conv, std::int64_t height,
                                   std::int64_t width) {
  const WinogradStrips strips(height, width);
  return static_cast<std::size_t>(kWinogradPoints *
                                  (strips.in_point(conv) + strips.out_point(conv))) *
         sizeof(float);
}

}  // namespace canter::nn::detail
