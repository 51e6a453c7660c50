#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/anim/skinning.h"
#include "canter/base/result.h"

namespace canter::importer {

/// A binary glTF 2.0 file (.glb): the skeleton as nodes and skin, the mesh with materials and
/// textures, each clip as an animation of LINEAR keys at its frames. load() gives the same back.
/// End sites become nodes named "<joint>_end". Properties that stay at the rest pose are left out.
/// Rate and loop flag of a clip travel as `extras`, which other programs ignore.
/// @param mesh  may be nullptr
/// Errors: what validate() refuses; a part whose vertices follow two palette entries of one joint,
/// which a glTF skin cannot say; more than 4 GB. Textures other than PNG and JPEG are left out.
/// Any thread.
Result<std::vector<std::byte>> write_glb(const Skeleton& skeleton, const SkinnedMesh* mesh,
                                         std::span<const RawClip> clips);

}  // namespace canter::importer
