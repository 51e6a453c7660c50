#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "canter/import/import.h"

namespace canter::tools {

/// The extension of a path in lower case: ".bvh".
std::string motion_extension(const std::string& path);

/// The bytes of a motion file of the format that `out`'s extension says: .clip, .bvh or .glb (with
/// the scene's mesh). A bad call for any other.
std::vector<std::byte> encode_motion(const importer::Scene& scene, const RawClip& clip,
                                     const std::string& out);

}  // namespace canter::tools
