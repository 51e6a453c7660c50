#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include <glm/gtc/matrix_transform.hpp>

#include "import/node_scene.h"

namespace canter::importer::detail {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// Normals of a surface that has none: each the sum of its triangles', weighted by area.
std::vector<Vec3> smooth_normals(const MeshPart& part) {
  std::vector<Vec3> normals(part.positions.size(), Vec3(0.0f));
  for (std::size_t i = 0; i + 2 < part.indices.size(); i += 3) {
    const Vec3& a = part.positions[part.indices[i]];
    const Vec3 area = glm::cross(part.positions[part.indices[i + 1]] - a,
                                 part.positions[part.indices[i + 2]] - a);
    for (std::size_t k = 0; k < 3; ++k) normals[part.indices[i + k]] += area;
  }
  return normals;
}

Vec3 unit_or_up(const Vec3& v) {
  const float length = glm::length(v);
  return length > 0.0f && std::isfinite(length) ? v / length : Vec3(0.0f, 1.0f, 0.0f);
}

bool close(const Mat4& a, const Mat4& b) {
  float worst = 0.0f;
  float size = 0.0f;
  for (int c = 0; c < 4; ++c) {
    for (int r = 0; r < 3; ++r) {
      worst = std::max(worst, std::abs(a[c][r] - b[c][r]));
      size = std::max(size, std::abs(a[c][r]));
    }
  }
  return worst <= 1e-3f * size;
}

// Affine inverses are found by GLM; a matrix that has none (a node scaled to 0) counts as identity.
Mat4 inverse_or_identity(const Mat4& m) {
  const float d = glm::determinant(Mat3(m));
  return std::abs(d) > 1e-24f && std::isfinite(d) ? glm::inverse(m) : Mat4(1.0f);
}

class MeshBuilder {
 public:
  MeshBuilder(NodeScene& source, std::span<const int> joint_of_node,
              std::span<const Mat4> rest_models, std::span<const float> bone_scale, float unit_m,
              const Mat3& axes)
      : source_(source),
        joint_of_node_(joint_of_node),
        rest_models_(rest_models),
        bone_scale_(bone_scale),
        unit_m_(unit_m),
        convert_(Mat4(axes) * glm::scale(Mat4(1.0f), Vec3(unit_m))) {}

  Result<SkinnedMesh> build(std::vector<Finding>& findings) {
    for (MeshPart& part : source_.parts)
      if (auto added = add(part); !added) return added.error();
    mesh_.materials = std::move(source_.materials);
    mesh_.textures = std::move(source_.textures);
    if (uses_default_material_)
      mesh_.materials.push_back({"default", Vec4(0.8f, 0.8f, 0.8f, 1), -1});
    report(findings);
    return std::move(mesh_);
  }

 private:
  Mat4 to_bind_pose(const MeshPart& part) const;
  Result<std::uint16_t> bone(int joint, const Mat4& inverse_bind);
  Result<void> add(MeshPart& part);
  Result<void> add_vertices(MeshPart& part, const Mat4& to_bind);
  void add_triangles(const MeshPart& part, bool flipped);
  void report(std::vector<Finding>& findings) const;

