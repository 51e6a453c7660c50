#include "canter/anim/joint_map.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "anim/joint_names.h"
#include "canter/import/import.h"
#include "motion_fixtures.h"
#include "test_data.h"

using namespace canter;
using namespace canter::test;

namespace {

struct Named {
  const char* name;
  int parent;
};

Skeleton skeleton_of(const std::vector<Named>& joints) {
  SkeletonDesc desc;
  for (const Named& j : joints) desc.joints.push_back({j.name, j.parent, {}});
  Result<Skeleton> skeleton = make_skeleton(desc);
  REQUIRE(skeleton.ok());
  return std::move(skeleton).value();
}

std::string name_of(const Skeleton& skeleton, int joint) {
  return std::string(joint < 0 ? std::string_view("-") : skeleton.name(joint));
}

// "hips head thigh shin foot toes clavicle upper_arm forearm hand" of the left side.
std::string left_side(const Skeleton& s, const JointMap& m) {
  std::string out = name_of(s, m.hips);
  for (const int j : {m.head, m.legs[0].thigh, m.legs[0].shin, m.legs[0].foot, m.legs[0].toes,
                      m.arms[0].clavicle, m.arms[0].upper_arm, m.arms[0].forearm, m.arms[0].hand})
    out.append(1, ' ').append(name_of(s, j));
  return out;
}

std::string mapped_left_side(const Skeleton& s) {
  return left_side(s, map_joints(s));
}

}  // namespace

TEST_CASE("joint map: names of the common conventions without any geometry") {
  const Skeleton unreal = skeleton_of({{"root", -1},
                                       {"pelvis", 0},
                                       {"spine_01", 1},
                                       {"spine_02", 2},
                                       {"spine_03", 3},
                                       {"clavicle_l", 4},
                                       {"upperarm_l", 5},
                                       {"lowerarm_l", 6},
                                       {"hand_l", 7},
                                       {"index_01_l", 8},
                                       {"index_02_l", 9},
                                       {"thumb_01_l", 8},
                                       {"lowerarm_twist_01_l", 7},
                                       {"upperarm_twist_01_l", 6},
                                       {"clavicle_r", 4},
                                       {"upperarm_r", 14},
                                       {"lowerarm_r", 15},
                                       {"hand_r", 16},
                                       {"neck_01", 4},
                                       {"head", 18},
                                       {"thigh_l", 1},
                                       {"calf_l", 20},
                                       {"calf_twist_01_l", 21},
                                       {"foot_l", 21},
                                       {"ball_l", 23},
                                       {"thigh_r", 1},
                                       {"calf_r", 25},
                                       {"foot_r", 26},
                                       {"ball_r", 27},
                                       {"ik_foot_root", 0},
                                       {"ik_foot_l", 29},
                                       {"ik_hand_root", 0},
                                       {"ik_hand_l", 31}});
  const JointMap map = map_joints(unreal);
  CHECK(left_side(unreal, map) ==
        "pelvis head thigh_l calf_l foot_l ball_l clavicle_l upperarm_l lowerarm_l hand_l");
  CHECK(map.convention == "unreal");
  CHECK(map.is_humanoid());
  CHECK(map.spine.size() == 3);
  CHECK(map.neck.size() == 1);
  CHECK(map.arms[0].fingers[1] ==
        std::vector<int>{unreal.find("index_01_l"), unreal.find("index_02_l")});
  CHECK(map.arms[0].fingers[0].size() == 1);
  CHECK(map.roles[static_cast<std::size_t>(unreal.find("ik_foot_l"))].part == BodyPart::none);

  const Skeleton biped = skeleton_of({{"Bip01", -1},
                                      {"Bip01 Pelvis", 0},
                                      {"Bip01 Spine", 1},
                                      {"Bip01 L Thigh", 2},
                                      {"Bip01 L Calf", 3},
                                      {"Bip01 L Foot", 4},
                                      {"Bip01 L Toe0", 5},
                                      {"Bip01 R Thigh", 2},
                                      {"Bip01 R Calf", 7},
                                      {"Bip01 R Foot", 8},
                                      {"Bip01 Spine1", 2},
                                      {"Bip01 Neck", 10},
                                      {"Bip01 Head", 11},
                                      {"Bip01 L Clavicle", 11},
                                      {"Bip01 L UpperArm", 13},
                                      {"Bip01 L Forearm", 14},
                                      {"Bip01 L Hand", 15},
                                      {"Bip01 L Finger0", 16},
                                      {"Bip01 L Finger01", 17},
                                      {"Bip01 L Finger4", 16},
                                      {"Bip01 L Finger41", 19},
                                      {"Bip01 R Clavicle", 11},
                                      {"Bip01 R UpperArm", 21},
                                      {"Bip01 R Forearm", 22},
                                      {"Bip01 L Finger41Nub", 20}});
  const JointMap max = map_joints(biped);
  CHECK(left_side(biped, max) ==
        "Bip01 Pelvis Bip01 Head Bip01 L Thigh Bip01 L Calf Bip01 L Foot Bip01 L Toe0 "
        "Bip01 L Clavicle Bip01 L UpperArm Bip01 L Forearm Bip01 L Hand");
  CHECK(max.arms[0].fingers[0] ==
        std::vector<int>{biped.find("Bip01 L Finger0"), biped.find("Bip01 L Finger01")});
  CHECK(max.arms[0].fingers[4].size() == 2);
  CHECK(max.legs[1].thigh == biped.find("Bip01 R Thigh"));

  // The name of a joint is the pivot: "hip" with a side is the thigh, "shoulder" the upper arm.
  CHECK(mapped_left_side(skeleton_of({{"root", -1},
                                      {"chest", 0},
                                      {"neck", 1},
                                      {"right_hip", 0},
                                      {"right_knee", 3},
                                      {"right_ankle", 4},
                                      {"right_shoulder", 1},
                                      {"right_elbow", 6},
                                      {"right_wrist", 7},
                                      {"left_hip", 0},
                                      {"left_knee", 9},
                                      {"left_ankle", 10},
                                      {"left_shoulder", 1},
                                      {"left_elbow", 12},
                                      {"left_wrist", 13}})) ==
        "root neck left_hip left_knee left_ankle - - left_shoulder left_elbow left_wrist");

  // Only the order along the limb tells these apart.
  CHECK(mapped_left_side(skeleton_of({{"torso", -1},
                                      {"leg_L_1", 0},
                                      {"leg_L_2", 1},
                                      {"leg_L_3", 2},
                                      {"leg_R_1", 0},
                                      {"leg_R_2", 4},
                                      {"leg_R_3", 5},
                                      {"arm_L_4", 0},
                                      {"arm_L_3", 7},
                                      {"arm_L_2", 8},
                                      {"Skull", 0}})) ==
        "torso Skull leg_L_1 leg_L_2 leg_L_3 - - arm_L_4 arm_L_3 arm_L_2");
}

