#include "canter/anim/ik.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "canter/anim/local_to_model.h"
#include "heap_probe.h"
#include "motion_fixtures.h"

using namespace canter;
using namespace canter::test;

namespace {

struct Rig {
  Skeleton skeleton;
  Pose pose;
  std::vector<Mat4> models;
  Mat4 root{1.0f};

  explicit Rig(Skeleton s)
      : skeleton(std::move(s)),
        pose(skeleton),
        models(static_cast<std::size_t>(skeleton.num_joints())) {
    update();
  }
  void update() { local_to_model(skeleton, root, pose, models); }
  Vec3 at(const char* name) const {
    return Vec3(models[static_cast<std::size_t>(skeleton.find(name))][3]);
  }
  Quat rotation(const char* name) const {
    return to_transform(models[static_cast<std::size_t>(skeleton.find(name))]).rotation;
  }
  TwoBoneIk leg() const {
    TwoBoneIk ik;
    ik.start = skeleton.find("LeftUpLeg");
    ik.mid = skeleton.find("LeftLeg");
    ik.end = skeleton.find("LeftFoot");
    ik.soften = 1.0f;
    return ik;
  }
  void bend(unsigned seed, float angle) {
    std::mt19937 rng(seed);
    for (int j = 0; j < pose.num_joints(); ++j) {
      Transform t = pose.get(j);
      t.rotation = glm::normalize(t.rotation * random_rotation(rng, angle));
      pose.set(j, t);
    }
    update();
  }
  bool finite() const {
    for (int j = 0; j < pose.num_joints(); ++j) {
      const Transform t = pose.get(j);
      const float sum = glm::dot(t.translation, Vec3(1)) + t.rotation.x + t.rotation.y +
                        t.rotation.z + t.rotation.w;
      if (!std::isfinite(sum)) return false;
      if (std::abs(glm::length(t.rotation) - 1.0f) > 1e-4f) return false;
    }
    return true;
  }
};

float angle_between(const Quat& a, const Quat& b) {
  return glm::length(log_rotation(a * glm::conjugate(b)));
}

}  // namespace

TEST_CASE("two-bone IK: every target within reach is reached, whatever the frames, pose and root") {
  std::mt19937 rng(3);
  std::uniform_real_distribution<float> unit(-1.0f, 1.0f);
  float worst = 0.0f;
  for (unsigned trial = 0; trial < 300; ++trial) {
    CAPTURE(trial);
    Rig rig(with_turned_frames(make_humanoid(), trial));
    rig.root = to_matrix({random_rotation(rng, 3.0f), Vec3(5.0f, -2.0f, 1.0f), Vec3(1.0f)});
    rig.bend(trial, 1.2f);
    const Vec3 hip = rig.at("LeftUpLeg");
    const Quat foot = rig.rotation("LeftFoot");
    TwoBoneIk ik = rig.leg();
    const Vec3 direction = glm::normalize(Vec3(unit(rng), unit(rng), unit(rng)) + Vec3(1e-3f));
    ik.target = hip + direction * (0.45f + 0.35f * unit(rng));
    if (trial % 2 == 0) ik.pole = Vec3(unit(rng), unit(rng), unit(rng));
    const IkResult result = solve_two_bone(rig.skeleton, rig.models, ik, rig.pose);
    CHECK(result.reached);
    rig.update();
    worst = std::max(worst, glm::distance(rig.at("LeftFoot"), ik.target));
    CHECK(glm::distance(rig.at("LeftFoot"), ik.target) < 2e-5f);
    CHECK(glm::distance(rig.at("LeftUpLeg"), hip) < 1e-5f);
    CHECK(angle_between(rig.rotation("LeftFoot"), foot) < 1e-3f);
    CHECK(rig.finite());
    if (trial % 2 == 0) {
      // The knee lies in the plane of the line and the pole, on the pole's side.
      const Vec3 line = glm::normalize(ik.target - hip);
      const Vec3 side = glm::normalize(ik.pole - line * glm::dot(ik.pole, line));
      const Vec3 knee = rig.at("LeftLeg") - hip;
      const Vec3 out = knee - line * glm::dot(knee, line);
      if (glm::length(out) > 1e-2f) CHECK(glm::dot(glm::normalize(out), side) > 0.999f);
    }
  }
  MESSAGE("largest miss " << worst << " m");
}

