#include "viewer/gfx/draw_mesh.h"

#include <algorithm>
#include <glm/geometric.hpp>
#include <numeric>

#include "viewer/gfx/simplify.h"

namespace canter::viewer {
namespace {

using Index = std::uint32_t;

/// A coarser level is only worth its memory above this many triangles.
constexpr std::size_t kFewTriangles = 1500;
/// Larger meshes take longer to simplify than a viewer may keep one waiting.
constexpr std::size_t kManyTriangles = 400'000;
/// Vertices that a renderer keeps shaded; Mesa's splits draws by a map of 256.
constexpr int kVertexCache = 64;

DrawMesh::Vertex pack(const SkinnedMesh::Vertex& v) {
  DrawMesh::Vertex p{v.position, v.normal, v.uv, v.bones, {}};
  // Rounded so that the four still sum to exactly 1: the largest takes the remainder.
  int sum = 0;
  std::size_t largest = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const float weight = v.weights[static_cast<int>(i)];
    p.weights[i] = static_cast<std::uint16_t>(glm::clamp(weight, 0.0f, 1.0f) * 65535.0f + 0.5f);
    sum += p.weights[i];
    if (p.weights[i] > p.weights[largest]) largest = i;
  }
  p.weights[largest] = static_cast<std::uint16_t>(p.weights[largest] + 65535 - sum);
  return p;
}

bool is_closed(const SkinnedMesh& mesh) {
  // Vertices at one place are one, whatever their normals and materials.
  std::vector<Index> order(mesh.vertices.size()), place(mesh.vertices.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto less = [&](Index a, Index b) {
    const Vec3 &p = mesh.vertices[a].position, &q = mesh.vertices[b].position;
    return p.x != q.x ? p.x < q.x : p.y != q.y ? p.y < q.y : p.z < q.z;
  };
  std::sort(order.begin(), order.end(), less);
  for (std::size_t i = 0; i < order.size(); ++i)
    place[order[i]] = i > 0 && !less(order[i - 1], order[i]) ? place[order[i - 1]] : order[i];

  std::vector<std::uint64_t> forward, backward;
  for (std::size_t i = 0; i + 2 < mesh.indices.size(); i += 3) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::uint64_t a = place[mesh.indices[i + k]];
      const std::uint64_t b = place[mesh.indices[i + (k + 1) % 3]];
      forward.push_back(a << 32 | b);
      backward.push_back(b << 32 | a);
    }
  }
  std::sort(forward.begin(), forward.end());
  std::sort(backward.begin(), backward.end());
  return !forward.empty() && forward == backward;
}

float surface_area(const SkinnedMesh& mesh) {
  float area = 0.0f;
  for (std::size_t i = 0; i + 2 < mesh.indices.size(); i += 3) {
    const Vec3& a = mesh.vertices[mesh.indices[i]].position;
    area += 0.5f * glm::length(glm::cross(mesh.vertices[mesh.indices[i + 1]].position - a,
                                          mesh.vertices[mesh.indices[i + 2]].position - a));
  }
  return area;
}

/// Triangles of every part, as indices into the mesh's own vertices.
using Parts = std::vector<std::vector<Index>>;

std::size_t count_triangles(const Parts& parts) {
  std::size_t indices = 0;
  for (const std::vector<Index>& part : parts) indices += part.size();
  return indices / 3;
}

/// Vertices are numbered in the order the triangles ask for them.
DrawMesh::Level make_level(const SkinnedMesh& mesh, const Parts& parts) {
  constexpr Index kUnused = ~Index{0};
  DrawMesh::Level level;
  std::vector<Index> number(mesh.vertices.size(), kUnused);
  for (const std::vector<Index>& part : parts) {
    const auto first = static_cast<Index>(level.indices.size());
    level.parts.push_back({first, static_cast<Index>(part.size())});
    for (const Index v : order_triangles(part, mesh.vertices.size(), kVertexCache)) {
      if (number[v] == kUnused) {
        number[v] = static_cast<Index>(level.vertices.size());
        level.vertices.push_back(pack(mesh.vertices[v]));
      }
      level.indices.push_back(number[v]);
    }
  }
  return level;
}

/// Parts are simplified on their own; vertices on their borders stay, so that no gap opens.
Parts simplified(const std::vector<Vec3>& positions, const Parts& parts, float share) {
  Parts result;
  for (const std::vector<Index>& part : parts) {
    const auto target =
        static_cast<std::size_t>(share * static_cast<float>(part.size() / 3) + 0.5f);
    result.push_back(simplify(positions, part, {}, target));
  }
  return result;
}

}  // namespace

DrawMesh prepare(const SkinnedMesh& mesh, int max_levels) {
  DrawMesh result;
  result.closed = is_closed(mesh);
  result.area_m2 = surface_area(mesh);
  std::vector<Vec3> positions;
  positions.reserve(mesh.vertices.size());
  for (const SkinnedMesh::Vertex& v : mesh.vertices) positions.push_back(v.position);
  Parts parts;
  for (const SkinnedMesh::Part& p : mesh.parts) {
    const auto first = mesh.indices.begin() + p.first_index;
    parts.emplace_back(first, first + p.num_indices);
  }
  result.levels.push_back(make_level(mesh, parts));
  std::size_t triangles = count_triangles(parts);
  while (static_cast<int>(result.levels.size()) < max_levels && triangles > kFewTriangles &&
         triangles < kManyTriangles) {
    parts = simplified(positions, parts, 0.5f);
    const std::size_t left = count_triangles(parts);
    if (5 * left > 4 * triangles) break;
    triangles = left;
    result.levels.push_back(make_level(mesh, parts));
  }
  return result;
}

}  // namespace canter::viewer