  NodeScene& source_;
  std::span<const int> joint_of_node_;
  std::span<const Mat4> rest_models_;
  std::span<const float> bone_scale_;
  float unit_m_;
  Mat4 convert_;
  SkinnedMesh mesh_;
  // Bones seen, by joint and by the bits of the inverse bind matrix.
  std::map<std::pair<int, std::array<std::uint32_t, 16>>, std::uint16_t> bone_index_;
  bool uses_default_material_ = false;
  std::size_t num_dropped_ = 0;
  std::size_t num_unweighted_ = 0;
  float most_dropped_ = 0.0f;
  std::vector<char> skins_used_;
};

// Where the part's vertices lie when the skeleton rests, if that is one place for all of its bones:
// then the mesh is kept in that space and every part of it lines up.
Mat4 MeshBuilder::to_bind_pose(const MeshPart& part) const {
  if (part.skin < 0) return rest_models_[at(joint_of_node_[at(part.node)])];
  const Skin& skin = source_.skins[at(part.skin)];
  const auto placed = [&](std::size_t i) {
    return rest_models_[at(joint_of_node_[at(skin.joints[i])])] * skin.inverse_binds[i];
  };
  if (skin.joints.empty()) return Mat4(1.0f);
  const Mat4 first = placed(0);
  for (std::size_t i = 1; i < skin.joints.size(); ++i)
    if (!close(first, placed(i))) return Mat4(1.0f);
  if (close(first, Mat4(1.0f))) return Mat4(1.0f);
  return std::abs(glm::determinant(Mat3(first))) > 1e-24f ? first : Mat4(1.0f);
}

Result<std::uint16_t> MeshBuilder::bone(int joint, const Mat4& inverse_bind) {
  std::pair<int, std::array<std::uint32_t, 16>> key{joint, {}};
  std::memcpy(key.second.data(), &inverse_bind, sizeof inverse_bind);
  const auto found = bone_index_.find(key);
  if (found != bone_index_.end()) return found->second;
  if (mesh_.bones.size() > std::numeric_limits<std::uint16_t>::max())
    return Error{ErrorCode::limit, "the mesh needs more than 65536 bones"};
  const auto index = static_cast<std::uint16_t>(mesh_.bones.size());
  mesh_.bones.push_back({joint, inverse_bind});
  bone_index_.emplace(key, index);
  return index;
}

Result<void> MeshBuilder::add(MeshPart& part) {
  if (mesh_.vertices.size() + part.positions.size() > kMaxVertices)
    return Error{ErrorCode::limit, "mesh '" + part.name + "': more than " +
                                       std::to_string(kMaxVertices) + " vertices in all"};
  if (mesh_.indices.size() + part.indices.size() > kMaxIndices)
    return Error{ErrorCode::limit, "mesh '" + part.name + "': more than " +
                                       std::to_string(kMaxIndices) + " indices in all"};
  for (const std::uint32_t i : part.indices)
    if (i >= part.positions.size())
      return Error{ErrorCode::bad_value, "mesh '" + part.name + "': an index names vertex " +
                                             std::to_string(i) + " of " +
                                             std::to_string(part.positions.size())};
  const Mat4 to_bind = to_bind_pose(part);
  add_triangles(part, glm::determinant(Mat3(to_bind)) < 0.0f);
  return add_vertices(part, to_bind);
}

void MeshBuilder::add_triangles(const MeshPart& part, bool flipped) {
  SkinnedMesh::Part drawn;
  drawn.name = part.name;
  drawn.first_index = static_cast<std::uint32_t>(mesh_.indices.size());
  drawn.num_indices = static_cast<std::uint32_t>(part.indices.size() / 3 * 3);
  drawn.material = part.material;
  if (part.material < 0 || part.material >= static_cast<int>(source_.materials.size())) {
    drawn.material = static_cast<int>(source_.materials.size());
    uses_default_material_ = true;
  }
  mesh_.parts.push_back(std::move(drawn));
  const auto base = static_cast<std::uint32_t>(mesh_.vertices.size());
  for (std::size_t i = 0; i + 2 < part.indices.size(); i += 3) {
    mesh_.indices.push_back(base + part.indices[i]);
    mesh_.indices.push_back(base + part.indices[i + (flipped ? 2 : 1)]);
    mesh_.indices.push_back(base + part.indices[i + (flipped ? 1 : 2)]);
  }
}

Result<void> MeshBuilder::add_vertices(MeshPart& part, const Mat4& to_bind) {
  // The part's own bones in the mesh's palette: final inverse bind = unit * folded scale * inverse
  // bind * (vertex conversion)^-1, so that model * inverse bind * vertex is unchanged but for the
  // conversion of the whole.
  const Mat4 vertex_matrix = convert_ * to_bind;
  const Mat4 vertex_inverse = inverse_or_identity(vertex_matrix);
  const auto palette_entry = [&](int node, const Mat4& inverse_bind) {
    const int joint = joint_of_node_[at(node)];
    const float scale = unit_m_ * bone_scale_[at(joint)];
    return bone(joint, glm::scale(Mat4(1.0f), Vec3(scale)) * inverse_bind * vertex_inverse);
  };
  std::vector<int> palette;
  const auto palette_index = [&](std::uint32_t i) -> Result<std::uint16_t> {
    const Skin& skin = source_.skins[at(part.skin)];
    if (i >= skin.joints.size())
      return Error{ErrorCode::bad_value, "mesh '" + part.name + "': a vertex names joint " +
                                             std::to_string(i) + " of a skin of " +
                                             std::to_string(skin.joints.size())};
    palette.resize(skin.joints.size(), -1);
    if (palette[i] < 0) {
      const Result<std::uint16_t> made = palette_entry(skin.joints[i], skin.inverse_binds[i]);
      if (!made) return made.error();
      palette[i] = *made;
    }
    return static_cast<std::uint16_t>(palette[i]);
  };
  std::uint16_t rigid_bone = 0;
  if (part.skin < 0) {
    const Result<std::uint16_t> made = palette_entry(part.node, Mat4(1.0f));
    if (!made) return made.error();
    rigid_bone = *made;
  } else {
    skins_used_.resize(source_.skins.size(), 0);
    skins_used_[at(part.skin)] = 1;
  }

  const std::vector<Vec3> normals =
      part.normals.size() == part.positions.size() ? std::move(part.normals) : smooth_normals(part);
  const Mat3 normal_matrix = glm::transpose(Mat3(vertex_inverse));
  for (std::size_t v = 0; v < part.positions.size(); ++v) {
    SkinnedMesh::Vertex vertex;
    vertex.position = Vec3(vertex_matrix * Vec4(part.positions[v], 1.0f));
    vertex.normal = unit_or_up(normal_matrix * normals[v]);
    if (v < part.uvs.size()) vertex.uv = part.uvs[v];
    vertex.bones.fill(rigid_bone);
    if (part.skin >= 0) {
      const Influences& from = part.influences[v];
      float sum = 0.0f;
      for (const float w : from.weights) sum += w;
      if (sum > 0.0f && std::isfinite(sum)) {
        std::array<int, 4> order{0, 1, 2, 3};
        std::sort(order.begin(), order.end(),
                  [&](int a, int b) { return from.weights[at(a)] > from.weights[at(b)]; });
        for (int k = 0; k < 4; ++k) {
          const float w = from.weights[at(order[at(k)])] / sum;
          vertex.weights[k] = w;
          if (w > 0.0f) {
            const Result<std::uint16_t> index = palette_index(from.bones[at(order[at(k)])]);
            if (!index) return index.error();
            vertex.bones[at(k)] = *index;
          } else {
            vertex.bones[at(k)] = vertex.bones[0];
          }
        }
      } else {
        const Result<std::uint16_t> index = palette_index(0);
        if (!index) return index.error();
        vertex.bones.fill(*index);
        ++num_unweighted_;
      }
      if (from.dropped > 0.0f) {
        ++num_dropped_;
        most_dropped_ = std::max(most_dropped_, from.dropped / (sum + from.dropped));
      }
    }
    mesh_.vertices.push_back(vertex);
  }
  return {};
}

void MeshBuilder::report(std::vector<Finding>& findings) const {
  if (num_dropped_ > 0)
    findings.push_back({"influences_dropped", "Vertices follow more than four joints.",
                        std::to_string(num_dropped_) + " of " +
                            std::to_string(mesh_.vertices.size()) + " vertices, at most " +
                            std::to_string(most_dropped_) + " of a vertex's weight",
                        "the four strongest are kept and renormalised", FixState::applied});
  if (num_unweighted_ > 0)
    findings.push_back({"vertices_without_weights", "Vertices of a skinned mesh follow no joint.",
                        std::to_string(num_unweighted_) + " vertices",
                        "bound to the first joint of their skin", FixState::applied});
  const auto used = std::count(skins_used_.begin(), skins_used_.end(), 1);
  if (used > 1)
    findings.push_back({"skins_merged", "Several skins became one palette.",
                        std::to_string(used) + " skins, " + std::to_string(mesh_.bones.size()) +
                            " palette entries",
                        "merged", FixState::applied});
}

}  // namespace

Result<SkinnedMesh> build_mesh(NodeScene& source, std::span<const int> joint_of_node,
                               std::span<const Mat4> rest_models, std::span<const float> bone_scale,
                               float unit_m, const Mat3& axes, std::vector<Finding>& findings) {
  return MeshBuilder(source, joint_of_node, rest_models, bone_scale, unit_m, axes).build(findings);
}

}  // namespace canter::importer::detail
