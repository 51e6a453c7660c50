#pragma once

// What is checked in a file before assimp sees it: assimp trusts counts, offsets and nesting.

#include <cstddef>
#include <span>
#include <string>

#include "canter/base/result.h"

namespace canter::importer::detail {

bool is_binary_fbx(std::span<const std::byte> bytes);
bool looks_like_ascii_fbx(std::span<const std::byte> bytes);
bool looks_like_collada(std::span<const std::byte> bytes);

/// Walks every record of a binary FBX: offsets nest, properties fill their lists, arrays have the
/// bytes they announce and inflate to exactly what they say, curves stay within reason. Errors name
/// the byte.
Result<void> check_binary_fbx(std::span<const std::byte> bytes);

/// Braces balance and nest to a bounded depth, announced array sizes fit the file, curves stay
/// within reason. Errors name the line.
Result<void> check_ascii_fbx(std::span<const std::byte> bytes);

/// What the scan of a Collada file tells besides that it is sound.
struct ColladaAsset {
  float unit_m = 1.0f;
  std::string up_axis = "y";
};

/// Elements balance and nest to a bounded depth, announced counts fit the file, instanced nodes
/// form no cycle and do not multiply beyond a limit. Errors name the line.
Result<ColladaAsset> check_collada(std::span<const std::byte> bytes);

}  // namespace canter::importer::detail
