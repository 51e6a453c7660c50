#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/anim/skeleton.h"
#include "canter/import/import.h"

namespace canter::test {

std::span<const std::byte> bytes_of(std::string_view text);

/// Model-space positions by joint name, with "<joint>_end" for end sites (the first of a joint), in
/// double precision: an oracle independent of the runtime's kernels.
std::map<std::string, Vec3> joint_positions(const Skeleton& skeleton,
                                            std::span<const Transform> locals);

/// The finding of this code, or nullptr.
const importer::Finding* find(const importer::Scene& scene, std::string_view code);

}  // namespace canter::test
