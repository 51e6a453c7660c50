#include "canter/anim/retarget.h"

#include <doctest/doctest.h>

#include <algorithm>
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

Retargeter retargeter_for(const Skeleton& source, const Skeleton& target,
                          const RetargetSettings& settings = {}) {
  Result<Retargeter> r = make_retargeter(source, target, settings);
  REQUIRE(r.ok());
  return std::move(r).value();
}

RawClip retargeted(const Retargeter& retargeter, const RawClip& clip, bool cleanup,
                   RetargetReport* report = nullptr) {
  RetargetClipSettings settings;
  settings.foot_cleanup = cleanup;
  Result<RawClip> out = retarget(retargeter, clip, settings, report);
  REQUIRE(out.ok());
  REQUIRE(validate(*out, retargeter.target()).ok());
  return std::move(out).value();
}

importer::Scene loaded(const std::filesystem::path& path) {
  Result<importer::Scene> scene = importer::load_file(path.string());
  REQUIRE_MESSAGE(scene.ok(), path.string());
  return std::move(scene).value();
}

// The humanoid with its arms turned down by `angle` in the rest pose: an A-pose for the same body.
Skeleton a_pose(const Skeleton& t_pose, float angle) {
  SkeletonDesc desc;
  for (int j = 0; j < t_pose.num_joints(); ++j) {
    desc.joints.push_back({std::string(t_pose.name(j)), t_pose.parent(j),
                           t_pose.rest_pose()[static_cast<std::size_t>(j)]});
    if (t_pose.name(j) == "LeftArm")
      desc.joints.back().rest.rotation = exp_rotation(Vec3(0.0f, 0.0f, -angle));
    if (t_pose.name(j) == "RightArm")
      desc.joints.back().rest.rotation = exp_rotation(Vec3(0.0f, 0.0f, angle));
  }
  desc.end_sites.assign(t_pose.end_sites().begin(), t_pose.end_sites().end());
  Result<Skeleton> s = make_skeleton(desc);
  REQUIRE(s.ok());
  return std::move(s).value();
}

struct Bone {
  int a, b;
};

std::vector<Bone> limb_bones(const JointMap& m) {
  std::vector<Bone> bones;
  for (std::size_t s = 0; s < 2; ++s) {
    bones.push_back({m.legs[s].thigh, m.legs[s].shin});
    bones.push_back({m.legs[s].shin, m.legs[s].foot});
    bones.push_back({m.arms[s].upper_arm, m.arms[s].forearm});
    bones.push_back({m.arms[s].forearm, m.arms[s].hand});
  }
  return bones;
}

struct Angles {
  double mean_deg = 0.0, max_deg = 0.0;
};

// Angles between corresponding bones of two clips, frame by frame.
Angles bone_angles(const Skeleton& sa, const RawClip& a, const std::vector<Bone>& ba,
                   const Skeleton& sb, const RawClip& b, const std::vector<Bone>& bb,
                   int first_frame) {
  std::vector<Transform> pa(static_cast<std::size_t>(a.num_joints));
  std::vector<Transform> pb(static_cast<std::size_t>(b.num_joints));
  Angles out;
  int count = 0;
  for (int f = first_frame; f < std::min(a.num_frames(), b.num_frames()); ++f) {
    model_transforms(sa, a.frame(f), pa);
    model_transforms(sb, b.frame(f), pb);
    for (std::size_t i = 0; i < ba.size(); ++i) {
      const auto direction = [](const std::vector<Transform>& p, const Bone& bone) {
        return glm::normalize(p[static_cast<std::size_t>(bone.b)].translation -
                              p[static_cast<std::size_t>(bone.a)].translation);
      };
      const float c = std::clamp(glm::dot(direction(pa, ba[i]), direction(pb, bb[i])), -1.0f, 1.0f);
      const double deg = static_cast<double>(std::acos(c)) * 57.29578;
      out.mean_deg += deg;
      out.max_deg = std::max(out.max_deg, deg);
      ++count;
    }
  }
  out.mean_deg /= std::max(count, 1);
  return out;
}

Angles limb_angles(const Skeleton& sa, const RawClip& a, const JointMap& ma, const Skeleton& sb,
                   const RawClip& b, const JointMap& mb, int first_frame) {
  return bone_angles(sa, a, limb_bones(ma), sb, b, limb_bones(mb), first_frame);
}

}  // namespace

