#include <doctest/doctest.h>

#include <cmath>

#include "canter/import/import.h"
#include "canter/mimic/clean.h"
#include "canter/mimic/reference_motion.h"
#include "made_up_clip.h"
#include "test_data.h"

using namespace canter;
using namespace canter::mimic;

namespace {

const physics::Model& model() {
  static const physics::Model humanoid = physics::make_model(physics::humanoid_body()).value();
  return humanoid;
}

CleanedClip clean(const RawClip& clip, const CleanOptions& options = {}) {
  return clean_clip(model(), test::humanoid_skeleton(), clip, options).value();
}

}  // namespace

TEST_CASE("a sinking clip is raised to stand") {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton());
  for (int f = 0; f < clip.num_frames(); ++f) clip.frame(f)[0].translation.y -= 0.08f;
  const CleanedClip cleaned = clean(clip);
  CHECK(cleaned.before.lowest_m < -0.05);
  CHECK(cleaned.after.lowest_m > -1e-6);
  CHECK(cleaned.after.lowest_m < 0.005);
  CHECK(cleaned.after.contact_share > 0.8);
  CleanOptions untouched;
  untouched.ground = untouched.seam = untouched.limits = false;
  CHECK(clean(clip, untouched).after.lowest_m == doctest::Approx(cleaned.before.lowest_m));
}

TEST_CASE("a flight keeps its height over the ground") {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton());
  clip.loop = false;
  for (int f = 0; f < clip.num_frames(); ++f) {
    const float t = static_cast<float>(f) / 60.0f;
    const float flight = std::max(0.0f, 0.4f - 8.0f * (t - 0.5f) * (t - 0.5f));
    clip.frame(f)[0].translation.y += flight - 0.05f;
  }
  const CleanedClip cleaned = clean(clip);
  const float raised = cleaned.clip.frame(30)[0].translation.y - clip.frame(30)[0].translation.y;
  CHECK(raised == doctest::Approx(0.05f).epsilon(0.3));
}

TEST_CASE("a seam is closed on both sides") {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton(), 1.0f);
  const auto knee = static_cast<std::size_t>(test::humanoid_skeleton().find("left_knee"));
  const auto chest = static_cast<std::size_t>(test::humanoid_skeleton().find("chest"));
  for (int f = 50; f <= 60; ++f) {
    const float share = static_cast<float>(f - 50) / 10.0f;
    clip.frame(f)[knee].rotation = glm::angleAxis(-0.2f - 0.5f * share, Vec3(0, 0, 1));
    clip.frame(f)[chest].rotation = glm::angleAxis(0.3f * share, Vec3(0, 1, 0));
    clip.frame(f)[0].translation.y += 0.06f * share;
  }
  const CleanedClip cleaned = clean(clip);
  CHECK(cleaned.before.seam_rad > 0.45);
  CHECK(cleaned.before.seam_height_m > 0.05);
  CHECK(cleaned.after.seam_rad < 1e-5);
  CHECK(cleaned.after.seam_height_m < 1e-5);
  // The middle is as it was, but for its height.
  const auto keys = cleaned.clip.frame(30);
  CHECK(std::abs(glm::dot(keys[knee].rotation, clip.frame(30)[knee].rotation)) > 0.999999f);
  // The way of a lap stays.
  const ReferenceMotion motion =
      make_reference_motion(model(), cleaned.skeleton, cleaned.clip).value();
  CHECK(motion.lap().x == doctest::Approx(1.0).epsilon(1e-5));
}

TEST_CASE("a calibration pose at an end is no part of the motion") {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton());
  clip.loop = false;
  const RawClip meant = clip;
  const auto chest = static_cast<std::size_t>(test::humanoid_skeleton().find("chest"));
  const int last = clip.num_frames() - 1;
  // One frame at the start; at the end three that lead there.
  clip.frame(0)[chest].rotation = glm::angleAxis(1.2f, Vec3(0, 1, 0));
  for (int f = last - 2; f <= last; ++f)
    clip.frame(f)[chest].rotation =
        glm::angleAxis(0.8f * static_cast<float>(f - last + 3), Vec3(0, 1, 0));
  const CleanedClip cleaned = clean(clip);
  CHECK(cleaned.before.speed_rad_s > 40.0);
  CHECK(cleaned.after.speed_rad_s < 10.0);
  for (int f : {0, last / 2, last - 3, last}) {
    CAPTURE(f);
    CHECK(std::abs(glm::dot(cleaned.clip.frame(f)[chest].rotation,
                            meant.frame(f)[chest].rotation)) > 0.999f);
  }
  CleanOptions as_it_is;
  as_it_is.jumps = false;
  CHECK(clean(clip, as_it_is).after.speed_rad_s > 40.0);
}

