#pragma once

#include <span>

namespace canter::phase {

/// A second-order Butterworth low-pass: y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''.
struct LowPass {
  float b0 = 1.0f, b1 = 0.0f, b2 = 0.0f, a1 = 0.0f, a2 = 0.0f;
};

/// By the bilinear transform with its warping undone, so that the gain at the cut-off is 1/sqrt 2.
/// A cut-off at or beyond half the rate, or not above 0, passes everything.
LowPass butterworth(float cutoff_hz, float rate_hz);

/// What the filter remembers of one signal (direct form II, transposed).
struct LowPassState {
  float s1 = 0.0f, s2 = 0.0f;
};

/// The next sample. No allocation.
inline float filter(const LowPass& f, LowPassState& state, float x) {
  const float y = f.b0 * x + state.s1;
  state.s1 = f.b1 * x - f.a1 * y + state.s2;
  state.s2 = f.b2 * x - f.a2 * y;
  return y;
}

/// The state of a signal that has always been `x`.
inline LowPassState settled(const LowPass& f, float x) {
  return {x * (1.0f - f.b0), x * (f.b2 - f.a2)};
}

/// Forward and backward over every column of a table: no delay, the gain squared. Ends continue
/// with their own value. No allocation.
/// @param values  [rows, columns] in place
void filter_zero_phase(const LowPass& f, std::span<float> values, int columns);

/// Twice forward: the same gain as filter_zero_phase, with the delay that a live signal has to pay
/// (see delay_s).
void filter_causal(const LowPass& f, std::span<float> values, int columns);

/// By how much filter_causal delays a wave of this frequency, seconds. At 3.25 Hz cut-off between
/// 0.139 s (0 Hz) and 0.154 s (3 Hz).
float delay_s(const LowPass& f, float frequency_hz, float rate_hz);

}  // namespace canter::phase
