#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "canter/base/math.h"

namespace canter::test {

/// A second, plain reading of a glTF file, straight from the standard's formulas in double
/// precision: the oracle for the importer. Knows only what the shared characters use.
class GltfOracle {
 public:
  explicit GltfOracle(const std::filesystem::path& path);
  ~GltfOracle();
  GltfOracle(const GltfOracle&) = delete;
  GltfOracle& operator=(const GltfOracle&) = delete;

  int num_animations() const;
  /// Every vertex the default scene draws, in the scene's space, in order of node and primitive.
  /// @param animation  -1: the nodes as they are
  /// A time closer than 0.1 ms to a key counts as the key's.
  std::vector<glm::dvec3> skinned(int animation, double time_s) const;

 private:
  struct State;
  State* state_;
};

}  // namespace canter::test