TEST_CASE("joint map: a side written in any way is found, and no side where there is none") {
  const Skeleton s = skeleton_of({{"hero:LeftArm", -1},
                                  {"hero:lThigh", 0},
                                  {"hero:RFingers", 0},
                                  {"hero:thigh_r", 0},
                                  {"hero:Foot.L", 0},
                                  {"hero:Lefthand", 0},
                                  {"hero:lowerback", 0},
                                  {"hero:lfemur", 0},
                                  {"hero:rfemur", 0},
                                  {"hero:Root", 0},
                                  {"hero:R UpperArm", 0},
                                  {"hero:ball", 0}});
  const auto names = detail::parse_joint_names(s);
  const auto side = [&](int j) { return names[static_cast<std::size_t>(j)].side; };
  CHECK(side(0) == Side::left);
  CHECK(side(1) == Side::left);
  CHECK(side(2) == Side::right);
  CHECK(side(3) == Side::right);
  CHECK(side(4) == Side::left);
  CHECK(side(5) == Side::left);
  CHECK(side(6) == Side::center);
  CHECK(side(7) == Side::left);
  CHECK(side(8) == Side::right);
  CHECK(side(9) == Side::center);
  CHECK(side(10) == Side::right);
  CHECK(side(11) == Side::center);
  CHECK(names[7].word == "femur");
}

