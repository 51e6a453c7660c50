#pragma once

#include <memory_resource>
#include <span>

#include "canter/anim/pose.h"
#include "canter/base/memory.h"

namespace canter {

/// Inertialized transitions: at a switch of clips the new clip plays at once, and what the old one
/// was ahead of it (rotation, translation and scale of every joint, and how fast they changed) is
/// added as an offset that dies out. One pose is sampled during the transition instead of two.
///
/// D. Bollo, "Inertialization: High-Performance Animation Transitions in Gears of War", GDC 2018.
/// As there, each offset keeps its direction and its length follows a quintic that starts with the
/// given value and velocity and reaches zero with zero velocity and acceleration; a velocity that
/// would carry it through zero shortens the time, one that leads away is dropped. Beyond the talk,
/// the velocity is that against the moving new clip where its earlier pose is given.

/// The state over memory of the caller: one offset per joint and channel.
struct InertializationView {
  Vec4* rotations = nullptr;     ///< [num_joints] rotation vector (rad), rate of its length (rad/s)
  Vec4* translations = nullptr;  ///< [num_joints] metres, rate of its length (m/s)
  Vec4* scales = nullptr;        ///< [num_joints] difference, rate; nullptr without scale
  Vec4* header = nullptr;        ///< x: duration in seconds, 0 when nothing is under way
  int num_joints = 0;

  float duration_s() const { return header != nullptr ? header->x : 0.0f; }
};

/// Bytes the state of this skeleton takes.
std::size_t inertialization_bytes(const Skeleton& skeleton);

/// Lays the state over `memory` of at least that size, aligned to 16 bytes; keeps what it holds
/// (zeros are the state of rest).
InertializationView inertialization_over(const Skeleton& skeleton, std::span<std::byte> memory);

/// The state with memory of its own; starts at rest. Copying it is the snapshot.
class Inertialization {
 public:
  Inertialization() = default;
  explicit Inertialization(const Skeleton& skeleton,
                           std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  InertializationView view();
  operator InertializationView() { return view(); }

 private:
  Block block_;
  int num_joints_ = 0;
  bool has_scale_ = false;
};

/// Poses around a switch. "Before" is `dt_s` earlier.
struct InertializationStart {
  ConstPoseView output;         ///< what was shown last
  ConstPoseView output_before;  ///< what was shown before that; equal poses mean no velocity
  ConstPoseView target;         ///< the new motion at the time of `output`
  ConstPoseView target_before;  ///< the same before; num_joints 0: the new motion counts as still
  float dt_s = 1.0f / 60.0f;    ///< <= 0 or not finite: no velocity
  float duration_s = 0.3f;
};

/// Takes the offsets. A start during a transition continues it: the output shown contains what is
/// left. Offsets that are not finite become zero. No allocation.
void start_inertialization(const InertializationStart& start, InertializationView state);

/// Adds the offsets onto the new motion. No allocation.
/// @param time_s  since the time of InertializationStart::output; negative or not finite counts as
/// 0
/// @param pose    the new motion in, what to show out
/// @return false once the transition is over: the pose is untouched, and calls may stop
bool apply_inertialization(InertializationView state, float time_s, PoseView pose);

/// Length of an offset at time `t_s`: the quintic of the talk (its slides "Inertialization:
/// quintic").
/// @param x0  at t = 0, >= 0
/// @param v0  its rate at t = 0; positive counts as 0
/// In [0, x0], not rising, 0 from `duration_s` on (earlier if v0 is fast).
float inertial_decay(float x0, float v0, float duration_s, float t_s);

}  // namespace canter
