#include "viewer/gfx/framing.h"

#include <algorithm>
#include <cmath>
#include <glm/gtc/matrix_transform.hpp>

namespace canter::viewer {

float shadow_radius(const Box& casters) {
  return 0.5f * glm::length(casters.high - casters.low) + 0.05f;
}

Mat4 light_matrix(const Box& casters, const Vec3& to_light, int shadow_size) {
  const float radius = shadow_radius(casters);
  const Mat4 rotation = glm::lookAt(Vec3(0.0f), -to_light, Vec3(0.0f, 1.0f, 0.0f));
  Vec3 c(rotation * Vec4(0.5f * (casters.low + casters.high), 1.0f));
  const float texel = 2.0f * radius / static_cast<float>(std::max(shadow_size, 1));
  c.x = std::round(c.x / texel) * texel;
  c.y = std::round(c.y / texel) * texel;
  // Deep enough for the floor behind the box, where the shadow falls.
  const float depth = 4.0f * radius;
  return glm::ortho(c.x - radius, c.x + radius, c.y - radius, c.y + radius, -c.z - depth,
                    -c.z + depth) *
         rotation;
}

Vec4 shadow_rectangle(const Box& casters, const Vec3& to_light) {
  constexpr float kMargin_m = 0.25f;
  const Vec3 per_height = to_light / to_light.y;
  Vec2 low(1e9f), high(-1e9f);
  for (const float x : {casters.low.x, casters.high.x}) {
    for (const float z : {casters.low.z, casters.high.z}) {
      for (const float y : {0.0f, std::max(casters.high.y, 0.0f)}) {
        const Vec2 p(x - y * per_height.x, z - y * per_height.z);
        low = glm::min(low, p);
        high = glm::max(high, p);
      }
    }
  }
  return Vec4(low - kMargin_m, high + kMargin_m);
}

PixelRect covered_pixels(const Box& box, const Mat4& view_projection, int width, int height,
                         const PixelRect& view) {
  constexpr float kMargin_px = 3.0f;
  Vec2 low(1e9f), high(-1e9f);
  for (int corner = 0; corner < 8; ++corner) {
    const Vec3 p(corner & 1 ? box.low.x : box.high.x, corner & 2 ? box.low.y : box.high.y,
                 corner & 4 ? box.low.z : box.high.z);
    const Vec4 clip = view_projection * Vec4(p, 1.0f);
    // The box reaches behind the camera: it may be anywhere.
    if (clip.w < 0.05f) return view;
    const Vec2 pixel = (Vec2(clip) / clip.w * 0.5f + 0.5f) * Vec2(width, height);
    low = glm::min(low, pixel - kMargin_px);
    high = glm::max(high, pixel + kMargin_px);
  }
  low = glm::clamp(low, Vec2(view.x, view.y), Vec2(view.x + view.width, view.y + view.height));
  high = glm::clamp(high, Vec2(view.x, view.y), Vec2(view.x + view.width, view.y + view.height));
  const glm::ivec2 first(glm::floor(low)), last(glm::ceil(high));
  return {first.x, first.y, last.x - first.x, last.y - first.y};
}

int horizon_row(const Camera& camera, const Mat4& view_projection, int height) {
  constexpr float kSureFloor_m = 60.0f;
  const Vec3 eye = camera.position();
  if (eye.y <= 0.0f) return 0;
  const Vec3 ahead = camera.target - eye;
  const float flat = glm::length(Vec2(ahead.x, ahead.z));
  if (flat < 0.05f * glm::length(ahead)) return 0;
  const Vec3 floor(eye.x + ahead.x / flat * kSureFloor_m, 0.0f,
                   eye.z + ahead.z / flat * kSureFloor_m);
  const Vec4 clip = view_projection * Vec4(floor, 1.0f);
  if (clip.w <= 0.0f) return 0;
  const float row = (clip.y / clip.w * 0.5f + 0.5f) * static_cast<float>(height);
  return static_cast<int>(std::floor(std::clamp(row, 0.0f, static_cast<float>(height))));
}

float pixel_area_m2(const Camera& camera, const Box& box, int height) {
  const Vec3 eye = camera.position();
  const float distance = glm::distance(eye, glm::clamp(eye, box.low, box.high));
  const float side = 2.0f * std::tan(0.5f * camera.vertical_fov_rad) * std::max(distance, 0.1f) /
                     static_cast<float>(std::max(height, 1));
  return side * side;
}

}  // namespace canter::viewer
