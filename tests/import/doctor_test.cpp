#include "canter/import/doctor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "import_support.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;

namespace {

// A small upright body that shifts its weight; each test spoils one thing.
importer::Scene healthy() {
  SkeletonDesc desc;
  const auto joint = [&desc](const char* name, int parent, const Vec3& at) {
    SkeletonDesc::Joint j{name, parent, {}};
    j.rest.translation = at;
    desc.joints.push_back(j);
    return static_cast<int>(desc.joints.size()) - 1;
  };
  const int hips = joint("Hips", -1, {0, 0.9f, 0});
  const int spine = joint("Spine", hips, {0, 0.2f, 0});
  joint("Head", joint("Neck", spine, {0, 0.3f, 0}), {0, 0.1f, 0});
  for (const char* side : {"Left", "Right"}) {
    const float x = side[0] == 'L' ? 1.0f : -1.0f;
    const std::string s(side);
    int at = joint((s + "Arm").c_str(), spine, {0.2f * x, 0.25f, 0});
    at = joint((s + "ForeArm").c_str(), at, {0.28f * x, 0, 0});
    joint((s + "Hand").c_str(), at, {0.25f * x, 0, 0});
    at = joint((s + "UpLeg").c_str(), hips, {0.1f * x, 0, 0});
    at = joint((s + "Leg").c_str(), at, {0, -0.42f, 0});
    at = joint((s + "Foot").c_str(), at, {0, -0.40f, 0});
    joint((s + "ToeBase").c_str(), at, {0, -0.06f, 0.13f});
  }
  importer::Scene scene;
  scene.format = "bvh";
  scene.skeleton = *make_skeleton(desc);
  RawClip clip;
  clip.name = "sway";
  clip.num_joints = scene.skeleton.num_joints();
  for (int f = 0; f < 60; ++f) {
    for (int j = 0; j < clip.num_joints; ++j) {
      Transform t = scene.skeleton.rest_pose()[static_cast<std::size_t>(j)];
      // Arms hang, so that no frame is the rest pose.
      const std::string_view name = scene.skeleton.name(j);
      const float swing = 0.1f * std::sin(0.1f * static_cast<float>(f));
      if (name == "LeftArm") t.rotation = exp_rotation(Vec3(0, 0, -1.3f + swing));
      if (name == "RightArm") t.rotation = exp_rotation(Vec3(0, 0, 1.3f + swing));
      if (name == "Spine") t.rotation = exp_rotation(Vec3(swing, 0.3f, 0));
      if (name == "Neck") t.rotation = exp_rotation(Vec3(0.2f, 0, swing));
      clip.keys.push_back(t);
    }
  }
  scene.clips.push_back(clip);
  return scene;
}

bool has(const std::vector<importer::Finding>& findings, std::string_view code) {
  for (const auto& f : findings)
    if (f.code == code) return true;
  return false;
}

// The finding appears, its fix takes it away, and a second application is refused.
void check_fix(importer::Scene scene, const std::string& code) {
  CAPTURE(code);
  scene.findings = importer::examine(scene);
  REQUIRE(has(scene.findings, code));
  const auto done = importer::apply_fix(scene, code);
  REQUIRE(done.ok());
  CHECK(find(scene, code)->state == importer::FixState::applied);
  CHECK_FALSE(has(importer::examine(scene), code));
  CHECK_FALSE(importer::apply_fix(scene, code).ok());
  for (const RawClip& clip : scene.clips) CHECK(validate(clip, scene.skeleton).ok());
}

template <class Change>
importer::Scene with_roots(Change change) {
  importer::Scene scene = healthy();
  RawClip& clip = scene.clips[0];
  for (int f = 0; f < clip.num_frames(); ++f) change(clip.frame(f)[0].translation, f);
  return scene;
}

}  // namespace

TEST_CASE("a sound clip has no findings") {
  const auto findings = importer::examine(healthy());
  for (const auto& f : findings) MESSAGE(f.code << ": " << f.evidence);
  CHECK(findings.empty());
}

TEST_CASE("a calibration pose in frame 0 is found and dropped") {
  importer::Scene scene = healthy();
  RawClip& clip = scene.clips[0];
  for (std::size_t j = 0; j < clip.frame(0).size(); ++j)
    clip.frame(0)[j] = scene.skeleton.rest_pose()[j];
  check_fix(scene, "first_frame_t_pose");
  scene.findings = importer::examine(scene);
  REQUIRE(importer::apply_fix(scene, "first_frame_t_pose").ok());
  CHECK(scene.clips[0].num_frames() == 59);
}

TEST_CASE("a clip below or above the ground is found and set on it") {
  check_fix(with_roots([](Vec3& p, int) { p.y -= 0.3f; }), "ground_penetration");
  check_fix(with_roots([](Vec3& p, int) { p.y += 0.5f; }), "floating");
}

TEST_CASE("a clip that wanders or starts elsewhere is found and brought back") {
  const auto drifting = with_roots([](Vec3& p, int f) {
    p.x += 0.02f * static_cast<float>(f);
    p.z += 0.1f * std::sin(static_cast<float>(f));
  });
  check_fix(drifting, "root_drift");
  importer::Scene fixed = drifting;
  fixed.findings = importer::examine(fixed);
  REQUIRE(importer::apply_fix(fixed, "root_drift").ok());
  CHECK(fixed.clips[0].frame(59)[0].translation.x == doctest::Approx(0.0f));
  // What is not drift stays.
  CHECK(fixed.clips[0].frame(20)[0].translation.y == drifting.clips[0].frame(20)[0].translation.y);
  check_fix(with_roots([](Vec3& p, int) { p.x += 3.0f; }), "off_origin");
}

