#include "canter/anim/raw_clip.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace canter {
namespace {

Transform interpolate(const Transform& a, const Transform& b, float alpha) {
  const Quat to = glm::dot(a.rotation, b.rotation) < 0.0f ? -b.rotation : b.rotation;
  return {glm::normalize(a.rotation * (1.0f - alpha) + to * alpha),
          glm::mix(a.translation, b.translation, alpha), glm::mix(a.scale, b.scale, alpha)};
}

Error bad_key(int frame, const Skeleton& skeleton, int joint, const char* what) {
  return {ErrorCode::bad_value, "frame " + std::to_string(frame) + ", joint '" +
                                    std::string(skeleton.name(joint)) + "': " + what};
}

}  // namespace

Result<void> validate(const RawClip& clip, const Skeleton& skeleton) {
  if (clip.num_joints != skeleton.num_joints())
    return Error{ErrorCode::bad_value, "the clip has " + std::to_string(clip.num_joints) +
                                           " joints, the skeleton " +
                                           std::to_string(skeleton.num_joints())};
  if (clip.keys.empty() || clip.keys.size() % static_cast<std::size_t>(clip.num_joints) != 0)
    return Error{ErrorCode::bad_value, "the clip holds " + std::to_string(clip.keys.size()) +
                                           " keys; expected a positive multiple of " +
                                           std::to_string(clip.num_joints)};
  if (!(clip.rate_hz > 0.0f) || !std::isfinite(clip.rate_hz))
    return Error{ErrorCode::bad_value,
                 "the frame rate is " + std::to_string(clip.rate_hz) + " Hz; expected above 0"};
  for (int f = 0; f < clip.num_frames(); ++f) {
    for (int j = 0; j < clip.num_joints; ++j) {
      const Transform& t = clip.frame(f)[static_cast<std::size_t>(j)];
      const Vec3 sum = t.translation + t.scale;
      if (!std::isfinite(sum.x + sum.y + sum.z))
        return bad_key(f, skeleton, j, "translation or scale is not finite");
      if (!(std::abs(glm::length(t.rotation) - 1.0f) < 1e-3f))
        return bad_key(f, skeleton, j, "the rotation is not of unit length");
    }
  }
  return {};
}

FrameTime frame_time(float time_s, float rate_hz, int num_frames, bool loop) {
  if (num_frames < 2 || !std::isfinite(time_s)) return {0, 0.0f};
  // In double: a float of seconds at high rates would lose the sub-frame part in long clips.
  const double last = num_frames - 1;
  double frame = static_cast<double>(time_s) * static_cast<double>(rate_hz);
  if (loop) {
    frame -= std::floor(frame / last) * last;
  } else {
    frame = std::clamp(frame, 0.0, last);
  }
  const int index = std::min(static_cast<int>(frame), num_frames - 2);
  return {index, std::clamp(static_cast<float>(frame - index), 0.0f, 1.0f)};
}

void sample(const RawClip& clip, float time_s, PoseView out) {
  assert(out.num_joints == clip.num_joints);
  const FrameTime t = frame_time(time_s, clip.rate_hz, clip.num_frames(), clip.loop);
  const auto a = clip.frame(t.index);
  const auto b = clip.frame(std::min(t.index + 1, clip.num_frames() - 1));
  for (int j = 0; j < clip.num_joints; ++j)
    out.set(j,
            interpolate(a[static_cast<std::size_t>(j)], b[static_cast<std::size_t>(j)], t.alpha));
}

RawClip resample(const RawClip& clip, float rate_hz) {
  RawClip out = clip;
  out.rate_hz = rate_hz;
  const int frames = static_cast<int>(std::lround(clip.duration_s() * rate_hz)) + 1;
  const auto joints = static_cast<std::size_t>(clip.num_joints);
  out.keys.resize(static_cast<std::size_t>(frames) * joints);
  for (int f = 0; f < frames; ++f) {
    const float time_s = std::min(static_cast<float>(f) / rate_hz, clip.duration_s());
    // Clamped, not wrapped: the last frame of a loop must stay the last.
    const FrameTime t = frame_time(time_s, clip.rate_hz, clip.num_frames(), false);
    const auto a = clip.frame(t.index);
    const auto b = clip.frame(std::min(t.index + 1, clip.num_frames() - 1));
    for (std::size_t j = 0; j < joints; ++j) out.frame(f)[j] = interpolate(a[j], b[j], t.alpha);
  }
  return out;
}

}  // namespace canter