TEST_CASE("two-bone IK: a target where the end is changes nothing") {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    Rig rig(with_turned_frames(make_humanoid(), seed));
    rig.bend(seed, 0.9f);
    const Pose before = rig.pose;
    TwoBoneIk ik = rig.leg();
    ik.target = rig.at("LeftFoot");
    solve_two_bone(rig.skeleton, rig.models, ik, rig.pose);
    for (int j = 0; j < before.num_joints(); ++j)
      CHECK(angle_between(before.get(j).rotation, rig.pose.get(j).rotation) < 2e-3f);
  }
}

TEST_CASE("two-bone IK: weight goes smoothly from the pose to the target") {
  Rig rig(make_humanoid());
  rig.bend(5, 0.6f);
  const Pose start = rig.pose;
  TwoBoneIk ik = rig.leg();
  ik.target = rig.at("LeftUpLeg") + Vec3(0.1f, -0.5f, 0.3f);
  const Quat foot = rig.rotation("LeftFoot");
  const std::vector<Mat4> models = rig.models;
  float last = glm::distance(rig.at("LeftFoot"), ik.target);
  for (int i = 0; i <= 20; ++i) {
    rig.pose = start;
    ik.weight = static_cast<float>(i) / 20.0f;
    solve_two_bone(rig.skeleton, models, ik, rig.pose);
    rig.update();
    const float miss = glm::distance(rig.at("LeftFoot"), ik.target);
    CHECK(std::abs(miss - last) < 0.08f);
    CHECK(angle_between(rig.rotation("LeftFoot"), foot) < 1e-3f);
    last = miss;
    if (i == 0)
      for (int j = 0; j < start.num_joints(); ++j)
        CHECK(angle_between(start.get(j).rotation, rig.pose.get(j).rotation) == 0.0f);
  }
  CHECK(last < 1e-5f);
}

TEST_CASE(
    "two-bone IK: out of reach the limb points at the target; soft reach comes near smoothly") {
  Rig rig(make_humanoid());
  const Vec3 hip = rig.at("LeftUpLeg");
  const float full =
      glm::distance(hip, rig.at("LeftLeg")) + glm::distance(rig.at("LeftLeg"), rig.at("LeftFoot"));
  const Pose rest = rig.pose;
  const std::vector<Mat4> models = rig.models;
  const Vec3 direction = glm::normalize(Vec3(0.3f, -1.0f, 0.4f));
  TwoBoneIk ik = rig.leg();
  ik.target = hip + direction * 2.0f;
  const IkResult result = solve_two_bone(rig.skeleton, models, ik, rig.pose);
  CHECK_FALSE(result.reached);
  CHECK(result.miss_m == doctest::Approx(2.0f - full).epsilon(1e-3));
  rig.update();
  CHECK(glm::distance(rig.at("LeftFoot"), hip + direction * full) < 1e-3f);

  // Soft: the length of the limb follows the distance without a kink, below the full length.
  ik.soften = 0.9f;
  float last_length = 0.0f;
  float last_step = 0.0f;
  for (int i = 0; i < 200; ++i) {
    rig.pose = rest;
    ik.target = hip + direction * (full * (0.7f + 0.004f * static_cast<float>(i)));
    solve_two_bone(rig.skeleton, models, ik, rig.pose);
    rig.update();
    const float length = glm::distance(rig.at("LeftFoot"), hip);
    CHECK(length < full + 1e-5f);
    if (i > 1) CHECK(length - last_length < last_step + 1e-4f);
    last_step = i > 0 ? length - last_length : 1.0f;
    last_length = length;
  }

  // Stretching reaches what 10 % more length allows.
  rig.pose = rest;
  ik.soften = 1.0f;
  ik.max_stretch = 1.1f;
  ik.target = hip + direction * (1.08f * full);
  CHECK(solve_two_bone(rig.skeleton, models, ik, rig.pose).reached);
  rig.update();
  CHECK(glm::distance(rig.at("LeftFoot"), ik.target) < 1e-4f);
}

