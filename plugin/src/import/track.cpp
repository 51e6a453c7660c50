#include <algorithm>
#include <cmath>

#include "import/node_scene.h"

namespace canter::importer::detail {
namespace {

Quat as_quat(const Vec4& v) {
  return Quat(v.w, v.x, v.y, v.z);
}

Quat unit_or_identity(const Quat& q) {
  const float length = glm::length(q);
  return length > 1e-12f && std::isfinite(length) ? q / length : kIdentityRotation;
}

// Between which keys a time lies, and how far along.
struct Place {
  std::size_t key = 0;
  float alpha = 0.0f;
  float span_s = 0.0f;
};

Place place_of(const Track& track, double time_s) {
  const std::vector<double>& t = track.times_s;
  if (t.size() < 2 || time_s <= t.front()) return {};
  if (time_s >= t.back()) return {t.size() - 1, 0.0f, 0.0f};
  const auto above = std::upper_bound(t.begin(), t.end(), time_s);
  const auto key = static_cast<std::size_t>(above - t.begin()) - 1;
  const double span = t[key + 1] - t[key];
  return {key, static_cast<float>((time_s - t[key]) / span), static_cast<float>(span)};
}

const Vec4& value(const Track& track, std::size_t key) {
  return track.values[track.interpolation == Interpolation::cubic_spline ? 3 * key + 1 : key];
}

// Cubic Hermite between two keys: glTF 2.0, appendix C.5.
Vec4 hermite(const Track& track, const Place& at) {
  const float t = at.alpha;
  const float t2 = t * t;
  const float t3 = t2 * t;
  const Vec4& out_tangent = track.values[3 * at.key + 2];
  const Vec4& in_tangent = track.values[3 * (at.key + 1)];
  return (2.0f * t3 - 3.0f * t2 + 1.0f) * value(track, at.key) +
         at.span_s * (t3 - 2.0f * t2 + t) * out_tangent +
         (3.0f * t2 - 2.0f * t3) * value(track, at.key + 1) + at.span_s * (t3 - t2) * in_tangent;
}

// A time this close to a frame counts as on it: key times are rounded to six decimals, and to
// float, which costs more the later they are.
constexpr double kOnFrame_s = 1e-4;
constexpr double kFloatRounding = 1.2e-7;

double worst_distance(const std::vector<double>& times, double hz) {
  double worst = 0.0;
  for (const double t : times) worst = std::max(worst, std::abs(t * hz - std::round(t * hz)) / hz);
  return worst;
}

// The rate of evenly spaced keys of an unusual rate, or 0. The number of gaps in the clip's length
// is their count if no key is missing, else about the length over the middle gap.
double estimate_rate(const std::vector<double>& sorted) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i] - sorted[i - 1] > kOnFrame_s) gaps.push_back(sorted[i] - sorted[i - 1]);
  if (gaps.empty()) return 0.0;
  const double length = sorted.back() - sorted.front();
  const auto count = static_cast<double>(gaps.size());
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  const double by_count = count / length;
  if (worst_distance(sorted, by_count) <= kOnFrame_s) return by_count;
  return std::max(1.0, std::round(length / *middle)) / length;
}

}  // namespace

Vec4 sample_vector(const Track& track, double time_s) {
  const Place at = place_of(track, time_s);
  if (at.alpha == 0.0f || track.interpolation == Interpolation::step) return value(track, at.key);
  if (track.interpolation == Interpolation::cubic_spline) return hermite(track, at);
  return glm::mix(value(track, at.key), value(track, at.key + 1), at.alpha);
}

Quat sample_rotation(const Track& track, double time_s) {
  const Place at = place_of(track, time_s);
  const Quat a = unit_or_identity(as_quat(value(track, at.key)));
  if (at.alpha == 0.0f || track.interpolation == Interpolation::step) return a;
  if (track.interpolation == Interpolation::cubic_spline)
    return unit_or_identity(as_quat(hermite(track, at)));
  const Quat b = unit_or_identity(as_quat(value(track, at.key + 1)));
  return unit_or_identity(glm::slerp(a, b, at.alpha));
}

ClipRate choose_rate(std::vector<double> key_times, double hint, bool needs_steps) {
  std::sort(key_times.begin(), key_times.end());
  if (key_times.empty() || key_times.back() < kOnFrame_s) return {};
  constexpr double kMaxHz = 1000.0;
  std::vector<double> candidates = {24.0, 25.0, 30.0, 60.0, 120.0};
  if (hint >= 1.0 && hint <= kMaxHz) candidates.insert(candidates.begin(), hint);
  const double estimate = estimate_rate(key_times);
  if (estimate >= 10.0 && estimate <= kMaxHz) candidates.push_back(estimate);

  ClipRate best{120.0, worst_distance(key_times, 120.0)};
  for (const double hz : candidates) {
    const double worst = worst_distance(key_times, hz);
    if (worst > kOnFrame_s) continue;
    best = {hz, worst};
    break;
  }
  // A multiple keeps the keys on frames.
  constexpr double kSmoothHz = 60.0;
  if (needs_steps) best.hz *= std::max(1.0, std::ceil(kSmoothHz / best.hz));
  return best;
}

void snap_to_frames(Track& track, double hz) {
  for (double& t : track.times_s) {
    const double frame = std::round(t * hz) / hz;
    if (std::abs(t - frame) <= kOnFrame_s + kFloatRounding * t) t = frame;
  }
}

void Influences::add(std::uint32_t bone, float weight) {
  if (!(weight > 0.0f)) return;
  // The same joint named twice counts as one influence.
  for (std::size_t i = 0; i < 4; ++i) {
    if (weights[i] > 0.0f && bones[i] == bone) {
      weights[i] += weight;
      return;
    }
  }
  const auto weakest =
      static_cast<std::size_t>(std::min_element(weights.begin(), weights.end()) - weights.begin());
  if (weight <= weights[weakest]) {
    dropped += weight;
    return;
  }
  dropped += weights[weakest];
  bones[weakest] = bone;
  weights[weakest] = weight;
}

void set_matrix(Node& node, const Mat4& matrix) {
  node.matrix = matrix;
  node.local = to_transform(matrix);
  // A mirror as three negative scales, the form animation tracks of FBX and Collada have it in, so
  // that a node at rest and the same node in a clip compare equal: turned half about x, y and z
  // flip.
  if (node.local.scale.x < 0.0f) {
    node.local.scale *= Vec3(1.0f, -1.0f, -1.0f);
    node.local.rotation = node.local.rotation * Quat(0.0f, 1.0f, 0.0f, 0.0f);
  }
}

void set_local(Node& node, const Transform& local) {
  node.local = local;
  node.local.rotation = unit_or_identity(local.rotation);
  node.matrix = to_matrix(node.local);
}

}  // namespace canter::importer::detail
