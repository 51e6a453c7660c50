#pragma once

#include <random>
#include <string>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"

namespace canter::test {

/// A humanoid in T-pose, metres, Y up, facing +Z, identity joint frames, Mixamo-like names:
/// 24 joints with three spine joints, toes, and end sites on head, hands and toes.
Skeleton make_humanoid();

/// The same skeleton with every joint's frame turned at random: model-space rest positions equal,
/// local axes not. `turns` receives the model-space turn of each joint: new frame = old * turn.
Skeleton with_turned_frames(const Skeleton& skeleton, unsigned seed,
                            std::vector<Quat>* turns = nullptr);

/// A clip of `skeleton` for its counterpart from with_turned_frames: the same model-space motion.
RawClip with_turned_frames(const Skeleton& skeleton, const RawClip& clip,
                           const std::vector<Quat>& turns);

/// All lengths times `factor`.
Skeleton scaled(const Skeleton& skeleton, float factor);

Quat random_rotation(std::mt19937& rng, float max_angle_rad);

/// Smooth random rotations of every joint around the rest pose, and a wandering, turning root.
RawClip random_clip(const Skeleton& skeleton, int num_frames, unsigned seed,
                    float max_angle_rad = 0.8f);

/// A walk of make_humanoid() along +Z with feet that stand exactly still in stance and the times
/// they do, left and right.
struct Walk {
  RawClip clip;
  struct Stance {
    float start_s, end_s;
  };
  std::vector<Stance> stances[2];
};
Walk make_walk(const Skeleton& humanoid, float seconds, float rate_hz, float speed_mps = 0.9f);

/// Largest distance between model-space joint positions of two clips of equal size.
float max_position_error_m(const Skeleton& a_skeleton, const RawClip& a, const Skeleton& b_skeleton,
                           const RawClip& b);

}  // namespace canter::test
