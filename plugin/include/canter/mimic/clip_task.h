#pragma once

#include <span>
#include <string>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/mimic/task.h"
#include "canter/physics/body_desc.h"

// Clips of any skeleton on the bodies that are simulated.

namespace canter::mimic {

/// A clip on a skeleton that has all joints of a body.
struct BodyClip {
  physics::BodyDesc body;
  Skeleton skeleton;
  RawClip clip;
  bool retargeted = false;  ///< carried over from another skeleton
};

/// Fits a clip to a body: as it is where its skeleton has the body's joints; else, if both are
/// people, it is carried over, limbs bending as the body's hinges can.
/// @param name  of the clip, in messages
/// Errors: a skeleton that does not fit, with what is missing; what retarget() refuses.
Result<BodyClip> fit_clip(const physics::BodyDesc& body, const Skeleton& skeleton,
                          const RawClip& clip, const std::string& name);
/// The same with the body found: the humanoid or the dog where the skeleton has its joints, the
/// humanoid for other people.
Result<BodyClip> fit_clip(const Skeleton& skeleton, const RawClip& clip, const std::string& name);

/// A clip with a body that can imitate it.
struct ClipTask {
  physics::BodyDesc body;
  bool retargeted = false;  ///< the clip was carried onto the humanoid
  Task task;
};

/// Fits a clip to a body and makes it a task. What was carried over is cleaned first (clean.h):
/// feet that stood on the source's ground do not stand on the body's.
/// @param name     of the clip, in messages and for the fall set ("cartwheel": hands may touch)
/// @param options  the fall set is chosen here
/// Errors: those of fit_clip, clean_clip and make_task.
Result<ClipTask> make_clip_task(const Skeleton& skeleton, const RawClip& clip,
                                const std::string& name, TaskOptions options = {});

/// Makes every hinge of a clip bend about its own Z alone: the joint above is turned about its limb
/// until the hinge's axis stands across the bend. Hands and feet keep place and direction; knees
/// and elbows keep their place but where the limb is all but straight or bends the wrong way, by at
/// most what that is.
/// @param skeleton  physics::body_skeleton(body), the clip's
void bend_at_hinges(const physics::BodyDesc& body, const Skeleton& skeleton, RawClip& clip);

}  // namespace canter::mimic
