#include "canter/anim/inertialize.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "heap_probe.h"
#include "motion_fixtures.h"

using namespace canter;
using namespace canter::test;

namespace {

Pose random_pose(const Skeleton& skeleton, unsigned seed, float angle = 1.0f) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> shift(-0.2f, 0.2f);
  Pose pose(skeleton);
  for (int j = 0; j < pose.num_joints(); ++j) {
    Transform t = pose.get(j);
    t.rotation = glm::normalize(random_rotation(rng, angle) * t.rotation);
    t.translation += Vec3(shift(rng), shift(rng), shift(rng));
    pose.set(j, t);
  }
  return pose;
}

// The pose `amount` of the way (may be negative or above 1) from a to b.
Pose between(const Pose& a, const Pose& b, const Skeleton& skeleton, float amount) {
  Pose out(skeleton);
  for (int j = 0; j < a.num_joints(); ++j) {
    const Transform ta = a.get(j);
    const Transform tb = b.get(j);
    const Quat turn =
        exp_rotation(log_rotation(tb.rotation * glm::conjugate(ta.rotation)) * amount);
    out.set(j, {glm::normalize(turn * ta.rotation),
                glm::mix(ta.translation, tb.translation, amount), ta.scale});
  }
  return out;
}

float max_difference(const Pose& a, const Pose& b) {
  float worst = 0.0f;
  for (int j = 0; j < a.num_joints(); ++j) {
    worst = std::max(worst, glm::distance(a.get(j).translation, b.get(j).translation));
    worst = std::max(
        worst, glm::length(log_rotation(a.get(j).rotation * glm::conjugate(b.get(j).rotation))));
  }
  return worst;
}

}  // namespace

TEST_CASE(
    "inertialize: the decay keeps its value and rate at the start and never rises or overshoots") {
  std::mt19937 rng(7);
  std::uniform_real_distribution<float> unit(0.0f, 1.0f);
  for (int trial = 0; trial < 2000; ++trial) {
    const float x0 = 0.01f + 3.0f * unit(rng);
    const float v0 = -30.0f * unit(rng) * unit(rng);
    const float duration = 0.05f + unit(rng);
    CAPTURE(x0);
    CAPTURE(v0);
    CAPTURE(duration);
    CHECK(inertial_decay(x0, v0, duration, 0.0f) == doctest::Approx(x0));
    // Rate at the start by a small step; the curvature is bounded by the duration in effect.
    const float t1 = v0 < 0.0f ? std::min(duration, -5.0f * x0 / v0) : duration;
    const float h = 1e-3f * t1;
    const float rate = (inertial_decay(x0, v0, duration, h) - x0) / h;
    CHECK(std::abs(rate - v0) < 0.03f * (x0 / t1 + std::abs(v0)));
    float last = x0;
    for (int i = 1; i <= 100; ++i) {
      const float x = inertial_decay(x0, v0, duration, duration * static_cast<float>(i) / 100.0f);
      CHECK(x >= 0.0f);
      CHECK(x <= last + 1e-5f * x0);
      last = x;
    }
    CHECK(last < 1e-6f * x0);
    CHECK(inertial_decay(x0, v0, duration, duration) == 0.0f);
    // Oracle: the coefficients as the talk gives them, in double.
    const double a0 = std::max(
        0.0, (-8.0 * double(v0) * double(t1) - 20.0 * double(x0)) / (double(t1) * double(t1)));
    const double t = 0.37 * double(t1), t2 = t * t, d = double(t1);
    const double c5 = -(a0 * d * d + 6 * double(v0) * d + 12 * double(x0)) / (2 * std::pow(d, 5));
    const double c4 =
        (3 * a0 * d * d + 16 * double(v0) * d + 30 * double(x0)) / (2 * std::pow(d, 4));
    const double c3 =
        -(3 * a0 * d * d + 12 * double(v0) * d + 20 * double(x0)) / (2 * std::pow(d, 3));
    const double talk =
        c5 * t2 * t2 * t + c4 * t2 * t2 + c3 * t2 * t + a0 / 2 * t2 + double(v0) * t + double(x0);
    CHECK(inertial_decay(x0, v0, duration, 0.37f * t1) == doctest::Approx(talk).epsilon(1e-4));
    // Zero value, rate and curvature at the end: a hundredth before it, a millionth is left.
    CHECK(inertial_decay(x0, v0, t1, 0.99f * t1) < 2e-5f * x0);
  }
}

