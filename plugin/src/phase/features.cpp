#include "canter/phase/features.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "canter/anim/local_to_model.h"

namespace canter::phase {
namespace {

constexpr double kMostFrames = 1 << 24;
// Rows a filter needs to forget where it began: 1 % of it is left after 0.4 s at 3.25 Hz.
constexpr float kSettle_s = 1.0f;

// Root-local points of a clip at any time: loops wrap, others clamp.
class PointSampler {
 public:
  PointSampler(const Skeleton& skeleton, const Body& body, const RawClip& clip)
      : skeleton_(skeleton),
        body_(body),
        clip_(clip),
        pose_(skeleton),
        models_(align_up(static_cast<std::size_t>(skeleton.num_joints()) * sizeof(Mat4))) {}

  void at(double time_s, std::span<float> out) {
    const double duration_s = clip_.duration_s();
    if (clip_.loop && duration_s > 0.0) time_s -= duration_s * std::floor(time_s / duration_s);
    sample(clip_, static_cast<float>(std::clamp(time_s, 0.0, duration_s)), pose_);
    const auto models = models_.at<Mat4>(0, static_cast<std::size_t>(skeleton_.num_joints()));
    local_to_model(skeleton_, Mat4(1.0f), pose_.view(), models);
    root_ = root_of(body_, models, root_);
    root_local_points(body_, models, root_, out);
  }

