#pragma once

#include <algorithm>
#include <cmath>

#include "canter/base/math.h"

namespace canter::detail {

/// v / |v|, or `fallback` where v is (nearly) zero or not finite.
inline Vec3 normalize_or(const Vec3& v, const Vec3& fallback) {
  const float length = std::sqrt(glm::dot(v, v));
  return length > 1e-9f && length < 1e18f ? v / length : fallback;
}

/// Any unit vector at right angles to the unit vector `v`.
inline Vec3 any_perpendicular(const Vec3& v) {
  const Vec3 axis = std::abs(v.y) < 0.9f ? Vec3(0.0f, 1.0f, 0.0f) : Vec3(1.0f, 0.0f, 0.0f);
  return glm::normalize(axis - v * glm::dot(axis, v));
}

/// The part of `v` at right angles to the unit vector `axis`, unit length, or `fallback`.
inline Vec3 perpendicular_or(const Vec3& v, const Vec3& axis, const Vec3& fallback) {
  const Vec3 p = v - axis * glm::dot(v, axis);
  // Relative to v: what is left of a parallel vector is rounding.
  return glm::dot(p, p) > 1e-10f * glm::dot(v, v) ? normalize_or(p, fallback) : fallback;
}

/// The smallest rotation that takes unit vector `from` to unit vector `to`; half a turn about any
/// perpendicular axis for opposite vectors.
inline Quat shortest_arc(const Vec3& from, const Vec3& to) {
  const float w = 1.0f + glm::dot(from, to);
  if (w < 1e-6f) {
    const Vec3 axis = any_perpendicular(from);
    return Quat(0.0f, axis.x, axis.y, axis.z);
  }
  const Vec3 v = glm::cross(from, to);
  return glm::normalize(Quat(w, v.x, v.y, v.z));
}

/// Rotation whose columns are x, y and x * y. The unit vectors must be perpendicular.
inline Quat rotation_from_axes(const Vec3& x, const Vec3& y) {
  return glm::normalize(glm::quat_cast(Mat3(x, y, glm::cross(x, y))));
}

/// Normalised interpolation on the shortest arc; near enough to slerp for weights.
inline Quat nlerp(const Quat& a, const Quat& b, float t) {
  const Quat to = glm::dot(a, b) < 0.0f ? -b : b;
  const Quat q = a * (1.0f - t) + to * t;
  return glm::dot(q, q) > 1e-12f ? glm::normalize(q) : a;
}

inline bool is_finite(const Vec3& v) {
  return std::isfinite(v.x + v.y + v.z);
}
inline bool is_finite(const Quat& q) {
  return std::isfinite(q.x + q.y + q.z + q.w);
}

/// `value` unchanged below `knee`, then bending so that it approaches `limit` and never passes it.
inline float soft_limit(float value, float knee, float limit) {
  if (value <= knee) return value;
  const float room = limit - knee;
  return room > 1e-9f ? knee + room * (1.0f - std::exp(-(value - knee) / room))
                      : std::min(value, limit);
}

}  // namespace canter::detail
