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

namespace {

// The healthy body marching: knees go up in turn, twice each, and the last pose is the first.
importer::Scene marching() {
  importer::Scene scene = healthy();
  RawClip& clip = scene.clips[0];
  for (int f = 0; f < clip.num_frames(); ++f) {
    const float phase = 4.0f * kPi * static_cast<float>(f) / 59.0f;
    for (int j = 0; j < clip.num_joints; ++j) {
      Transform& t = clip.frame(f)[static_cast<std::size_t>(j)];
      t = clip.frame(0)[static_cast<std::size_t>(j)];
      const std::string_view name = scene.skeleton.name(j);
      const float lift = std::max(std::sin(name.starts_with("Left") ? phase : -phase), 0.0f);
      if (name.ends_with("UpLeg"))
        t.rotation = exp_rotation(Vec3(-lift, 0, 0));
      else if (name.ends_with("Leg"))
        t.rotation = exp_rotation(Vec3(2.0f * lift, 0, 0));
      else if (name.ends_with("Foot"))
        t.rotation = exp_rotation(Vec3(-lift, 0, 0));
    }
  }
  return scene;
}

// Moves a clip's root by so much in all, evenly.
importer::Scene taken_along(importer::Scene scene, const Vec3& by) {
  RawClip& clip = scene.clips[0];
  const float last = static_cast<float>(clip.num_frames() - 1);
  for (int f = 0; f < clip.num_frames(); ++f)
    clip.frame(f)[0].translation += by * (static_cast<float>(f) / last);
  return scene;
}

importer::Scene shipped(const char* name) {
  auto scene = importer::load_file(
      (test::source_dir() / "motion_data" / (std::string(name) + ".clip")).string());
  REQUIRE(scene.ok());
  return std::move(scene).value();
}

}  // namespace

TEST_CASE("a clip on the spot that is carried off drifts, up and down too") {
  CHECK_FALSE(has(importer::examine(marching()), "root_drift"));
  for (const Vec3 by : {Vec3(0.3f, 0, 0), Vec3(0, 0, -0.2f), Vec3(0, 0.3f, 0), Vec3(0, -0.2f, 0)})
    check_fix(taken_along(marching(), by), "root_drift");
}

TEST_CASE("a loop that wanders off in small hops drifts") {
  // Four hops; what moves it on happens in the air, so that no foot slides.
  const auto scene = [](float hop_m) {
    importer::Scene hopping = marching();
    RawClip& clip = hopping.clips[0];
    for (int f = 0; f < clip.num_frames(); ++f) {
      for (std::size_t j = 0; j < clip.frame(f).size(); ++j)
        clip.frame(f)[j] = healthy().clips[0].frame(0)[j];
      const float phase = 8.0f * kPi * static_cast<float>(f) / 59.0f;
      Vec3& root = clip.frame(f)[0].translation;
      root.y += 0.2f * std::max(std::sin(phase), 0.0f);
      root.x += hop_m * static_cast<float>((f + 11) / 15);
    }
    return hopping;
  };
  check_fix(scene(0.04f), "root_drift");
  CHECK_FALSE(has(importer::examine(scene(0.3f)), "root_drift"));
}

TEST_CASE("what ships travels or stays, and does not drift") {
  for (const char* name :
       {"idle", "walk", "run", "jump", "wave", "turn_180", "turn_left_90", "turn_right_90"})
    CHECK_MESSAGE(!has(shipped(name).findings, "root_drift"), name);
}

TEST_CASE("a walk that is carried sideways drifts, and keeps its way when that is mended") {
  const importer::Scene walk = shipped("walk");
  const auto end = [](const importer::Scene& s) {
    return s.clips[0].frame(s.clips[0].num_frames() - 1)[0].translation;
  };
  importer::Scene mended = taken_along(walk, Vec3(0.3f, 0, 0));
  check_fix(mended, "root_drift");
  mended.findings = importer::examine(mended);
  REQUIRE(importer::apply_fix(mended, "root_drift").ok());
  CHECK(std::abs(end(mended).x - end(walk).x) < 0.05f);
  CHECK(std::abs(end(mended).z - end(walk).z) < 0.05f);
  // On a treadmill nothing drifts, though feet slide.
  const importer::Scene treadmill = taken_along(walk, Vec3(0, 0, -end(walk).z));
  CHECK_FALSE(has(importer::examine(treadmill), "root_drift"));
}

TEST_CASE("recorded gaits do not drift") {
  const auto folder = shared_data("motions");
  if (!folder) return;
  for (const char* file :
       {"bvh/cmu_mb_12_01_walk.bvh", "bvh/accad_swagger.bvh", "bvh/dme_example.bvh",
        "bvh/dme_style_result.bvh", "bvh/cmu_mb_01_01_climb.bvh", "bvh/100style_rushed.bvh",
        "bvh/makehuman_walk1.bvh", "bvh/makehuman_zombie_walk1.bvh",
        "deepmimic/motions/humanoid3d_walk.txt", "deepmimic/motions/humanoid3d_run.txt",
        "deepmimic/motions/humanoid3d_jog.txt", "deepmimic/motions/humanoid3d_jump.txt",
        "deepmimic/motions/humanoid3d_stealthy_walk.txt",
        "deepmimic/motions/humanoid3d_zombie_walk.txt", "deepmimic/motions/humanoid3d_spin.txt",
        "deepmimic/motions/dog3d_pace.txt", "deepmimic/motions/dog3d_trot.txt",
        "deepmimic/motions/dog3d_canter.txt"}) {
    const auto scene = importer::load_file((*folder / file).string());
    REQUIRE(scene.ok());
    const importer::Finding* drift = find(*scene, "root_drift");
    CHECK_MESSAGE(drift == nullptr, file << ": " << (drift ? drift->evidence : ""));
  }
}

TEST_CASE("a fix that waits asks for a decision, where a motion begins does not") {
  using importer::FixState;
  const auto asks = [](const char* code, FixState state) {
    return importer::needs_decision({code, "", "", "", state});
  };
  CHECK(asks("floating", FixState::available));
  CHECK(asks("unit_suspect", FixState::none));
  CHECK_FALSE(asks("off_origin", FixState::available));
  CHECK_FALSE(asks("floating", FixState::applied));
  CHECK_FALSE(asks("missing_toes", FixState::none));
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