TEST_CASE("feet that slide while they stand are found") {
  const auto scene = with_roots([](Vec3& p, int f) { p.x += 0.006f * static_cast<float>(f); });
  const auto findings = importer::examine(scene);
  CHECK(has(findings, "foot_sliding"));
}

TEST_CASE("a foot that rolls over heel and ball does not slide") {
  for (const char* clip : {"walk", "run", "jump", "turn_180"}) {
    const auto path = test::source_dir() / "motion_data" / (std::string(clip) + ".clip");
    const auto scene = importer::load_file(path.string());
    REQUIRE(scene.ok());
    CHECK_MESSAGE(!has(scene->findings, "foot_sliding"), clip);
  }
}

TEST_CASE("what a skeleton lacks is found") {
  importer::Scene scene = healthy();
  SkeletonDesc desc = describe(scene.skeleton);
  for (auto& joint : desc.joints)
    if (joint.name == "Neck") joint.rest.translation = Vec3(0.0f);
  scene.skeleton = *make_skeleton(desc);
  CHECK(has(importer::examine(scene), "zero_length_bones"));

  desc = describe(healthy().skeleton);
  for (auto& joint : desc.joints) {
    // Without the words and the joints, neither name nor tree shows a hand or a toe.
    if (joint.name.find("Hand") != std::string::npos) joint.name.replace(0, joint.name.size(), "x");
    if (joint.name.find("Toe") != std::string::npos) joint.name.replace(0, joint.name.size(), "y");
  }
  SkeletonDesc less;
  std::vector<int> index(desc.joints.size(), -1);
  for (std::size_t j = 0; j < desc.joints.size(); ++j) {
    if (desc.joints[j].name == "x" || desc.joints[j].name == "y") continue;
    index[j] = static_cast<int>(less.joints.size());
    less.joints.push_back(desc.joints[j]);
    if (less.joints.back().parent >= 0)
      less.joints.back().parent = index[static_cast<std::size_t>(less.joints.back().parent)];
  }
  importer::Scene stump;
  stump.skeleton = *make_skeleton(less);
  CHECK(has(importer::examine(stump), "missing_hands"));
  CHECK(has(importer::examine(stump), "missing_toes"));
}

TEST_CASE("a pose is told from a motion, and a fix nobody found is refused") {
  importer::Scene scene = healthy();
  scene.clips[0].keys.resize(static_cast<std::size_t>(scene.clips[0].num_joints));
  CHECK(has(importer::examine(scene), "few_frames"));
  CHECK_FALSE(importer::apply_fix(scene, "root_drift").ok());
  CHECK_FALSE(importer::apply_fix(scene, "no such code").ok());
}

TEST_CASE("a raw scene becomes the corrected one by its fixes") {
  const auto folder = shared_data("motions/bvh");
  if (!folder) return;
  for (const char* file : {"pybvh_xzy_zup.bvh", "makehuman_walk1.bvh"}) {
    const std::string path = (*folder / file).string();
    importer::Options raw;
    raw.raw = true;
    auto scene = importer::load_file(path, raw);
    const auto corrected = importer::load_file(path);
    REQUIRE(scene.ok());
    REQUIRE(corrected.ok());
    REQUIRE(importer::apply_fix(*scene, "unit_guess").ok());
    REQUIRE(importer::apply_fix(*scene, "frame_rate_snapped").ok());
    CHECK(find(*scene, "up_axis")->state == importer::FixState::applied);
    CHECK(scene->clips[0].rate_hz == corrected->clips[0].rate_hz);
    CHECK(scene->skeleton.hash() == corrected->skeleton.hash());
    const auto a = scene->clips[0].frame(3);
    const auto b = corrected->clips[0].frame(3);
    for (std::size_t j = 0; j < a.size(); ++j) {
      CHECK(a[j].translation == b[j].translation);
      CHECK(a[j].rotation == b[j].rotation);
    }
  }
}

TEST_CASE("the T-poses of the CMU conversions are found, other first frames are not") {
  const auto folder = shared_data("motions/bvh");
  if (!folder) return;
  const auto t_pose = [&](const char* file) {
    const auto scene = importer::load_file((*folder / file).string());
    REQUIRE(scene.ok());
    return find(*scene, "first_frame_t_pose") != nullptr;
  };
  for (const char* file : {"cmu_mb_01_01_climb.bvh", "cmu_mb_05_20_dance.bvh",
                           "cmu_mb_12_01_walk.bvh", "cmu_daz_10_03_kick.bvh", "pirouette.bvh"})
    CHECK_MESSAGE(t_pose(file), file);
  for (const char* file : {"100style_rushed.bvh", "accad_swagger.bvh", "mocapbank.bvh",
                           "rokoko_jesse_dance.bvh", "mixamorig_freebvh.bvh", "pybvh_yxz.bvh"})
    CHECK_MESSAGE(!t_pose(file), file);
}
