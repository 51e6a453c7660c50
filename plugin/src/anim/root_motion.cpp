#include "canter/anim/root_motion.h"

#include <cmath>
#include <utility>

#include "canter/anim/joint_map.h"
#include "canter/anim/model_space.h"

namespace canter {
namespace {

// Rigid motion of the ground plane; double, because laps multiply it.
struct PlanarMotion {
  double x = 0, z = 0, heading = 0;
};

// Rotation about +Y takes (x, z) to (c x + s z, -s x + c z).
PlanarMotion operator*(const PlanarMotion& a, const PlanarMotion& b) {
  const double c = std::cos(a.heading);
  const double s = std::sin(a.heading);
  return {a.x + c * b.x + s * b.z, a.z - s * b.x + c * b.z, a.heading + b.heading};
}

PlanarMotion inverse(const PlanarMotion& a) {
  const double c = std::cos(a.heading);
  const double s = std::sin(a.heading);
  return {-(c * a.x - s * a.z), -(s * a.x + c * a.z), -a.heading};
}

Transform to_transform(const PlanarMotion& m) {
  const double half = 0.5 * m.heading;
  Transform t;
  t.rotation =
      Quat(static_cast<float>(std::cos(half)), 0.0f, static_cast<float>(std::sin(half)), 0.0f);
  t.translation = Vec3(static_cast<float>(m.x), 0.0f, static_cast<float>(m.z));
  return t;
}

PlanarMotion to_planar(const RootMotion::Key& k) {
  return {static_cast<double>(k.x_m), static_cast<double>(k.z_m),
          static_cast<double>(k.heading_rad)};
}

// m applied n times; n may be negative. Its translation is the geometric sum
// (1 + R + ... + R^(n-1)) t, closed so that the cost does not grow with n.
PlanarMotion power(const PlanarMotion& m, double n) {
  if (n < 0) return power(inverse(m), -n);
  const double half = 0.5 * m.heading;
  const double denominator = std::sin(half);
  // Sum of R^k = sin(n h) / sin(h) * rotation by (n - 1) h, with h half the angle of one lap.
  const double length = std::abs(denominator) < 1e-9 ? n * std::cos(n * half) / std::cos(half)
                                                     : std::sin(n * half) / denominator;
  const PlanarMotion turn{0, 0, (n - 1) * half};
  const PlanarMotion sum = turn * PlanarMotion{length * m.x, length * m.z, 0};
  return {sum.x, sum.z, n * m.heading};
}

struct LapTime {
  double lap = 0;
  PlanarMotion within;
};

LapTime split(const RootMotion& motion, float time_s) {
  const auto keys = motion.keys();
  if (keys.empty()) return {};
  if (keys.size() == 1 || !std::isfinite(time_s)) return {0, to_planar(keys[0])};
  const double last = static_cast<double>(keys.size() - 1);
  double frame = static_cast<double>(time_s) * static_cast<double>(motion.rate_hz());
  double lap = 0;
  if (motion.loop()) {
    lap = std::floor(frame / last);
    frame -= lap * last;
  }
  frame = std::min(std::max(frame, 0.0), last);
  const auto i = std::min(static_cast<std::size_t>(frame), keys.size() - 2);
  const double alpha = frame - static_cast<double>(i);
  const PlanarMotion a = to_planar(keys[i]);
  const PlanarMotion b = to_planar(keys[i + 1]);
  return {lap,
          {a.x + alpha * (b.x - a.x), a.z + alpha * (b.z - a.z),
           a.heading + alpha * (b.heading - a.heading)}};
}

// What one lap adds: the end of the motion seen from its start, in the space of the clip.
PlanarMotion lap_motion(const RootMotion& motion) {
  return to_planar(motion.keys().back()) * inverse(to_planar(motion.keys().front()));
}

// Below this squared length of (w, y) the swing exceeds about 154 degrees and the twist is noise.
constexpr float kMinTwistNorm2 = 0.05f;

struct Twist {
  float angle_rad = 0.0f;
  bool defined = false;
};

Twist twist_about_y(const Quat& q) {
  return {2.0f * std::atan2(q.y, q.w), q.w * q.w + q.y * q.y > kMinTwistNorm2};
}

// Adds the whole turns that keep neighbours within half a turn, and bridges undefined frames.
std::vector<float> continuous_headings(std::span<const Twist> twists) {
  std::vector<float> headings(twists.size(), 0.0f);
  std::ptrdiff_t known = -1;
  for (std::size_t f = 0; f < twists.size(); ++f) {
    if (!twists[f].defined) continue;
    const float previous = known < 0 ? 0.0f : headings[static_cast<std::size_t>(known)];
    const float turn = 2.0f * kPi;
    headings[f] = twists[f].angle_rad + turn * std::round((previous - twists[f].angle_rad) / turn);
    // Frames since the last known one lie on the straight line between the two.
    for (auto g = static_cast<std::size_t>(known + 1); g < f; ++g) {
      const float alpha = known < 0
                              ? 1.0f
                              : static_cast<float>(static_cast<std::ptrdiff_t>(g) - known) /
                                    static_cast<float>(static_cast<std::ptrdiff_t>(f) - known);
      headings[g] = known < 0 ? headings[f] : previous + alpha * (headings[f] - previous);
    }
    known = static_cast<std::ptrdiff_t>(f);
  }
  for (std::size_t g = static_cast<std::size_t>(known + 1); g < twists.size() && known >= 0; ++g)
    headings[g] = headings[static_cast<std::size_t>(known)];
  return headings;
}

// Result of prepending root(frame) to the root joints of every frame.
template <class RootOfFrame>
RawClip place_clip(const Skeleton& skeleton, const RawClip& clip, RootOfFrame root) {
  RawClip out = clip;
  for (int f = 0; f < out.num_frames(); ++f) {
    const Transform placement = root(f);
    for (int j = 0; j < skeleton.num_joints(); ++j) {
      if (skeleton.parent(j) >= 0) continue;
      Transform& key = out.frame(f)[static_cast<std::size_t>(j)];
      key = placement * key;
      key.rotation = glm::normalize(key.rotation);
    }
  }
  return out;
}

}  // namespace

Result<ExtractedRootMotion> extract_root_motion(const Skeleton& skeleton, const RawClip& clip,
                                                const RootMotionSettings& settings) {
  if (Result<void> valid = validate(clip, skeleton); !valid) return valid.error();
  if (settings.joint < -1 || settings.joint >= skeleton.num_joints())
    return Error{ErrorCode::bad_value, "root motion of joint " + std::to_string(settings.joint) +
                                           "; expected -1 or an index below " +
                                           std::to_string(skeleton.num_joints())};
  const int joint = settings.joint >= 0 ? settings.joint : map_joints(skeleton).hips;

  // The rest orientation is taken out, so that a skeleton's own axes do not count as heading.
  const Quat from_rest =
      glm::conjugate(model_transform(skeleton, skeleton.rest_pose(), joint).rotation);
  const auto num_frames = static_cast<std::size_t>(clip.num_frames());
  std::vector<Vec3> positions(num_frames);
  std::vector<Twist> twists(num_frames);
  for (std::size_t f = 0; f < num_frames; ++f) {
    const Transform model = model_transform(skeleton, clip.frame(static_cast<int>(f)), joint);
    positions[f] = model.translation;
    twists[f] = twist_about_y(glm::normalize(model.rotation * from_rest));
  }
  const std::vector<float> headings = continuous_headings(twists);

  std::vector<RootMotion::Key> keys(num_frames);
  for (std::size_t f = 0; f < num_frames; ++f) {
    if (settings.translation) {
      keys[f].x_m = positions[f].x;
      keys[f].z_m = positions[f].z;
    }
    if (settings.heading) keys[f].heading_rad = headings[f];
  }

  ExtractedRootMotion out;
  out.in_place = place_clip(skeleton, clip, [&](int f) {
    return to_transform(inverse(to_planar(keys[static_cast<std::size_t>(f)])));
  });
  out.motion = RootMotion(std::move(keys), clip.rate_hz, clip.loop);
  return out;
}

Transform root_at(const RootMotion& motion, float time_s) {
  const LapTime t = split(motion, time_s);
  return to_transform(t.lap == 0 ? t.within : power(lap_motion(motion), t.lap) * t.within);
}

Transform root_delta(const RootMotion& motion, float t0_s, float t1_s) {
  const LapTime t0 = split(motion, t0_s);
  const LapTime t1 = split(motion, t1_s);
  const double laps = t1.lap - t0.lap;
  const PlanarMotion end = laps == 0 ? t1.within : power(lap_motion(motion), laps) * t1.within;
  return to_transform(inverse(t0.within) * end);
}

void apply_root(const Skeleton& skeleton, const Transform& root, PoseView pose) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) < 0) pose.set(j, root * pose.get(j));
}

Result<RawClip> apply_root_motion(const Skeleton& skeleton, const RootMotion& motion,
                                  const RawClip& in_place) {
  if (Result<void> valid = validate(in_place, skeleton); !valid) return valid.error();
  if (in_place.num_frames() != motion.num_frames())
    return Error{ErrorCode::bad_value, "the clip has " + std::to_string(in_place.num_frames()) +
                                           " frames, the root motion " +
                                           std::to_string(motion.num_frames())};
  return place_clip(skeleton, in_place, [&](int f) {
    return to_transform(to_planar(motion.keys()[static_cast<std::size_t>(f)]));
  });
}

}  // namespace canter
