#include "canter/anim/root_motion.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "canter/anim/model_space.h"
#include "motion_fixtures.h"

using namespace canter;
using namespace canter::test;

namespace {

ExtractedRootMotion extracted(const Skeleton& skeleton, const RawClip& clip,
                              const RootMotionSettings& settings = {}) {
  Result<ExtractedRootMotion> out = extract_root_motion(skeleton, clip, settings);
  REQUIRE(out.ok());
  return std::move(out).value();
}

bool near(const Transform& a, const Transform& b, float tolerance) {
  return glm::distance(a.translation, b.translation) < tolerance &&
         1.0f - std::abs(glm::dot(a.rotation, b.rotation)) < tolerance;
}

// A circle walked in `laps` of a quarter turn: closed form for any time.
RootMotion quarter_circle(float radius) {
  std::vector<RootMotion::Key> keys;
  for (int i = 0; i <= 600; ++i) {
    const float a = 0.5f * kPi * static_cast<float>(i) / 600.0f;
    // Heading 0 looks along +Z and +Y turns towards +X, so the circle's centre is at +X.
    keys.push_back({radius - radius * std::cos(a), radius * std::sin(a), a});
  }
  return RootMotion(std::move(keys), 600.0f, true);
}

}  // namespace

TEST_CASE("root motion: extract and apply give the original clip") {
  const Skeleton skeleton = make_humanoid();
  for (const unsigned seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    const RawClip clip = random_clip(skeleton, 200, seed);
    for (const int joint : {-1, skeleton.find("Spine2")}) {
      const ExtractedRootMotion split = extracted(skeleton, clip, {joint, true, true});
      const Result<RawClip> back = apply_root_motion(skeleton, split.motion, split.in_place);
      REQUIRE(back.ok());
      const float error = max_position_error_m(skeleton, clip, skeleton, *back);
      MESSAGE("largest difference " << error << " m");
      CHECK(error < 1e-5f);
    }
  }
}

TEST_CASE("root motion: the clip that is left stays over the origin and faces as the rest pose") {
  std::vector<Quat> turns;
  const Skeleton upright = make_humanoid();
  const Skeleton skeleton = with_turned_frames(upright, 5, &turns);
  const RawClip clip = with_turned_frames(upright, random_clip(upright, 150, 4, 0.5f), turns);
  const ExtractedRootMotion split = extracted(skeleton, clip);
  const Transform rest = model_transform(skeleton, skeleton.rest_pose(), 0);
  for (int f = 0; f < clip.num_frames(); ++f) {
    const Transform hips = model_transform(skeleton, split.in_place.frame(f), 0);
    CHECK(std::abs(hips.translation.x) < 1e-5f);
    CHECK(std::abs(hips.translation.z) < 1e-5f);
    const Transform original = model_transform(skeleton, clip.frame(f), 0);
    CHECK(hips.translation.y == doctest::Approx(original.translation.y).epsilon(1e-5));
    const Quat turn = hips.rotation * glm::conjugate(rest.rotation);
    CHECK(std::abs(2.0f * std::atan2(turn.y, turn.w)) < 1e-4f);
  }
}

TEST_CASE("root motion: headings are continuous through several turns and through a somersault") {
  const Skeleton skeleton = make_humanoid();
  RawClip clip = random_clip(skeleton, 200, 1, 0.0f);
  for (int f = 0; f < clip.num_frames(); ++f) {
    const auto t = static_cast<float>(f);
    // Three turns about Y, and one forward roll on top of them, not quite in the plane.
    const Quat roll =
        exp_rotation(glm::normalize(Vec3(1.0f, 0.05f, 0.0f)) * (2.0f * kPi * t / 199.0f));
    clip.frame(f)[0].rotation = exp_rotation(Vec3(0.0f, 6.0f * kPi * t / 199.0f, 0.0f)) * roll;
  }
  const ExtractedRootMotion split = extracted(skeleton, clip);
  const auto keys = split.motion.keys();
  for (std::size_t f = 1; f < keys.size(); ++f) {
    CAPTURE(f);
    CHECK(std::abs(keys[f].heading_rad - keys[f - 1].heading_rad) < 0.2f);
  }
  CHECK(keys.back().heading_rad == doctest::Approx(6.0f * kPi).epsilon(1e-3));
}

TEST_CASE("root motion: laps forward and backward follow the closed form") {
  const RootMotion circle = quarter_circle(2.0f);
  for (const float t0 : {-7.3f, -0.4f, 0.0f, 0.25f, 3.9f}) {
    for (const float t1 : {-9.1f, -1.0f, 0.0f, 0.8f, 1.0f, 2.5f, 13.0f}) {
      CAPTURE(t0);
      CAPTURE(t1);
      // On a circle the way of the character in its own frame depends on the time passed alone.
      const float a = 0.5f * kPi * (t1 - t0);
      Transform expected;
      expected.translation = Vec3(2.0f - 2.0f * std::cos(a), 0.0f, 2.0f * std::sin(a));
      expected.rotation = exp_rotation(Vec3(0.0f, 0.0f, 0.0f));
      expected.rotation = Quat(std::cos(a / 2), 0.0f, std::sin(a / 2), 0.0f);
      // Linear interpolation between 600 keys a second, and float seconds: well below 1e-4 m.
      CHECK(near(root_delta(circle, t0, t1), expected, 1e-4f));
      CHECK(near(root_at(circle, t0) * root_delta(circle, t0, t1), root_at(circle, t1), 1e-4f));
      CHECK(near(root_delta(circle, t0, t1) * root_delta(circle, t1, t0), {}, 1e-4f));
    }
  }
}

TEST_CASE("root motion: many small steps add up to one large one") {
  const Skeleton skeleton = make_humanoid();
  RawClip clip = random_clip(skeleton, 61, 9);
  clip.loop = true;
  const RootMotion motion = extracted(skeleton, clip).motion;
  Transform at = root_at(motion, 0.0f);
  for (int i = 0; i < 600; ++i)
    at = at * root_delta(motion, static_cast<float>(i) * 0.01f, static_cast<float>(i + 1) * 0.01f);
  CHECK(near(at, root_at(motion, 6.0f), 1e-3f));
}

TEST_CASE("root motion: a clip that does not loop clamps, degenerate input stays finite") {
  const RootMotion line({{0, 0, 0}, {0, 1, 0}}, 1.0f, false);
  CHECK(near(root_delta(line, 0.5f, 9.0f), {kIdentityRotation, {0, 0, 0.5f}, Vec3(1)}, 1e-6f));
  CHECK(near(root_delta(line, -5.0f, 0.25f), {kIdentityRotation, {0, 0, 0.25f}, Vec3(1)}, 1e-6f));
  CHECK(near(root_delta({}, 0.0f, 3.0f), {}, 1e-9f));
  CHECK(near(root_delta(RootMotion({{1, 2, 3}}, 30.0f, true), 0.0f, 3.0f), {}, 1e-6f));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(near(root_delta(line, nan, nan), {}, 1e-9f));
}

TEST_CASE("root motion: bad calls are refused with words") {
  const Skeleton skeleton = make_humanoid();
  RawClip clip = random_clip(skeleton, 10, 1);
  CHECK(extract_root_motion(skeleton, clip, {99, true, true}).error().message.find("99") !=
        std::string::npos);
  const ExtractedRootMotion split = extracted(skeleton, clip);
  clip.keys.resize(clip.keys.size() - static_cast<std::size_t>(clip.num_joints));
  CHECK_FALSE(apply_root_motion(skeleton, split.motion, clip).ok());
}
