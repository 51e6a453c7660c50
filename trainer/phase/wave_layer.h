#pragma once

#include <span>
#include <vector>

namespace canter::trainer::detail {

/// The middle of a Periodic Autoencoder, forward and backward: latent curves to phase, frequency,
/// amplitude and offset, and from these to waves (deepphase.md, 3.2 and 3.3).
class WaveLayer {
 public:
  WaveLayer() = default;
  /// @param rate_hz   of the frames; frequencies are on the transform's own axis, k rate / n
  /// @param newest    phases belong to the last frame, not to the middle one
  WaveLayer(int channels, int frames, float rate_hz, bool newest);

  /// Phase heads: [channels, 2, n] weights (cosine part, sine part), then [channels, 2] biases.
  std::size_t num_parameters() const {
    return static_cast<std::size_t>(channels_) * 2 * static_cast<std::size_t>(frames_ + 1);
  }

  /// One curve's wave. @param heads  all parameters; @param latent, wave  [n]
  /// @param shift_s  how much later than the curve the wave is wanted
  void forward(std::span<const float> heads, int channel, const float* latent, double shift_s,
               float* wave) const;
  /// @param wave_gradient    [n]
  /// @param heads_gradient   added to
  /// @param latent_gradient  [n] out
  void backward(std::span<const float> heads, int channel, const float* latent, double shift_s,
                const float* wave_gradient, std::span<float> heads_gradient,
                float* latent_gradient) const;

 private:
  // What both passes compute of a curve.
  struct Spectrum {
    std::vector<double> cosine, sine;  ///< [bins]
    double power = 0, frequency = 0, amplitude = 0, offset = 0, v0 = 0, v1 = 0, phase = 0;
  };
  Spectrum analyse(std::span<const float> heads, int channel, const float* latent) const;

  int channels_ = 0, frames_ = 0;
  double bin_hz_ = 0.0;
  std::vector<float> cosine_, sine_;  ///< [bins, n]
  std::vector<double> time_s_;        ///< [n]
};

}  // namespace canter::trainer::detail
