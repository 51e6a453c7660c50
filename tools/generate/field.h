#pragma once

#include <glm/mat3x3.hpp>
#include <glm/vec3.hpp>
#include <vector>

/// Generators of the shipped character and clips. Geometry is computed in double precision, so that
/// thousands of small corrections of a mesh do not drift.
namespace canter::generate {

using Point = glm::dvec3;

/// Smooth unions and intersections of distance fields: within `width_m` of each other two surfaces
/// blend with continuous curvature, further apart nothing changes.
double smooth_min(double a, double b, double width_m);
double smooth_max(double a, double b, double width_m);

/// A limb: elliptic cross-sections strung along an axis, closed by half ellipsoids. The four radii
/// of a section are independent, so a calf can bulge backwards only.
class Loft {
 public:
  struct Section {
    double along = 0.0;  ///< along the axis from the origin, metres
    double right = 0.0;  ///< radius towards -x of the frame, metres
    double left = 0.0;   ///< towards +x
    double front = 0.0;  ///< towards +z
    double back = 0.0;   ///< towards -z
    double x = 0.0;      ///< centre, in the frame
    double z = 0.0;
  };

  /// @param frame     columns: side (x), axis (y) and front (z) of the limb, orthonormal
  /// @param sections  at least two, in order of `along`
  /// @param start_cap, end_cap  how far the closing half ellipsoids reach, metres
  Loft(const Point& origin, const glm::dmat3& frame, std::vector<Section> sections,
       double start_cap, double end_cap);

  /// Distance to the surface, metres, negative inside. Exact on the surface, first order near it.
  double distance(const Point& p) const;

 private:
  Section section_at(double along) const;

  Point origin_;
  glm::dmat3 frame_;
  std::vector<Section> sections_;
  std::vector<Section> slopes_;  // derivative of every value with respect to `along`
  double start_cap_;
  double end_cap_;
};

/// Distance to an axis-aligned ellipsoid, first order near the surface.
double ellipsoid(const Point& p, const Point& centre, const Point& radii);
/// Distance to two spheres joined by their common tangent cone.
double round_cone(const Point& p, const Point& a, const Point& b, double radius_a, double radius_b);

/// A frame whose y axis is `axis` and whose z axis is as close to `front` as it can be.
glm::dmat3 frame_along(const Point& axis, const Point& front);

}  // namespace canter::generate
