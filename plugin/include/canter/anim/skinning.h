#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "canter/anim/skeleton.h"

namespace canter {

/// One entry of a matrix palette: a joint and the matrix from bind-pose mesh space to that joint.
struct SkinBone {
  int joint = 0;
  Mat4 inverse_bind{1.0f};
};

/// A mesh bound to a skeleton, ready for a GPU: four influences per vertex.
/// Parts that hang rigidly on a node are skinned to it with weight 1.
struct SkinnedMesh {
  struct Vertex {
    Vec3 position{0.0f};  ///< bind pose, mesh space, metres
    Vec3 normal{0.0f, 1.0f, 0.0f};
    Vec2 uv{0.0f};
    std::array<std::uint16_t, 4> bones{};  ///< indices into `bones`
    Vec4 weights{1.0f, 0.0f, 0.0f, 0.0f};  ///< sum to 1
  };
  struct Material {
    std::string name;
    Vec4 base_color{0.8f, 0.8f, 0.8f, 1.0f};  ///< linear RGBA
    int texture = -1;                         ///< index into `textures`, or -1
  };
  /// Triangles [first_index, first_index + num_indices) drawn with one material.
  struct Part {
    std::string name;
    std::uint32_t first_index = 0;
    std::uint32_t num_indices = 0;
    int material = 0;
  };
  /// An encoded image (PNG or JPEG) as found in the file.
  struct Texture {
    std::string name;
    std::vector<std::byte> bytes;
  };

  std::vector<Vertex> vertices;
  std::vector<std::uint32_t> indices;  ///< triangles, counter-clockwise seen from outside
  std::vector<SkinBone> bones;
  std::vector<Part> parts;
  std::vector<Material> materials;
  std::vector<Texture> textures;
};

/// Checks every index, weight and position; the error names the first offender.
Result<void> validate(const SkinnedMesh& mesh, const Skeleton& skeleton);

/// palette[i] = models[bones[i].joint] * bones[i].inverse_bind. No allocation.
/// @param palette  [bones.size()] out
void skinning_matrices(std::span<const SkinBone> bones, std::span<const Mat4> models,
                       std::span<Mat4> palette);

/// CPU reference of linear blend skinning.
/// @param positions  [vertices.size()] out, in the space of `palette`
/// @param normals    [vertices.size()] out, unit length, or empty
void skin(const SkinnedMesh& mesh, std::span<const Mat4> palette, std::span<Vec3> positions,
          std::span<Vec3> normals);

}  // namespace canter
