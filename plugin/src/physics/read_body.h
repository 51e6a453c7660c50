#pragma once

// Readers of body descriptions. Private to the room.

#include "canter/physics/read_body.h"

namespace canter::physics::detail {

Result<ReadBody> read_deepmimic_body(std::string_view text, std::string_view controller);
Result<ReadBody> read_mjcf_body(std::string_view xml, bool z_up);

/// Torque limit to gain and gain to damping where a file says neither: about what the published
/// characters have.
inline constexpr float kGainPerTorque = 2.5f;
inline constexpr float kDampingShare = 0.1f;

/// End effectors and their parts: the lowest in the zero pose are feet, others hands.
void give_parts(BodyDesc& body);

}  // namespace canter::physics::detail
