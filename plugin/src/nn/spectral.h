#pragma once

// Convolutions with long kernels, through the Fourier transform.
//
// An output of a kernel of k samples costs k products per pair of channels; by blocks of N samples
// it costs about 4 (N / 2 + 1) / (N - k + 1), and the transforms are shared by all channels
// (overlap-save; Oppenheim and Schafer, Discrete-Time Signal Processing, 8.7). For the Periodic
// Autoencoder's kernels of 121 that is one twelfth of the work.
//
// Sixteen complex signals are transformed side by side, one per lane, each of them two real
// channels: channel l of a group of 32 is the real part of lane l, channel 16 + l its imaginary.

#include <cstdint>
#include <memory_resource>
#include <span>

#include "canter/base/memory.h"

namespace canter::nn::detail {

inline constexpr std::int64_t kSpectralLanes = 16;
inline constexpr std::int64_t kSpectralGroup = 2 * kSpectralLanes;
/// Shorter kernels are left to the direct loops: their spectra would be many times their size.
inline constexpr std::int64_t kShortestSpectralKernel = 12;

/// A convolution along one axis, stride and dilation 1, one group, as spectra.
struct SpectralConv {
  std::int64_t in = 0, out = 0, kernel = 0;
  std::int64_t size = 0;  ///< N: samples of a block
  Block weights;          ///< [bins][panels][in][re, im][width]: conjugated, divided by N
  Block bias;             ///< [out]
  Block twiddles;         ///< [3 N / 4][re, im] of exp(-2 pi i k / N)

  std::int64_t bins() const { return size / 2 + 1; }
  std::int64_t step() const { return size - kernel + 1; }  ///< outputs of a block
  std::int64_t num_blocks(std::int64_t outputs) const { return (outputs + step() - 1) / step(); }
  std::int64_t in_groups() const { return (in + kSpectralGroup - 1) / kSpectralGroup; }
  std::int64_t out_groups() const { return (out + kSpectralGroup - 1) / kSpectralGroup; }
  /// Outputs padded to whole vectors of 16.
  std::int64_t out_padded() const {
    return (out + kSpectralLanes - 1) / kSpectralLanes * kSpectralLanes;
  }
  std::size_t size_bytes() const { return weights.size() + bias.size() + twiddles.size(); }
};

/// Whether the transform pays for such a convolution.
bool spectral_pays(std::int64_t in, std::int64_t out, std::int64_t kernel);

/// @param weights  [out, in, kernel]
/// @param bias     [out], or null for zeros
SpectralConv pack_spectral(const float* weights, std::int64_t in, std::int64_t out,
                           std::int64_t kernel, const float* bias,
                           std::pmr::memory_resource* memory = std::pmr::get_default_resource());

/// y[o][t] = bias[o] + sum over c, k of w[o][c][k] x[c][t + k - before], x zero outside.
struct SpectralCall {
  const float* x = nullptr;  ///< [in, samples]
  std::int64_t samples = 0;
  std::int64_t before = 0;
  float* y = nullptr;  ///< [out, outputs]
  std::int64_t outputs = 0;
  std::span<std::byte> scratch;
};
std::size_t spectral_scratch_bytes(const SpectralConv& conv, std::int64_t outputs);
/// Its scalar statement is conv_reference.
void spectral_conv_simd(const SpectralConv& conv, const SpectralCall& call);

/// Forward transform of kSpectralLanes signals, [size][lanes], in place.
void fft_lanes_simd(const SpectralConv& conv, float* re, float* im);

}  // namespace canter::nn::detail
