#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"
#include "canter/physics/body_desc.h"

namespace canter::physics {

/// A body read from a file, and what could not be carried over.
struct ReadBody {
  BodyDesc body;
  std::vector<std::string> notes;  ///< one sentence each
};

struct ReadBodyOptions {
  /// DeepMimic: the text of a controller file, whose gains the joints get. Empty: gains that reach
  /// the torque limit at 0.4 rad, about what the published characters have.
  std::string_view controller;
  bool z_up = true;  ///< MJCF: how the model stands; MuJoCo's usually do
};

/// Reads a character file of DeepMimic (JSON) or the one jointed body of an MJCF model (MuJoCo's
/// XML), told by content.
///
/// DeepMimic: trunk is what must not touch the ground; feet are the lowest of the end effectors.
///
/// MJCF: joint frames become aligned with the world in the model's zero pose, Z up becomes Y up. A
/// hinge about the side axis (our Z) stays a hinge; other hinges, and two or three in one body,
/// become a ball joint. Of several shapes of a body the largest stays and bears the whole mass.
/// Gains and torque limits come from actuators where there are any, else from the model's mass.
/// Bodies whose links have inertia of their own lose it: shapes are of even density.
/// @param source  name of the file in messages
/// Errors name the file and the joint or body: a missing or wrong value, with what was expected;
/// what validate() refuses. MJCF also: slide joints, no free body or more than one, other files
/// (includes, meshes), what MuJoCo's own compiler refuses.
Result<ReadBody> read_body(std::string_view text, std::string_view source,
                           const ReadBodyOptions& options = {});

}  // namespace canter::physics
