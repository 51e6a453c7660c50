#include "mimic/frames.h"

#include <algorithm>
#include <cmath>

#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"

namespace canter::mimic::detail {

using physics::from_wxyz;
using physics::JointIndex;
using physics::JointType;
using physics::load3;
using physics::store3;

namespace {

/// A seam whose two sides differ by less than this is closed, and velocities are taken across it.
constexpr double kClosedSeam_rad = 0.02;
constexpr double kClosedSeam_m = 0.005;

glm::dvec3 turn_between(const double* from, const double* to) {
  return physics::log_rotation(glm::conjugate(from_wxyz(from)) * from_wxyz(to));
}

// Whether the last frame is the first one, a lap later.
bool is_closed(const physics::Model& model, const Frames& frames) {
  const std::vector<double> gap = step_between(model, frames.row(frames.count - 1), frames.row(0));
  if (std::abs(gap[1]) > kClosedSeam_m) return false;  // the root's height; x and z are the lap
  return std::all_of(gap.begin() + 3, gap.end(),
                     [](double x) { return std::abs(x) < kClosedSeam_rad; });
}

}  // namespace

void step_between(const physics::Model& model, std::span<const double> from,
                  std::span<const double> to, std::span<double> out) {
  for (const JointIndex& index : model.joints()) {
    const double* a = from.data() + index.position;
    const double* b = to.data() + index.position;
    double* v = out.data() + index.velocity;
    switch (index.type) {
      case JointType::root:
        store3(load3(b) - load3(a), v);
        store3(turn_between(a + 3, b + 3), v + 3);
        break;
      case JointType::ball:
        store3(turn_between(a, b), v);
        break;
      case JointType::hinge:
        *v = *b - *a;
        break;
      case JointType::fixed:
        break;
    }
  }
}

std::vector<double> step_between(const physics::Model& model, std::span<const double> from,
                                 std::span<const double> to) {
  std::vector<double> out(static_cast<std::size_t>(model.num_body_velocities()));
  step_between(model, from, to, out);
  return out;
}

Frames velocities_of(const physics::Model& model, const Frames& positions) {
  Frames out;
  out.loop = positions.loop;
  out.rate_hz = positions.rate_hz;
  out.count = positions.count;
  out.width = model.num_body_velocities();
  const int num_steps = positions.count - 1;
  Frames steps = out;
  steps.count = num_steps;
  steps.values.resize(static_cast<std::size_t>(num_steps) * static_cast<std::size_t>(out.width));
  for (int s = 0; s < num_steps; ++s)
    step_between(model, positions.row(s), positions.row(s + 1), steps.row(s));

  const bool closed = positions.loop && is_closed(model, positions);
  out.values.resize(static_cast<std::size_t>(out.count) * static_cast<std::size_t>(out.width));
  for (int f = 0; f < out.count; ++f) {
    const bool seam = f == 0 || f == num_steps;
    const int before = seam && closed ? num_steps - 1 : std::max(f - 1, 0);
    const int behind = seam && closed ? 0 : std::min(f, num_steps - 1);
    for (std::size_t k = 0; k < static_cast<std::size_t>(out.width); ++k)
      out.row(f)[k] = 0.5 * out.rate_hz * (steps.row(before)[k] + steps.row(behind)[k]);
  }
  return out;
}

}  // namespace canter::mimic::detail
