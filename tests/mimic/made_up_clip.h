#pragma once

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/mimic/policy.h"

namespace canter::test {

/// A made-up loop of the humanoid: in place or walking at 1 m/s, arms and legs swinging, its root
/// turning a little. One second at 60 Hz; the last frame is the first one a lap later.
RawClip made_up_clip(const Skeleton& skeleton, float speed_m_s = 0.0f);

/// The skeleton of the humanoid's body.
const Skeleton& humanoid_skeleton();

/// A loop of a second in which the humanoid stands in its zero pose.
RawClip standing_clip();

/// A policy that leaves the body to its drive along the reference: every output is 0.
mimic::Policy idle_policy(const RawClip& clip, const mimic::TaskOptions& options = {});
/// The same as the bytes of its file.
std::vector<std::byte> idle_policy_file(const RawClip& clip, const mimic::TaskOptions& options = {},
                                        const mimic::PolicyFileOptions& file = {});

}  // namespace canter::test
