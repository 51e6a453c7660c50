#include "viewer/gfx/simplify.h"

#include <algorithm>
#include <array>
#include <glm/geometric.hpp>
#include <numeric>

namespace canter::viewer {
namespace {

using Index = std::uint32_t;
using Point = glm::dvec3;
constexpr Index kNone = ~Index{0};

/// Sum of squared distances to planes, as the upper half of a symmetric 4x4 matrix.
struct Quadric {
  std::array<double, 10> m{};

  /// Of the plane n·p + d = 0, times `weight`.
  void add_plane(const Point& n, double d, double weight) {
    const double v[4] = {n.x, n.y, n.z, d};
    std::size_t k = 0;
    for (int i = 0; i < 4; ++i)
      for (int j = i; j < 4; ++j) m[k++] += weight * v[i] * v[j];
  }
  void add(const Quadric& other) {
    for (std::size_t k = 0; k < m.size(); ++k) m[k] += other.m[k];
  }
  double at(const Point& p) const {
    return m[0] * p.x * p.x + 2.0 * m[1] * p.x * p.y + 2.0 * m[2] * p.x * p.z + 2.0 * m[3] * p.x +
           m[4] * p.y * p.y + 2.0 * m[5] * p.y * p.z + 2.0 * m[6] * p.y + m[7] * p.z * p.z +
           2.0 * m[8] * p.z + m[9];
  }
};

/// Triangles around every vertex, in one array.
struct Fans {
  std::vector<Index> first, triangles;

  Fans(std::span<const Index> indices, std::size_t num_vertices) : first(num_vertices + 1, 0) {
    for (const Index v : indices) ++first[v + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    triangles.resize(indices.size());
    std::vector<Index> next(first.begin(), first.end() - 1);
    for (std::size_t i = 0; i < indices.size(); ++i)
      triangles[next[indices[i]]++] = static_cast<Index>(i / 3);
  }
  std::span<const Index> of(Index vertex) const {
    return std::span(triangles).subspan(first[vertex], first[vertex + 1] - first[vertex]);
  }
};

class Simplifier {
 public:
  Simplifier(std::span<const Vec3> positions, std::span<const Index> indices,
             const std::vector<bool>& locked)
      : positions_(positions),
        indices_(indices.begin(), indices.end()),
        locked_(locked),
        quadrics_(positions.size()) {
    locked_.resize(positions.size(), false);
    lock_borders();
    measure();
  }

  std::vector<Index> reduce(std::size_t target) {
    while (indices_.size() / 3 > target && pass(target)) {
    }
    return std::move(indices_);
  }

 private:
  struct Collapse {
    double cost = 0.0;
    Index from = kNone, to = kNone;
  };

  Point at(Index vertex) const { return Point(positions_[vertex]); }
  const Index* triangle(Index t) const { return &indices_[3 * std::size_t{t}]; }

  /// An edge without a twin running the other way is on a border.
  void lock_borders() {
    std::vector<std::uint64_t> edges;
    edges.reserve(indices_.size());
    const auto key = [](Index a, Index b) { return std::uint64_t{a} << 32 | b; };
    for (std::size_t i = 0; i < indices_.size(); i += 3)
      for (std::size_t k = 0; k < 3; ++k)
        edges.push_back(key(indices_[i + k], indices_[i + (k + 1) % 3]));
    std::sort(edges.begin(), edges.end());
    for (const std::uint64_t e : edges) {
      const Index a = static_cast<Index>(e >> 32), b = static_cast<Index>(e);
      if (!std::binary_search(edges.begin(), edges.end(), key(b, a)))
        locked_[a] = locked_[b] = true;
    }
  }

  void measure() {
    for (Index t = 0; t < indices_.size() / 3; ++t) {
      const Index* v = triangle(t);
      const Point normal = glm::cross(at(v[1]) - at(v[0]), at(v[2]) - at(v[0]));
      const double twice_area = glm::length(normal);
      if (twice_area <= 0.0) continue;
      const Point n = normal / twice_area;
      for (int k = 0; k < 3; ++k) quadrics_[v[k]].add_plane(n, -glm::dot(n, at(v[0])), twice_area);
    }
  }

  /// Whether the triangles of `from` keep facing the way they do, and the surface stays a surface.
  bool allowed(const Fans& fans, Index from, Index to) {
    int shared_triangles = 0;
    ring_.clear();
    for (const Index t : fans.of(from)) {
      const Index* v = triangle(t);
      const auto k = static_cast<std::size_t>(std::find(v, v + 3, from) - v);
      const Index b = v[(k + 1) % 3], c = v[(k + 2) % 3];
      ring_.push_back(b);
      ring_.push_back(c);
      if (b == to || c == to) {
        ++shared_triangles;
        continue;
      }
      const Point side = at(c) - at(b);
      const Point before = glm::cross(side, at(from) - at(b));
      const Point after = glm::cross(side, at(to) - at(b));
      // Less than 60 degrees of turn, and no needle.
      if (glm::dot(before, after) < 0.5 * glm::length(before) * glm::length(after)) return false;
      if (glm::length(after) < 0.02 * glm::dot(side, side)) return false;
    }
    if (shared_triangles != 2) return false;
    // Two neighbours in common, those of the two triangles: more would fold the surface.
    std::sort(ring_.begin(), ring_.end());
    ring_.erase(std::unique(ring_.begin(), ring_.end()), ring_.end());
    other_ring_.clear();
    for (const Index t : fans.of(to))
      for (int k = 0; k < 3; ++k) other_ring_.push_back(triangle(t)[k]);
    std::sort(other_ring_.begin(), other_ring_.end());
    other_ring_.erase(std::unique(other_ring_.begin(), other_ring_.end()), other_ring_.end());
    int common = 0;
    for (const Index v : ring_)
      if (v != from && v != to)
        common += std::binary_search(other_ring_.begin(), other_ring_.end(), v) ? 1 : 0;
    return common == 2;
  }

