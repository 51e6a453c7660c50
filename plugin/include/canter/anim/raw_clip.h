#pragma once

#include <span>
#include <string>
#include <vector>

#include "canter/anim/pose.h"
#include "canter/anim/skeleton.h"

namespace canter {

/// A motion as importers and editing tools hold it: every joint at every frame, uncompressed.
/// Frames are evenly spaced. The last frame of a looping clip is its first pose one cycle later.
struct RawClip {
  std::string name;
  float rate_hz = 30.0f;
  int num_joints = 0;
  bool loop = false;
  std::vector<Transform> keys;  ///< [num_frames, num_joints] relative to the parent joint

  int num_frames() const {
    return num_joints == 0 ? 0 : static_cast<int>(keys.size()) / num_joints;
  }
  /// (num_frames - 1) / rate_hz: a clip of one frame lasts 0 s.
  float duration_s() const {
    return num_frames() < 2 ? 0.0f : static_cast<float>(num_frames() - 1) / rate_hz;
  }
  std::span<Transform> frame(int i) {
    return std::span(keys).subspan(
        static_cast<std::size_t>(i) * static_cast<std::size_t>(num_joints),
        static_cast<std::size_t>(num_joints));
  }
  std::span<const Transform> frame(int i) const {
    return std::span(keys).subspan(
        static_cast<std::size_t>(i) * static_cast<std::size_t>(num_joints),
        static_cast<std::size_t>(num_joints));
  }
};

/// Checks sizes, rate and that every key is finite with a rotation of unit length (within 1e-3).
Result<void> validate(const RawClip& clip, const Skeleton& skeleton);

/// Where a time falls between two frames: frame `index` and `index + 1` blended by `alpha`.
struct FrameTime {
  int index = 0;
  float alpha = 0.0f;
};

/// Wraps (loop) or clamps time into [0, duration] and splits it. Non-finite time counts as 0.
FrameTime frame_time(float time_s, float rate_hz, int num_frames, bool loop);

/// Samples by linear interpolation (rotations: normalised, shortest arc): the reference that
/// compressed clips are measured against.
void sample(const RawClip& clip, float time_s, PoseView out);

/// The clip at another rate, same duration (rounded to whole frames of the new rate).
RawClip resample(const RawClip& clip, float rate_hz);

}  // namespace canter
