#include "canter/anim/clip.h"

#include <doctest/doctest.h>

#include <cmath>

#include "anim/clip_format.h"
#include "canter/anim/local_to_model.h"
#include "heap_probe.h"
#include "synthetic.h"

using namespace canter;

namespace {

// The largest distance by the plain definition, in double, through sample(): the oracle for
// measure_error and for the bound.
double plain_error(const RawClip& raw, const Clip& clip, const Skeleton& skeleton, double shell_m) {
  using DMat = glm::dmat4;
  const auto n = static_cast<std::size_t>(skeleton.num_joints());
  std::vector<DMat> truth(n);
  std::vector<DMat> decoded(n);
  Pose pose(skeleton);
  double worst = 0.0;
  for (int f = 0; f < raw.num_frames(); ++f) {
    sample(clip, static_cast<float>(f) / raw.rate_hz, pose);
    for (std::size_t j = 0; j < n; ++j) {
      const int parent = skeleton.parent(static_cast<int>(j));
      const auto above = static_cast<std::size_t>(std::max(parent, 0));
      truth[j] = DMat(to_matrix(raw.frame(f)[j]));
      decoded[j] = DMat(to_matrix(pose.get(static_cast<int>(j))));
      if (parent >= 0) {
        truth[j] = truth[above] * truth[j];
        decoded[j] = decoded[above] * decoded[j];
      }
      const glm::dvec4 points[] = {
          {0, 0, 0, 1}, {shell_m, 0, 0, 1}, {0, shell_m, 0, 1}, {0, 0, shell_m, 1}};
      for (const glm::dvec4& p : points)
        worst = std::max(worst, glm::length(glm::dvec3(truth[j] * p - decoded[j] * p)));
    }
  }
  return worst;
}

void check_bound(const RawClip& raw, const Skeleton& skeleton,
                 const CompressionSettings& settings = {}) {
  CompressionReport report;
  const Result<Clip> clip = compress(raw, skeleton, settings, &report);
  REQUIRE_MESSAGE(clip.ok(), clip.error().message);
  const double error = plain_error(raw, *clip, skeleton, static_cast<double>(settings.shell_m));
  CHECK(report.error.max_error_m <= settings.max_error_m);
  // Sampling at frame / rate lands a rounding away from the frame: 1e-6 of a frame at most.
  CHECK(error <= static_cast<double>(settings.max_error_m) * 1.02 + 2e-6);
  CHECK(report.bytes == clip->size_bytes());
  MESSAGE(raw.num_frames() << " frames, " << raw.num_joints << " joints: " << report.bytes << " of "
                           << report.raw_bytes << " bytes, " << error * 1e3 << " mm");
}

bool same_pose(const Pose& a, const Pose& b) {
  for (int j = 0; j < a.num_joints(); ++j)
    if (a.get(j).rotation != b.get(j).rotation || a.get(j).translation != b.get(j).translation)
      return false;
  return true;
}

}  // namespace

TEST_CASE("compression keeps its bound") {
  const Skeleton skeleton = test::synthetic_skeleton(67);
  for (const int frames : {1, 2, 3, 9, 41, 200})
    check_bound(test::synthetic_clip(skeleton, frames, 30.0f), skeleton);
  check_bound(test::synthetic_clip(skeleton, 500, 120.0f, 2), skeleton);
  check_bound(test::synthetic_clip(skeleton, 41, 30.0f), skeleton, {1e-3f, 0.1f});
  check_bound(test::synthetic_clip(skeleton, 41, 30.0f), skeleton, {1e-5f, 0.03f});
  for (const int joints : {1, 2, 8, 9, 31})
    check_bound(test::synthetic_clip(test::synthetic_skeleton(joints), 50, 60.0f),
                test::synthetic_skeleton(joints));
}

TEST_CASE("compression keeps its bound with scale") {
  const Skeleton skeleton = test::synthetic_skeleton(24, true);
  check_bound(test::synthetic_clip(skeleton, 60, 30.0f), skeleton);
}

TEST_CASE("a joint that turns all the way round and beyond") {
  const Skeleton skeleton = test::synthetic_skeleton(5);
  RawClip raw = test::synthetic_clip(skeleton, 300, 60.0f);
  for (int f = 0; f < raw.num_frames(); ++f) {
    const float angle = 0.1f * static_cast<float>(f);
    raw.frame(f)[0].rotation = exp_rotation(Vec3(0, 0.8f, 0.6f) * angle);
    raw.frame(f)[2].rotation = glm::normalize(exp_rotation(Vec3(angle, 0.3f, 0)));
    // Sources may flip signs as they like.
    if (f % 7 == 0) raw.frame(f)[0].rotation = -raw.frame(f)[0].rotation;
  }
  check_bound(raw, skeleton);
}

TEST_CASE("a clip that jumps and one that stands still") {
  const Skeleton skeleton = test::synthetic_skeleton(21);
  RawClip raw = test::synthetic_clip(skeleton, 64, 30.0f);
  for (int j = 0; j < raw.num_joints; ++j)
    raw.frame(0)[static_cast<std::size_t>(j)] = skeleton.rest_pose()[static_cast<std::size_t>(j)];
  check_bound(raw, skeleton);
  for (int f = 0; f < raw.num_frames(); ++f)
    for (int j = 0; j < raw.num_joints; ++j)
      raw.frame(f)[static_cast<std::size_t>(j)] = skeleton.rest_pose()[static_cast<std::size_t>(j)];
  const Clip still = compress(raw, skeleton).value();
  CHECK(still.size_bytes() < 64);  // a header, no tracks
  Pose pose(skeleton);
  Pose rest(skeleton);
  sample(still, 0.7f, pose);
  CHECK(same_pose(pose, rest));
}

