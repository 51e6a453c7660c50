#pragma once

#include <string_view>
#include <vector>

#include "canter/import/import.h"

/// The Import Doctor: looks over what was read and puts right what can be.
namespace canter::importer {

/// What the motion and skeleton of a scene in metres and Y up suggest, beyond what its reader
/// reported: "first_frame_t_pose", "missing_hands", "missing_toes", "root_drift", "off_origin",
/// "foot_sliding", "ground_penetration", "floating", "zero_length_bones", "few_frames".
/// load() calls this; call it again after editing. Long clips are judged by some hundred frames.
std::vector<Finding> examine(const Scene& scene);

/// Whether a finding is worth interrupting somebody for: a fix waits for a decision, or a size
/// shows that something is wrong. Where a motion begins is a matter of taste.
bool needs_decision(const Finding& finding);

/// Applies the fix of the finding with this code and marks it applied. A fix concerns every clip
/// of the scene that shows the finding.
/// Errors: there is no such finding, or it has no fix left to apply.
Result<void> apply_fix(Scene& scene, std::string_view code);

}  // namespace canter::importer
