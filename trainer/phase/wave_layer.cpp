#include "trainer/phase/wave_layer.h"

#include <cmath>

namespace canter::trainer::detail {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kNoPower = 1e-12;

}  // namespace

WaveLayer::WaveLayer(int channels, int frames, float rate_hz, bool newest)
    : channels_(channels), frames_(frames), bin_hz_(static_cast<double>(rate_hz) / frames) {
  const int bins = frames / 2;
  for (int k = 1; k <= bins; ++k)
    for (int t = 0; t < frames; ++t) {
      const double angle = kTwoPi * ((k * t) % frames) / frames;
      cosine_.push_back(static_cast<float>(std::cos(angle)));
      sine_.push_back(static_cast<float>(std::sin(angle)));
    }
  const int pivot = newest ? frames - 1 : frames / 2;
  for (int t = 0; t < frames; ++t) time_s_.push_back((t - pivot) / static_cast<double>(rate_hz));
}

WaveLayer::Spectrum WaveLayer::analyse(std::span<const float> heads, int channel,
                                       const float* latent) const {
  const auto n = static_cast<std::size_t>(frames_);
  const std::size_t bins = n / 2;
  Spectrum s;
  s.cosine.resize(bins);
  s.sine.resize(bins);
  double moment = 0.0;
  for (std::size_t k = 0; k < bins; ++k) {
    float c = 0.0f, q = 0.0f;
    for (std::size_t t = 0; t < n; ++t) {
      c += latent[t] * cosine_[k * n + t];
      q += latent[t] * sine_[k * n + t];
    }
    s.cosine[k] = static_cast<double>(c);
    s.sine[k] = static_cast<double>(q);
    const double p = s.cosine[k] * s.cosine[k] + s.sine[k] * s.sine[k];
    s.power += p;
    moment += (static_cast<double>(k) + 1.0) * bin_hz_ * p;
  }
  const bool moves = s.power > kNoPower;
  s.frequency = moves ? moment / s.power : 0.0;
  s.amplitude = moves ? 2.0 / static_cast<double>(n) * std::sqrt(s.power) : 0.0;
  const float* w = heads.data() + 2 * static_cast<std::size_t>(channel) * n;
  const float* bias = heads.data() + 2 * static_cast<std::size_t>(channels_) * n + 2 * channel;
  s.v0 = static_cast<double>(bias[0]);
  s.v1 = static_cast<double>(bias[1]);
  for (std::size_t t = 0; t < n; ++t) {
    s.offset += static_cast<double>(latent[t]) / static_cast<double>(n);
    s.v0 += static_cast<double>(w[t]) * static_cast<double>(latent[t]);
    s.v1 += static_cast<double>(w[n + t]) * static_cast<double>(latent[t]);
  }
  s.phase = std::atan2(s.v1, s.v0) / kTwoPi;
  return s;
}

void WaveLayer::forward(std::span<const float> heads, int channel, const float* latent,
                        double shift_s, float* wave) const {
  const Spectrum s = analyse(heads, channel, latent);
  for (std::size_t t = 0; t < time_s_.size(); ++t)
    wave[t] = static_cast<float>(
        s.amplitude * std::sin(kTwoPi * (s.frequency * (time_s_[t] + shift_s) + s.phase)) +
        s.offset);
}

void WaveLayer::backward(std::span<const float> heads, int channel, const float* latent,
                         double shift_s, const float* wave_gradient,
                         std::span<float> heads_gradient, float* latent_gradient) const {
  const Spectrum s = analyse(heads, channel, latent);
  const auto n = static_cast<std::size_t>(frames_);
  const auto count = static_cast<double>(frames_);

  // The wave's own four numbers.
  double ga = 0.0, gf = 0.0, gp = 0.0, gb = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    const auto g = static_cast<double>(wave_gradient[t]);
    const double time_s = time_s_[t] + shift_s;
    const double angle = kTwoPi * (s.frequency * time_s + s.phase);
    const double slope = s.amplitude * kTwoPi * std::cos(angle);
    ga += g * std::sin(angle);
    gf += g * slope * time_s;
    gp += g * slope;
    gb += g;
  }

  // Phase: atan2 of the head's two outputs.
  const double size = s.v0 * s.v0 + s.v1 * s.v1;
  const double g0 = size > kNoPower ? -gp * s.v1 / (kTwoPi * size) : 0.0;
  const double g1 = size > kNoPower ? gp * s.v0 / (kTwoPi * size) : 0.0;
  const std::size_t at = 2 * static_cast<std::size_t>(channel) * n;
  float* gw = heads_gradient.data() + at;
  float* gbias = heads_gradient.data() + 2 * static_cast<std::size_t>(channels_) * n + 2 * channel;
  gbias[0] += static_cast<float>(g0);
  gbias[1] += static_cast<float>(g1);
  const float* w = heads.data() + at;
  for (std::size_t t = 0; t < n; ++t) {
    gw[t] += static_cast<float>(g0) * latent[t];
    gw[n + t] += static_cast<float>(g1) * latent[t];
    latent_gradient[t] = static_cast<float>(g0) * w[t] + static_cast<float>(g1) * w[n + t] +
                         static_cast<float>(gb / count);
  }
  if (s.power <= kNoPower) return;

  // Amplitude and frequency: by the power of each bin.
  const double per_power = ga / (count * std::sqrt(s.power));
  for (std::size_t k = 0; k < n / 2; ++k) {
    const double gk =
        per_power + gf * ((static_cast<double>(k) + 1.0) * bin_hz_ - s.frequency) / s.power;
    const auto c = static_cast<float>(2.0 * gk * s.cosine[k]);
    const auto q = static_cast<float>(2.0 * gk * s.sine[k]);
    for (std::size_t t = 0; t < n; ++t)
      latent_gradient[t] += c * cosine_[k * n + t] + q * sine_[k * n + t];
  }
}

}  // namespace canter::trainer::detail
