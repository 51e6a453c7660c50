#include "generate/mesher.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <glm/geometric.hpp>
#include <unordered_map>
#include <utility>

namespace canter::generate {
namespace {

using Triangle = Surface::Triangle;

constexpr double kSeam = 1e-9;  // |x| below this lies in the mirror plane

bool on_seam(const Point& p) {
  return std::abs(p.x) < kSeam;
}

/// Newton steps onto the zero of the field; points of the seam stay in the mirror plane.
Point project(const Field& field, Point p) {
  const bool seam = on_seam(p);
  for (int i = 0; i < 4; ++i) {
    Point g = gradient(field, p);
    if (seam) g.x = 0.0;
    const double steepness = glm::dot(g, g);
    if (steepness < 1e-12) break;
    Point step = field(p) * g / steepness;
    // The fields are first order only: a far point approaches in bounded steps.
    const double length = glm::length(step);
    if (length > 0.01) step *= 0.01 / length;
    p -= step;
    if (length < 1e-7) break;
  }
  if (seam) p.x = 0.0;
  return p;
}

// ---- the first mesh: marching tetrahedra ----------------------------------------------------

/// Samples of the field on a grid, evaluated only in blocks near the surface.
class Grid {
 public:
  Grid(const Field& field, const MeshSettings& settings) : field_(field), cell_(settings.grid_m) {
    origin_ = Point(0.0, settings.min.y, settings.min.z);
    const Point size = settings.max - origin_;
    for (int i = 0; i < 3; ++i) cells_[i] = static_cast<int>(std::ceil(size[i] / cell_));
    values_.assign(index(cells_[0], cells_[1], cells_[2]) + 1, std::nan(""));
  }

  const std::array<int, 3>& cells() const { return cells_; }
  std::size_t index(int x, int y, int z) const {
    const auto row = static_cast<std::size_t>(cells_[0] + 1);
    const auto slice = row * static_cast<std::size_t>(cells_[1] + 1);
    return static_cast<std::size_t>(x) + row * static_cast<std::size_t>(y) +
           slice * static_cast<std::size_t>(z);
  }
  Point point(int x, int y, int z) const { return origin_ + cell_ * Point(x, y, z); }
  double cell() const { return cell_; }

  double value(int x, int y, int z) {
    double& v = values_[index(x, y, z)];
    if (std::isnan(v)) {
      v = field_(point(x, y, z));
      if (v == 0.0) v = -1e-12;  // a corner exactly on the surface would give empty triangles
    }
    return v;
  }

  /// Whether the surface may pass through the block of kBlock cells at this corner.
  bool near_surface(int x, int y, int z) const {
    constexpr double kSafety = 1.6;  // the field overestimates distances by less than this
    const double half = 0.5 * kBlock * cell_;
    return std::abs(field_(point(x, y, z) + half)) < kSafety * half * std::sqrt(3.0);
  }

  static constexpr int kBlock = 6;

 private:
  const Field& field_;
  double cell_;
  Point origin_{0.0};
  std::array<int, 3> cells_{};
  std::vector<double> values_;
};

class MarchingTetrahedra {
 public:
  MarchingTetrahedra(const Field& field, const MeshSettings& settings) : grid_(field, settings) {}

  Surface run() {
    const auto& n = grid_.cells();
    constexpr int b = Grid::kBlock;
    for (int z = 0; z < n[2]; z += b)
      for (int y = 0; y < n[1]; y += b)
        for (int x = 0; x < n[0]; x += b)
          if (grid_.near_surface(x, y, z)) block(x, y, z);
    return std::move(out_);
  }

 private:
  struct Corner {
    std::size_t index = 0;
    Point point{0.0};
    double value = 0.0;
  };

  void block(int x0, int y0, int z0) {
    const auto& n = grid_.cells();
    for (int z = z0; z < std::min(z0 + Grid::kBlock, n[2]); ++z)
      for (int y = y0; y < std::min(y0 + Grid::kBlock, n[1]); ++y)
        for (int x = x0; x < std::min(x0 + Grid::kBlock, n[0]); ++x) cell(x, y, z);
  }