 private:
  const Skeleton& skeleton_;
  const Body& body_;
  const RawClip& clip_;
  Pose pose_;
  Block models_;
  Root root_;
};

Result<void> check(const FeatureSettings& settings, const RawClip& clip) {
  if (!(settings.rate_hz > 0.0f) || !std::isfinite(settings.rate_hz) || settings.margin < 0)
    return Error{ErrorCode::bad_value, "features: rate " + std::to_string(settings.rate_hz) +
                                           " Hz and margin " + std::to_string(settings.margin) +
                                           "; expected above 0 and not below 0"};
  const double frames = static_cast<double>(clip.duration_s()) * settings.rate_hz;
  if (frames > kMostFrames)
    return Error{ErrorCode::limit, "features: " + std::to_string(frames) + " frames; at most 2^24"};
  return {};
}

// A tick that falls this share of itself behind a pose is taken with it: frames of 1/60 s are one
// tick each, however they are rounded.
constexpr double kTickRounding = 1e-3;

// The points of a pose and where it faces. False, and nothing changed but `out`: NaN or infinity.
bool read_points(const Body& body, std::span<const Mat4> models, float& heading_rad,
                 std::span<float> out) {
  Root root;
  root.heading_rad = heading_rad;
  root = root_of(body, models, root);
  root_local_points(body, models, root, out);
  if (!std::all_of(out.begin(), out.end(), [](float v) { return std::isfinite(v); })) return false;
  if (std::isfinite(root.heading_rad)) heading_rad = root.heading_rad;
  return std::isfinite(root.heading_rad);
}

// Differences of neighbouring rows of points, times the rate; the first row is 0.
std::vector<float> velocities(const std::vector<float>& points, std::size_t dims, float rate_hz) {
  std::vector<float> out(points.size(), 0.0f);
  for (std::size_t i = dims; i < points.size(); ++i)
    out[i] = (points[i] - points[i - dims]) * rate_hz;
  return out;
}

}  // namespace

Result<Features> motion_features(const Skeleton& skeleton, const Body& body, const RawClip& clip,
                                 const FeatureSettings& settings) {
  if (auto checked = validate(clip, skeleton); !checked) return checked.error();
  if (auto checked = check(settings, clip); !checked) return checked.error();
  Features out;
  out.rate_hz = settings.rate_hz;
  out.margin = settings.margin;
  out.duration_s = clip.duration_s();
  out.dims = 3 * body.num_points();
  out.frames = 1 + static_cast<int>(std::floor(
                       static_cast<double>(clip.duration_s()) * settings.rate_hz + 1e-3));
  const auto dims = static_cast<std::size_t>(out.dims);

  // A loop is walked on both sides for as long as windows and filters reach.
  const bool loop = clip.loop && clip.duration_s() > 0.0f;
  const int around = loop ? settings.margin + static_cast<int>(kSettle_s * settings.rate_hz) : 0;
  const int rows = out.frames + 2 * around;
  std::vector<float> points(static_cast<std::size_t>(rows) * dims);
  PointSampler sampler(skeleton, body, clip);
  for (int r = 0; r < rows; ++r)
    sampler.at(static_cast<double>(r - around) / settings.rate_hz,
               std::span(points).subspan(static_cast<std::size_t>(r) * dims, dims));

  std::vector<float> moved = velocities(points, dims, settings.rate_hz);
  const LowPass low_pass = butterworth(settings.cutoff_hz, settings.rate_hz);
  if (settings.causal)
    filter_causal(low_pass, moved, out.dims);
  else
    filter_zero_phase(low_pass, moved, out.dims);

  // Cut or repeat to the margin asked for.
  out.values.resize(static_cast<std::size_t>(out.frames + 2 * out.margin) * dims);
  for (int r = 0; r < out.frames + 2 * out.margin; ++r) {
    const int from = std::clamp(r - out.margin + around, 0, rows - 1);
    std::copy_n(moved.begin() + static_cast<std::ptrdiff_t>(from) * out.dims, dims,
                out.values.begin() + static_cast<std::ptrdiff_t>(r) * out.dims);
  }
  out.points.assign(points.begin() + static_cast<std::ptrdiff_t>(around) * out.dims,
                    points.begin() + static_cast<std::ptrdiff_t>(around + out.frames) * out.dims);
  return out;
}

int FeatureStream::push(const Body& body, std::span<const Mat4> models, double dt_s,
                        std::span<float> state, std::span<float> rows) const {
  const auto dims = static_cast<std::size_t>(dims_);
  const std::span<float> last_pose = state.subspan(kHeader, dims);
  const std::span<float> last_tick = state.subspan(kHeader + dims, dims);
  if (!(dt_s >= 0.0) || std::isinf(dt_s)) dt_s = 0.0;

  // The last row is free: at most kMostTicks - 1 are written.
  const std::span<float> now = rows.subspan((kMostTicks - 1) * dims, dims);
  if (!read_points(body, models, state[kHeading], now)) {
    if (state[kStarted] == 0.0f) return 0;
    std::copy(last_pose.begin(), last_pose.end(), now.begin());
  }
  // The first pose, and the first after a gap: there is no movement to speak of.
  const double tick_s = 1.0 / static_cast<double>(rate_hz_);
  if (state[kStarted] == 0.0f || dt_s > tick_s * (kMostTicks - 2)) {
    std::copy(now.begin(), now.end(), last_pose.begin());
    std::copy(now.begin(), now.end(), last_tick.begin());
    state[kStarted] = 1.0f;
    state[kSince] = 0.0f;
    return 0;
  }

  // Every tick between the two poses, the points on the way between them.
  const auto since_s = static_cast<double>(state[kSince]);
  const double within = kTickRounding * tick_s;
  std::size_t ticks = 0;
  for (double at_s = tick_s - since_s; at_s <= dt_s + within; at_s += tick_s, ++ticks) {
    const float share = dt_s > 0.0 ? static_cast<float>(std::min(1.0, at_s / dt_s)) : 1.0f;
    const std::span<float> row = rows.subspan(ticks * dims, dims);
    for (std::size_t d = 0; d < dims; ++d) {
      const float p = last_pose[d] + share * (now[d] - last_pose[d]);
      row[d] = (p - last_tick[d]) * rate_hz_;
      last_tick[d] = p;
    }
    smooth(state.subspan(kHeader + 2 * dims, 4 * dims), row);
  }
  std::copy(now.begin(), now.end(), last_pose.begin());
  state[kSince] =
      static_cast<float>(std::max(0.0, since_s + dt_s - static_cast<double>(ticks) * tick_s));
  return static_cast<int>(ticks);
}

bool FeatureStream::is_sound(std::span<const float> state) const {
  const bool in_range = (state[kStarted] == 0.0f || state[kStarted] == 1.0f) &&
                        state[kSince] >= 0.0f && state[kSince] * rate_hz_ <= 1.0f;
  return state.size() == state_size() && in_range &&
         std::all_of(state.begin(), state.end(), [](float v) { return std::isfinite(v); });
}

void FeatureStream::smooth(std::span<float> memory, std::span<float> row) const {
  const std::size_t dims = row.size();
  for (std::size_t pass = 0; pass < 2; ++pass)
    for (std::size_t d = 0; d < dims; ++d) {
      float& s1 = memory[2 * pass * dims + d];
      float& s2 = memory[(2 * pass + 1) * dims + d];
      LowPassState s{s1, s2};
      row[d] = filter(low_pass_, s, row[d]);
      s1 = s.s1;
      s2 = s.s2;
    }
}

}  // namespace canter::phase
