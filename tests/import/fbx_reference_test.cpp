// Skinned vertices against meshes deformed by the programs that wrote the files.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

#include "skinned.h"
#include "test_data.h"

using namespace canter;

namespace {

struct Obj {
  std::vector<Vec3> positions;
  std::vector<std::vector<std::size_t>> faces;
};

Obj read_obj(const std::filesystem::path& path) {
  Obj obj;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "v") {
      Vec3 p;
      words >> p.x >> p.y >> p.z;
      obj.positions.push_back(p);
    } else if (kind == "f") {
      obj.faces.emplace_back();
      for (std::string corner; words >> corner;) obj.faces.back().push_back(std::stoul(corner) - 1);
    }
  }
  return obj;
}

// Largest distance between a corner of our triangles and the reference's corner, face by face: both
// files list their faces in the same order, a face of n corners being n - 2 triangles.
float worst_residual(const importer::Scene& scene, const std::vector<Vec3>& positions,
                     const Obj& obj) {
  float worst = 0.0f;
  std::size_t next = 0;
  std::vector<char> met;
  for (const std::vector<std::size_t>& face : obj.faces) {
    met.assign(face.size(), 0);
    for (std::size_t i = 0; i < 3 * (face.size() - 2); ++i) {
      REQUIRE(next < scene.mesh->indices.size());
      const Vec3 ours = positions[scene.mesh->indices[next++]];
      float nearest = std::numeric_limits<float>::max();
      std::size_t which = 0;
      for (std::size_t k = 0; k < face.size(); ++k) {
        const float d = glm::length(ours - obj.positions[face[k]] * scene.unit_m);
        if (d < nearest) which = k;
        nearest = std::min(nearest, d);
      }
      met[which] = 1;
      worst = std::max(worst, nearest);
    }
    // Every corner of the face was somebody's nearest, so nothing matched twice by luck.
    CHECK(std::count(met.begin(), met.end(), 1) == static_cast<std::ptrdiff_t>(face.size()));
  }
  CHECK(next == scene.mesh->indices.size());
  return worst;
}

void check(const std::string& fbx, const std::string& clip, float time_s, const std::string& obj,
           float tolerance_of_size) {
  const auto fbx_path = test::shared_data("characters/fbx_reference/" + fbx);
  const auto obj_path = test::shared_data("characters/fbx_reference/" + obj);
  if (!fbx_path || !obj_path) return;
  const auto scene = importer::load_file(fbx_path->string());
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  REQUIRE(scene->mesh.has_value());
  const int index = test::find_clip(*scene, clip);
  REQUIRE(index >= 0);
  const Obj reference = read_obj(*obj_path);
  float size = 0.0f;
  for (const Vec3& p : reference.positions) size = std::max(size, glm::length(p) * scene->unit_m);
  const float worst =
      worst_residual(*scene, test::skinned_positions(*scene, index, time_s), reference);
  std::printf("%s at %.4f s: worst vertex %.3g m of a mesh of %.3g m (%.2g)\n", obj.c_str(),
              static_cast<double>(time_s), static_cast<double>(worst), static_cast<double>(size),
              static_cast<double>(worst / size));
  CHECK(worst <= tolerance_of_size * size);
}

// The references are written with six decimals of numbers up to 6 and computed in double; ours are
// computed in float: a few 1e-6 of the mesh's size are expected, ten times that is allowed.
constexpr float kTolerance = 2e-5f;

}  // namespace

TEST_CASE("Blender 2.79 FBX deforms like Blender") {
  const std::string fbx = "blender_279_sausage_7400_binary.fbx";
  check(fbx, "Base", 0.0f, "blender_279_sausage_base_0.obj", kTolerance);
  check(fbx, "Spin", 15.0f / 24.0f, "blender_279_sausage_spin_15.obj", kTolerance);
  // One frame past the clip's last key, which holds.
  check(fbx, "Wiggle", 20.0f / 24.0f, "blender_279_sausage_wiggle_20.obj", kTolerance);
}

TEST_CASE("Maya 2019 FBX deforms like Maya, binary and ASCII") {
  for (const char* fbx :
       {"maya_game_sausage_7500_binary_wiggle.fbx", "maya_game_sausage_7500_ascii_combined.fbx"}) {
    check(fbx, "wiggle", 9.0f / 24.0f, "maya_game_sausage_wiggle_10.obj", kTolerance);
    check(fbx, "wiggle", 17.0f / 24.0f, "maya_game_sausage_wiggle_18.obj", kTolerance);
  }
}
