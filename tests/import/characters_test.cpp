#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "canter/import/import.h"
#include "character_files.h"
#include "import_support.h"
#include "skinned.h"
#include "test_data.h"

using namespace canter;

namespace {

bool is_finite(const Mat4& m) {
  float sum = 0.0f;
  for (int c = 0; c < 4; ++c)
    for (int r = 0; r < 4; ++r) sum += m[c][r];
  return std::isfinite(sum);
}

importer::Scene load_character(const std::string& file, const importer::Options& options = {}) {
  auto scene = importer::load_file(test::shared_data("characters/" + file)->string(), options);
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  return std::move(*scene);
}

bool have_data() {
  return test::shared_data("characters").has_value();
}

}  // namespace

TEST_CASE("every character loads, validates and plays") {
  for (const std::string& file : test::character_files()) {
    CAPTURE(file);
    const importer::Scene scene = load_character(file);
    for (const RawClip& clip : scene.clips) CHECK(validate(clip, scene.skeleton).ok());
    if (scene.mesh) CHECK(validate(*scene.mesh, scene.skeleton).ok());
    CHECK((scene.mesh.has_value() || !scene.clips.empty()));
    for (int c = -1; c < static_cast<int>(scene.clips.size()); ++c) {
      const float duration = c < 0 ? 0.0f : scene.clips[static_cast<std::size_t>(c)].duration_s();
      for (const float part : {-0.1f, 0.0f, 0.31f, 0.5f, 0.97f, 1.0f, 1.2f}) {
        bool finite = true;
        for (const Mat4& m : test::joint_models(scene, c, part * duration))
          finite = finite && is_finite(m);
        if (scene.mesh)
          for (const Vec3& p : test::skinned_positions(scene, c, part * duration))
            finite = finite && std::isfinite(p.x + p.y + p.z);
        CHECK(finite);
      }
    }
  }
}

TEST_CASE("the same walk from FBX and from Collada") {
  if (!have_data()) return;
  const importer::Scene fbx = load_character("pab_walk.fbx");
  const importer::Scene dae = load_character("pab_walk.dae");
  CHECK(fbx.skeleton.num_joints() == dae.skeleton.num_joints());
  CHECK_FALSE(fbx.skeleton.has_scale());
  CHECK_FALSE(dae.skeleton.has_scale());
  REQUIRE(fbx.clips.size() == 1);
  REQUIRE(dae.clips.size() == 1);
  REQUIRE(fbx.clips[0].num_frames() == dae.clips[0].num_frames());
  float worst = 0.0f;
  int compared = 0;
  for (int f = 0; f < fbx.clips[0].num_frames(); ++f) {
    const float time_s = static_cast<float>(f) / fbx.clips[0].rate_hz;
    const std::vector<Mat4> a = test::joint_models(fbx, 0, time_s);
    const std::vector<Mat4> b = test::joint_models(dae, 0, time_s);
    for (int j = 0; j < fbx.skeleton.num_joints(); ++j) {
      const int k = dae.skeleton.find(fbx.skeleton.name(j));
      REQUIRE(k >= 0);
      worst = std::max(worst, glm::length(Vec3(a[static_cast<std::size_t>(j)][3]) -
                                          Vec3(b[static_cast<std::size_t>(k)][3])));
      ++compared;
    }
  }
  std::printf("pab_walk, FBX against Collada: %d joint positions, worst %.3g m\n", compared,
              static_cast<double>(worst));
  // The Collada file holds matrices of six decimals in centimetres: 1e-6 of an axis over the metre
  // from hips to fingertips, once per joint of the chain.
  CHECK(worst < 2e-5f);
}

