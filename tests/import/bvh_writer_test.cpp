#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "canter/import/import.h"
#include "canter/import/write.h"
#include "import_support.h"
#include "synthetic.h"

using namespace canter;
using namespace canter::test;

namespace {

importer::Scene reread(const std::vector<std::byte>& bytes, float unit_m) {
  importer::Options options;
  options.unit_m = unit_m;
  auto scene = importer::load(bytes, "written.bvh", options);
  INFO((scene.ok() ? "" : scene.error().message));
  REQUIRE(scene.ok());
  return std::move(scene).value();
}

// Largest distance of any named point over all frames.
float largest_error(const Skeleton& skeleton, const RawClip& clip, const importer::Scene& copy) {
  REQUIRE(copy.clips.size() == 1);
  REQUIRE(copy.clips[0].num_frames() == clip.num_frames());
  float worst = 0.0f;
  for (int f = 0; f < clip.num_frames(); ++f) {
    const auto want = joint_positions(skeleton, clip.frame(f));
    const auto have = joint_positions(copy.skeleton, copy.clips[0].frame(f));
    REQUIRE(have.size() == want.size());
    for (const auto& [name, p] : want) worst = std::max(worst, glm::distance(have.at(name), p));
  }
  return worst;
}

// Rest rotations, translations that move, any rotation, a second root, a loop of all of it.
struct Wild {
  Skeleton skeleton;
  RawClip clip;
};

Wild wild(bool has_scale) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> unit(-1.0f, 1.0f);
  const auto rotation = [&] {
    return glm::normalize(Quat(unit(random), unit(random), unit(random), unit(random)));
  };
  SkeletonDesc desc;
  const int parents[] = {-1, 0, 1, 1, 0, 4, -1, 6};
  for (int j = 0; j < 8; ++j) {
    SkeletonDesc::Joint joint{"j" + std::to_string(j), parents[j], {}};
    joint.rest = {rotation(), Vec3(unit(random), unit(random), unit(random)), Vec3(1.0f)};
    desc.joints.push_back(joint);
  }
  desc.end_sites = {{2, Vec3(0.1f, 0.2f, 0.3f)}, {5, Vec3(0, 0.1f, 0)}};
  desc.has_scale = has_scale;
  Wild w;
  w.skeleton = *make_skeleton(desc);
  w.clip.num_joints = 8;
  w.clip.rate_hz = 50.0f;
  for (int f = 0; f < 40; ++f)
    for (std::size_t j = 0; j < 8; ++j) {
      Transform t = w.skeleton.rest_pose()[j];
      t.rotation = rotation();
      if (j % 3 == 0) t.translation += 0.1f * Vec3(unit(random), unit(random), unit(random));
      if (has_scale && j != 2 && j != 5) t.scale = Vec3(1.0f + 0.5f * unit(random));
      w.clip.keys.push_back(t);
    }
  return w;
}

}  // namespace

TEST_CASE("a written BVH reads back the same: a body in motion") {
  const Skeleton skeleton = synthetic_skeleton(40);
  const RawClip clip = synthetic_clip(skeleton, 60, 60.0f);
  for (const float unit_m : {1.0f, 0.01f, 0.0254f}) {
    importer::BvhOptions options;
    options.unit_m = unit_m;
    const auto bytes = importer::write_bvh(skeleton, clip, options);
    REQUIRE(bytes.ok());
    const auto copy = reread(*bytes, unit_m);
    CHECK(copy.skeleton.end_sites().size() == skeleton.end_sites().size());
    CHECK(copy.clips[0].rate_hz == 60.0f);
    CHECK(largest_error(skeleton, clip, copy) < 1e-5f);
  }
}

