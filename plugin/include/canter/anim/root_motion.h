#pragma once

#include <span>
#include <vector>

#include "canter/anim/raw_clip.h"

namespace canter {

/// What is taken out of a clip as root motion.
struct RootMotionSettings {
  /// Joint whose movement over the ground is the character's; -1: the hips that map_joints
  /// finds.
  int joint = -1;
  bool translation = true;  ///< x and z of that joint
  bool heading = true;      ///< its rotation about Y
};

/// A character's way over the ground: position (x, z) and heading about Y at every frame.
/// Immutable, shared by threads. A default one has no frames and stands still.
class RootMotion {
 public:
  /// One placement on the ground plane, in the space of the original clip.
  struct Key {
    float x_m = 0.0f;
    float z_m = 0.0f;
    float heading_rad = 0.0f;  ///< about +Y from the rest pose; unwrapped: two turns are 4 pi
  };

  RootMotion() = default;
  /// @param keys  one per frame, evenly spaced, finite
  RootMotion(std::vector<Key> keys, float rate_hz, bool loop)
      : keys_(std::move(keys)), rate_hz_(rate_hz), loop_(loop) {}

  std::span<const Key> keys() const { return keys_; }
  int num_frames() const { return static_cast<int>(keys_.size()); }
  float rate_hz() const { return rate_hz_; }
  bool loop() const { return loop_; }
  float duration_s() const {
    return num_frames() < 2 ? 0.0f : static_cast<float>(num_frames() - 1) / rate_hz_;
  }

 private:
  std::vector<Key> keys_;
  float rate_hz_ = 30.0f;
  bool loop_ = false;
};

/// Root motion and the clip it was taken from, now in place: the reference joint stays over the
/// origin and faces as in the rest pose; height and tilt stay in the clip.
struct ExtractedRootMotion {
  RootMotion motion;
  RawClip in_place;
};

/// Splits a clip. The heading is the twist about Y of the reference joint's rotation against its
/// rest pose, made continuous; while the joint hangs nearly upside down, where that twist is
/// undefined, it is interpolated. in_place = inverse(root) * original on every root joint.
/// Errors: what validate() refuses; a joint out of range.
Result<ExtractedRootMotion> extract_root_motion(const Skeleton& skeleton, const RawClip& clip,
                                                const RootMotionSettings& settings = {});

/// Placement at a time, relative to the origin of the original clip. Looping motion continues
/// through any number of laps in both directions, each starting where the last ended; other motion
/// clamps. Non-finite time counts as 0. Unit scale. No allocation; constant time.
Transform root_at(const RootMotion& motion, float time_s);

/// What moves the character from time `t0_s` to `t1_s`, in its own frame at `t0_s`:
/// placement(t1) = placement(t0) * delta. Any number of laps, forward or backward (then t1 < t0).
/// Clocks that keep growing lose precision; pass times near one lap where possible.
Transform root_delta(const RootMotion& motion, float t0_s, float t1_s);

/// Places a pose: prepends `root` to every root joint. No allocation.
void apply_root(const Skeleton& skeleton, const Transform& root, PoseView pose);

/// Root motion as a chunk of a `.clip` file whose clip is in place (docs/clip_format.md):
/// "root_motion".
inline constexpr const char* kRootMotionChunk = "root_motion";
std::vector<std::byte> save_root_motion(const RootMotion& motion);
/// Errors: truncation, a count or rate out of range, a key that is not finite.
Result<RootMotion> load_root_motion(std::span<const std::byte> bytes);

/// Puts root motion back: the inverse of extract_root_motion, to rounding.
/// Errors: what validate() refuses; another number of frames than the motion.
Result<RawClip> apply_root_motion(const Skeleton& skeleton, const RootMotion& motion,
                                  const RawClip& in_place);

}  // namespace canter