TEST_CASE("units and axes: metres and Y up, or the file's own with raw") {
  if (!have_data()) return;
  importer::Options raw;
  raw.raw = true;
  for (const char* file : {"pab_walk.fbx", "pab_walk.dae"}) {
    CAPTURE(file);
    const importer::Scene metres = load_character(file);
    const importer::Scene own = load_character(file, raw);
    CHECK(metres.unit_m == doctest::Approx(0.01f));
    CHECK(own.unit_m == doctest::Approx(0.01f));
    REQUIRE(test::find(metres, "unit_scale_applied") != nullptr);
    CHECK(test::find(metres, "unit_scale_applied")->state == importer::FixState::applied);
    CHECK(test::find(own, "unit_scale_applied")->state == importer::FixState::none);
    const int head = metres.skeleton.find("Head");
    REQUIRE(head >= 0);
    const Vec3 a = test::joint_models(metres, 0, 0.5f)[static_cast<std::size_t>(head)][3];
    const Vec3 b = test::joint_models(own, 0, 0.5f)[static_cast<std::size_t>(head)][3];
    CHECK(glm::length(a - 0.01f * b) < 1e-5f);
    CHECK(a.y > 1.2f);
    CHECK(a.y < 2.0f);
  }
  const importer::Scene blender =
      load_character("fbx_reference/blender_279_sausage_7400_binary.fbx");
  CHECK(blender.unit_m == doctest::Approx(1.0f));
  importer::Options half;
  half.unit_m = 0.5f;
  const importer::Scene given =
      load_character("fbx_reference/blender_279_sausage_7400_binary.fbx", half);
  const std::vector<Vec3> full_size = test::skinned_positions(blender, 1, 0.25f);
  const std::vector<Vec3> half_size = test::skinned_positions(given, 1, 0.25f);
  for (std::size_t v = 0; v < full_size.size(); ++v)
    CHECK(glm::length(0.5f * full_size[v] - half_size[v]) < 1e-5f);
}

TEST_CASE("files with Z up stand up") {
  if (!have_data()) return;
  const auto changed = [](const std::string& file, const std::string& from, const std::string& to) {
    const auto bytes = test::read_file(*test::shared_data("characters/" + file));
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t place = text.find(from);
    REQUIRE(place != std::string::npos);
    std::string edited = text.substr(0, place);
    edited.append(to).append(text, place + from.size());
    auto scene = importer::load(test::bytes_of(edited), file);
    REQUIRE_MESSAGE(scene.ok(), scene.error().message);
    return std::move(*scene);
  };
  const auto check_turned = [](const importer::Scene& y_up, const importer::Scene& z_up) {
    CHECK(z_up.up_axis == "z");
    CHECK(test::find(z_up, "axes_converted") != nullptr);
    const std::vector<Mat4> a = test::joint_models(y_up, 0, 0.3f);
    const std::vector<Mat4> b = test::joint_models(z_up, 0, 0.3f);
    REQUIRE(a.size() == b.size());
    for (std::size_t j = 0; j < a.size(); ++j)
      CHECK(glm::length(Vec3(a[j][3].x, a[j][3].z, -a[j][3].y) - Vec3(b[j][3])) < 1e-5f);
    if (!y_up.mesh) return;
    const std::vector<Vec3> p = test::skinned_positions(y_up, 0, 0.3f);
    const std::vector<Vec3> q = test::skinned_positions(z_up, 0, 0.3f);
    REQUIRE(p.size() == q.size());
    for (std::size_t v = 0; v < p.size(); ++v)
      CHECK(glm::length(Vec3(p[v].x, p[v].z, -p[v].y) - q[v]) < 1e-5f);
  };
  check_turned(load_character("pab_walk.dae"), changed("pab_walk.dae", "Y_UP", "Z_UP"));
  const std::string fbx = "fbx_reference/maya_game_sausage_7500_ascii_combined.fbx";
  const auto settings = [](const char* up, const char* front, const char* front_sign) {
    std::ostringstream text;
    const char* value = "\", \"int\", \"Integer\", \"\",";
    text << "\t\tP: \"UpAxis" << value << up << "\n\t\tP: \"UpAxisSign" << value << "1"
         << "\n\t\tP: \"FrontAxis" << value << front << "\n\t\tP: \"FrontAxisSign" << value
         << front_sign << "\n";
    return text.str();
  };
  check_turned(load_character(fbx),
               changed(fbx, settings("1", "2", "1"), settings("2", "1", "-1")));
}

TEST_CASE("FBX joints are whole again and helpers are left out, both said so") {
  if (!have_data()) return;
  const importer::Scene walk = load_character("pab_walk.fbx");
  for (int j = 0; j < walk.skeleton.num_joints(); ++j)
    CHECK(walk.skeleton.name(j).find("Assimp") == std::string_view::npos);
  CHECK(walk.skeleton.find("Hips") >= 0);
  CHECK(walk.skeleton.find("Sky01") == -1);
  CHECK(test::find(walk, "pivots_collapsed") != nullptr);
  CHECK(test::find(walk, "helper_nodes_left_out") != nullptr);
  const importer::Scene arnaud = load_character("arnaud.fbx");
  REQUIRE(test::find(arnaud, "influences_dropped") != nullptr);
  CHECK(test::find(arnaud, "influences_dropped")->evidence.find("30 of 3748") == 0);
  CHECK(arnaud.clips.empty());
  CHECK(arnaud.mesh.has_value());
}
