// The camera of the 3-D view.
#include <doctest/doctest.h>

#include <initializer_list>

#include "viewer/camera.h"

using namespace canter;
using namespace canter::viewer;

TEST_CASE("a camera's ray goes through what is drawn under the cursor") {
  Camera camera;
  camera.yaw_rad = 0.7f;
  camera.pitch_rad = 0.3f;
  camera.screen_shift = {0.12f, -0.2f};
  constexpr float kAspect = 16.0f / 9.0f;
  for (const Vec3& point :
       {Vec3(0.0f, 1.0f, 0.0f), Vec3(0.4f, 1.7f, -0.3f), Vec3(-1.0f, 0.0f, 1.0f)}) {
    const Vec4 clip = camera.projection(kAspect) * camera.view() * Vec4(point, 1.0f);
    const Ray ray = camera.ray(Vec2(clip) / clip.w, kAspect);
    CHECK(glm::length(ray.direction) == doctest::Approx(1.0f));
    const float along = glm::dot(point - ray.origin, ray.direction);
    CHECK(along > 1.0f);
    CHECK(glm::distance(ray.origin + along * ray.direction, point) < 1e-4f);
  }
}
