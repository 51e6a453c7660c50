#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/physics/model.h"

namespace canter::mimic {

/// The motion a body imitates: positions and velocities in the model's numbers, at even frames.
/// Immutable, shared by threads, cheap to copy.
class ReferenceMotion {
 public:
  ReferenceMotion() = default;

  const std::string& name() const;
  bool loop() const;
  double duration_s() const;
  double rate_hz() const;
  int num_frames() const;
  /// Displacement of one lap; y is 0.
  const glm::dvec3& lap() const;
  /// Turn of one lap about the vertical, (-pi, pi]: of loops that end turned by 0.5 rad or more, as
  /// a dog's half turn. Smaller ones are an inaccurate seam and count as 0: the heading jumps back
  /// there.
  double lap_turn_rad() const;

  struct Data;
  const Data& data() const { return *data_; }

 private:
  friend struct MotionAccess;
  std::shared_ptr<const Data> data_;
};

/// Takes a clip whose joints have the body's names (others are left aside). Velocities by finite
/// differences: root linear in world axes and angular in its own, ball joints in the child's frame,
/// each frame from the two beside it, across the seam of a loop only where the seam is closed.
/// Errors: what validate() refuses; a joint of the body that the clip lacks; a clip shorter than
/// two frames or 0.1 s.
Result<ReferenceMotion> make_reference_motion(const physics::Model& model, const Skeleton& skeleton,
                                              const RawClip& clip);

/// Position and velocity at a time. Loops continue through any number of laps, others hold their
/// ends with zero velocity. No allocation.
/// @param positions, velocities  [num_body_positions], [num_body_velocities] of the model
void sample(const ReferenceMotion& motion, const physics::Model& model, double time_s,
            std::span<double> positions, std::span<double> velocities);

/// In cycles: [0, 1) for loops, [0, 1] for others.
double phase_at(const ReferenceMotion& motion, double time_s);

}  // namespace canter::mimic
