#include "canter/phase/features.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "heap_probe.h"
#include "walker.h"

using namespace canter;
using namespace canter::phase;

namespace {

struct Walker : test::Walker {
  Walker() : test::Walker(240) {}
};

float largest(std::span<const float> values) {
  float most = 0.0f;
  for (const float v : values) most = std::max(most, std::abs(v));
  return most;
}

// Rows that a stream makes of a clip shown at `fps`.
std::vector<float> streamed(const Walker& w, const FeatureStream& stream, double fps,
                            double seconds) {
  std::vector<float> state(stream.state_size(), 0.0f), all;
  std::vector<float> rows(FeatureStream::kMostTicks * static_cast<std::size_t>(stream.dims()));
  for (int i = 0; i <= static_cast<int>(seconds * fps); ++i) {
    const int ticks = stream.push(w.body, w.models_at(static_cast<float>(i / fps)),
                                  i == 0 ? 0.0 : 1.0 / fps, state, rows);
    all.insert(all.end(), rows.begin(), rows.begin() + ticks * stream.dims());
  }
  return all;
}

}  // namespace

TEST_CASE("a humanoid's points are found by its joint map") {
  const Walker w;
  CHECK(w.body.num_points() == kBodyPoints);
  CHECK(w.body.missing.empty());
  CHECK(w.body.has_feet);
  CHECK(w.skeleton.name(w.body.points[7].a) == "l_clavicle");
  CHECK(w.body.names[0] == "hips");
}

TEST_CASE("what a skeleton lacks is named, and the points stay finite") {
  // A chain without limbs.
  SkeletonDesc desc;
  for (int j = 0; j < 4; ++j) {
    SkeletonDesc::Joint joint;
    joint.name = "link_" + std::to_string(j);
    joint.parent = j - 1;
    joint.rest.translation = Vec3(0.0f, 0.3f, 0.0f);
    desc.joints.push_back(joint);
  }
  const Skeleton chain = make_skeleton(desc).value();
  const Body body = make_body(chain);
  CHECK(body.num_points() == kBodyPoints);
  CHECK_FALSE(body.has_feet);
  CHECK(std::find(body.missing.begin(), body.missing.end(), "left foot") != body.missing.end());
  const RawClip clip = test::synthetic_clip(chain, 90, 30.0f);
  const auto features = motion_features(chain, body, clip);
  REQUIRE(features.ok());
  CHECK(std::isfinite(largest(features->values)));
}

TEST_CASE("a joint mask is taken as it is") {
  const Walker w;
  const std::array<int, 3> joints = {0, 7, 11};
  const auto body = make_body(w.skeleton, joints);
  REQUIRE(body.ok());
  CHECK(body->num_points() == 3);
  CHECK(body->points[1].a == 7);
  const std::array<int, 1> beyond = {21};
  CHECK_FALSE(make_body(w.skeleton, beyond).ok());
  CHECK_FALSE(make_body(w.skeleton, std::span<const int>()).ok());
}

TEST_CASE("the way over the ground is no feature") {
  // A rigid body that travels and turns.
  Walker w;
  for (int f = 0; f < w.clip.num_frames(); ++f) {
    const auto frame = w.clip.frame(f);
    std::copy(w.skeleton.rest_pose().begin(), w.skeleton.rest_pose().end(), frame.begin());
    const float t = static_cast<float>(f) / 60.0f;
    frame[0].rotation = exp_rotation(Vec3(0.0f, 0.8f * t, 0.0f));
    frame[0].translation += Vec3(1.5f * t, 0.0f, 0.3f * t * t);
  }
  const auto features = motion_features(w.skeleton, w.body, w.clip);
  REQUIRE(features.ok());
  // 1 um of rounding in a position, times 60 Hz.
  CHECK(largest(features->values) < 1e-4f);
}

TEST_CASE("features are differences of root-local points") {
  const Walker w;
  FeatureSettings settings;
  settings.cutoff_hz = 0.0f;
  settings.margin = 5;
  const auto features = motion_features(w.skeleton, w.body, w.clip, settings);
  REQUIRE(features.ok());
  CHECK(features->frames == 240);
  CHECK(features->dims == 69);
  std::vector<float> before(69), now(69);
  for (const int f : {1, 100, 239}) {
    const auto at = [&](int frame, std::vector<float>& out) {
      const auto models = w.models_at(static_cast<float>(frame) / 60.0f);
      root_local_points(w.body, models, root_of(w.body, models), out);
    };
    at(f - 1, before);
    at(f, now);
    const auto row = features->row(f + settings.margin);
    for (std::size_t d = 0; d < 69; ++d)
      CHECK(row[d] == doctest::Approx((now[d] - before[d]) * 60.0f).epsilon(1e-3).scale(0.1));
  }
  // The first frame has none before it, and the ends are repeated.
  CHECK(largest(features->row(settings.margin)) == 0.0f);
  for (std::size_t d = 0; d < 69; ++d) CHECK(features->row(248)[d] == features->row(244)[d]);
  CHECK(features->window(0, 11).data() == features->values.data());
}

TEST_CASE("a loop goes on beyond its ends") {
  Walker w;
  w.clip.loop = true;
  // One cycle: the last frame is the first.
  std::copy(w.clip.frame(0).begin(), w.clip.frame(0).end(), w.clip.frame(239).begin());
  const auto features = motion_features(w.skeleton, w.body, w.clip);
  REQUIRE(features.ok());
  // 239 frames are one lap. The stay in the seam's jerk is filtered alike on both sides.
  for (int r = 0; r < 50; ++r)
    for (std::size_t d = 0; d < 69; ++d)
      CHECK(features->row(r)[d] ==
            doctest::Approx(features->row(r + 239)[d]).epsilon(1e-3).scale(1.0));
}

