#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "canter/anim/skinning.h"

namespace canter::viewer {

/// A skinned mesh made ready for drawing: packed vertices in the order the triangles need them, and
/// coarser versions for when it is small on screen. Software renderers pay for every triangle.
struct DrawMesh {
  /// As the shader reads it: 48 bytes instead of the importer's 64.
  struct Vertex {
    Vec3 position;
    Vec3 normal;
    Vec2 uv;
    std::array<std::uint16_t, 4> bones;
    std::array<std::uint16_t, 4> weights;  ///< normalised, sum to 65535
  };
  struct Part {
    std::uint32_t first_index = 0;
    std::uint32_t num_indices = 0;
  };
  struct Level {
    std::vector<Vertex> vertices;
    std::vector<std::uint32_t> indices;
    std::vector<Part> parts;  ///< one per part of the mesh, in its order
  };

  std::vector<Level> levels;  ///< from fine to coarse; the first has every triangle of the mesh
  float area_m2 = 0.0f;       ///< of the surface in the bind pose
  /// Every edge has a triangle on both sides, so that back faces are never seen.
  bool closed = false;
};

/// Any thread; about 40 ms for 20,000 triangles.
/// @param max_levels  how many to make at most; fewer where a mesh does not get simpler
DrawMesh prepare(const SkinnedMesh& mesh, int max_levels = 4);

}  // namespace canter::viewer
