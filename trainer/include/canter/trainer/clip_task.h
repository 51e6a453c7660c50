#pragma once

#include <string>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/mimic/task.h"
#include "canter/physics/body_desc.h"

namespace canter::trainer {

/// A clip with a body that can imitate it.
struct ClipTask {
  physics::BodyDesc body;
  bool retargeted = false;  ///< the clip was carried onto the humanoid
  mimic::Task task;
};

/// Finds the body for a clip: the humanoid or the dog where the skeleton has its joints; any other
/// skeleton of a person is carried onto the humanoid, limbs bending as its hinges can.
/// @param name     of the clip, in messages and for the fall set ("cartwheel": hands may touch)
/// @param options  the fall set is chosen here
/// Errors: a skeleton that fits no body, with the joints that are missing; what make_task refuses.
Result<ClipTask> make_clip_task(const Skeleton& skeleton, const RawClip& clip,
                                const std::string& name, mimic::TaskOptions options = {});

/// Makes every hinge of a pose bend about its own Z alone: the joint above is turned about its limb
/// until the hinge's axis stands across the bend. Places of all joints stay where they are.
/// @param skeleton  physics::body_skeleton(body)
/// @param locals    [num_joints] relative to parents
void bend_at_hinges(const physics::BodyDesc& body, const Skeleton& skeleton,
                    std::span<Transform> locals);

}  // namespace canter::trainer
