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

std::array<Vec2, 8> shadow_patch(const Box& casters, const Vec3& to_light) {
  constexpr float kMargin_m = 0.08f;
  const Vec2 low = Vec2(casters.low.x, casters.low.z) - kMargin_m;
  const Vec2 high = Vec2(casters.high.x, casters.high.z) + kMargin_m;
  const float rise = std::max(casters.high.y, 0.0f) / to_light.y;
  const Vec2 shift = -rise * Vec2(to_light.x, to_light.z);
  // A rectangle and where the light throws it: going round, every corner of the hull is the one of
  // the two that lies further out along its side.
  std::array<Vec2, 8> patch;
  const Vec2 corners[4] = {low, Vec2(high.x, low.y), high, Vec2(low.x, high.y)};
  const Vec2 outward[4] = {Vec2(-1, -1), Vec2(1, -1), Vec2(1, 1), Vec2(-1, 1)};
  for (std::size_t i = 0; i < 4; ++i) {
    const Vec2 out = outward[i] * shift;
    const Vec2 here = corners[i], thrown = corners[i] + shift;
    // Further out both ways: only the thrown corner; neither way: only this one; else both, in the
    // order in which the outline meets them.
    const bool leaves_along_x = i % 2 == 1;
    Vec2 first = here, second = here;
    if (out.x > 0.0f && out.y > 0.0f) {
      first = second = thrown;
    } else if (out.x > 0.0f || out.y > 0.0f) {
      first = (out.x > 0.0f) == leaves_along_x ? here : thrown;
      second = (out.x > 0.0f) == leaves_along_x ? thrown : here;
    }
    patch[2 * i] = first;
    patch[2 * i + 1] = second;
  }
  return patch;
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
