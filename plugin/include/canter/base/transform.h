#pragma once

#include "canter/base/math.h"

namespace canter {

/// A joint's placement: scale first, then rotation, then translation (metres).
/// The interchange form; the runtime keeps poses as streams (see canter/anim/pose.h).
struct Transform {
  Quat rotation = kIdentityRotation;
  Vec3 translation{0.0f};
  Vec3 scale{1.0f};
};

/// Column-major matrix of `t`.
inline Mat4 to_matrix(const Transform& t) {
  Mat4 m = glm::mat4_cast(t.rotation);
  m[0] *= t.scale.x;
  m[1] *= t.scale.y;
  m[2] *= t.scale.z;
  m[3] = Vec4(t.translation, 1.0f);
  return m;
}

/// `t` applied to a point.
inline Vec3 transform_point(const Transform& t, const Vec3& p) {
  return t.rotation * (t.scale * p) + t.translation;
}

/// parent * child. Exact for rotations and translations; with non-uniform scale under a rotated
/// child the true product has shear, which a Transform cannot hold and this drops.
inline Transform operator*(const Transform& parent, const Transform& child) {
  return {parent.rotation * child.rotation, transform_point(parent, child.translation),
          parent.scale * child.scale};
}

/// Inverse for transforms of uniform scale.
inline Transform inverse(const Transform& t) {
  const Quat r = glm::conjugate(t.rotation);
  const Vec3 s = 1.0f / t.scale;
  return {r, s * (r * -t.translation), s};
}

/// Decomposes an affine matrix; shear is dropped, a mirrored basis becomes a negative scale.x.
Transform to_transform(const Mat4& m);

/// exp: rotation vector (axis * angle, rad) to quaternion. log: its inverse, angle in (-pi, pi].
Quat exp_rotation(const Vec3& rotation_vector);
Vec3 log_rotation(const Quat& q);

}  // namespace canter
