#pragma once

#include <glm/gtc/quaternion.hpp>
#include <glm/vec3.hpp>

// Where rotations change their order: Canter keeps x, y, z, w, the numbers of a simulated body
// (and MuJoCo) w first. Nowhere else.

namespace canter::physics {

inline glm::dquat from_wxyz(const double* q) {
  return {q[0], q[1], q[2], q[3]};  // GLM's constructor takes w first
}

inline void to_wxyz(const glm::dquat& q, double* out) {
  out[0] = q.w;
  out[1] = q.x;
  out[2] = q.y;
  out[3] = q.z;
}

inline glm::dvec3 load3(const double* v) {
  return {v[0], v[1], v[2]};
}

inline void store3(const glm::dvec3& v, double* out) {
  out[0] = v.x;
  out[1] = v.y;
  out[2] = v.z;
}

}  // namespace canter::physics