TEST_CASE("retarget: onto itself is the identity") {
  for (const unsigned seed : {1u, 2u}) {
    std::vector<Quat> turns;
    const Skeleton upright = make_humanoid();
    const Skeleton skeleton = with_turned_frames(upright, seed, &turns);
    const RawClip clip = with_turned_frames(upright, random_clip(upright, 60, seed), turns);
    const Retargeter same = retargeter_for(skeleton, skeleton);
    CHECK(same.scale() == doctest::Approx(1.0f));
    CHECK(same.unmapped_source().empty());
    CHECK(same.unmapped_target().empty());
    const RawClip out = retargeted(same, clip, false);
    CHECK(max_position_error_m(skeleton, clip, skeleton, out) < 1e-5f);
    for (std::size_t i = 0; i < clip.keys.size(); ++i)
      CHECK(std::abs(glm::dot(clip.keys[i].rotation, out.keys[i].rotation)) > 1.0f - 1e-5f);
  }
}

TEST_CASE(
    "retarget: onto a scaled copy scales, onto turned joint frames gives the same positions") {
  const Skeleton source = make_humanoid();
  const Walk walk = make_walk(source, 3.0f, 60.0f);
  for (const float factor : {0.3f, 1.7f}) {
    CAPTURE(factor);
    const Skeleton target = scaled(source, factor);
    RawClip expected = walk.clip;
    for (Transform& key : expected.keys) key.translation *= factor;
    const Retargeter r = retargeter_for(source, target);
    CHECK(r.scale() == doctest::Approx(factor));
    // The ground stays where it is, and here that is nearly 0 but not quite.
    CHECK(max_position_error_m(target, expected, target, retargeted(r, walk.clip, false)) < 1e-3f);
  }
  for (const unsigned seed : {5u, 6u, 7u}) {
    CAPTURE(seed);
    const Skeleton target = with_turned_frames(source, seed);
    const RawClip clip = random_clip(source, 60, seed);
    const RawClip out = retargeted(retargeter_for(source, target), clip, false);
    CHECK(max_position_error_m(source, clip, target, out) < 1e-5f);
    const RawClip back = retargeted(retargeter_for(target, source), out, false);
    CHECK(max_position_error_m(source, clip, source, back) < 2e-5f);
  }
}

TEST_CASE("retarget: A-pose and T-pose, other facings and given reference poses agree") {
  const Skeleton t = make_humanoid();
  const RawClip clip = random_clip(t, 60, 3);
  // The same body resting with arms down: limbs still point where the source's do.
  for (const float angle : {0.4f, 0.9f, 1.4f}) {
    CAPTURE(angle);
    const Skeleton a = a_pose(t, angle);
    const RawClip out = retargeted(retargeter_for(t, a), clip, false);
    CHECK(max_position_error_m(t, clip, a, out) < 1e-5f);
    // And they do not roll: the forearm's frame, straight in both rest poses, is turned by as much
    // as its rest pose is.
    const int forearm = t.find("LeftForeArm");
    const Quat p = model_transform(t, clip.frame(30), forearm).rotation;
    const Quat q = model_transform(a, out.frame(30), forearm).rotation;
    CHECK(std::abs(glm::dot(p, q)) > 1.0f - 1e-5f);
  }
  // A rest pose all along one axis, as some exporters write, with a pose to stand in given instead.
  SkeletonDesc desc;
  for (int j = 0; j < t.num_joints(); ++j) {
    desc.joints.push_back(
        {std::string(t.name(j)), t.parent(j), t.rest_pose()[static_cast<std::size_t>(j)]});
    desc.joints.back().rest.rotation = exp_rotation(
        Vec3(0.3f * static_cast<float>(j % 5), 0.7f, -0.4f * static_cast<float>(j % 3)));
  }
  desc.end_sites.assign(t.end_sites().begin(), t.end_sites().end());
  const Result<Skeleton> odd = make_skeleton(desc);
  REQUIRE(odd.ok());
  CHECK(standing_score(*odd, map_joints(*odd), odd->rest_pose()) < 0.7f);
  RetargetSettings settings;
  settings.source_reference = t.rest_pose();
  // `odd` has the joints of `t`, so poses of one are poses of the other.
  const RawClip out = retargeted(retargeter_for(*odd, t, settings), clip, false);
  CHECK(max_position_error_m(t, clip, t, out) < 1e-5f);

  // A character that rests facing +X moves through the world as the source does.
  std::vector<Transform> turned(t.rest_pose().begin(), t.rest_pose().end());
  turned[0].rotation = exp_rotation(Vec3(0.0f, 1.5707963f, 0.0f));
  desc.joints.clear();
  for (int j = 0; j < t.num_joints(); ++j)
    desc.joints.push_back(
        {std::string(t.name(j)), t.parent(j), turned[static_cast<std::size_t>(j)]});
  const Result<Skeleton> facing_x = make_skeleton(desc);
  REQUIRE(facing_x.ok());
  const RawClip same_world = retargeted(retargeter_for(t, *facing_x), clip, false);
  CHECK(max_position_error_m(t, clip, *facing_x, same_world) < 1e-5f);
}

