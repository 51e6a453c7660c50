#pragma once

// The clip that a policy imitates: in its file, or brought by whoever loads it. Private to the
// room.

#include "mimic/policy_data.h"

namespace canter::mimic::detail {

/// [frames, positions] f32, as the file holds it.
nn::Tensor reference_tensor(const ReferenceMotion& motion);

/// [positions] mean magnitude of every number over the frames: tells clips apart without holding
/// one. Magnitudes, because a quaternion and its negative are one rotation.
std::vector<float> means_of(const ReferenceMotion& motion);

/// The reference on the body's own skeleton: the file's, else the one that is brought.
/// Errors: neither; a tensor of another shape; another clip than the one that was imitated.
Result<RawClip> reference_clip(const PolicyNotes& notes, const physics::Model& model,
                               const nn::TensorMap& tensors, const BroughtClip* brought);

}  // namespace canter::mimic::detail
