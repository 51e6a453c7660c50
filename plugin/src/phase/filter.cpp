#include "canter/phase/filter.h"

#include <cmath>
#include <complex>
#include <cstddef>

namespace canter::phase {
namespace {

constexpr double kTwoPi = 6.283185307179586;

void run_column(const LowPass& f, float* first, std::ptrdiff_t step, std::size_t rows) {
  LowPassState state = settled(f, *first);
  for (std::size_t r = 0; r < rows; ++r, first += step) *first = filter(f, state, *first);
}

}  // namespace

LowPass butterworth(float cutoff_hz, float rate_hz) {
  if (!(cutoff_hz > 0.0f) || !(cutoff_hz < 0.499f * rate_hz)) return {};
  const double k = std::tan(0.5 * kTwoPi * static_cast<double>(cutoff_hz / rate_hz));
  const double root2 = std::sqrt(2.0);
  const double norm = 1.0 / (1.0 + root2 * k + k * k);
  const double b0 = k * k * norm;
  return {static_cast<float>(b0), static_cast<float>(2.0 * b0), static_cast<float>(b0),
          static_cast<float>(2.0 * (k * k - 1.0) * norm),
          static_cast<float>((1.0 - root2 * k + k * k) * norm)};
}

void filter_zero_phase(const LowPass& f, std::span<float> values, int columns) {
  const auto width = static_cast<std::size_t>(columns);
  const std::size_t rows = values.size() / width;
  if (rows == 0) return;
  const auto step = static_cast<std::ptrdiff_t>(columns);
  for (std::size_t c = 0; c < width; ++c) {
    run_column(f, values.data() + c, step, rows);
    run_column(f, values.data() + (rows - 1) * width + c, -step, rows);
  }
}

void filter_causal(const LowPass& f, std::span<float> values, int columns) {
  const auto width = static_cast<std::size_t>(columns);
  const std::size_t rows = values.size() / width;
  if (rows == 0) return;
  const auto step = static_cast<std::ptrdiff_t>(columns);
  for (std::size_t c = 0; c < width; ++c)
    for (int pass = 0; pass < 2; ++pass) run_column(f, values.data() + c, step, rows);
}

float delay_s(const LowPass& f, float frequency_hz, float rate_hz) {
  // Phase delay of both passes; at standstill the limit of it, taken a little above.
  const double w = kTwoPi * std::max(1e-3, static_cast<double>(std::abs(frequency_hz))) / rate_hz;
  const std::complex<double> z = std::polar(1.0, -w);
  const std::complex<double> h =
      (static_cast<double>(f.b0) + static_cast<double>(f.b1) * z +
       static_cast<double>(f.b2) * z * z) /
      (1.0 + static_cast<double>(f.a1) * z + static_cast<double>(f.a2) * z * z);
  return static_cast<float>(-2.0 * std::arg(h) / (w * rate_hz));
}

}  // namespace canter::phase
