#include "generate/field.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/matrix.hpp>
#include <utility>

namespace canter::generate {
namespace {

using Section = Loft::Section;
constexpr double Section::*kValues[] = {&Section::right, &Section::left, &Section::front,
                                        &Section::back,  &Section::x,    &Section::z};

// k0 is 1 on the ellipsoid and k1 the length of its gradient (I. Quilez, "ellipsoid - bound").
double ellipsoid_distance(double k0, double k1, double smallest_radius) {
  return k1 > 1e-9 ? k0 * (k0 - 1.0) / k1 : -smallest_radius;
}

}  // namespace

double smooth_min(double a, double b, double width_m) {
  const double h = std::max(width_m - std::abs(a - b), 0.0) / width_m;
  return std::min(a, b) - h * h * h * width_m / 6.0;
}

double smooth_max(double a, double b, double width_m) {
  return -smooth_min(-a, -b, width_m);
}

Loft::Loft(const Point& origin, const glm::dmat3& frame, std::vector<Section> sections,
           double start_cap, double end_cap)
    : origin_(origin),
      frame_(frame),
      sections_(std::move(sections)),
      slopes_(sections_.size()),
      start_cap_(start_cap),
      end_cap_(end_cap) {
  assert(sections_.size() >= 2);
  // Monotone cubic slopes (Fritsch and Butland 1984): no bulge between two sections that neither
  // has. Zero at the ends, where the caps take over.
  for (std::size_t i = 1; i + 1 < sections_.size(); ++i) {
    for (const auto value : kValues) {
      const double before = sections_[i].along - sections_[i - 1].along;
      const double after = sections_[i + 1].along - sections_[i].along;
      const double d0 = (sections_[i].*value - sections_[i - 1].*value) / before;
      const double d1 = (sections_[i + 1].*value - sections_[i].*value) / after;
      if (d0 * d1 <= 0.0) continue;
      const double a = (before + 2.0 * after) / (3.0 * (before + after));
      slopes_[i].*value = d0 * d1 / (a * d1 + (1.0 - a) * d0);
    }
  }
}

Section Loft::section_at(double along) const {
  if (along <= sections_.front().along) return sections_.front();
  if (along >= sections_.back().along) return sections_.back();
  std::size_t i = 0;
  while (along > sections_[i + 1].along) ++i;
  const double length = sections_[i + 1].along - sections_[i].along;
  const double u = (along - sections_[i].along) / length;
  Section s;
  s.along = along;
  for (const auto value : kValues) {
    const double a = sections_[i].*value;
    const double b = sections_[i + 1].*value;
    s.*value = a * (1.0 + 2.0 * u) * (1.0 - u) * (1.0 - u) + b * u * u * (3.0 - 2.0 * u) +
               length * u * (1.0 - u) * (slopes_[i].*value * (1.0 - u) - slopes_[i + 1].*value * u);
  }
  return s;
}

double Loft::distance(const Point& p) const {
  const Point q = glm::transpose(frame_) * (p - origin_);
  const Section s = section_at(q.y);
  const double beyond = q.y - s.along;
  const double x = q.x - s.x;
  const double z = q.z - s.z;
  const Point radii(x < 0.0 ? s.right : s.left, beyond < 0.0 ? start_cap_ : end_cap_,
                    z < 0.0 ? s.back : s.front);
  const Point k = Point(x, beyond, z) / radii;
  return ellipsoid_distance(glm::length(k), glm::length(k / radii),
                            std::min({radii.x, radii.y, radii.z}));
}

double ellipsoid(const Point& p, const Point& centre, const Point& radii) {
  const Point k = (p - centre) / radii;
  return ellipsoid_distance(glm::length(k), glm::length(k / radii),
                            std::min({radii.x, radii.y, radii.z}));
}

double round_cone(const Point& p, const Point& a, const Point& b, double radius_a,
                  double radius_b) {
  const Point ab = b - a;
  const double length = glm::length(ab);
  const Point axis = ab / length;
  const double along = glm::dot(p - a, axis);
  const double across = glm::length(p - a - along * axis);
  // The tangent touches both spheres along one direction; slide the foot point accordingly.
  const double slope = (radius_a - radius_b) / length;
  const double tilt = std::sqrt(std::max(0.0, 1.0 - slope * slope));
  const double foot = std::clamp(along + across * slope / tilt, 0.0, length);
  const Point centre = a + foot * axis;
  return glm::length(p - centre) - (radius_a + (radius_b - radius_a) * foot / length);
}

glm::dmat3 frame_along(const Point& axis, const Point& front) {
  const Point y = glm::normalize(axis);
  const Point x = glm::normalize(glm::cross(y, front));
  return {x, y, glm::cross(x, y)};
}

}  // namespace canter::generate
