#include "canter/anim/skinning.h"

#include <cassert>
#include <cmath>

#include "anim/pose_kernels.h"

namespace canter {
namespace {

Error bad(const char* what, std::size_t i, const std::string& found) {
  return {ErrorCode::bad_value, std::string(what) + " " + std::to_string(i) + " " + found};
}

}  // namespace

Result<void> validate(const SkinnedMesh& mesh, const Skeleton& skeleton) {
  for (std::size_t i = 0; i < mesh.bones.size(); ++i)
    if (mesh.bones[i].joint < 0 || mesh.bones[i].joint >= skeleton.num_joints())
      return bad("bone", i,
                 "names joint " + std::to_string(mesh.bones[i].joint) + " of " +
                     std::to_string(skeleton.num_joints()));
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    const SkinnedMesh::Vertex& v = mesh.vertices[i];
    if (!std::isfinite(v.position.x + v.position.y + v.position.z + v.normal.x + v.normal.y +
                       v.normal.z))
      return bad("vertex", i, "is not finite");
    const float sum = v.weights.x + v.weights.y + v.weights.z + v.weights.w;
    if (!(std::abs(sum - 1.0f) < 1e-3f))
      return bad("vertex", i, "has weights of sum " + std::to_string(sum) + "; expected 1");
    for (const std::uint16_t bone : v.bones)
      if (bone >= mesh.bones.size())
        return bad(
            "vertex", i,
            "names bone " + std::to_string(bone) + " of " + std::to_string(mesh.bones.size()));
  }
  for (std::size_t i = 0; i < mesh.indices.size(); ++i)
    if (mesh.indices[i] >= mesh.vertices.size())
      return bad("index", i,
                 "names vertex " + std::to_string(mesh.indices[i]) + " of " +
                     std::to_string(mesh.vertices.size()));
  for (std::size_t i = 0; i < mesh.parts.size(); ++i) {
    const SkinnedMesh::Part& part = mesh.parts[i];
    if (part.first_index > mesh.indices.size() ||
        part.num_indices > mesh.indices.size() - part.first_index || part.num_indices % 3 != 0)
      return bad("part", i, "covers indices outside the mesh or no whole triangles");
    if (part.material < 0 || part.material >= static_cast<int>(mesh.materials.size()))
      return bad("part", i, "names a material that does not exist");
  }
  for (std::size_t i = 0; i < mesh.materials.size(); ++i)
    if (mesh.materials[i].texture >= static_cast<int>(mesh.textures.size()))
      return bad("material", i, "names a texture that does not exist");
  return {};
}

void skinning_matrices(std::span<const SkinBone> bones, std::span<const Mat4> models,
                       std::span<Mat4> palette) {
  assert(palette.size() >= bones.size());
  detail::skinning_matrices_simd(bones, models, palette);
}

void skin(const SkinnedMesh& mesh, std::span<const Mat4> palette, std::span<Vec3> positions,
          std::span<Vec3> normals) {
  assert(positions.size() >= mesh.vertices.size());
  for (std::size_t i = 0; i < mesh.vertices.size(); ++i) {
    const SkinnedMesh::Vertex& v = mesh.vertices[i];
    Mat4 m(0.0f);
    for (int k = 0; k < 4; ++k) m += palette[v.bones[static_cast<std::size_t>(k)]] * v.weights[k];
    positions[i] = Vec3(m * Vec4(v.position, 1.0f));
    if (!normals.empty()) {
      // The inverse transpose keeps normals right under non-uniform scale.
      const Vec3 n = glm::inverse(glm::transpose(Mat3(m))) * v.normal;
      const float length = glm::length(n);
      normals[i] = length > 0.0f ? n / length : v.normal;
    }
  }
}

}  // namespace canter