TEST_CASE("joint map: without telling names the tree and the rest pose decide") {
  const Skeleton named = make_humanoid();
  const JointMap expected = map_joints(named);
  REQUIRE(expected.is_humanoid());
  for (const float facing : {0.0f, 1.5707963f, 3.0f}) {
    CAPTURE(facing);
    SkeletonDesc desc;
    for (int j = 0; j < named.num_joints(); ++j)
      desc.joints.push_back({"node" + std::to_string(j), named.parent(j),
                             named.rest_pose()[static_cast<std::size_t>(j)]});
    desc.joints[0].rest.rotation = exp_rotation(Vec3(0.0f, facing, 0.0f));
    const Result<Skeleton> nameless = make_skeleton(desc);
    REQUIRE(nameless.ok());
    const JointMap map = map_joints(*nameless);
    CHECK(map.is_humanoid());
    CHECK(map.hips == expected.hips);
    CHECK(map.head == expected.head);
    for (std::size_t s = 0; s < 2; ++s) {
      CHECK(map.legs[s].thigh == expected.legs[s].thigh);
      CHECK(map.legs[s].shin == expected.legs[s].shin);
      CHECK(map.legs[s].foot == expected.legs[s].foot);
      CHECK(map.arms[s].upper_arm == expected.arms[s].upper_arm);
      CHECK(map.arms[s].forearm == expected.arms[s].forearm);
      CHECK(map.arms[s].hand == expected.arms[s].hand);
    }
    CHECK(map.spine == expected.spine);
    CHECK(map.roles[static_cast<std::size_t>(map.legs[0].thigh)].confidence < 0.5f);
  }
}

TEST_CASE("joint map: what is not a humanoid is said to be missing") {
  const Skeleton chain = skeleton_of({{"base", -1}, {"child1", 0}, {"child2", 1}});
  const JointMap map = map_joints(chain);
  CHECK_FALSE(map.is_humanoid());
  CHECK(map.hips == 0);
  CHECK(map.missing.size() > 10);
  CHECK_FALSE(map_joints(Skeleton()).is_humanoid());
}

TEST_CASE("joint map: every motion capture file of the test data") {
  struct File {
    const char* path;
    const char* left_side;
    std::size_t spine, neck;
  };
  const char* const cmu =
      "Hips Head LeftUpLeg LeftLeg LeftFoot LeftToeBase LeftShoulder LeftArm LeftForeArm LeftHand";
  const char* const daz = "hip head lThigh lShin lFoot - lCollar lShldr lForeArm lHand";
  const char* const biovision =
      "Hips Head LeftHip LeftKnee LeftAnkle LeftToe LeftCollar LeftShoulder LeftElbow LeftWrist";
  const char* const makehuman =
      "Root Head UpLeg_L LoLeg_L Foot_L Toe_L Clavicle_L UpArm_L LoArm_L Hand_L";
  const File files[] = {
      {"100style_rushed", biovision, 4, 1},
      {"accad_swagger", "root head lfemur ltibia lfoot ltoes lshoulderjoint lhumerus lradius lhand",
       3, 1},
      {"cmu1_jumping_jacks", biovision, 3, 2},
      {"cmu_daz_05_20_dance", daz, 2, 1},
      {"cmu_daz_10_03_kick", daz, 2, 1},
      {"pirouette", daz, 2, 1},
      {"cmu_mb_01_01_climb", cmu, 3, 2},
      {"cmu_mb_05_20_dance", cmu, 3, 2},
      {"cmu_mb_12_01_walk", cmu, 3, 2},
      {"dme_example", cmu, 3, 2},
      {"dme_style_result", cmu, 3, 2},
      {"fair1_dab", cmu, 4, 1},
      {"geno_stance", cmu, 4, 2},
      {"rokoko_jesse_dance", cmu, 3, 1},
      {"pymo_meredith_walk", cmu, 1, 0},
      {"pybvh_xzy_zup", cmu, 4, 2},
      {"pybvh_xyz",
       "Hips Head LeftUpLeg LeftLeg LeftFoot LeftForeFoot LeftShoulder LeftArm LeftForeArm "
       "LeftHand",
       4, 2},
      {"pybvh_yxz", biovision, 4, 1},
      {"mocapbank",
       "Hips Head LeftHip LeftKnee LeftAnkle - LeftCollar LeftShoulder LeftElbow LeftWrist", 2, 1},
      {"makehuman_dance1_pose", makehuman, 3, 1},
      {"makehuman_walk1", makehuman, 3, 1},
      {"makehuman_zombie_walk1", makehuman, 3, 1},
      {"makehuman_face_poseunits",
       "root head upperleg01.L lowerleg01.L foot.L toe1-1.L clavicle.L upperarm01.L lowerarm01.L "
       "wrist.L",
       5, 3},
      {"mixamorig_freebvh",
       "mixamorig:Hips mixamorig:Head mixamorig:LeftUpLeg mixamorig:LeftLeg mixamorig:LeftFoot "
       "mixamorig:LeftToeBase mixamorig:LeftShoulder mixamorig:LeftArm mixamorig:LeftForeArm "
       "mixamorig:LeftHand",
       3, 1},
  };
  for (const File& file : files) {
    CAPTURE(std::string(file.path));
    const auto path = shared_data("motions/bvh/" + std::string(file.path) + ".bvh");
    if (!path) return;
    const Result<importer::Scene> scene = importer::load_file(path->string());
    REQUIRE(scene.ok());
    const JointMap map = map_joints(scene->skeleton);
    CHECK(left_side(scene->skeleton, map) == file.left_side);
    CHECK(map.spine.size() == file.spine);
    CHECK(map.neck.size() == file.neck);
    CHECK(map.is_humanoid());
    // The right side is the left with the other side's names: found on the same places.
    for (const auto& [left, right] : {std::pair{map.legs[0].thigh, map.legs[1].thigh},
                                      {map.legs[0].toes, map.legs[1].toes},
                                      {map.arms[0].clavicle, map.arms[1].clavicle},
                                      {map.arms[0].hand, map.arms[1].hand}}) {
      CHECK((left < 0) == (right < 0));
      CHECK((left < 0 || left != right));
    }
  }
}

