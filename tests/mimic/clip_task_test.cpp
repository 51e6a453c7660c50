// Clips of any skeleton on the simulated bodies.
#include "canter/mimic/clip_task.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "canter/anim/model_space.h"
#include "canter/import/import.h"
#include "canter/physics/kinematics.h"
#include "canter/physics/pose.h"
#include "canter/physics/quat_order.h"
#include "test_data.h"

using namespace canter;
using namespace canter::mimic;

namespace {

float off_axis(const Quat& q) {
  return std::hypot(q.x, q.y);
}

// A clip of the humanoid's skeleton, standing in its zero pose.
RawClip standing(const Skeleton& skeleton, int frames) {
  RawClip clip;
  clip.num_joints = skeleton.num_joints();
  for (int f = 0; f < frames; ++f)
    clip.keys.insert(clip.keys.end(), skeleton.rest_pose().begin(), skeleton.rest_pose().end());
  return clip;
}

}  // namespace

TEST_CASE("bending at hinges moves no joint and leaves hinges one angle") {
  const physics::BodyDesc body = physics::humanoid_body();
  const Skeleton skeleton = physics::body_skeleton(body).value();
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    RawClip clip = standing(skeleton, 1);
    const std::span<Transform> locals = clip.frame(0);
    for (Transform& t : locals) {
      const auto angle = [&] { return static_cast<float>(random()) * 0x1.0p-31f - 1.0f; };
      t.rotation = exp_rotation({angle(), angle(), angle()});
    }
    std::vector<Transform> before(locals.size()), after(locals.size());
    model_transforms(skeleton, locals, before);
    bend_at_hinges(body, skeleton, clip);
    model_transforms(skeleton, locals, after);
    for (std::size_t j = 0; j < locals.size(); ++j) {
      CAPTURE(body.joints[j].name);
      CHECK(glm::distance(before[j].translation, after[j].translation) < 1e-4f);
      const physics::BodyJoint& joint = body.joints[j];
      if (joint.type != physics::JointType::hinge) {
        // Feet and hands keep the way they face; so does all that carries no hinge.
        if (joint.name.find("ankle") != std::string::npos || joint.name == "chest")
          CHECK(std::abs(glm::dot(before[j].rotation, after[j].rotation)) > 0.9999f);
        continue;
      }
      const Quat& q = locals[j].rotation;
      CHECK(off_axis(q) < 1e-3f);
      const float angle = 2.0f * std::atan2(q.w < 0.0f ? -q.z : q.z, std::abs(q.w));
      CHECK(angle > joint.limit_low.z - 1e-3f);
      CHECK(angle < joint.limit_high.z + 1e-3f);
    }
  }
}

TEST_CASE("a straight limb keeps its plane") {
  const physics::BodyDesc body = physics::humanoid_body();
  const Skeleton skeleton = physics::body_skeleton(body).value();
  RawClip clip = standing(skeleton, 1);
  bend_at_hinges(body, skeleton, clip);
  for (const Transform& t : clip.frame(0)) CHECK(std::abs(t.rotation.w) > 0.99999f);
}

TEST_CASE("a knee that goes through straight to the wrong side does not whirl the thigh") {
  const physics::BodyDesc body = physics::humanoid_body();
  const Skeleton skeleton = physics::body_skeleton(body).value();
  const auto hip = static_cast<std::size_t>(skeleton.find("left_hip"));
  const auto knee = static_cast<std::size_t>(skeleton.find("left_knee"));
  const auto ankle = static_cast<std::size_t>(skeleton.find("left_ankle"));
  constexpr int kFrames = 61;
  RawClip clip = standing(skeleton, kFrames);
  for (int f = 0; f < kFrames; ++f) {
    // From 60 degrees to 6 beyond straight, and a little aside all the while.
    const float bend = 0.5f + 0.55f * std::cos(0.1f * static_cast<float>(f)) - 0.05f;
    clip.frame(f)[knee].rotation = exp_rotation({0.08f, 0.0f, -bend});
  }
  const RawClip source = clip;
  bend_at_hinges(body, skeleton, clip);
  std::vector<Transform> was(clip.frame(0).size()), is(was.size());
  for (int f = 0; f < kFrames; ++f) {
    CAPTURE(f);
    model_transforms(skeleton, source.frame(f), was);
    model_transforms(skeleton, clip.frame(f), is);
    CHECK(glm::distance(was[ankle].translation, is[ankle].translation) < 1e-4f);
    CHECK(glm::distance(was[knee].translation, is[knee].translation) < 0.05f);
    if (f == 0) continue;
    const Quat turn = glm::conjugate(clip.frame(f - 1)[hip].rotation) * clip.frame(f)[hip].rotation;
    CHECK(glm::length(log_rotation(turn)) < 0.1f);
  }
}

