#include <doctest/doctest.h>
#include <glad/gl.h>

#include "viewer/gfx/quality.h"
#include "viewer/gfx/scene_renderer.h"
#include "viewer/platform/window.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

using viewer::PixelRect;
using viewer::Quality;
using viewer::QualityChooser;

/// Lets a chooser see frames that take `cost[level]` ms until it has decided.
int chosen(int first, float budget_ms, const std::vector<float>& cost_ms) {
  QualityChooser chooser(first, budget_ms);
  for (int i = 0; i < 1000 && !chooser.done(); ++i)
    chooser.add(i % 7 == 0 ? 100.0f : cost_ms[static_cast<std::size_t>(chooser.level())]);
  CHECK(chooser.done());
  return chooser.level();
}

TEST_CASE("quality goes as high as the machine affords, and no higher") {
  CHECK(viewer::find_quality("medium") == 1);
  CHECK(viewer::find_quality("none such") == -1);
  // A graphics card, two processor cores, one slow core.
  CHECK(chosen(1, 20.0f, {0.2f, 0.3f, 0.5f, 0.9f}) == 3);
  CHECK(chosen(1, 20.0f, {8.0f, 14.0f, 38.0f, 90.0f}) == 1);
  CHECK(chosen(1, 20.0f, {19.0f, 35.0f, 90.0f, 200.0f}) == 0);
  CHECK(chosen(0, 20.0f, {50.0f, 90.0f, 200.0f, 400.0f}) == 0);
  // Tried and found too slow: it comes back and stays.
  CHECK(chosen(1, 20.0f, {2.0f, 6.0f, 60.0f, 90.0f}) == 1);
}

TEST_CASE("quality is chosen anew when another body joins, and when it leaves") {
  QualityChooser chooser(1, 20.0f);
  const auto settle = [&](std::size_t bodies, const std::vector<float>& cost_ms) {
    chooser.expect_bodies(bodies);
    for (int i = 0; i < 1000 && !chooser.done(); ++i)
      chooser.add(cost_ms[static_cast<std::size_t>(chooser.level())]);
    CHECK(chooser.done());
    return chooser.level();
  };
  CHECK(settle(1, {8.0f, 14.0f, 38.0f, 90.0f}) == 1);
  CHECK(settle(2, {12.0f, 26.0f, 70.0f, 160.0f}) == 0);
  // Nothing new: no frame is waited for.
  chooser.expect_bodies(2);
  CHECK(chooser.done());
  // As it was found before, though low's 8 ms alone would not promise that.
  chooser.expect_bodies(1);
  CHECK(chooser.done());
  CHECK(chooser.level() == 1);
  CHECK(settle(0, {0.1f, 0.2f, 0.4f, 0.9f}) == 3);
}

TEST_CASE("the first frames of a level do not count") {
  QualityChooser chooser(1, 20.0f);
  for (int i = 0; i < 3; ++i) chooser.add(500.0f);
  for (int i = 0; i < 9; ++i) chooser.add(14.0f);
  CHECK(chooser.done());
  CHECK(chooser.level() == 1);
}

TEST_CASE("the pixels a box covers") {
  viewer::Camera camera;
  camera.target = Vec3(0.0f, 1.0f, 0.0f);
  camera.pitch_rad = 0.0f;
  camera.yaw_rad = 0.0f;
  camera.distance_m = 4.0f;
  const Mat4 vp = camera.projection(2.0f) * camera.view();
  const PixelRect view{0, 0, 800, 400};
  const PixelRect r = viewer::covered_pixels({Vec3(-0.5f, 0.5f, -0.5f), Vec3(0.5f, 1.5f, 0.5f)}, vp,
                                             800, 400, view);
  // The box's near face is 3.5 m away: 1 m there is 1 / (2 tan(0.3) 3.5) of the height.
  const float expected = 400.0f / (2.0f * std::tan(0.3f) * 3.5f);
  CHECK(r.width == doctest::Approx(expected).epsilon(0.06));
  CHECK(r.x + r.width / 2 == doctest::Approx(400).epsilon(0.01));
  CHECK(r.y + r.height / 2 == doctest::Approx(200).epsilon(0.01));
  // Around the camera: everything.
  CHECK(viewer::covered_pixels({Vec3(-9.0f), Vec3(9.0f)}, vp, 800, 400, view).width == 800);
  // Out of sight: nothing.
  CHECK(
      viewer::covered_pixels({Vec3(50.0f, 0.0f, 0.0f), Vec3(51.0f, 1.0f, 1.0f)}, vp, 800, 400, view)
          .empty());
}

