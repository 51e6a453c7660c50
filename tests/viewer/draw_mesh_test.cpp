#include "viewer/gfx/draw_mesh.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>
#include <set>

#include "viewer/gfx/simplify.h"

namespace canter::test {
namespace {

using viewer::DrawMesh;
using Indices = std::vector<std::uint32_t>;

/// A closed sphere of unit radius, skinned to one bone.
SkinnedMesh sphere(int rings, int slices) {
  SkinnedMesh mesh;
  const auto add = [&](const Vec3& p) {
    SkinnedMesh::Vertex v;
    v.position = v.normal = p;
    mesh.vertices.push_back(v);
  };
  add({0, 1, 0});
  for (int r = 1; r < rings; ++r) {
    for (int s = 0; s < slices; ++s) {
      const float a = kPi * static_cast<float>(r) / static_cast<float>(rings);
      const float b = 2.0f * kPi * static_cast<float>(s) / static_cast<float>(slices);
      add({std::sin(a) * std::sin(b), std::cos(a), std::sin(a) * std::cos(b)});
    }
  }
  add({0, -1, 0});
  const auto at = [&](int r, int s) {
    if (r == 0) return 0u;
    if (r == rings) return static_cast<std::uint32_t>(mesh.vertices.size() - 1);
    return static_cast<std::uint32_t>(1 + (r - 1) * slices + s % slices);
  };
  for (int r = 0; r < rings; ++r) {
    for (int s = 0; s < slices; ++s) {
      if (r > 0)
        for (const auto v : {at(r, s), at(r + 1, s), at(r, s + 1)}) mesh.indices.push_back(v);
      if (r + 1 < rings)
        for (const auto v : {at(r, s + 1), at(r + 1, s), at(r + 1, s + 1)})
          mesh.indices.push_back(v);
    }
  }
  mesh.bones.resize(1);
  mesh.materials.resize(1);
  mesh.parts.push_back({"all", 0, static_cast<std::uint32_t>(mesh.indices.size()), 0});
  return mesh;
}

std::vector<Vec3> positions(const SkinnedMesh& mesh) {
  std::vector<Vec3> result;
  for (const SkinnedMesh::Vertex& v : mesh.vertices) result.push_back(v.position);
  return result;
}

/// Six times the volume that triangles enclose.
double volume6(const std::vector<Vec3>& p, const Indices& indices) {
  double sum = 0.0;
  for (std::size_t i = 0; i < indices.size(); i += 3)
    sum += glm::dot(p[indices[i]], glm::cross(p[indices[i + 1]], p[indices[i + 2]]));
  return sum;
}

bool every_edge_has_a_twin(const Indices& indices) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (std::size_t i = 0; i < indices.size(); i += 3)
    for (std::size_t k = 0; k < 3; ++k)
      if (!edges.insert({indices[i + k], indices[i + (k + 1) % 3]}).second) return false;
  return std::all_of(edges.begin(), edges.end(), [&](const auto& e) {
    return edges.count({e.second, e.first}) == 1;
  });
}

/// Vertices that a first-in first-out cache does not hold when they are asked for.
int misses(const Indices& indices, std::size_t cache_size) {
  std::deque<std::uint32_t> cache;
  int count = 0;
  for (const std::uint32_t v : indices) {
    if (std::find(cache.begin(), cache.end(), v) != cache.end()) continue;
    ++count;
    cache.push_back(v);
    if (cache.size() > cache_size) cache.pop_front();
  }
  return count;
}

/// Triangles as a set, whatever corner they start at.
std::multiset<std::array<std::uint32_t, 3>> triangles(const Indices& indices) {
  std::multiset<std::array<std::uint32_t, 3>> result;
  for (std::size_t i = 0; i < indices.size(); i += 3) {
    std::array t{indices[i], indices[i + 1], indices[i + 2]};
    std::rotate(t.begin(), std::min_element(t.begin(), t.end()), t.end());
    result.insert(t);
  }
  return result;
}

TEST_CASE("a simplified sphere is closed, round and has the asked triangles") {
  const SkinnedMesh mesh = sphere(40, 60);
  const std::vector<Vec3> p = positions(mesh);
  const double whole = volume6(p, mesh.indices);
  for (const std::size_t target : {2000u, 1000u, 400u}) {
    const Indices fewer = viewer::simplify(p, mesh.indices, {}, target);
    CAPTURE(target);
    CHECK(fewer.size() / 3 <= target);
    CHECK(fewer.size() / 3 > target - 3);
    CHECK(every_edge_has_a_twin(fewer));
    const double ratio = volume6(p, fewer) / whole;
    MESSAGE(target, " triangles keep ", ratio, " of the volume");
    CHECK(ratio > 1.0 - 16.0 / static_cast<double>(target));
    CHECK(ratio <= 1.0001);
  }
}

TEST_CASE("borders and locked vertices stay") {
  // A flat square of 20 x 20 cells: everything inside may go.
  constexpr std::uint32_t kSide = 21;
  std::vector<Vec3> p;
  Indices indices;
  for (std::uint32_t y = 0; y < kSide; ++y)
    for (std::uint32_t x = 0; x < kSide; ++x) p.emplace_back(x, 0.0f, y);
  for (std::uint32_t y = 0; y + 1 < kSide; ++y) {
    for (std::uint32_t x = 0; x + 1 < kSide; ++x) {
      const std::uint32_t a = y * kSide + x;
      for (const auto v : {a, a + kSide, a + 1, a + 1, a + kSide, a + kSide + 1})
        indices.push_back(v);
    }
  }
  std::vector<bool> locked(p.size(), false);
  const std::uint32_t middle = 10 * kSide + 10;
  locked[middle] = true;
  const Indices fewer = viewer::simplify(p, indices, locked, 0);
  const std::set<std::uint32_t> used(fewer.begin(), fewer.end());
  for (std::uint32_t i = 0; i < kSide; ++i)
    for (const auto v : {i, i * kSide, i * kSide + kSide - 1, (kSide - 1) * kSide + i})
      CHECK(used.count(v) == 1);
  CHECK(used.count(middle) == 1);
  CHECK(fewer.size() < indices.size() / 4);
  float area = 0.0f;
  for (std::size_t i = 0; i < fewer.size(); i += 3)
    area += 0.5f * glm::cross(p[fewer[i + 1]] - p[fewer[i]], p[fewer[i + 2]] - p[fewer[i]]).y;
  CHECK(area == doctest::Approx(400.0f));
}

TEST_CASE("ordering keeps the triangles and fills a cache") {
  const SkinnedMesh mesh = sphere(40, 60);
  std::vector<std::array<std::uint32_t, 3>> shuffled;
  for (std::size_t i = 0; i < mesh.indices.size(); i += 3)
    shuffled.push_back({mesh.indices[i], mesh.indices[i + 1], mesh.indices[i + 2]});
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(7));
  Indices indices;
  for (const auto& t : shuffled) indices.insert(indices.end(), t.begin(), t.end());