TEST_CASE("retarget: spines of different lengths share the turn") {
  const Skeleton three = make_humanoid();
  SkeletonDesc desc;
  for (int j = 0; j < three.num_joints(); ++j)
    desc.joints.push_back({std::string(three.name(j)), three.parent(j),
                           three.rest_pose()[static_cast<std::size_t>(j)]});
  // Five spine joints instead of three.
  const int chest = three.find("Spine2");
  Transform up;
  up.translation = Vec3(0.0f, 0.05f, 0.0f);
  desc.joints.push_back({"Spine3", chest, up});
  desc.joints.push_back({"Spine4", three.num_joints(), up});
  for (int j = 0; j < three.num_joints(); ++j)
    if (three.parent(j) == chest)
      desc.joints[static_cast<std::size_t>(j)].parent = three.num_joints() + 1;
  const Result<Skeleton> five = make_skeleton(desc);
  REQUIRE(five.ok());
  const RawClip clip = random_clip(three, 30, 4, 0.4f);
  const RawClip out = retargeted(retargeter_for(three, *five), clip, false);
  const JointMap map = map_joints(*five);
  REQUIRE(map.spine.size() == 5);
  for (int f = 0; f < clip.num_frames(); ++f) {
    const Quat source_chest = model_transform(three, clip.frame(f), chest).rotation;
    const Quat target_chest = model_transform(*five, out.frame(f), map.spine[4]).rotation;
    CHECK(std::abs(glm::dot(source_chest, target_chest)) > 1.0f - 1e-5f);
    // Each of the five turns by less than the three did at most.
    float most = 0.0f;
    for (const char* name : {"Spine", "Spine1", "Spine2"})
      most =
          std::max(most, glm::length(log_rotation(
                             clip.frame(f)[static_cast<std::size_t>(three.find(name))].rotation)));
    for (const int j : map.spine)
      CHECK(glm::length(log_rotation(out.frame(f)[static_cast<std::size_t>(j)].rotation)) <
            most + 1e-3f);
  }

  // Three joints that bend by 0.3 rad each bend five by 0.18 each.
  RawClip bow = clip;
  for (int j = 0; j < bow.num_joints; ++j)
    bow.frame(0)[static_cast<std::size_t>(j)] = three.rest_pose()[static_cast<std::size_t>(j)];
  for (const char* name : {"Spine", "Spine1", "Spine2"})
    bow.frame(0)[static_cast<std::size_t>(three.find(name))].rotation =
        exp_rotation(Vec3(0.3f, 0.0f, 0.0f));
  const RawClip shared = retargeted(retargeter_for(three, *five), bow, false);
  for (const int j : map.spine) {
    const Vec3 bend = log_rotation(shared.frame(0)[static_cast<std::size_t>(j)].rotation);
    CHECK(glm::distance(bend, Vec3(0.18f, 0.0f, 0.0f)) < 1e-4f);
  }
}