TEST_CASE("a joint that jumps away and back goes on evenly, one that turns fast goes on") {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton());
  const RawClip meant = clip;
  const auto hip = static_cast<std::size_t>(test::humanoid_skeleton().find("left_hip"));
  const auto chest = static_cast<std::size_t>(test::humanoid_skeleton().find("chest"));
  for (int f = 20; f < 23; ++f)
    clip.frame(f)[hip].rotation = clip.frame(f)[hip].rotation * glm::angleAxis(2.5f, Vec3(0, 1, 0));
  for (int f = 0; f < clip.num_frames(); ++f)  // 18 rad/s
    clip.frame(f)[chest].rotation = glm::angleAxis(0.3f * static_cast<float>(f), Vec3(0, 1, 0));
  const CleanedClip cleaned = clean(clip);
  CHECK(cleaned.before.speed_rad_s > 100.0);
  CHECK(cleaned.after.speed_rad_s < 25.0);
  for (int f : {19, 21, 23}) {
    CAPTURE(f);
    const std::span<const Transform> is = cleaned.clip.frame(f);
    CHECK(std::abs(glm::dot(is[hip].rotation, meant.frame(f)[hip].rotation)) > 0.999f);
    CHECK(std::abs(glm::dot(is[chest].rotation, clip.frame(f)[chest].rotation)) > 0.999f);
  }
}

TEST_CASE("hinges come into their range") {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton());
  const auto knee = static_cast<std::size_t>(test::humanoid_skeleton().find("right_knee"));
  for (int f = 10; f < 20; ++f) clip.frame(f)[knee].rotation = glm::angleAxis(0.2f, Vec3(0, 0, 1));
  const CleanedClip cleaned = clean(clip);
  CHECK(cleaned.before.limit_rad == doctest::Approx(0.2));
  CHECK(cleaned.after.limit_rad == 0.0);
}

TEST_CASE("coarse clips are interpolated through their frames") {
  const RawClip fine = test::made_up_clip(test::humanoid_skeleton(), 1.0f);
  RawClip coarse = fine;
  coarse.rate_hz = 15.0f;
  coarse.keys.clear();
  for (int f = 0; f <= 60; f += 4)
    coarse.keys.insert(coarse.keys.end(), fine.frame(f).begin(), fine.frame(f).end());
  CleanOptions options;
  options.ground = false;
  const CleanedClip cleaned = clean(coarse, options);
  CHECK(cleaned.clip.rate_hz == doctest::Approx(60.0f));
  REQUIRE(cleaned.clip.num_frames() == 61);
  const auto hip = static_cast<std::size_t>(test::humanoid_skeleton().find("right_hip"));
  float smooth = 0.0f, straight = 0.0f;
  for (int f = 0; f <= 60; ++f) {
    const auto away = [&](const Quat& q) {
      return 2.0f * std::acos(std::min(1.0f, std::abs(glm::dot(q, fine.frame(f)[hip].rotation))));
    };
    smooth = std::max(smooth, away(cleaned.clip.frame(f)[hip].rotation));
    Pose pose(test::humanoid_skeleton());
    sample(coarse, static_cast<float>(f) / 60.0f, pose);
    straight = std::max(straight, away(pose.get(static_cast<int>(hip)).rotation));
  }
  CHECK(smooth < 0.5f * straight);
}

TEST_CASE("published clips stand on the ground and loop") {
  for (const char* name : {"walk", "run", "spinkick", "backflip", "roll"}) {
    const auto path =
        test::shared_data("motions/deepmimic/motions/humanoid3d_" + std::string(name) + ".txt");
    if (!path) return;
    const importer::Scene scene = importer::load_file(path->string()).value();
    const CleanedClip c = clean_clip(model(), scene.skeleton, scene.clips.front()).value();
    MESSAGE(name << ": lowest " << c.before.lowest_m << " -> " << c.after.lowest_m << " m, contact "
                 << c.before.contact_share << " -> " << c.after.contact_share << ", seam "
                 << c.before.seam_rad << " -> " << c.after.seam_rad << " rad, fastest "
                 << c.before.speed_rad_s << " -> " << c.after.speed_rad_s << " rad/s");
    CHECK(c.after.lowest_m > -1e-6);
    CHECK(c.after.contact_share > c.before.contact_share);
    CHECK(c.after.seam_rad < 1e-5);
    CHECK(c.after.limit_rad == 0.0);
  }
}

TEST_CASE("what cannot be cleaned is refused") {
  const RawClip clip = test::made_up_clip(test::humanoid_skeleton());
  CleanOptions options;
  options.seam_s = -1.0;
  CHECK_FALSE(clean_clip(model(), test::humanoid_skeleton(), clip, options).ok());
  RawClip brief = clip;
  brief.keys.resize(static_cast<std::size_t>(clip.num_joints));
  CHECK_FALSE(clean_clip(model(), test::humanoid_skeleton(), brief).ok());
}
