#pragma once

#include "canter/import/import.h"

namespace canter::importer::detail {

/// glTF 2.0, text (.gltf) or binary (.glb), read by our own parser: assimp 5.2.5 crashes on skins
/// without inverse bind matrices, drops joints outside the scene and evaluates STEP and CUBICSPLINE
/// as LINEAR. Every offset and count is checked before use.
Result<Scene> read_gltf(std::span<const std::byte> bytes, std::string_view name,
                        const Options& options, const Resolver& resolver);

/// Whether the bytes start like a GLB, or like JSON that speaks of "asset" and glTF.
bool looks_like_gltf(std::span<const std::byte> bytes);

}  // namespace canter::importer::detail