TEST_CASE("retarget: feet that stand do not slide on longer or shorter legs") {
  const Skeleton source = make_humanoid();
  const Walk walk = make_walk(source, 4.0f, 60.0f);
  // Other proportions: short thighs, long shins, broad hips.
  SkeletonDesc desc;
  for (int j = 0; j < source.num_joints(); ++j) {
    desc.joints.push_back({std::string(source.name(j)), source.parent(j),
                           source.rest_pose()[static_cast<std::size_t>(j)]});
    Vec3& offset = desc.joints.back().rest.translation;
    const std::string name(source.name(j));
    if (name == "LeftLeg" || name == "RightLeg") offset *= 0.7f;
    if (name == "LeftFoot" || name == "RightFoot") offset *= 1.2f;
    if (name == "LeftUpLeg" || name == "RightUpLeg") offset.x *= 1.5f;
  }
  desc.end_sites.assign(source.end_sites().begin(), source.end_sites().end());
  const Result<Skeleton> target = make_skeleton(desc);
  REQUIRE(target.ok());
  const Retargeter r = retargeter_for(source, *target);
  RetargetReport report;
  const RawClip out = retargeted(r, walk.clip, true, &report);
  MESSAGE("slide " << 100.0f * report.source_slide_mps << " cm/s in the source, "
                   << 100.0f * report.slide_before_mps << " before, "
                   << 100.0f * report.slide_after_mps << " after clean-up; worst miss "
                   << report.worst_miss_m << " m");
  CHECK(report.slide_before_mps > 0.03f);
  CHECK(report.slide_after_mps < 0.003f);
  // The soles stand on the ground of the source.
  Result<ContactTrack> contacts = detect_contacts(*target, out);
  REQUIRE(contacts.ok());
  CHECK(std::abs(contacts->ground_m) < 0.01f);
  // No pops: between frames no joint moves much faster than without clean-up.
  const RawClip plain = retargeted(r, walk.clip, false);
  const auto fastest = [&](const RawClip& c) {
    float worst = 0.0f;
    for (int f = 1; f < c.num_frames(); ++f)
      for (std::size_t j = 0; j < static_cast<std::size_t>(c.num_joints); ++j)
        worst =
            std::max(worst, glm::length(log_rotation(c.frame(f)[j].rotation *
                                                     glm::conjugate(c.frame(f - 1)[j].rotation))));
    return worst;
  };
  CHECK(fastest(out) < 2.0f * fastest(plain));
}

TEST_CASE("retarget: bad calls are refused with words; a pose takes no heap") {
  const Skeleton human = make_humanoid();
  SkeletonDesc desc;
  for (int j = 0; j < 6; ++j)
    desc.joints.push_back({std::string("link").append(std::to_string(j)), j - 1, {}});
  const Result<Skeleton> chain = make_skeleton(desc);
  REQUIRE(chain.ok());
  CHECK(make_retargeter(human, *chain).error().code == ErrorCode::unsupported);
  RetargetSettings settings;
  settings.target_reference = chain->rest_pose();
  CHECK(make_retargeter(human, human, settings).error().message.find("target") !=
        std::string::npos);
  CHECK_FALSE(retarget(retargeter_for(human, human), RawClip{}).ok());

  const Retargeter r = retargeter_for(human, scaled(human, 2.0f));
  const Pose in(human);
  Pose out(r.target());
  std::vector<Transform> scratch(r.scratch_size());
  HeapProbe probe;
  retarget_pose(r, in, 0.0f, scratch, out);
  CHECK(probe.count() == 0);
}