  void cell(int x, int y, int z) {
    std::array<Corner, 8> corners;
    bool any_inside = false;
    bool any_outside = false;
    for (int i = 0; i < 8; ++i) {
      const int cx = x + (i & 1);
      const int cy = y + ((i >> 1) & 1);
      const int cz = z + ((i >> 2) & 1);
      Corner& c = corners[static_cast<std::size_t>(i)];
      c = {grid_.index(cx, cy, cz), grid_.point(cx, cy, cz), grid_.value(cx, cy, cz)};
      (c.value < 0.0 ? any_inside : any_outside) = true;
    }
    if (!any_inside || !any_outside) return;
    // Six tetrahedra around the diagonal 0-7; neighbouring cells split shared faces alike.
    static constexpr int kTetrahedra[6][4] = {{0, 1, 3, 7}, {0, 3, 2, 7}, {0, 2, 6, 7},
                                              {0, 6, 4, 7}, {0, 4, 5, 7}, {0, 5, 1, 7}};
    for (const auto& t : kTetrahedra) {
      const auto corner = [&](int i) -> const Corner& {
        return corners[static_cast<std::size_t>(t[i])];
      };
      tetrahedron({corner(0), corner(1), corner(2), corner(3)});
    }
  }

  void tetrahedron(const std::array<Corner, 4>& t) {
    std::array<std::size_t, 4> in{};
    std::array<std::size_t, 4> out{};
    std::size_t num_in = 0;
    std::size_t num_out = 0;
    for (std::size_t i = 0; i < 4; ++i) (t[i].value < 0.0 ? in[num_in++] : out[num_out++]) = i;
    if (num_in == 0 || num_out == 0) return;
    const auto cut = [&](std::size_t a, std::size_t b) { return vertex(t[a], t[b]); };
    const Point outward = t[out[0]].point - t[in[0]].point;
    if (num_in == 1) {
      triangle({cut(in[0], out[0]), cut(in[0], out[1]), cut(in[0], out[2])}, outward);
    } else if (num_out == 1) {
      triangle({cut(in[0], out[0]), cut(in[1], out[0]), cut(in[2], out[0])}, outward);
    } else {
      const int a = cut(in[0], out[0]);
      const int b = cut(in[0], out[1]);
      const int c = cut(in[1], out[1]);
      const int d = cut(in[1], out[0]);
      triangle({a, b, c}, outward);
      triangle({a, c, d}, outward);
    }
  }

  int vertex(const Corner& a, const Corner& b) {
    const Corner& low = a.index < b.index ? a : b;
    const Corner& high = a.index < b.index ? b : a;
    const std::uint64_t key = (static_cast<std::uint64_t>(low.index) << 32) | high.index;
    const auto [it, added] = vertices_.try_emplace(key, static_cast<int>(out_.points.size()));
    if (added) {
      const double u = low.value / (low.value - high.value);
      out_.points.push_back(low.point + u * (high.point - low.point));
    }
    return it->second;
  }

  // Taken as a braced list: its vertices are numbered left to right with every compiler.
  void triangle(Triangle t, const Point& outward) {
    const auto at = [&](std::size_t i) { return out_.points[static_cast<std::size_t>(t[i])]; };
    const Point normal = glm::cross(at(1) - at(0), at(2) - at(0));
    if (glm::dot(normal, outward) < 0.0) std::swap(t[1], t[2]);
    out_.triangles.push_back(t);
  }

  Grid grid_;
  Surface out_;
  std::unordered_map<std::uint64_t, int> vertices_;
};

// ---- remeshing -----------------------------------------------------------------------------

class Remesher {
 public:
  Remesher(Surface mesh, const Field& field, const Field& edge_length)
      : field_(field), edge_length_(edge_length), mesh_(std::move(mesh)) {
    faces_of_.resize(mesh_.points.size());
    for (int f = 0; f < num_triangles(); ++f)
      for (const int v : triangle(f)) faces_of(v).push_back(f);
  }

  void round() {
    split_long_edges();
    collapse_short_edges();
    flip_edges();
    for (int i = 0; i < 2; ++i) relax();
  }

  Surface finish() {
    Surface out;
    std::vector<int> index(mesh_.points.size(), -1);
    for (const Triangle& t : mesh_.triangles) {
      if (t[0] < 0) continue;
      Triangle moved{};
      for (std::size_t i = 0; i < 3; ++i) {
        int& to = index[static_cast<std::size_t>(t[i])];
        if (to < 0) {
          to = static_cast<int>(out.points.size());
          out.points.push_back(point(t[i]));
        }
        moved[i] = to;
      }
      out.triangles.push_back(moved);
    }
    return out;
  }

