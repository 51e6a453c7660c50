#pragma once

#include <cmath>
#include <cstdint>

namespace canter {

/// Turns the host's uneven frames into whole fixed steps. Plain data: copying it is the snapshot.
struct FixedClock {
  double step_s = 1.0 / 120.0;     ///< length of one fixed step
  double left_over_s = 0.0;        ///< time not yet stepped, in [0, step_s)
  std::int64_t num_steps = 0;      ///< steps taken since the beginning
  std::int64_t dropped_steps = 0;  ///< steps skipped because a frame asked for too many
  std::int32_t max_steps_per_frame = 24;
  std::int32_t reserved = 0;

  /// How many steps this frame takes. What exceeds max_steps_per_frame is dropped and counted, so
  /// that a long pause of the host does not make the next frame longer still.
  int advance(double dt_s) {
    left_over_s += dt_s;
    // A hair of tolerance: 120 frames of 1/120 s must give 120 steps although the sum is rounded.
    const double whole = std::floor(left_over_s / step_s + 1e-9);
    left_over_s = std::fmax(0.0, left_over_s - whole * step_s);
    const double taken = std::fmin(whole, static_cast<double>(max_steps_per_frame));
    dropped_steps += static_cast<std::int64_t>(whole - taken);
    num_steps += static_cast<std::int64_t>(taken);
    return static_cast<int>(taken);
  }

  /// How far the shown moment lies between the last two steps, in [0, 1): the weight of the newer.
  float alpha() const { return static_cast<float>(left_over_s / step_s); }
};

}  // namespace canter
