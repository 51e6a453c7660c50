#include "canter/anim/mirror.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "canter/anim/model_space.h"
#include "canter/anim/reference_pose.h"
#include "canter/import/import.h"
#include "heap_probe.h"
#include "motion_fixtures.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;

namespace {

// Largest distance between mirrored joint positions and the reflections of their pairs.
float reflection_error(const Skeleton& skeleton, const Mirror& mirror, const RawClip& clip,
                       const RawClip& mirrored) {
  std::vector<Transform> a(static_cast<std::size_t>(clip.num_joints));
  std::vector<Transform> b(a.size());
  float worst = 0.0f;
  for (int f = 0; f < clip.num_frames(); ++f) {
    model_transforms(skeleton, clip.frame(f), a);
    model_transforms(skeleton, mirrored.frame(f), b);
    for (std::size_t j = 0; j < a.size(); ++j) {
      Vec3 p = a[static_cast<std::size_t>(mirror.pairs()[j])].translation;
      p -= mirror.normal() * (2.0f * (glm::dot(p, mirror.normal()) - mirror.offset_m()));
      worst = std::max(worst, glm::distance(p, b[j].translation));
    }
  }
  return worst;
}

float rotation_error(const RawClip& a, const RawClip& b) {
  float worst = 0.0f;
  for (std::size_t i = 0; i < a.keys.size(); ++i)
    worst = std::max(worst, 1.0f - std::abs(glm::dot(a.keys[i].rotation, b.keys[i].rotation)));
  return worst;
}

}  // namespace

TEST_CASE(
    "mirror: positions are exact reflections and twice is the identity, for any joint frames") {
  const Skeleton upright = make_humanoid();
  for (const unsigned seed : {1u, 2u, 3u}) {
    for (const bool keep : {true, false}) {
      CAPTURE(seed);
      CAPTURE(keep);
      std::vector<Quat> turns;
      const Skeleton skeleton = with_turned_frames(upright, seed, &turns);
      const RawClip clip = with_turned_frames(upright, random_clip(upright, 40, seed), turns);
      const Mirror mirror = make_mirror(skeleton, {keep, {}});
      CHECK(mirror.unpaired().empty());
      CHECK(mirror.normal() == Vec3(1.0f, 0.0f, 0.0f));
      CHECK(mirror.pairs()[static_cast<std::size_t>(skeleton.find("LeftHand"))] ==
            skeleton.find("RightHand"));
      CHECK(mirror.pairs()[static_cast<std::size_t>(skeleton.find("Spine1"))] ==
            skeleton.find("Spine1"));
      const RawClip mirrored = mirror_clip(skeleton, mirror, clip);
      CHECK(reflection_error(skeleton, mirror, clip, mirrored) < 1e-5f);
      const RawClip back = mirror_clip(skeleton, mirror, mirrored);
      CHECK(max_position_error_m(skeleton, clip, skeleton, back) < 1e-5f);
      CHECK(rotation_error(clip, back) < 1e-6f);
    }
  }
}

TEST_CASE("mirror: the rest pose is its own mirror image") {
  const Skeleton skeleton = with_turned_frames(make_humanoid(), 8);
  const Mirror mirror = make_mirror(skeleton);
  Pose pose(skeleton);
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  HeapProbe probe;
  mirror_pose(skeleton, mirror, pose, models, pose);
  CHECK(probe.count() == 0);
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const Transform rest = skeleton.rest_pose()[static_cast<std::size_t>(j)];
    CHECK(glm::distance(pose.get(j).translation, rest.translation) < 1e-6f);
    CHECK(std::abs(glm::dot(pose.get(j).rotation, rest.rotation)) > 1.0f - 1e-6f);
  }
}

TEST_CASE("mirror: joints without sides in their names pair by their place") {
  const Skeleton named = make_humanoid();
  SkeletonDesc desc;
  for (int j = 0; j < named.num_joints(); ++j)
    desc.joints.push_back({std::string("n").append(std::to_string(j)), named.parent(j),
                           named.rest_pose()[static_cast<std::size_t>(j)]});
  // Two bags on the belt and a tail, which no map of roles knows.
  Transform thing;
  thing.translation = Vec3(0.15f, 0.05f, 0.0f);
  desc.joints.push_back({"pouch", 0, thing});
  thing.translation.x = -0.15f;
  desc.joints.push_back({"holster", 0, thing});
  thing.translation = Vec3(0.0f, 0.0f, -0.2f);
  desc.joints.push_back({"tail", 0, thing});
  const Result<Skeleton> skeleton = make_skeleton(desc);
  REQUIRE(skeleton.ok());
  const Mirror mirror = make_mirror(*skeleton);
  const auto pair = [&](int j) { return mirror.pairs()[static_cast<std::size_t>(j)]; };
  for (const char* part : {"Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase"})
    CHECK(pair(named.find(std::string("Left") + part)) == named.find(std::string("Right") + part));
  CHECK(pair(skeleton->find("pouch")) == skeleton->find("holster"));
  CHECK(pair(skeleton->find("tail")) == skeleton->find("tail"));
}

TEST_CASE("mirror: real motions, uneven skeletons and rest poses that are none") {
  for (const char* name : {"cmu_mb_05_20_dance", "cmu_daz_10_03_kick", "rokoko_jesse_dance",
                           "makehuman_walk1", "pybvh_xyz", "geno_stance", "accad_swagger"}) {
    CAPTURE(std::string(name));
    const auto path = shared_data("motions/bvh/" + std::string(name) + ".bvh");
    if (!path) return;
    Result<importer::Scene> scene = importer::load_file(path->string());
    REQUIRE(scene.ok());
    const Skeleton& skeleton = scene->skeleton;
    RawClip clip = scene->clips[0];
    clip.keys.resize(static_cast<std::size_t>(std::min(clip.num_frames(), 100) * clip.num_joints));
    const std::vector<Transform> reference = reference_pose(skeleton, map_joints(skeleton), &clip);
    for (const bool keep : {true, false}) {
      CAPTURE(keep);
      const Mirror mirror = make_mirror(skeleton, {keep, reference});
      CHECK(mirror.unpaired().empty());
      const RawClip mirrored = mirror_clip(skeleton, mirror, clip);
      REQUIRE(validate(mirrored, skeleton).ok());
      const float error = reflection_error(skeleton, mirror, clip, mirrored);
      MESSAGE(std::string(name) << std::string(keep ? " keeping bone lengths: " : " exactly: ")
                                << error << " m off");
      // Exact by construction, or off by the unevenness of the skeleton, which adds up along limbs.
      CHECK(error < (keep ? 0.03f : 1e-4f));
      const RawClip back = mirror_clip(skeleton, mirror, mirrored);
      CHECK(max_position_error_m(skeleton, clip, skeleton, back) < 1e-4f);
      CHECK(rotation_error(clip, back) < 1e-5f);
    }
  }
}
