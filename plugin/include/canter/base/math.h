#pragma once

// Vectors, matrices and quaternions of the whole project: GLM, under the project's names.
// Right-handed, Y up, column-major matrices, quaternions stored x, y, z, w.

#include <glm/gtc/quaternion.hpp>
#include <glm/mat4x4.hpp>
#include <glm/vec2.hpp>
#include <glm/vec3.hpp>
#include <glm/vec4.hpp>

namespace canter {

using Vec2 = glm::vec2;
using Vec3 = glm::vec3;
using Vec4 = glm::vec4;
using Mat3 = glm::mat3;
using Mat4 = glm::mat4;
/// Constructed (w, x, y, z), stored x, y, z, w.
using Quat = glm::quat;

inline constexpr Quat kIdentityRotation{1.0f, 0.0f, 0.0f, 0.0f};
inline constexpr float kPi = 3.14159265358979f;

}  // namespace canter