  const Indices ordered = viewer::order_triangles(indices, mesh.vertices.size(), 32);
  CHECK(triangles(ordered) == triangles(indices));
  const auto per_triangle = [&](const Indices& i) {
    return static_cast<double>(misses(i, 32)) / static_cast<double>(i.size() / 3);
  };
  MESSAGE("vertices shaded per triangle: ", per_triangle(indices), " shuffled, ",
          per_triangle(ordered), " ordered");
  CHECK(per_triangle(indices) > 2.0);
  CHECK(per_triangle(ordered) < 0.75);
}

TEST_CASE("a prepared mesh has every triangle first and then fewer and fewer") {
  const SkinnedMesh mesh = sphere(60, 80);
  const DrawMesh drawn = viewer::prepare(mesh);
  CHECK(drawn.closed);
  CHECK(drawn.area_m2 == doctest::Approx(4.0f * kPi).epsilon(0.01));
  REQUIRE(drawn.levels.size() >= 3);
  CHECK(drawn.levels[0].indices.size() == mesh.indices.size());
  CHECK(drawn.levels[0].vertices.size() == mesh.vertices.size());
  for (std::size_t i = 1; i < drawn.levels.size(); ++i) {
    CHECK(drawn.levels[i].indices.size() < 0.6 * drawn.levels[i - 1].indices.size());
    CHECK(drawn.levels[i].vertices.size() < drawn.levels[i - 1].vertices.size());
  }
  for (const DrawMesh::Level& level : drawn.levels) {
    CHECK(every_edge_has_a_twin(level.indices));
    for (const DrawMesh::Vertex& v : level.vertices)
      CHECK(v.weights[0] + v.weights[1] + v.weights[2] + v.weights[3] == 65535);
  }
}

TEST_CASE("a hole makes a mesh open, a doubled vertex does not") {
  SkinnedMesh mesh = sphere(8, 12);
  // The same corner twice, as exporters do along seams of texture.
  mesh.vertices.push_back(mesh.vertices[mesh.indices[0]]);
  mesh.indices[0] = static_cast<std::uint32_t>(mesh.vertices.size() - 1);
  CHECK(viewer::prepare(mesh).closed);
  mesh.indices.resize(mesh.indices.size() - 3);
  mesh.parts[0].num_indices -= 3;
  CHECK(!viewer::prepare(mesh).closed);
  CHECK(!viewer::prepare(SkinnedMesh()).closed);
}

}  // namespace
}  // namespace canter::test
