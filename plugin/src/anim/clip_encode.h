#pragma once

// The stages of compression, from a raw clip to bytes. compress() in clip_encode.cpp runs them.

#include <vector>

#include "anim/clip_format.h"
#include "canter/anim/clip.h"

namespace canter::detail {

/// What of a joint moves, and where it is when it does not.
struct JointPlan {
  bool rotates = false;
  bool wide = false;
  bool translates = false;
  bool scales = false;
  Transform still;  ///< the constant values; the middle of the moving ones
  bool rotation_is_rest = false;
  bool translation_is_rest = false;
  bool scale_is_rest = false;
};

/// How a joint's rotation matters: everything that turns with it, in its own frame.
struct JointReach {
  /// Farthest distance of what turns with the joint from each axis of `axes`, metres.
  Vec3 levers{1.0f};
  Mat3 axes{1.0f};
  /// The small rotation (joint frame) that best makes up for a displacement of the joint.
  Mat3 make_up{0.0f};
};

/// One animated rotation, translation or scale while it is being encoded.
struct EncodedTrack {
  TrackKind kind = TrackKind::rotation;
  int joint = 0;
  RotationTrack rotation;
  WideTrack wide;
  VectorTrack vector;
  /// [frames rounded up to whole blocks + 1, components]
  std::vector<std::int32_t> numbers;
};

/// A clip in integers, not yet packed.
struct EncodedClip {
  float step_m = 0.0f;
  int levels = 0;
  std::vector<EncodedTrack> tracks;  ///< joints in order
};

std::vector<JointPlan> plan_joints(const RawClip& raw, const Skeleton& skeleton,
                                   const CompressionSettings& settings);
std::vector<JointReach> measure_reach(const std::vector<JointPlan>& plans, const Skeleton& skeleton,
                                      float shell_m);

/// Model-space placement of every joint at every frame.
struct ModelMotion {
  std::vector<Quat> rotations;  ///< [joints, frames]
  std::vector<Vec3> positions;  ///< [joints, frames]
};
ModelMotion model_motion(const RawClip& raw, const Skeleton& skeleton);

/// Turns the motion into integers of step `step_m`, joints parents-first, each joint making up for
/// the error of those above it. Fails softly: numbers too wide for a row make pack() refuse.
struct QuantiseInput {
  const RawClip& raw;
  const Skeleton& skeleton;
  const std::vector<JointPlan>& plans;
  const std::vector<JointReach>& reach;
  const ModelMotion& truth;
  float shell_m;
  bool make_up;  ///< off for skeletons with scale
};
EncodedClip quantise(const QuantiseInput& in, float step_m, int levels, ModelMotion* decoded);

/// Chooses widths, order and segments and writes the bytes; empty if a number needs more than
/// kMaxWidth bits.
std::vector<std::byte> pack(const EncodedClip& clip, const RawClip& raw, const Skeleton& skeleton,
                            const std::vector<JointPlan>& plans);

}  // namespace canter::detail