TEST_CASE("retarget: one performance captured on two skeletons agrees in its limbs") {
  const auto path_a = shared_data("motions/bvh/cmu_mb_05_20_dance.bvh");
  const auto path_b = shared_data("motions/bvh/cmu_daz_05_20_dance.bvh");
  if (!path_a || !path_b) return;
  const importer::Scene a = loaded(*path_a);
  const importer::Scene b = loaded(*path_b);
  const JointMap map_a = map_joints(a.skeleton);
  const JointMap map_b = map_joints(b.skeleton);
  RetargetReport report;
  Result<RawClip> out =
      retarget(a.skeleton, a.clips[0], b.skeleton, {}, {false, 0.15f, {}}, &report);
  REQUIRE(out.ok());
  // The T-pose in frame 0 of the second file is no part of the performance.
  const int start = 2;
  const Angles self = limb_angles(a.skeleton, a.clips[0], map_a, b.skeleton, *out, map_b, start);
  const Angles files =
      limb_angles(a.skeleton, a.clips[0], map_a, b.skeleton, b.clips[0], map_b, start);
  const Angles angles = limb_angles(b.skeleton, *out, map_b, b.skeleton, b.clips[0], map_b, start);
  // The second skeleton's wrist lies forward of the forearm, which turns that bone by 20 degrees.
  const auto without_forearms = [](const JointMap& m) {
    std::vector<Bone> bones = limb_bones(m);
    std::erase_if(bones, [&](const Bone& bone) {
      return bone.a == m.arms[0].forearm || bone.a == m.arms[1].forearm;
    });
    return bones;
  };
  const Angles others = bone_angles(b.skeleton, *out, without_forearms(map_b), b.skeleton,
                                    b.clips[0], without_forearms(map_b), start);
  MESSAGE("limbs off their source: mean "
          << self.mean_deg << ", worst " << self.max_deg << " deg; off the other file: mean "
          << angles.mean_deg << ", without forearms " << others.mean_deg << ", worst "
          << others.max_deg << " deg (the files between them: mean " << files.mean_deg
          << "); scale " << report.scale);
  // Limbs point where the source's point; what is left to the other file is what the makers of the
  // two files did differently.
  CHECK(self.max_deg < 0.2);
  CHECK(angles.mean_deg < files.mean_deg + 0.1);
  CHECK(others.mean_deg < 5.0);
}

TEST_CASE("retarget: captured motions onto each other, feet before and after") {
  const char* const files[] = {"cmu_mb_12_01_walk",  "accad_swagger",      "100style_rushed",
                               "pymo_meredith_walk", "rokoko_jesse_dance", "cmu_daz_10_03_kick",
                               "makehuman_walk1"};
  const char* const rigs[] = {"mixamorig_freebvh", "mocapbank", "makehuman_walk1", "geno_stance",
                              "cmu_mb_05_20_dance"};
  for (const char* rig : rigs) {
    const auto rig_path = shared_data(std::string("motions/bvh/").append(rig).append(".bvh"));
    if (!rig_path) return;
    const importer::Scene target = loaded(*rig_path);
    const JointMap target_map = map_joints(target.skeleton);
    for (const char* file : files) {
      const auto path = shared_data(std::string("motions/bvh/").append(file).append(".bvh"));
      if (!path) return;
      importer::Scene source = loaded(*path);
      RawClip& clip = source.clips[0];
      clip.keys.resize(
          static_cast<std::size_t>(std::min(clip.num_frames(), 600) * clip.num_joints));
      RetargetReport report;
      const Result<RawClip> out = retarget(source.skeleton, clip, target.skeleton, {}, {}, &report);
      REQUIRE(out.ok());
      REQUIRE(validate(*out, target.skeleton).ok());
      const Result<RawClip> plain =
          retarget(source.skeleton, clip, target.skeleton, {}, {false, 0.15f, {}});
      const Angles angles = limb_angles(source.skeleton, clip, map_joints(source.skeleton),
                                        target.skeleton, *plain, target_map, 0);
      MESSAGE(std::string(file) << " -> " << std::string(rig) << ": scale " << report.scale
                                << ", mapped " << report.mapped << ", limbs off by "
                                << angles.max_deg << " deg, slide source "
                                << 100.0f * report.source_slide_mps << ", before "
                                << 100.0f * report.slide_before_mps << ", after "
                                << 100.0f * report.slide_after_mps << " cm/s, miss "
                                << report.worst_miss_m << " m");
      CHECK(angles.max_deg < 0.2);
      CHECK(report.slide_after_mps < 0.005f);
      // The torso leans and faces as the source's. Rest poses are not exactly alike, so not
      // exactly.
      const JointMap source_map = map_joints(source.skeleton);
      const Angles spine =
          bone_angles(source.skeleton, clip, {{source_map.hips, source_map.head}}, target.skeleton,
                      *plain, {{target_map.hips, target_map.head}}, 0);
      const Angles across = bone_angles(
          source.skeleton, clip, {{source_map.legs[0].thigh, source_map.legs[1].thigh}},
          target.skeleton, *plain, {{target_map.legs[0].thigh, target_map.legs[1].thigh}}, 0);
      MESSAGE("spine off by " << spine.max_deg << ", hips by " << across.max_deg << " deg");
      CHECK(spine.max_deg < 20.0);
      CHECK(across.max_deg < 2.0);
    }
  }
}