TEST_CASE("rest rotations: shown in the offsets or left as they are, positions stay") {
  const Wild w = wild(false);
  for (const bool show : {true, false}) {
    importer::BvhOptions options;
    options.show_rest_pose = show;
    const auto bytes = importer::write_bvh(w.skeleton, w.clip, options);
    REQUIRE(bytes.ok());
    const auto copy = reread(*bytes, 0.01f);
    CHECK(largest_error(w.skeleton, w.clip, copy) < 1e-5f);
    // The rest pose of the file is the skeleton's, if asked for.
    const auto want = joint_positions(w.skeleton, w.skeleton.rest_pose());
    const auto have = joint_positions(copy.skeleton, copy.skeleton.rest_pose());
    float worst = 0.0f;
    for (const auto& [name, p] : want) worst = std::max(worst, glm::distance(have.at(name), p));
    CHECK((worst < 1e-5f) == show);
    if (show) continue;
    // Local rotations come back as they were.
    for (std::size_t k = 0; k < w.clip.keys.size(); ++k) {
      const int joint = copy.skeleton.find(w.skeleton.name(static_cast<int>(k % 8)));
      const Quat q = copy.clips[0].keys[k - k % 8 + static_cast<std::size_t>(joint)].rotation;
      CHECK(std::abs(glm::dot(q, w.clip.keys[k].rotation)) > 1.0f - 1e-5f);
    }
  }
}

TEST_CASE("uniform scales end in the positions") {
  const Wild w = wild(true);
  const auto bytes = importer::write_bvh(w.skeleton, w.clip);
  REQUIRE(bytes.ok());
  auto want = w;
  // End sites under a scaled joint cannot follow in a format without scale; joints do.
  const auto copy = reread(*bytes, 0.01f);
  for (int f = 0; f < w.clip.num_frames(); ++f) {
    const auto a = joint_positions(w.skeleton, w.clip.frame(f));
    const auto b = joint_positions(copy.skeleton, copy.clips[0].frame(f));
    for (int j = 0; j < 8; ++j) {
      const std::string name = "j" + std::to_string(j);
      CHECK(glm::distance(a.at(name), b.at(name)) < 2e-5f);
    }
  }
}

TEST_CASE("gimbal lock loses nothing") {
  SkeletonDesc desc;
  desc.joints = {{"a", -1, {}}, {"b", 0, {}}};
  desc.joints[1].rest.translation = Vec3(1, 2, 3);
  const Skeleton skeleton = *make_skeleton(desc);
  RawClip clip;
  clip.num_joints = 2;
  for (const float x : {90.0f, -90.0f, 89.9999f, -89.99f})
    for (const float z : {0.0f, 30.0f, 180.0f, -100.0f})
      for (const float y : {0.0f, 45.0f, -170.0f}) {
        Transform t;
        t.rotation = glm::angleAxis(glm::radians(z), Vec3(0, 0, 1)) *
                     glm::angleAxis(glm::radians(x), Vec3(1, 0, 0)) *
                     glm::angleAxis(glm::radians(y), Vec3(0, 1, 0));
        clip.keys.push_back(t);
        clip.keys.push_back(desc.joints[1].rest);
      }
  const auto bytes = importer::write_bvh(skeleton, clip);
  REQUIRE(bytes.ok());
  CHECK(largest_error(skeleton, clip, reread(*bytes, 0.01f)) < 5e-6f);
}

TEST_CASE("names that would break the format are changed; bad input is refused") {
  SkeletonDesc desc;
  desc.joints = {{"left {arm}\nup", -1, {}}};
  const Skeleton skeleton = *make_skeleton(desc);
  RawClip clip;
  clip.num_joints = 1;
  clip.keys.resize(2);
  const auto bytes = importer::write_bvh(skeleton, clip);
  REQUIRE(bytes.ok());
  CHECK(reread(*bytes, 0.01f).skeleton.name(0) == "left__arm__up");
  importer::BvhOptions options;
  options.unit_m = 0.0f;
  CHECK_FALSE(importer::write_bvh(skeleton, clip, options).ok());
  clip.keys[1].translation.x = std::numeric_limits<float>::infinity();
  CHECK_FALSE(importer::write_bvh(skeleton, clip).ok());
}