TEST_CASE(
    "inertialize: a transition starts at the pose shown, with its velocity, and ends in the new "
    "motion") {
  const Skeleton skeleton = make_humanoid();
  for (const unsigned seed : {11u, 12u, 13u}) {
    CAPTURE(seed);
    const Pose shown = random_pose(skeleton, seed);
    const Pose target = random_pose(skeleton, seed + 100);
    const float dt = 1.0f / 60.0f;
    // Moving towards the new pose, as fast as would take half a second.
    const Pose shown_before = between(shown, target, skeleton, -dt / 0.5f);

    Inertialization state(skeleton);
    start_inertialization({shown, shown_before, target, {}, dt, 0.4f}, state);
    Pose out = target;
    REQUIRE(apply_inertialization(state, 0.0f, out));
    CHECK(max_difference(out, shown) < 1e-5f);

    const float h = 1e-3f;
    Pose later = target;
    REQUIRE(apply_inertialization(state, h, later));
    const Pose expected = between(shown, target, skeleton, h / 0.5f);
    // Two motions with the same velocity part by acceleration only: about a h^2 / 2.
    CHECK(max_difference(later, expected) < 3e-4f);
    CHECK(max_difference(later, shown) > 1e-3f);

    Pose end = target;
    CHECK_FALSE(apply_inertialization(state, 0.4f, end));
    CHECK(max_difference(end, target) == 0.0f);
    Pose almost = target;
    CHECK(apply_inertialization(state, 0.399f, almost));
    CHECK(max_difference(almost, target) < 1e-5f);
  }
}

TEST_CASE("inertialize: the velocity is that against the moving new clip") {
  const Skeleton skeleton = make_humanoid();
  const Pose target = random_pose(skeleton, 1);
  Pose target_before = target;
  target_before.set(
      0, {kIdentityRotation, target.get(0).translation + Vec3(0.3f, 0.1f, 0.0f), Vec3(1)});
  Pose shown = target;
  Pose shown_before = target_before;
  // Both move alike, one metre apart: nothing to carry over but the metre.
  for (Pose* p : {&shown, &shown_before}) {
    Transform t = p->get(0);
    t.translation.x += 1.0f;
    p->set(0, t);
  }
  Inertialization state(skeleton);
  start_inertialization({shown, shown_before, target, target_before, 0.01f, 0.5f}, state);
  CHECK(std::abs(state.view().translations[0].w) < 1e-3f);
  start_inertialization({shown, shown_before, target, {}, 0.01f, 0.5f}, state);
  CHECK(state.view().translations[0].w == doctest::Approx(-30.0f).epsilon(1e-3));
}

TEST_CASE("inertialize: a second start in the middle goes on without a jump") {
  const Skeleton skeleton = make_humanoid();
  const Pose a = random_pose(skeleton, 21);
  const Pose b = random_pose(skeleton, 22);
  const Pose c = random_pose(skeleton, 23);
  Inertialization state(skeleton);
  start_inertialization({a, a, b, {}, 0.01f, 0.4f}, state);
  Pose before = b;
  Pose now = b;
  apply_inertialization(state, 0.19f, before);
  apply_inertialization(state, 0.20f, now);
  start_inertialization({now, before, c, {}, 0.01f, 0.4f}, state);
  Pose out = c;
  apply_inertialization(state, 0.0f, out);
  CHECK(max_difference(out, now) < 1e-5f);
}

TEST_CASE("inertialize: degenerate input stays finite") {
  const Skeleton skeleton = make_humanoid();
  const Pose a = random_pose(skeleton, 31);
  const Pose b = random_pose(skeleton, 32);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  Inertialization state(skeleton);
  Pose out = b;
  CHECK_FALSE(apply_inertialization(state, 0.0f, out));  // never started
  for (const float bad : {0.0f, -1.0f, nan, infinite}) {
    start_inertialization({a, b, b, {}, bad, 0.4f}, state);
    out = b;
    CHECK(apply_inertialization(state, nan, out));
    CHECK(max_difference(out, a) < 1e-5f);
    start_inertialization({a, b, b, {}, 0.01f, bad}, state);
    out = b;
    CHECK_FALSE(apply_inertialization(state, 0.0f, out));
  }
  Pose broken = a;
  broken.set(3, {Quat(nan, 0, 0, 0), Vec3(nan), Vec3(1)});
  start_inertialization({broken, broken, b, {}, 0.01f, 0.4f}, state);
  out = b;
  CHECK(apply_inertialization(state, 0.1f, out));
  for (int j = 0; j < out.num_joints(); ++j)
    CHECK(std::isfinite(glm::length(out.get(j).rotation) + glm::length(out.get(j).translation)));
}

TEST_CASE("inertialize: the state lies over the caller's memory and takes no heap") {
  const Skeleton skeleton = make_humanoid();
  const Pose a = random_pose(skeleton, 41);
  const Pose b = random_pose(skeleton, 42);
  Pose out(skeleton);
  Block memory(inertialization_bytes(skeleton));
  MESSAGE(memory.size() << " bytes for " << skeleton.num_joints() << " joints");
  HeapProbe probe;
  const InertializationView state = inertialization_over(skeleton, memory.bytes());
  start_inertialization({a, a, b, {}, 0.01f, 0.4f}, state);
  copy_pose(b, out);
  apply_inertialization(state, 0.1f, out);
  CHECK(probe.count() == 0);

  // A copy of the bytes is the snapshot.
  const Block snapshot = memory;
  Block restored = snapshot;
  Pose again = b;
  apply_inertialization(inertialization_over(skeleton, restored.bytes()), 0.1f, again);
  CHECK(max_difference(again, out) == 0.0f);
}