TEST_CASE("two-bone IK: a straight limb bends about the hint, without rolling") {
  Rig rig(make_humanoid());
  // A straight leg along -Y.
  for (const char* name : {"LeftLeg", "LeftFoot"}) {
    const int j = rig.skeleton.find(name);
    Transform t = rig.pose.get(j);
    t.translation = Vec3(0.0f, -0.4f, 0.0f);
    rig.pose.set(j, t);
  }
  rig.update();
  const std::vector<Mat4> models = rig.models;
  TwoBoneIk ik = rig.leg();
  ik.target = rig.at("LeftUpLeg") + Vec3(0.0f, -0.6f, 0.0f);
  ik.mid_axis = Vec3(1.0f, 0.0f, 0.0f);  // knees bend so that the shin goes back
  solve_two_bone(rig.skeleton, models, ik, rig.pose);
  rig.update();
  CHECK(glm::distance(rig.at("LeftFoot"), ik.target) < 1e-5f);
  CHECK(rig.at("LeftLeg").z > 0.05f);
  CHECK(std::abs(rig.at("LeftLeg").x - rig.at("LeftUpLeg").x) < 1e-4f);
  // The thigh turned about X alone.
  const Vec3 turn = log_rotation(rig.rotation("LeftUpLeg"));
  CHECK(std::abs(turn.y) + std::abs(turn.z) < 1e-3f);
}

TEST_CASE("two-bone IK: a straight limb does not roll about itself, whatever its pole") {
  std::mt19937 rng(17);
  for (int trial = 0; trial < 50; ++trial) {
    CAPTURE(trial);
    TwoBoneIk ik;
    const Quat turn = random_rotation(rng, 3.0f);
    const Vec3 bone = turn * Vec3(0.0f, -0.4f, 0.0f);
    ik.soften = 1.0f;
    ik.target = random_rotation(rng, 1.0f) * (1.6f * bone);
    ik.pole = random_rotation(rng, 3.0f) * Vec3(1.0f, 0.0f, 0.0f);
    const TwoBoneRotations r = two_bone_rotations(Vec3(0.0f), bone, 2.0f * bone, Vec3(0.0f), ik);
    REQUIRE(r.solved);
    // The smallest turn that moves a bone has its axis at right angles to it.
    const Vec3 axis = glm::normalize(log_rotation(r.start));
    CHECK(std::abs(glm::dot(axis, glm::normalize(bone))) < 1e-3f);
  }
}

TEST_CASE("two-bone IK: nothing makes it produce NaN") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Vec3 targets[] = {Vec3(0.0f),
                          Vec3(nan),
                          Vec3(1e20f, 0, 0),
                          Vec3(0, 1e-20f, 0),
                          Vec3(0.09f, 0.93f, 0.0f),
                          Vec3(0.09f, -5.0f, 0.0f)};
  const Vec3 poles[] = {Vec3(0.0f), Vec3(nan), Vec3(0, -1, 0), Vec3(1e-30f), Vec3(1e20f, 0, 0)};
  for (int zero = 0; zero < 4; ++zero) {
    for (const Vec3& target : targets) {
      for (const Vec3& pole : poles) {
        Rig rig(make_humanoid());
        if (zero > 0) {
          const int j = rig.skeleton.find(zero == 1 ? "LeftLeg" : "LeftFoot");
          Transform t = rig.pose.get(j);
          t.translation = Vec3(0.0f);
          rig.pose.set(j, t);
        }
        rig.update();
        TwoBoneIk ik = rig.leg();
        ik.target = target;
        ik.pole = pole;
        ik.weight = zero == 3 ? nan : 1.0f;
        ik.max_stretch = zero == 2 ? 2.0f : 1.0f;
        solve_two_bone(rig.skeleton, rig.models, ik, rig.pose);
        CHECK(rig.finite());
        LookAt look;
        look.joint = rig.skeleton.find("Head");
        look.target = target;
        look.pole = pole;
        LookAtState state;
        solve_look_at(rig.skeleton, rig.models, look, &state, nan, rig.pose);
        CHECK(rig.finite());
      }
    }
  }
}

