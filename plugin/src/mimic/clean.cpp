#include "canter/mimic/clean.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "canter/mimic/reference_motion.h"
#include "canter/physics/kinematics.h"
#include "canter/physics/pose.h"
#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "mimic/frames.h"
#include "mimic/task_data.h"

namespace canter::mimic {

using detail::Frames;
using physics::from_wxyz;
using physics::JointIndex;
using physics::JointType;
using physics::load3;
using physics::store3;
using physics::to_wxyz;

namespace {

constexpr double kContact_m = 0.005;
/// The clip's own ground: this share of its frames has a lower lowest point.
constexpr double kGroundShare = 0.1;
/// Half-life of what smooths the corrections of height, s.
constexpr double kSmooth_s = 0.03;

// ---- measuring

// Lowest point of the body in every frame.
std::vector<double> lowest_points(const physics::Model& model, const Frames& frames) {
  std::vector<double> lowest;
  std::vector<physics::LinkState> links(static_cast<std::size_t>(model.num_joints()));
  const std::vector<double> still(static_cast<std::size_t>(model.num_body_velocities()), 0.0);
  for (int f = 0; f < frames.count; ++f) {
    physics::forward_kinematics(model, frames.row(f), still, links);
    lowest.push_back(physics::lowest_distance(model, links));
  }
  return lowest;
}

// How far a joint turns by a difference in velocity numbers.
double turn_of(const JointIndex& joint, std::span<const double> numbers) {
  const double* v = numbers.data() + joint.velocity;
  switch (joint.type) {
    case JointType::root:
      return glm::length(load3(v + 3));
    case JointType::ball:
      return glm::length(load3(v));
    case JointType::hinge:
      return std::abs(*v);
    case JointType::fixed:
      break;
  }
  return 0.0;
}

double largest_joint(const physics::Model& model, std::span<const double> numbers) {
  double largest = 0.0;
  for (const JointIndex& joint : model.joints())
    largest = std::max(largest, turn_of(joint, numbers));
  return largest;
}

void measure_seam(const physics::Model& model, const Frames& frames, ClipFaults& faults) {
  const int last = frames.count - 1;
  const std::vector<double> gap = detail::step_between(model, frames.row(last), frames.row(0));
  faults.seam_rad = largest_joint(model, gap);
  faults.seam_height_m = std::abs(gap[1]);
  const auto before = detail::step_between(model, frames.row(last - 1), frames.row(last));
  auto jump = detail::step_between(model, frames.row(0), frames.row(1));
  for (std::size_t k = 0; k < jump.size(); ++k) jump[k] = (jump[k] - before[k]) * frames.rate_hz;
  faults.seam_velocity_rad_s = largest_joint(model, jump);
}

void measure_motion(const physics::Model& model, const Frames& frames, ClipFaults& faults) {
  std::vector<double> before;
  for (int f = 0; f + 1 < frames.count; ++f) {
    auto step = detail::step_between(model, frames.row(f), frames.row(f + 1));
    for (double& x : step) x *= frames.rate_hz;
    faults.speed_rad_s = std::max(faults.speed_rad_s, largest_joint(model, step));
    std::vector<double> change = step;
    for (std::size_t k = 0; k < before.size(); ++k)
      change[k] = (step[k] - before[k]) * frames.rate_hz;
    if (f > 0)
      faults.acceleration_rad_s2 =
          std::max(faults.acceleration_rad_s2, largest_joint(model, change));
    before = std::move(step);
  }
}

// How far an angle is outside of a hinge's range.
double beyond(const physics::BodyJoint& joint, double angle) {
  return std::max({0.0, static_cast<double>(joint.limit_low.z) - angle,
                   angle - static_cast<double>(joint.limit_high.z)});
}

ClipFaults measure(const physics::Model& model, const Frames& frames) {
  ClipFaults faults;
  const std::vector<double> lowest = lowest_points(model, frames);
  faults.lowest_m = std::ranges::min(lowest);
  faults.contact_share = static_cast<double>(std::ranges::count_if(
                             lowest, [](double y) { return std::abs(y) < kContact_m; })) /
                         static_cast<double>(lowest.size());
  if (frames.loop) measure_seam(model, frames, faults);
  measure_motion(model, frames, faults);
  for (std::size_t j = 0; j < model.joints().size(); ++j)
    if (model.joints()[j].type == JointType::hinge)
      for (int f = 0; f < frames.count; ++f)
        faults.limit_rad =
            std::max(faults.limit_rad,
                     beyond(model.body().joints[j],
                            frames.row(f)[static_cast<std::size_t>(model.joints()[j].position)]));
  return faults;
}

// ---- mending

/// No throw or kick turns a joint faster: it has jumped.
constexpr double kJump_rad_s = 40.0;
/// A joint that jumps twice within it jumped away and back; a jump this close to an end of a clip
/// makes all beyond it no part of the motion.
constexpr double kJump_s = 0.1;

// Adds a share of a difference in velocity numbers to one joint of a frame; the root's x and z
// stay, for they are the way of a lap.
void add_share(const JointIndex& joint, std::span<const double> step, double share,
               std::span<double> row) {
  double* p = row.data() + joint.position;
  const double* v = step.data() + joint.velocity;
  const auto turn = [&](double* q, const double* by) {
    to_wxyz(glm::normalize(from_wxyz(q) * physics::exp_rotation(share * load3(by))), q);
  };
  if (joint.type == JointType::root) {
    p[1] += share * v[1];
    turn(p + 3, v + 3);
  } else if (joint.type == JointType::ball) {
    turn(p, v);
  } else if (joint.type == JointType::hinge) {
    *p += share * *v;
  }
}

void add_share(const physics::Model& model, std::span<const double> step, double share,
               std::span<double> row) {
  for (const JointIndex& joint : model.joints()) add_share(joint, step, share, row);
}

void mend_limits(const physics::Model& model, Frames& frames) {
  for (std::size_t j = 0; j < model.joints().size(); ++j) {
    if (model.joints()[j].type != JointType::hinge) continue;
    const physics::BodyJoint& joint = model.body().joints[j];
    for (int f = 0; f < frames.count; ++f) {
      double& angle = frames.row(f)[static_cast<std::size_t>(model.joints()[j].position)];
      angle = std::clamp(angle, static_cast<double>(joint.limit_low.z),
                         static_cast<double>(joint.limit_high.z));
    }
  }
}

// Takes a joint evenly from one frame to another, if that is no jump itself.
void bridge(const physics::Model& model, const JointIndex& joint, int from, int to,
            Frames& frames) {
  const std::vector<double> way = detail::step_between(model, frames.row(from), frames.row(to));
  const double steps = to - from;
  if (joint.type == JointType::fixed || turn_of(joint, way) * frames.rate_hz > steps * kJump_rad_s)
    return;
  // Its numbers in a row; the root's place is not a matter of turning.
  const bool root = joint.type == JointType::root;
  const auto first = static_cast<std::size_t>(joint.position + (root ? 3 : 0));
  const std::size_t count = joint.type == JointType::hinge ? 1 : 4;
  const std::vector<double> start(frames.row(from).begin(), frames.row(from).end());
  for (int f = from + 1; f < to; ++f) {
    std::vector<double> row = start;
    add_share(joint, way, (f - from) / steps, row);
    std::ranges::copy(std::span(row).subspan(first, count),
                      frames.row(f).subspan(first, count).begin());
  }
}

void mend_jumps(const physics::Model& model, Frames& frames) {
  std::vector<std::vector<double>> steps;
  for (int f = 0; f + 1 < frames.count; ++f)
    steps.push_back(detail::step_between(model, frames.row(f), frames.row(f + 1)));
  for (const JointIndex& joint : model.joints()) {
    int before = -1;  // the last jump, from this frame to the next
    for (int f = 0; f + 1 < frames.count; ++f) {
      if (turn_of(joint, steps[static_cast<std::size_t>(f)]) * frames.rate_hz <= kJump_rad_s)
        continue;
      if (before >= 0 && f - before <= kJump_s * frames.rate_hz)
        bridge(model, joint, before, f + 1, frames);
      before = f;
    }
  }
}

// What lies beyond the innermost jump near an end goes on as the frames within do. `way`: +1 from
// the first frame, -1 from the last.
void mend_end(const physics::Model& model, int end, int way, Frames& frames) {
  const auto step = [&](int from, int to) {
    return detail::step_between(model, frames.row(from), frames.row(to));
  };
  const int reach = std::min(static_cast<int>(kJump_s * frames.rate_hz), frames.count - 3);
  int bad = 0;  // frames from the end on
  for (int k = 0; k < std::max(reach, 1); ++k)
    if (largest_joint(model, step(end + k * way, end + (k + 1) * way)) * frames.rate_hz >
        kJump_rad_s)
      bad = k + 1;
  for (int k = bad - 1; k >= 0; --k) {
    const int at = end + k * way;
    const std::vector<double> on = step(at + 2 * way, at + way);
    const std::span<double> row = frames.row(at);
    std::ranges::copy(frames.row(at + way), row.begin());
    row[0] += on[0];
    row[2] += on[2];
    add_share(model, on, 1.0, row);
  }
}

void mend_ends(const physics::Model& model, Frames& frames) {
  mend_end(model, 0, 1, frames);
  mend_end(model, frames.count - 1, -1, frames);
}

// 1 at the seam, falling to 0 with level ends.
double seam_weight(double distance_s, double reach_s) {
  if (distance_s >= reach_s) return 0.0;
  return 0.5 + 0.5 * std::cos(glm::pi<double>() * distance_s / reach_s);
}

// Both sides of the seam go half of the way to each other.
void mend_seam(const physics::Model& model, double seam_s, Frames& frames) {
  const std::vector<double> gap =
      detail::step_between(model, frames.row(frames.count - 1), frames.row(0));
  const double duration_s = (frames.count - 1) / frames.rate_hz;
  const double reach_s = std::min(seam_s, 0.25 * duration_s);
  for (int f = 0; f < frames.count; ++f) {
    const double time_s = f / frames.rate_hz;
    add_share(model, gap, -0.5 * seam_weight(time_s, reach_s), frames.row(f));
    add_share(model, gap, 0.5 * seam_weight(duration_s - time_s, reach_s), frames.row(f));
  }
}

double percentile(std::vector<double> values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

// Frame numbers that go around a loop or stop at the ends.
int neighbour(const Frames& frames, int f, int offset) {
  const int last = frames.count - 1;
  const int at = f + offset;
  if (!frames.loop) return std::clamp(at, 0, last);
  return ((at % last) + last) % last;  // the last frame is the first again
}

// What every frame has to be raised by for standing links to touch the ground; between them, while
// the body flies, the corrections of both sides are mixed by distance.
std::vector<double> lifts(const Frames& frames, const std::vector<double>& lowest, double hover_m) {
  const double ground = percentile(lowest, kGroundShare);
  const auto stands = [&](int f) { return lowest[static_cast<std::size_t>(f)] < ground + hover_m; };
  std::vector<double> out(lowest.size(), -ground);
  for (int f = 0; f < frames.count; ++f) {
    int back = 0, ahead = 0;
    while (back < frames.count && !stands(neighbour(frames, f, -back))) ++back;
    while (ahead < frames.count && !stands(neighbour(frames, f, ahead))) ++ahead;
    if (back == frames.count || ahead == frames.count) continue;  // it never stands
    const double a = -lowest[static_cast<std::size_t>(neighbour(frames, f, -back))];
    const double b = -lowest[static_cast<std::size_t>(neighbour(frames, f, ahead))];
    const double share = back + ahead == 0 ? 0.0 : static_cast<double>(back) / (back + ahead);
    out[static_cast<std::size_t>(f)] = a + share * (b - a);
  }
  return out;
}

std::vector<double> smoothed(const Frames& frames, const std::vector<double>& values) {
  const int reach = static_cast<int>(std::ceil(2.0 * kSmooth_s * frames.rate_hz));
  std::vector<double> out(values.size());
  for (int f = 0; f < frames.count; ++f) {
    double sum = 0.0, weights = 0.0;
    for (int k = -reach; k <= reach; ++k) {
      const double distance = k / (frames.rate_hz * kSmooth_s);
      const double weight = std::exp2(-distance * distance);
      sum += weight * values[static_cast<std::size_t>(neighbour(frames, f, k))];
      weights += weight;
    }
    out[static_cast<std::size_t>(f)] = sum / weights;
  }
  return out;
}

void mend_ground(const physics::Model& model, double hover_m, Frames& frames) {
  const std::vector<double> lowest = lowest_points(model, frames);
  const std::vector<double> raised = smoothed(frames, lifts(frames, lowest, hover_m));
  for (int f = 0; f < frames.count; ++f) {
    const auto at = static_cast<std::size_t>(f);
    // Smoothing may leave a link in the ground: never that.
    frames.row(f)[1] += std::max(raised[at], -lowest[at]);
  }
}

// ---- resampling

// The frame at a time between two, by a cubic through both with their velocities.
void interpolate(const physics::Model& model, const Frames& frames, const Frames& velocities,
                 double time_s, std::span<double> out) {
  const double at = std::clamp(time_s * frames.rate_hz, 0.0, frames.count - 1.0);
  const int f = std::min(static_cast<int>(at), frames.count - 2);
  const double u = at - f;
  const std::vector<double> step = detail::step_between(model, frames.row(f), frames.row(f + 1));
  // Hermite's: from the first frame, along both velocities and the whole step.
  const double h10 = u * (1.0 - u) * (1.0 - u);
  const double h01 = u * u * (3.0 - 2.0 * u);
  const double h11 = u * u * (u - 1.0);
  std::vector<double> way(step.size());
  for (std::size_t k = 0; k < way.size(); ++k)
    way[k] = h01 * step[k] +
             (h10 * velocities.row(f)[k] + h11 * velocities.row(f + 1)[k]) / frames.rate_hz;
  std::ranges::copy(frames.row(f), out.begin());
  out[0] += way[0];
  out[2] += way[2];
  add_share(model, way, 1.0, out);
}

Frames resampled(const physics::Model& model, const Frames& frames, double least_rate_hz) {
  if (frames.rate_hz >= least_rate_hz) return frames;
  const Frames velocities = detail::velocities_of(model, frames);
  const int factor = static_cast<int>(std::ceil(least_rate_hz / frames.rate_hz));
  Frames out;
  out.loop = frames.loop;
  out.rate_hz = frames.rate_hz * factor;
  out.count = (frames.count - 1) * factor + 1;
  out.width = frames.width;
  out.values.resize(static_cast<std::size_t>(out.count) * static_cast<std::size_t>(out.width));
  for (int f = 0; f < out.count; ++f)
    interpolate(model, frames, velocities, f / out.rate_hz, out.row(f));
  return out;
}

RawClip to_clip(const physics::Model& model, const Frames& frames, const std::string& name) {
  RawClip clip;
  clip.name = name;
  clip.rate_hz = static_cast<float>(frames.rate_hz);
  clip.num_joints = model.num_joints();
  clip.loop = frames.loop;
  const auto joints = static_cast<std::size_t>(clip.num_joints);
  clip.keys.resize(static_cast<std::size_t>(frames.count) * joints);
  for (int f = 0; f < frames.count; ++f)
    physics::write_pose(model, frames.row(f),
                        std::span(clip.keys).subspan(static_cast<std::size_t>(f) * joints, joints));
  return clip;
}

}  // namespace

CleanOptions untouched() {
  CleanOptions options;
  options.jumps = options.limits = options.seam = options.ground = false;
  options.least_rate_hz = 0.0;
  return options;
}

Result<CleanedClip> clean_clip(const physics::Model& model, const Skeleton& skeleton,
                               const RawClip& clip, const CleanOptions& options) {
  if (!(options.seam_s >= 0.0) || !(options.hover_m >= 0.0) || !(options.least_rate_hz >= 0.0) ||
      options.least_rate_hz > 1000.0)
    return Error{ErrorCode::bad_value,
                 "clean: seam and hover are 0 or more, the rate is 0 to 1000 Hz"};
  const Result<ReferenceMotion> motion = make_reference_motion(model, skeleton, clip);
  if (!motion) return motion.error();
  Result<Skeleton> own = physics::body_skeleton(model.body());
  if (!own) return own.error();

  const ReferenceMotion::Data& data = motion->data();
  Frames frames;
  frames.loop = data.loop;
  frames.rate_hz = data.rate_hz;
  frames.count = data.num_frames;
  frames.width = data.num_positions;
  frames.values = data.positions;

  CleanedClip out;
  out.before = measure(model, frames);
  if (options.jumps) mend_jumps(model, frames);
  if (options.jumps && !frames.loop && frames.count > 4) mend_ends(model, frames);
  if (frames.loop && options.seam && frames.count > 4) mend_seam(model, options.seam_s, frames);
  frames = resampled(model, frames, options.least_rate_hz);
  if (options.limits) mend_limits(model, frames);
  if (options.ground) mend_ground(model, options.hover_m, frames);
  out.after = measure(model, frames);
  out.clip = to_clip(model, frames, clip.name);
  out.skeleton = std::move(*own);
  return out;
}

}  // namespace canter::mimic
