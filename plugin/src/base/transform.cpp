#include "canter/base/transform.h"

#include <algorithm>
#include <cmath>

namespace canter {

Transform to_transform(const Mat4& m) {
  Transform t;
  t.translation = Vec3(m[3]);

  // Gram-Schmidt keeps the first axis and removes shear from the others.
  Vec3 x = Vec3(m[0]);
  Vec3 y = Vec3(m[1]);
  Vec3 z = Vec3(m[2]);
  const auto normalize_or = [](Vec3& v, const Vec3& fallback) {
    const float length = std::sqrt(glm::dot(v, v));
    v = length > 1e-12f ? v / length : fallback;
    return length;
  };
  t.scale.x = normalize_or(x, Vec3(1, 0, 0));
  y -= x * glm::dot(x, y);
  t.scale.y = normalize_or(y, std::abs(x.y) < 0.9f
                                  ? glm::normalize(glm::cross(x, glm::cross(Vec3(0, 1, 0), x)))
                                  : glm::normalize(glm::cross(x, Vec3(0, 0, 1))));
  z -= x * glm::dot(x, z) + y * glm::dot(y, z);
  t.scale.z = normalize_or(z, glm::cross(x, y));
  if (glm::dot(glm::cross(x, y), z) < 0.0f) {
    t.scale.x = -t.scale.x;
    x = -x;
  }
  t.rotation = glm::normalize(glm::quat_cast(Mat3(x, y, z)));
  return t;
}

Quat exp_rotation(const Vec3& rotation_vector) {
  const float angle = std::sqrt(glm::dot(rotation_vector, rotation_vector));
  const float half = 0.5f * angle;
  // sin(x/2)/x by its series near zero, where the quotient loses all digits.
  const float k = angle > 1e-3f ? std::sin(half) / angle : 0.5f - angle * angle / 48.0f;
  return Quat(std::cos(half), rotation_vector.x * k, rotation_vector.y * k, rotation_vector.z * k);
}

Vec3 log_rotation(const Quat& q) {
  const Quat p = q.w < 0.0f ? -q : q;
  const Vec3 v(p.x, p.y, p.z);
  const float s = std::sqrt(glm::dot(v, v));
  const float k = s > 1e-4f ? 2.0f * std::atan2(s, p.w) / s : 2.0f / std::max(p.w, 1e-6f);
  return v * k;
}

}  // namespace canter
