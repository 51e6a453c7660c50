#include "canter/anim/skeleton.h"

#include <doctest/doctest.h>

#include <limits>

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