TEST_CASE("the floor's shadow lies under the box and where the light throws it") {
  const viewer::Box box{Vec3(-0.4f, 0.0f, -0.3f), Vec3(0.4f, 1.7f, 0.3f)};
  for (const Vec3& to_light :
       {Vec3(0.4f, 0.9f, 0.6f), Vec3(-0.4f, 0.9f, 0.6f), Vec3(-0.4f, 0.9f, -0.6f),
        Vec3(0.4f, 0.9f, -0.6f), Vec3(0.0f, 1.0f, 0.0f), Vec3(0.5f, 0.9f, 0.0f)}) {
    CAPTURE(to_light.x);
    CAPTURE(to_light.z);
    const auto patch = viewer::shadow_patch(box, to_light);
    float area = 0.0f;
    for (std::size_t i = 0; i < patch.size(); ++i) {
      const Vec2 a = patch[i], b = patch[(i + 1) % patch.size()];
      area += 0.5f * (a.x * b.y - a.y * b.x);
      // Every corner of the box lands to the left of every edge.
      for (int corner = 0; corner < 8; ++corner) {
        const Vec3 p(corner & 1 ? box.low.x : box.high.x, corner & 2 ? box.low.y : box.high.y,
                     corner & 4 ? box.low.z : box.high.z);
        const Vec2 on_floor(p.x - p.y * to_light.x / to_light.y,
                            p.z - p.y * to_light.z / to_light.y);
        const Vec2 edge = b - a, to = on_floor - a;
        CHECK(edge.x * to.y - edge.y * to.x >= -1e-5f);
      }
    }
    // The swept rectangle, with its margin and no more.
    const float shift_x = 1.7f * std::abs(to_light.x) / 0.9f;
    const float shift_z = 1.7f * std::abs(to_light.z) / 0.9f;
    const float w = 0.96f, d = 0.76f;
    CHECK(area <= w * d + w * shift_z + d * shift_x + 1e-3f);
  }
}

TEST_CASE("an unchanged frame is not drawn again, and any change is") {
  if (!can_view()) return;
  viewer::Window::Desc desc;
  desc.width = 64;
  desc.height = 64;
  desc.headless = true;
  Result<viewer::Window> window = viewer::Window::create(desc);
  REQUIRE(window.ok());
  Result<viewer::SceneRenderer> renderer = viewer::SceneRenderer::create();
  REQUIRE(renderer.ok());
  viewer::Solid ball{Vec4(0, 1, 0, 0.3f), Vec4(0, 1, 0, 0.3f), Vec4(0.9f, 0.1f, 0.1f, 1.0f)};
  viewer::SceneFrame frame;
  frame.solids = std::span<const viewer::Solid>(&ball, 1);
  const PixelRect view{0, 0, 64, 64};
  const auto draw = [&]() {
    glClearColor(1, 0, 1, 1);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glClear(GL_COLOR_BUFFER_BIT);
    renderer->render(frame, 0, 64, 64, view);
    std::vector<std::uint8_t> pixels(64 * 64 * 4);
    glReadPixels(0, 0, 64, 64, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
    return pixels;
  };
  for (const Quality& quality : viewer::quality_levels()) {
    CAPTURE(quality.name);
    REQUIRE(renderer->set_quality(quality).ok());
    const std::int64_t before = renderer->num_drawn();
    const auto first = draw();
    CHECK(renderer->num_drawn() == before + 1);
    CHECK(draw() == first);
    CHECK(renderer->num_drawn() == before + 1);
    ball.end_b.x += 0.2f;
    CHECK(draw() != first);
    CHECK(renderer->num_drawn() == before + 2);
    frame.camera.yaw_rad += 0.1f;
    draw();
    ++frame.revision;
    draw();
    CHECK(renderer->num_drawn() == before + 4);
  }
  // A window of nothing is no frame.
  const std::int64_t before = renderer->num_drawn();
  renderer->render(frame, 0, 0, 64, {});
  CHECK(renderer->num_drawn() == before);
}

}  // namespace
}  // namespace canter::test