  /// The cheapest collapse of every vertex that may go.
  std::vector<Collapse> candidates(const Fans& fans) {
    std::vector<Collapse> result;
    for (Index v = 0; v < positions_.size(); ++v) {
      if (locked_[v] || fans.of(v).empty()) continue;
      Collapse best;
      for (const Index t : fans.of(v)) {
        for (int k = 0; k < 3; ++k) {
          const Index to = triangle(t)[k];
          if (to == v) continue;
          Quadric sum = quadrics_[v];
          sum.add(quadrics_[to]);
          // Flat places still prefer short edges, so that triangles stay even.
          const Point edge = at(to) - at(v);
          const double cost = sum.at(at(to)) + 1e-4 * glm::dot(edge, edge) * glm::dot(edge, edge);
          if ((best.to == kNone || cost < best.cost) && allowed(fans, v, to)) best = {cost, v, to};
        }
      }
      if (best.to != kNone) result.push_back(best);
    }
    std::sort(result.begin(), result.end(), [](const Collapse& a, const Collapse& b) {
      return a.cost != b.cost ? a.cost < b.cost : a.from < b.from;
    });
    return result;
  }

  /// Collapses the cheapest third of what may go, none next to another. False: nothing went.
  bool pass(std::size_t target) {
    const Fans fans(indices_, positions_.size());
    std::vector<Collapse> wanted = candidates(fans);
    const std::size_t excess = indices_.size() / 3 - target;
    const std::size_t most = std::min(std::max(wanted.size() / 3, std::size_t{1}), excess / 2 + 1);
    std::vector<bool> touched(positions_.size(), false);
    std::vector<Index> moved(positions_.size());
    std::iota(moved.begin(), moved.end(), Index{0});
    std::size_t done = 0;
    for (const Collapse& c : wanted) {
      if (done >= most) break;
      if (touched[c.from] || touched[c.to]) continue;
      for (const Index end : {c.from, c.to})
        for (const Index t : fans.of(end))
          for (int k = 0; k < 3; ++k) touched[triangle(t)[k]] = true;
      moved[c.from] = c.to;
      quadrics_[c.to].add(quadrics_[c.from]);
      ++done;
    }
    // What lost an edge is gone.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < indices_.size(); i += 3) {
      const Index a = moved[indices_[i]], b = moved[indices_[i + 1]], c = moved[indices_[i + 2]];
      if (a == b || b == c || c == a) continue;
      indices_[kept] = a;
      indices_[kept + 1] = b;
      indices_[kept + 2] = c;
      kept += 3;
    }
    indices_.resize(kept);
    return done > 0;
  }

  std::span<const Vec3> positions_;
  std::vector<Index> indices_;
  std::vector<bool> locked_;
  std::vector<Quadric> quadrics_;
  std::vector<Index> ring_, other_ring_;
};

}  // namespace

std::vector<Index> simplify(std::span<const Vec3> positions, std::span<const Index> indices,
                            const std::vector<bool>& locked, std::size_t target) {
  return Simplifier(positions, indices, locked).reduce(target);
}

std::vector<Index> order_triangles(std::span<const Index> indices, std::size_t num_vertices,
                                   int cache_size) {
  const Fans fans(indices, num_vertices);
  std::vector<int> live(num_vertices), stamp(num_vertices, 0);
  for (Index v = 0; v < num_vertices; ++v) live[v] = static_cast<int>(fans.of(v).size());
  std::vector<bool> emitted(indices.size() / 3, false);
  std::vector<Index> out, dead_ends, ring;
  out.reserve(indices.size());
  int time = cache_size + 1;
  Index cursor = 0;

  const auto next_fan = [&]() {
    // A vertex of the last fan that stays in the cache while its own fan is drawn, oldest first.
    Index best = kNone;
    int best_priority = -1;
    for (const Index v : ring) {
      if (live[v] <= 0) continue;
      const int age = time - stamp[v];
      const int priority = age + 2 * live[v] <= cache_size ? age : 0;
      if (priority > best_priority) {
        best_priority = priority;
        best = v;
      }
    }
    // Nothing left here: the latest vertex with triangles left, or the next of all.
    while (best == kNone && !dead_ends.empty()) {
      if (live[dead_ends.back()] > 0) best = dead_ends.back();
      dead_ends.pop_back();
    }
    for (; best == kNone && cursor < num_vertices; ++cursor)
      if (live[cursor] > 0) best = cursor;
    return best;
  };

  for (Index fan = next_fan(); fan != kNone; fan = next_fan()) {
    ring.clear();
    for (const Index t : fans.of(fan)) {
      if (emitted[t]) continue;
      emitted[t] = true;
      for (std::size_t k = 0; k < 3; ++k) {
        const Index v = indices[3 * std::size_t{t} + k];
        out.push_back(v);
        ring.push_back(v);
        dead_ends.push_back(v);
        --live[v];
        if (time - stamp[v] > cache_size) stamp[v] = time++;
      }
    }
  }
  return out;
}

}  // namespace canter::viewer
