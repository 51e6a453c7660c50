#include "canter/phase/filter.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace canter::phase;

namespace {

constexpr double kTwoPi = 6.283185307179586;

std::vector<float> wave(double frequency_hz, double rate_hz, int samples) {
  std::vector<float> out;
  for (int i = 0; i < samples; ++i)
    out.push_back(static_cast<float>(std::sin(kTwoPi * frequency_hz * i / rate_hz)));
  return out;
}

// Amplitude and delay of a filtered wave, by projection on the wave it was, away from the ends.
struct Response {
  double gain = 0.0, delay_s = 0.0;
};
Response response(const std::vector<float>& filtered, double frequency_hz, double rate_hz) {
  double c = 0.0, s = 0.0;
  const auto period = static_cast<int>(std::lround(rate_hz / frequency_hz));
  const int from = 4 * period, to = 12 * period;
  for (int i = from; i < to; ++i) {
    const double angle = kTwoPi * frequency_hz * i / rate_hz;
    s += filtered[static_cast<std::size_t>(i)] * std::sin(angle);
    c += filtered[static_cast<std::size_t>(i)] * std::cos(angle);
  }
  const double scale = 2.0 / (to - from);
  return {scale * std::hypot(s, c), -std::atan2(c, s) / (kTwoPi * frequency_hz)};
}

}  // namespace

TEST_CASE("the low-pass halves power at its cut-off, each pass") {
  const double rate = 60.0;
  for (const double cutoff : {3.0, 5.0}) {
    const LowPass f = butterworth(static_cast<float>(cutoff), static_cast<float>(rate));
    std::vector<float> x = wave(cutoff, rate, 600);
    filter_zero_phase(f, x, 1);
    const Response at_cutoff = response(x, cutoff, rate);
    CHECK(at_cutoff.gain == doctest::Approx(0.5).epsilon(1e-3));
    CHECK(std::abs(at_cutoff.delay_s) < 1e-5);
    // Far below it everything passes, a decade above almost nothing (fourth order in all).
    x = wave(0.25, rate, 6000);
    filter_zero_phase(f, x, 1);
    CHECK(response(x, 0.25, rate).gain == doctest::Approx(1.0).epsilon(1e-3));
  }
}

TEST_CASE("the causal form has the same gain and the delay it states") {
  const float rate = 60.0f;
  const LowPass f = butterworth(3.25f, rate);
  for (const double hz : {0.5, 1.0, 2.0, 3.0}) {
    std::vector<float> live = wave(hz, rate, 3000);
    std::vector<float> offline = live;
    filter_causal(f, live, 1);
    filter_zero_phase(f, offline, 1);
    CHECK(response(live, hz, rate).gain ==
          doctest::Approx(response(offline, hz, rate).gain).epsilon(2e-3));
    CHECK(response(live, hz, rate).delay_s ==
          doctest::Approx(delay_s(f, static_cast<float>(hz), rate)).epsilon(2e-3));
  }
  CHECK(delay_s(f, 0.0f, rate) == doctest::Approx(0.139).epsilon(0.02));
}

TEST_CASE("constants pass unchanged, columns apart, from the first sample on") {
  const LowPass f = butterworth(3.25f, 60.0f);
  std::vector<float> table;
  for (int r = 0; r < 50; ++r)
    for (const float v : {1.5f, -2.0f}) table.push_back(v);
  for (const bool causal : {false, true}) {
    std::vector<float> x = table;
    if (causal)
      filter_causal(f, x, 2);
    else
      filter_zero_phase(f, x, 2);
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(x[i] == doctest::Approx(table[i]).epsilon(1e-5));
  }
  filter_zero_phase(f, {}, 2);  // no rows: nothing to do
}

TEST_CASE("a cut-off that cannot be met passes everything") {
  for (const float cutoff : {0.0f, -1.0f, 30.0f, 100.0f}) {
    std::vector<float> x = wave(5.0, 60.0, 60);
    const std::vector<float> before = x;
    filter_zero_phase(butterworth(cutoff, 60.0f), x, 1);
    CHECK(x == before);
  }
}
