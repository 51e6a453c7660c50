#pragma once

#include <array>
#include <functional>
#include <vector>

#include "generate/field.h"

namespace canter::generate {

/// A triangle mesh, counter-clockwise seen from outside.
struct Surface {
  using Triangle = std::array<int, 3>;
  std::vector<Point> points;
  std::vector<Triangle> triangles;
};

using Field = std::function<double(const Point&)>;

struct MeshSettings {
  Point min{0.0};  ///< box that holds the surface; min.x is ignored, the half x >= 0 is meshed
  Point max{0.0};
  double grid_m = 0.007;  ///< cell of the first mesh: must resolve the thinnest part
  Field edge_length;      ///< wanted length of edges at a point, metres
  int iterations = 10;    ///< rounds of remeshing
};

/// Meshes the half x >= 0 of a surface that is symmetric about x = 0, where the mesh has an open
/// border lying exactly in that plane: marching tetrahedra, then isotropic remeshing (Botsch and
/// Kobbelt 2004, "A Remeshing Approach to Multiresolution Modeling"), with vertices projected onto
/// the field instead of onto the first mesh.
Surface mesh_half(const Field& field, const MeshSettings& settings);

/// Makes `border` = 0 run along edges, so that a change of material is a smooth line: nearby
/// vertices move onto it, edges that still cross it are split.
/// @param material  [triangles] out: true where border > 0
void cut_along(Surface& half, const Field& field, const Field& border, const Field& edge_length,
               std::vector<bool>& material);

/// Evens out creases where blended parts meet: Taubin's two-step smoothing, which keeps the volume
/// (1995, "A Signal Processing Approach to Fair Surface Design"). The seam stays in its plane.
/// @param strength  0 to 1 at a point: how much it moves
void smooth_half(Surface& half, const Field& strength, int rounds);

/// The half and its mirror image, sewn along x = 0.
/// @param twin  out: for every point the index of its mirror image (itself on the seam)
Surface mirror_half(const Surface& half, std::vector<int>& twin);

/// Unit normals of the vertices, weighted by the angles of the faces around them.
std::vector<Point> vertex_normals(const Surface& surface);

/// Gradient of a field by central differences: not unit length.
Point gradient(const Field& field, const Point& p);

}  // namespace canter::generate