 private:
  int num_triangles() const { return static_cast<int>(mesh_.triangles.size()); }
  int num_points() const { return static_cast<int>(mesh_.points.size()); }
  Point& point(int v) { return mesh_.points[static_cast<std::size_t>(v)]; }
  Triangle& triangle(int f) { return mesh_.triangles[static_cast<std::size_t>(f)]; }
  std::vector<int>& faces_of(int v) { return faces_of_[static_cast<std::size_t>(v)]; }
  bool contains(int f, int v) {
    const Triangle& t = triangle(f);
    return t[0] == v || t[1] == v || t[2] == v;
  }
  double length(int a, int b) { return glm::distance(point(a), point(b)); }
  double wanted(int a, int b) { return edge_length_(0.5 * (point(a) + point(b))); }
  Point normal(const Triangle& t) {
    return glm::cross(point(t[1]) - point(t[0]), point(t[2]) - point(t[0]));
  }

  std::vector<int> neighbours(int v) {
    std::vector<int> ring;
    for (const int f : faces_of(v))
      for (const int w : triangle(f))
        if (w != v && std::find(ring.begin(), ring.end(), w) == ring.end()) ring.push_back(w);
    return ring;
  }
  std::vector<int> shared_faces(int a, int b) {
    std::vector<int> shared;
    for (const int f : faces_of(a))
      if (contains(f, b)) shared.push_back(f);
    return shared;
  }
  int opposite(int f, int a, int b) {
    for (const int v : triangle(f))
      if (v != a && v != b) return v;
    return -1;
  }
  void detach(int f, int v) {
    auto& list = faces_of(v);
    list.erase(std::find(list.begin(), list.end(), f));
  }
  void replace(int f, int from, int to) {
    for (int& v : triangle(f))
      if (v == from) v = to;
    detach(f, from);
    faces_of(to).push_back(f);
  }
  void remove(int f) {
    for (const int v : triangle(f)) detach(f, v);
    triangle(f) = {-1, -1, -1};
  }

  void split_long_edges() {
    // Halves made here wait for the next round, so that every round ends.
    const int count = num_triangles();
    for (int f = 0; f < count; ++f) {
      if (triangle(f)[0] < 0) continue;
      // The longest edge first: halving it keeps the shape best.
      const Triangle t = triangle(f);
      std::size_t longest = 0;
      for (std::size_t i = 1; i < 3; ++i)
        if (length(t[i], t[(i + 1) % 3]) > length(t[longest], t[(longest + 1) % 3])) longest = i;
      const int a = t[longest];
      const int b = t[(longest + 1) % 3];
      if (length(a, b) > 4.0 / 3.0 * wanted(a, b)) split(a, b);
    }
  }

  void split(int a, int b) {
    const int middle = num_points();
    Point p = 0.5 * (point(a) + point(b));
    const std::vector<int> faces = shared_faces(a, b);
    // An edge between two points of the seam that is not itself the border leaves the seam.
    if (on_seam(p) && faces.size() == 2) p.x = 1e-4;
    // An edge that bridges a gap has no surface near its middle.
    const Point on_surface = project(field_, p);
    if (glm::distance(on_surface, p) > 0.5 * length(a, b)) return;
    mesh_.points.push_back(on_surface);
    faces_of_.emplace_back();
    for (const int f : faces) {
      Triangle half = triangle(f);
      for (int& v : half)
        if (v == a) v = middle;
      replace(f, b, middle);
      const int added = num_triangles();
      mesh_.triangles.push_back(half);
      for (const int v : half) faces_of(v).push_back(added);
    }
  }

  void collapse_short_edges() {
    for (int v = 0; v < num_points(); ++v) {
      if (faces_of(v).empty()) continue;
      // Shortest first; one success moves the vertex, so its other edges wait for the next round.
      std::vector<int> ring = neighbours(v);
      std::stable_sort(ring.begin(), ring.end(),
                       [&](int a, int b) { return length(v, a) < length(v, b); });
      for (const int w : ring) {
        if (length(v, w) > 0.8 * wanted(v, w)) break;
        if (collapse(v, w)) break;
      }
    }
  }

