#include "nn/spectral.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace canter::nn::detail {

namespace {

constexpr std::int64_t kSmallestBlock = 64;
constexpr std::int64_t kLargestKernel = 2048;

std::int64_t block_size(std::int64_t kernel) {
  std::int64_t size = kSmallestBlock;
  while (size < 2 * kernel - 1) size *= 2;
  return size;
}

void fill_twiddles(SpectralConv& conv, std::pmr::memory_resource* memory) {
  const std::int64_t count = 3 * conv.size / 4;
  conv.twiddles = Block(static_cast<std::size_t>(2 * count) * sizeof(float), memory);
  const auto to = conv.twiddles.at<float>(0, static_cast<std::size_t>(2 * count));
  for (std::int64_t k = 0; k < count; ++k) {
    const double angle =
        -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(conv.size);
    to[static_cast<std::size_t>(2 * k)] = static_cast<float>(std::cos(angle));
    to[static_cast<std::size_t>(2 * k + 1)] = static_cast<float>(std::sin(angle));
  }
}

// Where the weights of outputs [first, first + 16) for input c and a bin begin. Panels of 32
// outputs, the last one of 16 where that is enough.
float* weights_at(SpectralConv& conv, std::int64_t bin, std::int64_t first, std::int64_t c) {
  const std::int64_t padded = conv.out_padded();
  const std::int64_t panel = first / kSpectralGroup * kSpectralGroup;
  const std::int64_t width = std::min(kSpectralGroup, padded - panel);
  float* base = reinterpret_cast<float*>(conv.weights.data());
  return base + 2 * conv.in * (bin * padded + panel) + 2 * c * width + (first - panel);
}

// The spectra of input c's kernels to 32 outputs from `first` on.
void pack_group(SpectralConv& conv, const float* weights, std::int64_t first, std::int64_t c,
                std::vector<float>& re, std::vector<float>& im) {
  std::ranges::fill(re, 0.0f);
  std::ranges::fill(im, 0.0f);
  for (std::int64_t l = 0; l < kSpectralGroup && first + l < conv.out; ++l) {
    const float* kernel = weights + ((first + l) * conv.in + c) * conv.kernel;
    auto& part = l < kSpectralLanes ? re : im;
    for (std::int64_t k = 0; k < conv.kernel; ++k)
      part[static_cast<std::size_t>(k * kSpectralLanes + l % kSpectralLanes)] = kernel[k];
  }
  fft_lanes_simd(conv, re.data(), im.data());
  const std::int64_t padded = conv.out_padded();
  const std::int64_t width = std::min(kSpectralGroup, padded - first);
  const float scale = 0.5f / static_cast<float>(conv.size);
  for (std::int64_t f = 0; f < conv.bins(); ++f)
    for (std::int64_t l = 0; l < kSpectralLanes; ++l) {
      const auto at = static_cast<std::size_t>(f * kSpectralLanes + l);
      const auto mirror =
          static_cast<std::size_t>((conv.size - f) % conv.size * kSpectralLanes + l);
      // Of two real signals in one complex one: even and odd parts; conjugated for correlation.
      float* to = weights_at(conv, f, first, c);
      to[l] = scale * (re[at] + re[mirror]);
      to[width + l] = -scale * (im[at] - im[mirror]);
      if (width == kSpectralLanes) continue;
      to[kSpectralLanes + l] = scale * (im[at] + im[mirror]);
      to[width + kSpectralLanes + l] = scale * (re[at] - re[mirror]);
    }
}

std::size_t floats_to_bytes(std::int64_t floats) {
  return align_up(static_cast<std::size_t>(floats) * sizeof(float));
}

}  // namespace

bool spectral_pays(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  if (kernel < kShortestSpectralKernel || kernel > kLargestKernel) return false;
  // The transforms cost some 5 log2(N) per channel and sample, the products save kernel times the
  // other channels.
  return in * out >= 4 * (in + out);
}

SpectralConv pack_spectral(const float* weights, std::int64_t in, std::int64_t out,
                           std::int64_t kernel, const float* bias,
                           std::pmr::memory_resource* memory) {
  SpectralConv conv;
  conv.in = in;
  conv.out = out;
  conv.kernel = kernel;
  conv.size = block_size(kernel);
  fill_twiddles(conv, memory);
  conv.weights = Block(
      static_cast<std::size_t>(2 * conv.bins() * conv.out_padded() * in) * sizeof(float), memory);
  conv.bias = Block(static_cast<std::size_t>(out) * sizeof(float), memory);
  if (bias != nullptr)
    std::copy_n(bias, out, conv.bias.at<float>(0, static_cast<std::size_t>(out)).begin());
  std::vector<float> re(static_cast<std::size_t>(conv.size * kSpectralLanes));
  std::vector<float> im(re.size());
  for (std::int64_t first = 0; first < out; first += kSpectralGroup)
    for (std::int64_t c = 0; c < in; ++c) pack_group(conv, weights, first, c, re, im);
  return conv;
}

std::size_t spectral_scratch_bytes(const SpectralConv& conv, std::int64_t outputs) {
  const std::int64_t blocks = conv.num_blocks(outputs);
  return 2 * floats_to_bytes(conv.size * kSpectralLanes) +
         2 * floats_to_bytes(conv.bins() * blocks * conv.in_groups() * kSpectralGroup) +
         2 * floats_to_bytes(conv.bins() * blocks * conv.out_groups() * kSpectralGroup);
}

}  // namespace canter::nn::detail