TEST_CASE("joint map: the characters of the test data") {
  struct File {
    const char* path;
    const char* left_side;
    std::size_t spine, neck;
    bool humanoid;
  };
  const char* const pab =
      "Pelvis Head LeftUpLeg LeftLeg LeftFoot LeftFootThumb1 LeftShoulder LeftArm LeftForeArm "
      "Lefthand";
  const File files[] = {
      {"CesiumMan.glb",
       "Skeleton_torso_joint_1 Skeleton_neck_joint_2 leg_joint_L_1 leg_joint_L_2 leg_joint_L_3 "
       "leg_joint_L_5 - Skeleton_arm_joint_L__4_ Skeleton_arm_joint_L__3_ Skeleton_arm_joint_L__2_",
       2, 1, true},
      // The same character without names and facing +X: told by the rest pose.
      {"CesiumMan_embedded.gltf",
       "node_2 node_20 node_7 node_8 node_9 node_10 - node_16 node_17 node_18", 2, 1, true},
      {"Geno_bind.fbx",
       "Hips Head LeftUpLeg LeftLeg LeftFoot LeftToeBase LeftShoulder LeftArm LeftForeArm LeftHand",
       4, 2, true},
      {"pab_walk.fbx", pab, 4, 1, true},
      {"pab_skeleton.dae", pab, 4, 1, true},
      {"arnaud.fbx", pab, 4, 1, true},
      {"Fox.glb",
       "b_Hip_01 b_Head_05 b_LeftLeg01_015 b_LeftLeg02_016 b_LeftFoot01_017 b_LeftFoot02_018 - "
       "b_LeftUpperArm_09 b_LeftForeArm_010 b_LeftHand_011",
       2, 1, true},
      // Its feet hang on the root, beside the legs that chase them.
      {"robot.glb", "Body Head UpperLeg.L LowerLeg.L - - Shoulder.L UpperArm.L LowerArm.L Palm1.L",
       3, 1, false},
      // Six limbs without knees, elbows, or names that say more.
      {"greenman.glb", "root - hip_L leg_L - - - - - hand_L", 0, 0, false},
  };
  for (const File& file : files) {
    CAPTURE(std::string(file.path));
    const auto path = shared_data(std::string("characters/").append(file.path));
    if (!path) return;
    const Result<importer::Scene> scene = importer::load_file(path->string());
    REQUIRE(scene.ok());
    const JointMap map = map_joints(scene->skeleton);
    CHECK(left_side(scene->skeleton, map) == file.left_side);
    CHECK(map.spine.size() == file.spine);
    CHECK(map.neck.size() == file.neck);
    CHECK(map.is_humanoid() == file.humanoid);
    CHECK(map.is_humanoid() ==
          (std::find(map.missing.begin(), map.missing.end(), "left foot") == map.missing.end()));
  }
}