  bool collapse(int gone, int kept) {
    if (on_seam(point(gone)) && !on_seam(point(kept))) std::swap(gone, kept);
    const std::vector<int> shared = shared_faces(gone, kept);
    const bool both_on_seam = on_seam(point(gone)) && on_seam(point(kept));
    if (both_on_seam && shared.size() != 1) return false;
    // Link condition: the two vertices may share no neighbours but those of the faces that vanish.
    const std::vector<int> ring = neighbours(gone);
    const std::vector<int> kept_ring = neighbours(kept);
    std::size_t common = 0;
    for (const int v : ring)
      if (std::find(kept_ring.begin(), kept_ring.end(), v) != kept_ring.end()) ++common;
    if (common != shared.size()) return false;
    for (const int f : shared) {
      const int v = opposite(f, gone, kept);
      if (faces_of(v).size() <= (on_seam(point(v)) ? 2u : 3u)) return false;
    }
    const bool keep_place = on_seam(point(kept)) && !both_on_seam;
    const Point to = keep_place ? point(kept) : project(field_, 0.5 * (point(gone) + point(kept)));
    if (!may_move(gone, kept, to) || !may_move(kept, gone, to)) return false;
    point(kept) = to;
    for (const int f : shared) remove(f);
    const std::vector<int> rest = faces_of(gone);
    for (const int f : rest) replace(f, gone, kept);
    return true;
  }

  /// Whether moving `v` turns no face over and makes no edge too long; faces with `except` vanish.
  bool may_move(int v, int except, const Point& to) {
    for (const int f : faces_of(v)) {
      if (contains(f, except)) continue;
      const Triangle t = triangle(f);
      const Point before = normal(t);
      const Point keep = point(v);
      point(v) = to;
      const Point after = normal(t);
      bool fits = glm::dot(before, after) > 0.3 * glm::length(before) * glm::length(after);
      for (const int w : t)
        if (w != v && length(v, w) > 4.0 / 3.0 * wanted(v, w)) fits = false;
      point(v) = keep;
      if (!fits) return false;
    }
    return true;
  }

  /// Distance of a valence from the regular one: 6 inside, 4 on the seam.
  int irregularity(int v, int change) {
    const bool seam = on_seam(point(v));
    const int valence = static_cast<int>(faces_of(v).size()) + (seam ? 1 : 0) + change;
    return std::abs(valence - (seam ? 4 : 6));
  }

  void flip_edges() {
    for (int f = 0; f < num_triangles(); ++f) {
      for (std::size_t i = 0; i < 3 && triangle(f)[0] >= 0; ++i) {
        const Triangle t = triangle(f);
        flip(t[i], t[(i + 1) % 3]);
      }
    }
  }

  void flip(int a, int b) {
    const std::vector<int> faces = shared_faces(a, b);
    if (faces.size() != 2) return;
    // Put (a, b, c) first, (b, a, d) second, whatever the order they were found in.
    int f = faces[0];
    int g = faces[1];
    if (!in_order(f, a, b)) std::swap(f, g);
    const int c = opposite(f, a, b);
    const int d = opposite(g, a, b);
    const std::vector<int> ring = neighbours(c);
    if (std::find(ring.begin(), ring.end(), d) != ring.end()) return;
    if (on_seam(point(c)) && on_seam(point(d))) return;
    const int before =
        irregularity(a, 0) + irregularity(b, 0) + irregularity(c, 0) + irregularity(d, 0);
    const int after =
        irregularity(a, -1) + irregularity(b, -1) + irregularity(c, 1) + irregularity(d, 1);
    if (after > before || (after == before && !better_angles(a, b, c, d))) return;
    const Triangle first{a, d, c};
    const Triangle second{d, b, c};
    const Point old_normal = glm::normalize(normal(triangle(f)) + normal(triangle(g)));
    for (const Triangle& t : {first, second}) {
      const Point n = normal(t);
      if (glm::dot(n, old_normal) < 0.7 * glm::length(n)) return;
    }
    if (after < before && smallest_of(first, second) < 0.35) return;
    triangle(f) = first;
    triangle(g) = second;
    detach(f, b);
    detach(g, a);
    faces_of(d).push_back(f);
    faces_of(c).push_back(g);
  }

  bool in_order(int f, int a, int b) {
    const Triangle& t = triangle(f);
    for (std::size_t i = 0; i < 3; ++i)
      if (t[i] == a) return t[(i + 1) % 3] == b;
    return false;
  }
  double smallest_angle(int a, int b, int c) {
    const auto angle = [&](int at, int to, int other) {
      const Point u = glm::normalize(point(to) - point(at));
      const Point v = glm::normalize(point(other) - point(at));
      return std::acos(std::clamp(glm::dot(u, v), -1.0, 1.0));
    };
    return std::min({angle(a, b, c), angle(b, c, a), angle(c, a, b)});
  }
  double smallest_of(const Triangle& t, const Triangle& u) {
    return std::min(smallest_angle(t[0], t[1], t[2]), smallest_angle(u[0], u[1], u[2]));
  }
  bool better_angles(int a, int b, int c, int d) {
    return std::min(smallest_angle(a, d, c), smallest_angle(d, b, c)) >
           std::min(smallest_angle(a, b, c), smallest_angle(b, a, d)) + 0.05;
  }