TEST_CASE("between frames a clip follows the straight line of its source") {
  const Skeleton skeleton = test::synthetic_skeleton(31);
  const RawClip raw = test::synthetic_clip(skeleton, 120, 60.0f);
  const Clip clip = compress(raw, skeleton).value();
  Pose a(skeleton);
  Pose b(skeleton);
  float worst = 0.0f;
  for (int i = 0; i < 1000; ++i) {
    const float t = 0.00199f * static_cast<float>(i);
    sample(raw, t, a);
    sample(clip, t, b);
    for (int j = 0; j < a.num_joints(); ++j)
      worst = std::max(worst, 1.0f - std::abs(glm::dot(a.get(j).rotation, b.get(j).rotation)));
  }
  // 1 - cos(half the angle): 1e-5 is half a degree, of which the clip's own 0.1 mm at 3 cm is most.
  CHECK(worst < 1e-5f);
  MESSAGE("largest 1 - |dot|: " << worst);
}

TEST_CASE("sampling has no memory: any order gives the same poses") {
  const Skeleton skeleton = test::synthetic_skeleton(67);
  const Clip clip = compress(test::synthetic_clip(skeleton, 90, 30.0f), skeleton).value();
  std::vector<Pose> forward(200, Pose(skeleton));
  for (int i = 0; i < 200; ++i)
    sample(clip, 0.0157f * static_cast<float>(i), forward[static_cast<std::size_t>(i)]);
  Pose pose(skeleton);
  for (int i = 199; i >= 0; --i) {
    const int k = i % 2 == 0 ? i : (i * 37) % 200;
    sample(clip, 0.0157f * static_cast<float>(k), pose);
    CHECK(same_pose(pose, forward[static_cast<std::size_t>(k)]));
  }
}

TEST_CASE("sampled rotations are unit and padding stays finite") {
  const Skeleton skeleton = test::synthetic_skeleton(67);
  const Clip clip = compress(test::synthetic_clip(skeleton, 90, 30.0f), skeleton).value();
  Pose pose(skeleton);
  for (const float t : {0.0f, 0.033f, 1.234f, 2.9f, 100.0f, -5.0f, std::nanf(""), INFINITY}) {
    sample(clip, t, pose);
    for (int j = 0; j < padded_joints(pose.num_joints()); ++j)
      CHECK(std::abs(glm::length(pose.view().rotations[j]) - 1.0f) < 2e-6f);
  }
}

TEST_CASE("the clip's time clamps, and wraps when it loops") {
  const Skeleton skeleton = test::synthetic_skeleton(10);
  RawClip raw = test::synthetic_clip(skeleton, 31, 30.0f);
  const Clip once = compress(raw, skeleton).value();
  raw.loop = true;
  const Clip looped = compress(raw, skeleton).value();
  Pose a(skeleton);
  Pose b(skeleton);
  sample(once, 1.0f, a);
  sample(once, 7.0f, b);
  CHECK(same_pose(a, b));
  sample(looped, 0.25f, a);
  sample(looped, 2.25f, b);
  CHECK(same_pose(a, b));
}

TEST_CASE("compress refuses what it cannot keep") {
  const Skeleton skeleton = test::synthetic_skeleton(10);
  RawClip raw = test::synthetic_clip(skeleton, 5, 30.0f);
  CHECK_FALSE(compress(raw, test::synthetic_skeleton(11)).ok());
  CHECK_FALSE(compress(raw, skeleton, {0.0f, 0.03f}).ok());
  raw.frame(2)[3].scale = Vec3(2.0f);
  CHECK_FALSE(compress(raw, skeleton).ok());
  raw.frame(2)[3].scale = Vec3(1.0f);
  raw.frame(2)[3].rotation = Quat(2, 0, 0, 0);
  CHECK_FALSE(compress(raw, skeleton).ok());
}

TEST_CASE("sampling does not touch the heap") {
  const Skeleton skeleton = test::synthetic_skeleton(67);
  const Clip clip = compress(test::synthetic_clip(skeleton, 90, 30.0f), skeleton).value();
  Pose pose(skeleton);
  const test::HeapProbe probe;
  for (int i = 0; i < 100; ++i) sample(clip, 0.01f * static_cast<float>(i), pose);
  CHECK(probe.count() == 0);
}

TEST_CASE("a rotation survives 64 bits") {
  for (int i = 0; i < 1000; ++i) {
    const auto x = static_cast<float>(i);
    const Quat q = glm::normalize(
        Quat(std::sin(x), std::sin(1.3f * x + 1), std::sin(1.7f * x + 2), std::sin(2.1f * x + 3)));
    const Quat back = detail::unpack_rotation(detail::pack_rotation(q));
    const float sign = glm::dot(q, back) < 0.0f ? -1.0f : 1.0f;
    for (int k = 0; k < 4; ++k) CHECK(std::abs(q[k] - sign * back[k]) < 2e-6f);
  }
  // What is decoded encodes to itself: the encoder may rely on it.
  const std::uint64_t bits = detail::pack_rotation(glm::normalize(Quat(0.3f, 0.1f, -0.8f, 0.2f)));
  CHECK(detail::pack_rotation(detail::unpack_rotation(bits)) == bits);
}
