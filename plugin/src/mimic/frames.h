#pragma once

// Frames of a motion as a table of numbers, and differences between them. Private to the room.

#include <span>
#include <vector>

#include "canter/physics/model.h"

namespace canter::mimic::detail {

struct Frames {
  bool loop = false;
  double rate_hz = 30.0;
  int count = 0;
  int width = 0;
  std::vector<double> values;  ///< [count, width]

  std::span<double> row(int f) {
    return std::span(values).subspan(static_cast<std::size_t>(f) * static_cast<std::size_t>(width),
                                     static_cast<std::size_t>(width));
  }
  std::span<const double> row(int f) const {
    return std::span(values).subspan(static_cast<std::size_t>(f) * static_cast<std::size_t>(width),
                                     static_cast<std::size_t>(width));
  }
};

/// (to - from) in the numbers of a velocity, [num_body_velocities]: the root's place in world axes,
/// rotations about the axes of `from`'s own joint.
void step_between(const physics::Model& model, std::span<const double> from,
                  std::span<const double> to, std::span<double> out);
std::vector<double> step_between(const physics::Model& model, std::span<const double> from,
                                 std::span<const double> to);

/// Every frame's velocity: the mean of the steps before and behind it; at the ends there is one
/// step only, but for the two sides of a closed seam, which are the same moment.
Frames velocities_of(const physics::Model& model, const Frames& positions);

}  // namespace canter::mimic::detail
