#include "canter/import/write_glb.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "character_files.h"
#include "skinned.h"
#include "test_data.h"

using namespace canter;

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

float distance(const Transform& a, const Transform& b, float size) {
  const float turn =
      std::min(glm::length(a.rotation - b.rotation), glm::length(a.rotation + b.rotation));
  return std::max(
      {turn, glm::length(a.translation - b.translation) / size, glm::length(a.scale - b.scale)});
}

float distance(const Mat4& a, const Mat4& b, float size) {
  float worst = 0.0f;
  for (int c = 0; c < 4; ++c)
    for (int r = 0; r < 3; ++r)
      worst = std::max(worst, std::abs(a[c][r] - b[c][r]) / (c == 3 ? size : 1.0f));
  return worst;
}

float size_of(const importer::Scene& scene) {
  float size = 1e-3f;
  for (const Mat4& m : test::joint_models(scene, -1, 0.0f))
    size = std::max(size, glm::length(Vec3(m[3])));
  if (scene.mesh)
    for (const auto& v : scene.mesh->vertices) size = std::max(size, glm::length(v.position));
  return size;
}

// Worst difference of what both scenes hold, lengths as a fraction of the scene's size.
float difference(const importer::Scene& a, const importer::Scene& b) {
  const float size = size_of(a);
  float worst = 0.0f;
  REQUIRE(a.skeleton.num_joints() == b.skeleton.num_joints());
  REQUIRE(a.clips.size() == b.clips.size());
  CHECK(a.skeleton.has_scale() == b.skeleton.has_scale());
  std::vector<int> same;
  for (int j = 0; j < a.skeleton.num_joints(); ++j) {
    same.push_back(b.skeleton.find(a.skeleton.name(j)));
    REQUIRE(same.back() >= 0);
    const int parent = a.skeleton.parent(j);
    CHECK(b.skeleton.parent(same.back()) == (parent < 0 ? -1 : same[at(parent)]));
    worst = std::max(worst, distance(a.skeleton.rest_pose()[at(j)],
                                     b.skeleton.rest_pose()[at(same.back())], size));
  }
  REQUIRE(a.skeleton.end_sites().size() == b.skeleton.end_sites().size());
  for (std::size_t c = 0; c < a.clips.size(); ++c) {
    const RawClip& x = a.clips[c];
    const RawClip& y = b.clips[c];
    CHECK(x.name == y.name);
    CHECK(x.loop == y.loop);
    CHECK(x.rate_hz == doctest::Approx(y.rate_hz).epsilon(1e-6));
    REQUIRE(x.num_frames() == y.num_frames());
    for (int f = 0; f < x.num_frames(); ++f)
      for (int j = 0; j < x.num_joints; ++j)
        worst = std::max(worst, distance(x.frame(f)[at(j)], y.frame(f)[at(same[at(j)])], size));
  }
  REQUIRE(a.mesh.has_value() == b.mesh.has_value());
  if (!a.mesh) return worst;
  REQUIRE(a.mesh->vertices.size() == b.mesh->vertices.size());
  CHECK(a.mesh->indices == b.mesh->indices);
  for (std::size_t i = 0; i < a.mesh->vertices.size(); ++i) {
    const SkinnedMesh::Vertex& v = a.mesh->vertices[i];
    const SkinnedMesh::Vertex& w = b.mesh->vertices[i];
    worst = std::max({worst, glm::length(v.position - w.position) / size,
                      glm::length(v.normal - w.normal), glm::length(v.uv - w.uv),
                      glm::length(v.weights - w.weights)});
    for (int k = 0; k < 4; ++k) {
      if (v.weights[k] == 0.0f) continue;
      const SkinBone& x = a.mesh->bones[v.bones[at(k)]];
      const SkinBone& y = b.mesh->bones[w.bones[at(k)]];
      CHECK(same[at(x.joint)] == y.joint);
      worst = std::max(worst, distance(x.inverse_bind, y.inverse_bind, size));
    }
  }
  REQUIRE(a.mesh->parts.size() == b.mesh->parts.size());
  for (std::size_t i = 0; i < a.mesh->parts.size(); ++i) {
    CHECK(a.mesh->parts[i].name == b.mesh->parts[i].name);
    CHECK(a.mesh->parts[i].material == b.mesh->parts[i].material);
    CHECK(a.mesh->parts[i].num_indices == b.mesh->parts[i].num_indices);
  }
  REQUIRE(a.mesh->materials.size() == b.mesh->materials.size());
  for (std::size_t i = 0; i < a.mesh->materials.size(); ++i) {
    CHECK(a.mesh->materials[i].name == b.mesh->materials[i].name);
    CHECK(a.mesh->materials[i].base_color == b.mesh->materials[i].base_color);
    CHECK(a.mesh->materials[i].texture == b.mesh->materials[i].texture);
  }
  REQUIRE(a.mesh->textures.size() == b.mesh->textures.size());
  for (std::size_t i = 0; i < a.mesh->textures.size(); ++i)
    CHECK(a.mesh->textures[i].bytes == b.mesh->textures[i].bytes);
  return worst;
}

}  // namespace