TEST_CASE("bodies of any size have the same features") {
  const Walker w;
  SkeletonDesc desc = describe(w.skeleton);
  for (auto& joint : desc.joints) joint.rest.translation *= 2.0f;
  const Skeleton giant = make_skeleton(desc).value();
  RawClip clip = w.clip;
  for (Transform& key : clip.keys) key.translation *= 2.0f;
  const auto small = motion_features(w.skeleton, w.body, w.clip);
  const auto large = motion_features(giant, make_body(giant), clip);
  REQUIRE(small.ok());
  REQUIRE(large.ok());
  for (std::size_t i = 0; i < small->values.size(); ++i)
    CHECK(large->values[i] == doctest::Approx(small->values[i]).epsilon(1e-3).scale(0.1));
}

TEST_CASE("a stream at the network's rate is the causal clip") {
  const Walker w;
  FeatureSettings settings;
  settings.causal = true;
  settings.margin = 0;
  const auto offline = motion_features(w.skeleton, w.body, w.clip, settings);
  REQUIRE(offline.ok());
  const FeatureStream stream(w.body, settings);
  const std::vector<float> live = streamed(w, stream, 60.0, 3.9);
  REQUIRE(live.size() == 234u * 69u);
  // Row 0 of the clip is standing still, which a stream does not report. The clip begins where its
  // filter says it always was; both agree once that is forgotten.
  for (std::size_t i = 0; i < live.size(); ++i)
    CHECK(live[i] == doctest::Approx(offline->values[i + 69]).epsilon(1e-3).scale(0.1));
}

TEST_CASE("frames of any length give as many ticks as the network has") {
  const Walker w;
  const FeatureStream stream(w.body, {});
  const std::vector<float> at60 = streamed(w, stream, 60.0, 3.5);
  for (const double fps : {20.0, 30.0, 120.0, 144.0, 90.0}) {
    CAPTURE(fps);
    const std::vector<float> rows = streamed(w, stream, fps, 3.5);
    REQUIRE(std::abs(static_cast<double>(rows.size()) - static_cast<double>(at60.size())) <= 69.0);
    // Straight lines between frames against the clip's own, in m/s where a hand moves at 1 or 2.
    double error = 0.0;
    const std::size_t count = std::min(rows.size(), at60.size());
    for (std::size_t i = 0; i < count; ++i)
      error += std::pow(static_cast<double>(rows[i]) - static_cast<double>(at60[i]), 2);
    CHECK(std::sqrt(error / static_cast<double>(count)) < 0.05);
  }
}

TEST_CASE("a stream answers broken input with standing still") {
  const Walker w;
  const FeatureStream stream(w.body, {});
  std::vector<float> state(stream.state_size(), 0.0f);
  std::vector<float> rows(FeatureStream::kMostTicks * 69u);
  auto models = w.models_at(0.0f);
  auto broken = models;
  for (Mat4& m : broken) m[3][1] = std::numeric_limits<float>::quiet_NaN();
  // NaN before the first pose, and ever after.
  CHECK(stream.push(w.body, broken, 1.0 / 60, state, rows) == 0);
  CHECK(stream.push(w.body, models, 1.0 / 60, state, rows) == 0);
  for (int i = 0; i < 100; ++i) {
    const int ticks = stream.push(w.body, i % 2 == 0 ? broken : models, 1.0 / 60, state, rows);
    CHECK(ticks == 1);
    CHECK(std::isfinite(largest(std::span(rows).first(69))));
  }
  // Times that are none, and a gap that is a cut.
  for (const double dt : {-1.0, 0.0, std::numeric_limits<double>::quiet_NaN(),
                          std::numeric_limits<double>::infinity(), 5.0})
    CHECK(stream.push(w.body, models, dt, state, rows) == 0);
  CHECK(stream.push(w.body, models, 1.0 / 60, state, rows) == 1);
  for (const float v : state) CHECK(std::isfinite(v));
}

TEST_CASE("a stream does not touch the heap") {
  const Walker w;
  const FeatureStream stream(w.body, {});
  std::vector<float> state(stream.state_size(), 0.0f);
  std::vector<float> rows(FeatureStream::kMostTicks * 69u);
  const auto a = w.models_at(0.0f), b = w.models_at(0.2f);
  const test::HeapProbe probe;
  for (int i = 0; i < 50; ++i) stream.push(w.body, i % 2 == 0 ? a : b, 0.02, state, rows);
  CHECK(probe.count() == 0);
}

TEST_CASE("clips that are hardly clips get an answer") {
  Walker w;
  for (const int frames : {1, 2, 3}) {
    RawClip cut = w.clip;
    cut.keys.resize(static_cast<std::size_t>(frames * cut.num_joints));
    const auto features = motion_features(w.skeleton, w.body, cut);
    REQUIRE(features.ok());
    CHECK(features->frames == frames);
    CHECK(std::isfinite(largest(features->values)));
    if (frames == 1) CHECK(largest(features->values) == 0.0f);
  }
  FeatureSettings settings;
  settings.rate_hz = 0.0f;
  CHECK_FALSE(motion_features(w.skeleton, w.body, w.clip, settings).ok());
  settings = {};
  settings.margin = -1;
  CHECK_FALSE(motion_features(w.skeleton, w.body, w.clip, settings).ok());
  w.clip.keys[5].translation.x = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(motion_features(w.skeleton, w.body, w.clip).ok());
}