  /// Moves every vertex towards the area-weighted centre of its faces, along the surface.
  void relax() {
    for (int v = 0; v < num_points(); ++v) {
      if (faces_of(v).empty()) continue;
      Point sum(0.0);
      double weight = 0.0;
      if (on_seam(point(v))) {
        for (const int w : neighbours(v)) {
          if (!on_seam(point(w)) || shared_faces(v, w).size() != 1) continue;
          const double l = length(v, w);
          sum += l * 0.5 * (point(v) + point(w));
          weight += l;
        }
      } else {
        for (const int f : faces_of(v)) {
          const Triangle& t = triangle(f);
          const Point centre = (point(t[0]) + point(t[1]) + point(t[2])) / 3.0;
          // Areas in units of the wanted size, so that the sizing survives relaxation.
          const double size = edge_length_(centre);
          const double area = glm::length(normal(t)) / (size * size);
          sum += area * centre;
          weight += area;
        }
      }
      if (weight <= 0.0) continue;
      const Point to = project(field_, point(v) + 0.8 * (sum / weight - point(v)));
      if (may_move(v, -2, to)) point(v) = to;
    }
  }

  const Field& field_;
  const Field& edge_length_;
  Surface mesh_;
  std::vector<std::vector<int>> faces_of_;
};

}  // namespace

Point gradient(const Field& field, const Point& p) {
  constexpr double h = 1e-5;
  return Point(field(p + Point(h, 0, 0)) - field(p - Point(h, 0, 0)),
               field(p + Point(0, h, 0)) - field(p - Point(0, h, 0)),
               field(p + Point(0, 0, h)) - field(p - Point(0, 0, h))) /
         (2.0 * h);
}

Surface mesh_half(const Field& field, const MeshSettings& settings) {
  Remesher remesher(MarchingTetrahedra(field, settings).run(), field, settings.edge_length);
  for (int i = 0; i < settings.iterations; ++i) remesher.round();
  return remesher.finish();
}

void cut_along(Surface& half, const Field& field, const Field& border, const Field& edge_length,
               std::vector<bool>& material) {
  // Vertices closer to the border than a third of an edge move onto it, along the surface.
  std::vector<double> side(half.points.size());
  for (std::size_t i = 0; i < half.points.size(); ++i) {
    const Point start = half.points[i];
    Point p = start;
    for (int step = 0; step < 4; ++step) {
      const Point n = glm::normalize(gradient(field, p));
      Point along = gradient(border, p);
      along -= glm::dot(along, n) * n;
      if (on_seam(p)) along.x = 0.0;
      const double steepness = glm::dot(along, along);
      if (steepness < 1e-9) break;
      p = project(field, p - border(p) * along / steepness);
      if (glm::distance(p, start) > 0.4 * edge_length(start)) break;
    }
    const bool reached = std::abs(border(p)) < 1e-6;
    if (reached && glm::distance(p, start) < 0.35 * edge_length(start)) {
      half.points[i] = p;
      side[i] = 0.0;
    } else {
      side[i] = border(start);
    }
  }

  // Edges that still cross are split where they cross.
  std::unordered_map<std::uint64_t, int> cuts;
  const auto cut = [&](int a, int b) {
    if (a > b) std::swap(a, b);
    const std::uint64_t key = (static_cast<std::uint64_t>(a) << 32) | static_cast<unsigned>(b);
    const auto [it, added] = cuts.try_emplace(key, static_cast<int>(half.points.size()));
    if (added) {
      const auto i = static_cast<std::size_t>(a);
      const auto j = static_cast<std::size_t>(b);
      const double u = side[i] / (side[i] - side[j]);
      half.points.push_back(project(field, half.points[i] + u * (half.points[j] - half.points[i])));
      side.push_back(0.0);
    }
    return it->second;
  };
  std::vector<Triangle> out;
  material.clear();
  const auto emit = [&](int a, int b, int c) {
    double sum = 0.0;
    for (const int v : {a, b, c}) sum += side[static_cast<std::size_t>(v)];
    if (sum == 0.0) {
      const auto at = [&](int v) { return half.points[static_cast<std::size_t>(v)]; };
      sum = border((at(a) + at(b) + at(c)) / 3.0);
    }
    out.push_back({a, b, c});
    material.push_back(sum > 0.0);
  };
  for (const Triangle& t : half.triangles) {
    const auto sign = [&](int i) {
      const double s = side[static_cast<std::size_t>(t[static_cast<std::size_t>(i % 3)])];
      return s > 0.0 ? 1 : s < 0.0 ? -1 : 0;
    };
    int done = 0;
    for (int i = 0; i < 3 && done == 0; ++i) {
      const int a = t[static_cast<std::size_t>(i)];
      const int b = t[static_cast<std::size_t>((i + 1) % 3)];
      const int c = t[static_cast<std::size_t>((i + 2) % 3)];
      if (sign(i) == 0 && sign(i + 1) * sign(i + 2) < 0) {
        // Through one corner: two triangles.
        const int m = cut(b, c);
        emit(a, b, m);
        emit(a, m, c);
        done = 1;
      } else if (sign(i) != 0 && sign(i + 1) == -sign(i) && sign(i + 2) == -sign(i)) {
        // One corner alone on its side: three triangles.
        const int m = cut(a, b);
        const int n = cut(a, c);
        emit(a, m, n);
        emit(m, b, c);
        emit(m, c, n);
        done = 1;
      }
    }
    if (done == 0) emit(t[0], t[1], t[2]);
  }
  half.triangles = std::move(out);
}

void smooth_half(Surface& half, const Field& strength, int rounds) {
  constexpr double kShrink = 0.5;
  constexpr double kGrow = -0.526;  // pass band 0.1: 1 / kShrink + 1 / kGrow
  std::vector<double> strengths;
  for (const Point& p : half.points) strengths.push_back(strength(p));
  for (int pass = 0; pass < 2 * rounds; ++pass) {
    std::vector<Point> sum(half.points.size(), Point(0.0));
    std::vector<double> count(half.points.size(), 0.0);
    for (const Triangle& t : half.triangles) {
      for (std::size_t i = 0; i < 3; ++i) {
        // Inside, every edge is met from both of its faces; on the seam the missing face is the
        // image of the one there is.
        const auto a = static_cast<std::size_t>(t[i]);
        for (const std::size_t k : {(i + 1) % 3, (i + 2) % 3}) {
          const auto b = static_cast<std::size_t>(t[k]);
          sum[a] += half.points[b];
          count[a] += 1.0;
        }
      }
    }
    const double factor = pass % 2 == 0 ? kShrink : kGrow;
    for (std::size_t v = 0; v < half.points.size(); ++v) {
      Point step = factor * strengths[v] * (sum[v] / count[v] - half.points[v]);
      if (on_seam(half.points[v])) step.x = 0.0;
      half.points[v] += step;
    }
  }
}

std::vector<Point> vertex_normals(const Surface& surface) {
  std::vector<Point> normals(surface.points.size(), Point(0.0));
  for (const Triangle& t : surface.triangles) {
    const auto at = [&](std::size_t i) {
      return surface.points[static_cast<std::size_t>(t[i % 3])];
    };
    const Point face = glm::normalize(glm::cross(at(1) - at(0), at(2) - at(0)));
    for (std::size_t i = 0; i < 3; ++i) {
      const Point u = glm::normalize(at(i + 1) - at(i));
      const Point v = glm::normalize(at(i + 2) - at(i));
      const double angle = std::acos(std::clamp(glm::dot(u, v), -1.0, 1.0));
      normals[static_cast<std::size_t>(t[i])] += angle * face;
    }
  }
  for (Point& n : normals) n = glm::normalize(n);
  return normals;
}

Surface mirror_half(const Surface& half, std::vector<int>& twin) {
  Surface whole = half;
  const auto count = half.points.size();
  twin.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Point& p = half.points[i];
    if (on_seam(p)) {
      whole.points[i].x = 0.0;
      twin[i] = static_cast<int>(i);
    } else {
      twin[i] = static_cast<int>(whole.points.size());
      whole.points.emplace_back(-p.x, p.y, p.z);
      twin.push_back(static_cast<int>(i));
    }
  }
  for (const Triangle& t : half.triangles) {
    const auto mirrored = [&](int v) { return twin[static_cast<std::size_t>(v)]; };
    whole.triangles.push_back({mirrored(t[0]), mirrored(t[2]), mirrored(t[1])});
  }
  return whole;
}

}  // namespace canter::generate