TEST_CASE("the shipped walk becomes a task of the humanoid") {
  const auto scene = importer::load_file((test::source_dir() / "motion_data/walk.clip").string());
  REQUIRE(scene.ok());
  const auto task = make_clip_task(scene.value().skeleton, scene.value().clips[0], "walk");
  REQUIRE_MESSAGE(task.ok(), task.error().message);
  CHECK(task.value().retargeted);
  CHECK(task.value().task.action_size() == 28);
  // 1.067 s at 1.3 m/s, scaled to shorter legs: along +Z, as the clip goes, and facing that way.
  const glm::dvec3 lap = task.value().task.motion().lap();
  CHECK(lap.z == doctest::Approx(1.387).epsilon(0.1));
  CHECK(std::abs(lap.x) < 0.05);
  const physics::Model& model = task.value().task.model();
  std::vector<double> positions(static_cast<std::size_t>(model.num_body_positions()));
  std::vector<double> velocities(static_cast<std::size_t>(model.num_body_velocities()));
  sample(task.value().task.motion(), model, 0.3, positions, velocities);
  const glm::dquat root(positions[3], positions[4], positions[5], positions[6]);
  CHECK((root * glm::dvec3(1, 0, 0)).z > 0.95);
}

TEST_CASE("a recorded walk stands on the ground, without its calibration pose and without whirls") {
  const auto path = test::shared_data("motions/bvh/cmu_mb_12_01_walk.bvh");
  if (!path) return;
  const auto scene = importer::load_file(path->string());
  REQUIRE(scene.ok());
  const auto made = make_clip_task(scene.value().skeleton, scene.value().clips[0], "walk");
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  const Task& task = made.value().task;
  const physics::Model& model = task.model();
  std::vector<double> positions(static_cast<std::size_t>(model.num_body_positions()));
  std::vector<double> velocities(static_cast<std::size_t>(model.num_body_velocities()));
  std::vector<physics::LinkState> links(static_cast<std::size_t>(model.num_joints()));
  const int frames = task.motion().num_frames();
  int stands = 0;
  for (int f = 0; f < frames; ++f) {
    CAPTURE(f);
    sample(task.motion(), model, f / task.motion().rate_hz(), positions, velocities);
    physics::forward_kinematics(model, positions, velocities, links);
    stands += std::abs(physics::lowest_distance(model, links)) < 0.005 ? 1 : 0;
    for (const physics::JointIndex& joint : model.joints())
      if (joint.type == physics::JointType::ball)
        CHECK(glm::length(physics::load3(&velocities[static_cast<std::size_t>(joint.velocity)])) <
              20.0);
  }
  CHECK(stands > 0.95 * frames);
}

TEST_CASE("a skeleton that is no person fits no body, and the message says what is missing") {
  SkeletonDesc desc;
  for (int i = 0; i < 6; ++i) {
    Transform rest;
    rest.translation = Vec3(0.0f, 0.2f, 0.0f);
    desc.joints.push_back({"link" + std::to_string(i), i - 1, rest});
  }
  const Skeleton chain = make_skeleton(desc).value();
  RawClip clip;
  clip.num_joints = 6;
  for (int i = 0; i < 10; ++i)
    clip.keys.insert(clip.keys.end(), chain.rest_pose().begin(), chain.rest_pose().end());
  const auto task = make_clip_task(chain, clip, "chain");
  REQUIRE_FALSE(task.ok());
  CHECK(task.error().message.find("chain: does not fit the body humanoid3d") == 0);
}
