#pragma once

#include <vector>

#include "canter/anim/pose.h"
#include "canter/import/import.h"

namespace canter::test {

/// The mesh's vertices in model space at a time of a clip, by the runtime's own path: sample,
/// local_to_model, skinning_matrices, skin. Clip -1 is the rest pose.
std::vector<Vec3> skinned_positions(const importer::Scene& scene, int clip, float time_s);

/// Joints in model space at a time of a clip.
std::vector<Mat4> joint_models(const importer::Scene& scene, int clip, float time_s);

/// Index of the clip of this name, or the first whose name ends so; -1 if there is none.
int find_clip(const importer::Scene& scene, const std::string& name);

}  // namespace canter::test