TEST_CASE("every character comes back from GLB as it went") {
  float worst = 0.0f;
  for (const std::string& file : test::character_files()) {
    CAPTURE(file);
    const auto path = test::shared_data("characters/" + file);
    if (!path) return;
    const auto scene = importer::load_file(path->string());
    REQUIRE_MESSAGE(scene.ok(), scene.error().message);
    const auto bytes =
        importer::write_glb(scene->skeleton, scene->mesh ? &*scene->mesh : nullptr, scene->clips);
    REQUIRE_MESSAGE(bytes.ok(), bytes.error().message);
    const auto back = importer::load(*bytes, "back.glb");
    REQUIRE_MESSAGE(back.ok(), back.error().message);
    worst = std::max(worst, difference(*scene, *back));
  }
  std::printf("GLB round trip: worst difference %.2g of the scene's size\n",
              static_cast<double>(worst));
  CHECK(worst < 1e-5f);
}

TEST_CASE("a skeleton without a mesh, with end sites, two roots, scale and an odd rate") {
  SkeletonDesc desc;
  desc.joints = {{"hips", -1, {kIdentityRotation, Vec3(0, 1, 0), Vec3(1.0f)}},
                 {"leg \"left\"", 0, {kIdentityRotation, Vec3(0, -0.5f, 0), Vec3(1.0f)}},
                 {"prop", -1, {}}};
  desc.end_sites = {{1, Vec3(0, -0.4f, 0.1f)}};
  desc.has_scale = true;
  const auto skeleton = make_skeleton(desc);
  REQUIRE(skeleton.ok());
  RawClip clip;
  clip.name = "clip";
  clip.rate_hz = 29.97f;
  clip.num_joints = 3;
  clip.loop = true;
  for (int f = 0; f < 100; ++f) {
    const float t = static_cast<float>(f) / 99.0f;
    clip.keys.push_back({exp_rotation(Vec3(0, t, 0)), Vec3(t, 1, 0), Vec3(1.0f)});
    clip.keys.push_back({exp_rotation(Vec3(t, 0, 0)), Vec3(0, -0.5f, 0), Vec3(1 + t, 1, 1)});
    clip.keys.push_back({});
  }
  const auto bytes = importer::write_glb(*skeleton, nullptr, {&clip, 1});
  REQUIRE(bytes.ok());
  const auto back = importer::load(*bytes, "back.glb");
  REQUIRE_MESSAGE(back.ok(), back.error().message);
  importer::Scene original;
  original.skeleton = *skeleton;
  original.clips = {clip};
  CHECK(difference(original, *back) < 1e-5f);
  CHECK(glm::length(back->skeleton.end_sites()[0].offset - Vec3(0, -0.4f, 0.1f)) < 1e-6f);
}

TEST_CASE("write_glb refuses what glTF cannot say") {
  CHECK_FALSE(importer::write_glb(Skeleton(), nullptr, {}).ok());
  SkeletonDesc desc;
  desc.joints = {{"a", -1, {}}};
  const auto skeleton = make_skeleton(desc);
  RawClip clip;
  CHECK_FALSE(importer::write_glb(*skeleton, nullptr, {&clip, 1}).ok());

  SkinnedMesh mesh;
  mesh.materials.push_back({});
  mesh.bones = {{0, Mat4(1.0f)}, {0, Mat4(2.0f)}};
  mesh.vertices.resize(3);
  mesh.vertices[1].bones = {1, 1, 1, 1};
  mesh.indices = {0, 1, 2};
  mesh.parts = {{"part", 0, 3, 0}};
  const auto refused = importer::write_glb(*skeleton, &mesh, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("two inverse bind matrices") != std::string::npos);
  mesh.vertices[1].bones = {0, 0, 0, 0};
  CHECK(importer::write_glb(*skeleton, &mesh, {}).ok());
}
