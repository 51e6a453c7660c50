#pragma once

#include "canter/anim/contacts.h"

namespace canter::detail {

/// The contacts of one character's feet given to another's, side by side.
ContactTrack transfer_contacts(const ContactTrack& from, const std::vector<FootPoints>& feet);

/// Holds the points of each foot where they are while in contact, and at their height over the
/// ground, by bending the legs and turning the feet; led to and from there over `fade_s`. The hips
/// come down a little where a leg would be too short.
/// @param reference  [num_joints] a standing pose, relative to parents: shows the soles
/// @return the largest distance by which a leg was too short, metres
float pin_feet(const Skeleton& skeleton, const JointMap& map, std::span<const Transform> reference,
               const ContactTrack& contacts, float fade_s, RawClip& clip);

}  // namespace canter::detail