TEST_CASE("look-at: the line of sight goes through the target, from an eye off the joint too") {
  std::mt19937 rng(9);
  std::uniform_real_distribution<float> unit(-1.0f, 1.0f);
  for (unsigned trial = 0; trial < 200; ++trial) {
    CAPTURE(trial);
    Rig rig(with_turned_frames(make_humanoid(), trial));
    rig.bend(trial, 0.5f);
    LookAt look;
    look.joint = rig.skeleton.find("Head");
    const Quat head = rig.rotation("Head");
    look.forward = glm::conjugate(head) * Vec3(0.0f, 0.0f, 1.0f);
    look.up = glm::conjugate(head) * Vec3(0.0f, 1.0f, 0.0f);
    look.eye = Vec3(0.05f * unit(rng), 0.05f * unit(rng), 0.05f * unit(rng));
    look.pole = trial % 2 == 0 ? Vec3(0.0f, 1.0f, 0.0f) : Vec3(0.0f);
    look.max_angle_rad = 10.0f;
    look.target =
        rig.at("Head") + Vec3(unit(rng), unit(rng), 1.0f + unit(rng)) * 2.0f + Vec3(0, 0, 0.3f);
    solve_look_at(rig.skeleton, rig.models, look, nullptr, 0.0f, rig.pose);
    rig.update();
    const Mat4& m = rig.models[static_cast<std::size_t>(look.joint)];
    const Vec3 eye = Vec3(m * Vec4(look.eye, 1.0f));
    const Vec3 sight = Mat3(m) * look.forward;
    const Vec3 wanted = look.target - eye;
    CHECK(glm::length(glm::cross(sight, glm::normalize(wanted))) < 1e-4f);
    CHECK(glm::dot(sight, wanted) > 0.0f);
    if (trial % 2 == 0) {
      const Vec3 right = glm::cross(Mat3(m) * look.up, sight);
      CHECK(std::abs(right.y) < 1e-3f);
    }
  }
}

TEST_CASE(
    "look-at: the limit holds and is approached softly; smoothing does not depend on the rate") {
  Rig rig(make_humanoid());
  LookAt look;
  look.joint = rig.skeleton.find("Head");
  look.max_angle_rad = 1.0f;
  const Pose rest = rig.pose;
  float last = 0.0f;
  for (int i = 1; i < 170; ++i) {
    const float a = 0.0174533f * static_cast<float>(i);
    look.target = rig.at("Head") + 3.0f * Vec3(std::sin(a), 0.0f, std::cos(a));
    rig.pose = rest;
    solve_look_at(rig.skeleton, rig.models, look, nullptr, 0.0f, rig.pose);
    const float turned =
        angle_between(rig.pose.get(look.joint).rotation, rest.get(look.joint).rotation);
    CHECK(turned <= 1.0f + 1e-4f);
    CHECK(turned >= last - 1e-4f);
    CHECK(turned - last < 0.0175f + 1e-3f);
    if (a < 0.79f) CHECK(turned == doctest::Approx(a).epsilon(1e-3));
    last = turned;
  }

  look.half_life_s = 0.1f;
  look.max_angle_rad = 3.0f;
  look.target = rig.at("Head") + Vec3(3.0f, 0.0f, 3.0f);
  float turned[2];
  for (int k = 0; k < 2; ++k) {
    LookAtState state;
    const int steps = k == 0 ? 6 : 60;
    for (int i = 0; i < steps; ++i) {
      rig.pose = rest;
      solve_look_at(rig.skeleton, rig.models, look, &state, 0.2f / static_cast<float>(steps),
                    rig.pose);
    }
    turned[k] = angle_between(rig.pose.get(look.joint).rotation, rest.get(look.joint).rotation);
  }
  // Two half-lives: three quarters of 45 degrees.
  CHECK(turned[0] == doctest::Approx(0.75f * 0.7853982f).epsilon(0.02));
  CHECK(turned[1] == doctest::Approx(turned[0]).epsilon(0.02));
}

TEST_CASE("IK takes no heap") {
  Rig rig(make_humanoid());
  TwoBoneIk ik = rig.leg();
  ik.target = Vec3(0.1f, 0.3f, 0.1f);
  LookAt look;
  look.joint = rig.skeleton.find("Head");
  LookAtState state;
  HeapProbe probe;
  solve_two_bone(rig.skeleton, rig.models, ik, rig.pose);
  solve_look_at(rig.skeleton, rig.models, look, &state, 0.01f, rig.pose);
  CHECK(probe.count() == 0);
}
