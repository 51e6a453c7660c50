#pragma once

#include <array>
#include <span>
#include <vector>

#include "generate/clips.h"

namespace canter::test {

/// Model matrices of a local pose.
std::vector<Mat4> models_of(const Skeleton& skeleton, std::span<const Transform> locals);

/// How far the heels and balls of both feet move over the ground while they are in contact, at
/// most, in metres.
/// @param contacts  [frames]
/// @param heels     left and right, in the frame of the foot's joint
float foot_slide_m(const Skeleton& skeleton, const RawClip& clip,
                   std::span<const generate::FootContacts> contacts,
                   const std::array<Vec3, 2>& heels);

}  // namespace canter::test
