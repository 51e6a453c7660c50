#include "viewer/camera.h"

#include <cmath>
#include <glm/gtc/matrix_transform.hpp>

namespace canter::viewer {
namespace {

constexpr float kNear_m = 0.05f;
constexpr float kFar_m = 400.0f;
constexpr float kMinDistance_m = 0.2f;
constexpr float kMaxDistance_m = 200.0f;

}  // namespace

Vec3 Camera::position() const {
  const Vec3 back(std::sin(yaw_rad) * std::cos(pitch_rad), std::sin(pitch_rad),
                  std::cos(yaw_rad) * std::cos(pitch_rad));
  return target + distance_m * back;
}

Mat4 Camera::view() const {
  return glm::lookAt(position(), target, Vec3(0.0f, 1.0f, 0.0f));
}

Mat4 Camera::projection(float aspect) const {
  Mat4 p = glm::perspective(vertical_fov_rad, aspect, kNear_m, kFar_m);
  // In clip space w is the distance along the view, so a shift scaled by it is a shift on screen.
  p[2][0] -= screen_shift.x;
  p[2][1] -= screen_shift.y;
  return p;
}

void Camera::orbit(Vec2 pixels, float view_height) {
  const float rad_per_pixel = kPi / glm::max(view_height, 1.0f);
  yaw_rad -= pixels.x * rad_per_pixel;
  pitch_rad = glm::clamp(pitch_rad + pixels.y * rad_per_pixel, -1.45f, 1.5f);
}

void Camera::pan(Vec2 pixels, float view_height) {
  const float m_per_pixel =
      2.0f * distance_m * std::tan(0.5f * vertical_fov_rad) / glm::max(view_height, 1.0f);
  const Mat4 v = view();
  const Vec3 right(v[0][0], v[1][0], v[2][0]);
  const Vec3 up(v[0][1], v[1][1], v[2][1]);
  target += m_per_pixel * (up * pixels.y - right * pixels.x);
}

void Camera::zoom(float steps, Vec2 cursor, float aspect) {
  const float before = distance_m;
  distance_m = glm::clamp(distance_m * std::pow(0.88f, steps), kMinDistance_m, kMaxDistance_m);
  // What is under the cursor stays there: the target moves by the part of the view that vanished.
  const float half_height = std::tan(0.5f * vertical_fov_rad);
  const Vec2 offset = (cursor - screen_shift) * Vec2(half_height * aspect, half_height);
  const Mat4 v = view();
  const Vec3 right(v[0][0], v[1][0], v[2][0]);
  const Vec3 up(v[0][1], v[1][1], v[2][1]);
  target += (before - distance_m) * (right * offset.x + up * offset.y);
}

Ray Camera::ray(Vec2 cursor, float aspect) const {
  const float half_height = std::tan(0.5f * vertical_fov_rad);
  const Vec2 offset = (cursor - screen_shift) * Vec2(half_height * aspect, half_height);
  const Vec3 direction(glm::transpose(Mat3(view())) * Vec3(offset, -1.0f));
  return {position(), glm::normalize(direction)};
}

}  // namespace canter::viewer
