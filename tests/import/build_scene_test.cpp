#include <doctest/doctest.h>

#include <cmath>

#include "import/node_scene.h"
#include "import_support.h"
#include "skinned.h"

using namespace canter;
using namespace canter::importer::detail;

namespace {

Node node(const char* name, int parent, const Transform& local) {
  Node n;
  n.name = name;
  n.parent = parent;
  set_local(n, local);
  return n;
}

Track constant(const Vec4& value) {
  return {Interpolation::linear, {0.0, 0.5}, {value, value}};
}

}  // namespace

TEST_CASE("constant scales move into offsets and inverse binds, and nothing else moves") {
  const Quat turn = exp_rotation(Vec3(0, 0, 0.5f));
  NodeScene source;
  source.format = "fbx";
  source.nodes = {node("armature", -1, {turn, Vec3(1, 2, 3), Vec3(100.0f)}),
                  node("bone", 0, {kIdentityRotation, Vec3(0, 0.01f, 0), Vec3(0.5f)}),
                  node("bone", 1, {turn, Vec3(0, 0.02f, 0), Vec3(1.0f)})};
  source.skins = {{{1, 2}, {Mat4(1.0f), Mat4(1.0f)}}};
  MeshPart part;
  part.skin = 0;
  part.positions = {Vec3(0.1f, 0, 0), Vec3(0, 0.1f, 0), Vec3(0, 0, 0.1f)};
  part.indices = {0, 1, 2};
  part.influences.resize(3);
  for (Influences& influences : part.influences) influences.add(1, 2.0f);
  source.parts = {part};
  source.unit_m = 0.01f;
  Animation still;
  still.name = "still";
  still.nodes = {{2, {}, constant(Vec4(turn.x, turn.y, turn.z, turn.w)), {}}};
  source.animations = {still};
  Mat4 expected(1.0f);
  for (const Node& n : source.nodes) expected = expected * n.matrix;

  const auto scene = build_scene(source, "scaled.fbx", {});
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  CHECK_FALSE(scene->skeleton.has_scale());
  CHECK(test::find(*scene, "constant_scale_folded") != nullptr);
  CHECK(test::find(*scene, "names_made_unique") != nullptr);
  CHECK(scene->skeleton.num_joints() == 2);
  CHECK(scene->skeleton.find("bone_2") == 1);
  for (const int clip : {-1, 0}) {
    const std::vector<Vec3> skinned = test::skinned_positions(*scene, clip, 0.1f);
    for (std::size_t v = 0; v < 3; ++v)
      CHECK(glm::length(skinned[v] - 0.01f * Vec3(expected * Vec4(part.positions[v], 1.0f))) <
            1e-5f);
  }
}

TEST_CASE("a mirrored joint rests and plays in the same form") {
  NodeScene source;
  source.nodes = {node("root", -1, {}), node("hand", 0, {}), node("tip", 1, {})};
  Mat4 mirror(1.0f);
  mirror[1][1] = -1.0f;
  set_matrix(source.nodes[1], mirror);
  Animation still;
  still.name = "still";
  // The same mirror, as another program writes it.
  still.nodes = {{1, {}, constant(Vec4(0, 0, 0, 1)), constant(Vec4(1, -1, 1, 0))},
                 {0, {}, constant(Vec4(0, 0, 0, 1)), {}}};
  source.animations = {still};
  const auto scene = build_scene(source, "mirror.fbx", {});
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  const Transform& rest = scene->skeleton.rest_pose()[1];
  const Transform& key = scene->clips[0].frame(0)[1];
  CHECK(rest.scale == Vec3(-1, 1, 1));
  CHECK(key.scale == Vec3(-1, 1, 1));
  CHECK(std::abs(glm::dot(rest.rotation, key.rotation)) > 0.9999f);
  for (int c = 0; c < 3; ++c) CHECK(glm::length(to_matrix(key)[c] - mirror[c]) < 1e-5f);
}

TEST_CASE("the rate of a clip is the even one its keys lie on") {
  const auto at_rate = [](double hz, int n) {
    std::vector<double> times;
    for (int i = 0; i < n; ++i) times.push_back(i / hz);
    return times;
  };
  CHECK(choose_rate(at_rate(24, 50), 0, false).hz == 24);
  CHECK(choose_rate(at_rate(25, 50), 0, false).hz == 25);
  CHECK(choose_rate(at_rate(60, 50), 0, false).hz == 60);
  CHECK(choose_rate(at_rate(12, 50), 0, false).hz == 24);
  CHECK(choose_rate(at_rate(37.5, 500), 0, false).hz == doctest::Approx(37.5));
  // Rounded times: the middle gap is then a little off, the number of gaps is not.
  std::vector<double> rounded = at_rate(37.5, 1309);
  for (std::size_t i = 1; i < rounded.size(); i += 2) rounded[i] += 3e-5;
  CHECK(choose_rate(rounded, 0, false).hz == doctest::Approx(37.5));
  CHECK(choose_rate(at_rate(29.97, 500), 0, false).hz == doctest::Approx(29.97));
  CHECK(choose_rate(at_rate(15, 50), 60, false).hz == 60);
  CHECK(choose_rate(at_rate(24, 50), 0, true).hz == 72);
  CHECK(choose_rate({0.0, 0.013, 0.4, 1.0}, 0, false).hz == 120);
  CHECK(choose_rate({0.0, 0.013, 0.4, 1.0}, 0, false).worst_s > 1e-3);
  CHECK(choose_rate({0.0}, 0, false).hz == 30);
}
