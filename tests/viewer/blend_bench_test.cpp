#include "viewer/blend_bench.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "canter/anim/local_to_model.h"
#include "test_data.h"

namespace canter::test {
namespace {

using namespace viewer;

ContactTrack steps(float left_start, float right_start, float length) {
  ContactTrack track;
  for (const Side side : {Side::left, Side::right}) {
    FootContacts foot;
    foot.points.side = side;
    const float start = side == Side::left ? left_start : right_start;
    foot.any = {{start, start + length}};
    track.feet.push_back(foot);
  }
  return track;
}

TEST_CASE("a stride is counted from strike to strike of the left foot, over the seam too") {
  const ContactTrack track = steps(0.2f, 0.7f, 0.3f);
  CHECK(*stride_phase(track, 1.0f, true, 0.2f) == doctest::Approx(0.0));
  CHECK(*stride_phase(track, 1.0f, true, 0.7f) == doctest::Approx(0.5));
  CHECK(*stride_phase(track, 1.0f, true, 0.1f) == doctest::Approx(0.9));
  CHECK(!stride_phase(track, 1.0f, false, 0.7f).has_value());
  CHECK(!stride_phase(ContactTrack(), 1.0f, true, 0.7f).has_value());
}

TEST_CASE("sync finds the time at which the feet do the same") {
  const ContactTrack walk = steps(0.2f, 0.7f, 0.3f);
  // The same gait a quarter of a second later.
  ContactTrack other = steps(0.45f, 0.0f, 0.3f);
  other.feet[1].any = {{0.0f, 0.25f}, {0.95f, 1.0f}};
  for (const float at_s : {0.0f, 0.3f, 0.55f, 0.8f}) {
    CAPTURE(at_s);
    const float found = sync_by_contacts(walk, 1.0f, true, at_s, other, 1.0f, true, 0.4f);
    const float wanted = std::fmod(at_s + 0.25f, 1.0f);
    const float apart = std::abs(found - wanted);
    CHECK(std::min(apart, 1.0f - apart) < 0.03f);
  }
}

ClipRef shipped(const char* name) {
  const Result<DocumentPtr> document =
      load_document((source_dir() / "motion_data" / name).string());
  REQUIRE(document.ok());
  return {*document, 0};
}

/// Joint positions of a frame of a made clip.
std::vector<Vec3> positions(const Document& document, BlendKind kind, float time_s) {
  const Clip& clip = document.clips[kind].clip;
  Pose pose(document.skeleton);
  sample(clip, time_s, pose);
  std::vector<Mat4> models(static_cast<std::size_t>(document.skeleton.num_joints()));
  local_to_model(document.skeleton, Mat4(1.0f), pose, models);
  std::vector<Vec3> out;
  for (const Mat4& m : models) out.emplace_back(m[3]);
  return out;
}

TEST_CASE("walk to run: both ways begin alike, go on smoothly, and sync slides less") {
  if (!std::filesystem::exists(source_dir() / "motion_data" / "walk.clip")) return;
  const ClipRef walk = shipped("walk.clip"), run = shipped("run.clip");
  BlendSettings settings;
  const Result<BlendResult> synced = bench_blend(walk, run, settings);
  REQUIRE_MESSAGE(synced.ok(), (synced.ok() ? "" : synced.error().message));
  const Document& made = *synced->document;
  REQUIRE(made.clips.size() == 2);
  CHECK(made.title == "walk to run");
  CHECK(synced->phase[0].has_value());

  // Before the transition nothing differs.
  const auto a = positions(made, kCrossfade, synced->begin_s - 0.1f);
  const auto b = positions(made, kInertialize, synced->begin_s - 0.1f);
  for (std::size_t j = 0; j < a.size(); ++j) CHECK(glm::distance(a[j], b[j]) < 1e-3f);

  // No joint jumps: a run's fastest joint makes some 15 cm in a 60th of a second.
  for (const BlendKind kind : {kCrossfade, kInertialize}) {
    float largest = 0.0f;
    for (float t = 0.0f; t + 1.0f / 60.0f < made.clips[kind].clip.duration_s(); t += 1.0f / 60.0f) {
      const auto here = positions(made, kind, t), next = positions(made, kind, t + 1.0f / 60.0f);
      for (std::size_t j = 0; j < here.size(); ++j)
        largest = std::max(largest, glm::distance(here[j], next[j]));
    }
    CAPTURE(kind);
    CHECK(largest < 0.2f);
    CHECK(largest > 0.02f);
  }

  // Against the worst of other starts, sync halves the slide at least.
  float worst = 0.0f;
  settings.sync = false;
  for (int i = 0; i < 6; ++i) {
    settings.start_s = run.get().clip.duration_s() * static_cast<float>(i) / 6.0f;
    worst = std::max(worst, bench_blend(walk, run, settings)->foot_slide_m_s[kCrossfade]);
  }
  MESSAGE("slide in cm/s: crossfade ", 100.0f * synced->foot_slide_m_s[kCrossfade],
          ", inertialized ", 100.0f * synced->foot_slide_m_s[kInertialize], ", worst start ",
          100.0f * worst);
  CHECK(synced->foot_slide_m_s[kCrossfade] < 0.6f * worst);
}

TEST_CASE("a clip into itself at the same time is the clip") {
  if (!std::filesystem::exists(source_dir() / "motion_data" / "walk.clip")) return;
  const ClipRef walk = shipped("walk.clip");
  BlendSettings settings;
  settings.sync = false;
  settings.at_s = settings.start_s = 0.5f;
  const Result<BlendResult> blend = bench_blend(walk, walk, settings);
  REQUIRE(blend.ok());
  for (const BlendKind kind : {kCrossfade, kInertialize})
    CHECK(blend->foot_slide_m_s[kind] < blend->own_slide_m_s + 0.02f);
  const auto a = positions(*blend->document, kCrossfade, blend->begin_s + 0.1f);
  const auto b = positions(*blend->document, kInertialize, blend->begin_s + 0.1f);
  for (std::size_t j = 0; j < a.size(); ++j) CHECK(glm::distance(a[j], b[j]) < 5e-3f);
}

}  // namespace
}  // namespace canter::test
