#pragma once

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/physics/model.h"

// Captured clips hover, sink, jump at their seams and bend knees the wrong way. A body that has to
// follow them physically pays for each.

namespace canter::mimic {

struct CleanOptions {
  /// Joints that jump away and back within a tenth of a second go on evenly; so do first and last
  /// frames of clips that do not loop which no one could come from or go to (calibration poses).
  bool jumps = true;
  bool limits = true;     ///< hinges are brought into their range
  bool seam = true;       ///< loops: both sides of the seam meet halfway
  bool ground = true;     ///< the root's height follows what touches the ground
  double seam_s = 0.25;   ///< over which a side of the seam is bent, at most a quarter of the clip
  double hover_m = 0.03;  ///< links this close to the clip's ground stand on it
  double least_rate_hz = 60.0;  ///< coarser clips are interpolated smoothly
};

/// Cleans nothing: the clip on the body's own skeleton, and its faults.
CleanOptions untouched();

/// What can be wrong with a clip, in numbers.
struct ClipFaults {
  double lowest_m = 0.0;       ///< lowest point of the body over the clip: below 0 it sinks in
  double contact_share = 0.0;  ///< frames whose lowest point is within 5 mm of the ground
  double seam_rad = 0.0;       ///< largest angle of a joint between the two sides of the seam
  double seam_height_m = 0.0;  ///< of the root
  double seam_velocity_rad_s = 0.0;  ///< largest jump of a joint's velocity there
  double limit_rad = 0.0;            ///< furthest a hinge is beyond its range
  double speed_rad_s = 0.0;          ///< fastest joint
  double acceleration_rad_s2 = 0.0;  ///< largest change of a joint's velocity from frame to frame
};

struct CleanedClip {
  Skeleton skeleton;  ///< of the body
  RawClip clip;       ///< on it
  ClipFaults before, after;
};

/// Cleans a clip for a body. Velocities need no step of their own: they are taken from the cleaned
/// frames (make_reference_motion), across the seam once it is closed.
/// Errors: what make_reference_motion refuses; options out of range.
Result<CleanedClip> clean_clip(const physics::Model& model, const Skeleton& skeleton,
                               const RawClip& clip, const CleanOptions& options = {});

}  // namespace canter::mimic
