#include "canter/anim/skeleton.h"

#include <doctest/doctest.h>

#include <limits>

#include "synthetic.h"

using namespace canter;

TEST_CASE("make_skeleton sorts parents first and reports where joints went") {
  SkeletonDesc desc;
  desc.joints = {{"hand", 2, {}}, {"root", -1, {}}, {"arm", 1, {}}, {"leg", 1, {}}};
  desc.end_sites = {{0, Vec3(0, 1, 0)}};
  std::vector<int> index;
  const Result<Skeleton> skeleton = make_skeleton(desc, &index);
  REQUIRE(skeleton.ok());
  CHECK(index == std::vector<int>{2, 0, 1, 3});
  CHECK(skeleton->name(2) == "hand");
  CHECK(skeleton->parent(2) == 1);
  CHECK(skeleton->find("leg") == 3);
  CHECK(skeleton->find("tail") == -1);
  CHECK(skeleton->end_sites()[0].joint == 2);
}

TEST_CASE("make_skeleton refuses what cannot be a skeleton") {
  SkeletonDesc desc;
  CHECK_FALSE(make_skeleton(desc).ok());
  desc.joints = {{"a", 1, {}}, {"b", 0, {}}};
  CHECK(make_skeleton(desc).error().message.find("cycle") != std::string::npos);
  desc.joints = {{"a", 7, {}}};
  CHECK_FALSE(make_skeleton(desc).ok());
  desc.joints = {{"", -1, {}}};
  CHECK_FALSE(make_skeleton(desc).ok());
  desc.joints = {{"a", -1, {}}};
  desc.joints[0].rest.translation.x = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(make_skeleton(desc).ok());
  desc.joints.assign(kMaxJoints + 1, {"a", -1, {}});
  CHECK(make_skeleton(desc).error().code == ErrorCode::limit);
  desc.joints.resize(kMaxJoints);
  CHECK(make_skeleton(desc).ok());
}

TEST_CASE("a described skeleton is made again the same") {
  SkeletonDesc desc;
  desc.joints = {{"root", -1, {}}, {"arm", 0, {}}, {"leg", 0, {}}};
  desc.joints[1].rest.translation = Vec3(0, 1, 0);
  desc.end_sites = {{1, Vec3(0, 2, 0)}};
  desc.has_scale = true;
  const Result<Skeleton> skeleton = make_skeleton(desc);
  REQUIRE(skeleton.ok());
  const Result<Skeleton> again = make_skeleton(describe(*skeleton));
  REQUIRE(again.ok());
  CHECK(again->hash() == skeleton->hash());
  CHECK(again->has_scale());
  REQUIRE(again->end_sites().size() == 1);
  CHECK(again->end_sites()[0].offset == Vec3(0, 2, 0));
}

TEST_CASE("links name every joint once, parents first, shallow before deep within a run") {
  for (const int joints : {1, 67, kDepthRun, 3 * kDepthRun + 5}) {
    CAPTURE(joints);
    const Skeleton skeleton = test::synthetic_skeleton(joints);
    const std::span<const JointLink> links = skeleton.links();
    REQUIRE(links.size() == static_cast<std::size_t>(joints));
    std::vector<int> depth(links.size(), -1);
    for (std::size_t i = 0; i < links.size(); ++i) {
      const std::size_t run = i / kDepthRun;
      const std::size_t joint = run * kDepthRun + links[i].joint;
      REQUIRE(joint < links.size());
      CHECK(depth[joint] < 0);  // once
      CHECK(links[i].parent == skeleton.parent(static_cast<int>(joint)));
      const int above = links[i].parent < 0 ? -1 : depth[static_cast<std::size_t>(links[i].parent)];
      CHECK((links[i].parent < 0 || above >= 0));  // the parent came before
      depth[joint] = above + 1;
      if (i % kDepthRun == 0) continue;
      const std::size_t last = run * kDepthRun + links[i - 1].joint;
      CHECK(depth[last] <= depth[joint]);
    }
  }
}
