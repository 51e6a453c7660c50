#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "canter/import/import.h"
#include "character_files.h"
#include "gltf_oracle.h"
#include "import_support.h"
#include "skinned.h"
#include "test_data.h"

using namespace canter;

TEST_CASE("CesiumMan loads: skeleton, mesh, texture and clip") {
  const auto path = test::shared_data("characters/CesiumMan.glb");
  if (!path) return;
  const auto scene = importer::load_file(path->string());
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  CHECK(scene->format == "glb");
  CHECK(scene->skeleton.num_joints() == 19);
  REQUIRE(scene->clips.size() == 1);
  CHECK(scene->clips[0].num_frames() == 49);
  REQUIRE(scene->mesh.has_value());
  CHECK(scene->mesh->vertices.size() == 3273);
  CHECK(scene->mesh->textures.size() == 1);
}

// Every glTF character, every clip: the runtime's skinned vertices against the standard's formulas,
// STEP, LINEAR and CUBICSPLINE, skins without inverse bind matrices, joints outside the scene,
// several roots, rigid parts on joints, transforms on skinned nodes.
TEST_CASE("glTF characters deform as the standard says") {
  for (const std::string& file : test::character_files()) {
    if (file.find(".gl") == std::string::npos) continue;
    CAPTURE(file);
    const auto path = *test::shared_data("characters/" + file);
    const auto scene = importer::load_file(path.string());
    REQUIRE_MESSAGE(scene.ok(), scene.error().message);
    REQUIRE(scene->mesh.has_value());
    const test::GltfOracle oracle(path);
    REQUIRE(oracle.num_animations() == static_cast<int>(scene->clips.size()));

    double size = 0.0;
    double worst = 0.0;
    const auto compare = [&](int clip, int frame, double time_s) {
      const std::vector<Vec3> ours =
          test::skinned_positions(*scene, clip, static_cast<float>(time_s));
      const std::vector<glm::dvec3> expected = oracle.skinned(clip, time_s);
      REQUIRE(ours.size() == expected.size());
      for (std::size_t v = 0; v < ours.size(); ++v) {
        size = std::max(size, glm::length(expected[v]));
        const double d = glm::length(glm::dvec3(ours[v]) - expected[v]);
        if (d > worst) worst = d;
        if (!(d < 1e-4 * size)) {
          CAPTURE(clip);
          CAPTURE(frame);
          CAPTURE(v);
          FAIL("vertex is off by " << d << " of " << size);
        }
      }
    };
    compare(-1, 0, 0.0);
    for (int c = 0; c < static_cast<int>(scene->clips.size()); ++c) {
      const RawClip& clip = scene->clips[static_cast<std::size_t>(c)];
      // A wrapped last frame of a loop is its first; the frame before it is compared instead.
      const int last = clip.loop ? clip.num_frames() - 2 : clip.num_frames() - 1;
      const bool few = file == "interpolation_test.gltf";
      for (int k = 0; k <= (few ? last : 4); ++k) {
        const int frame = few ? k : last * k / 4;
        compare(c, frame, frame / static_cast<double>(clip.rate_hz));
      }
    }
    std::printf("%s: worst vertex %.2g of the character's size\n", file.c_str(), worst / size);
    // Sampling at a frame computed in float blends up to 1e-4 of the next frame; the rest is float
    // rounding through a chain of 20 joints.
    CHECK(worst <= 2e-5 * size);
  }
}

TEST_CASE("what a glTF says beyond its numbers is found") {
  const auto path = test::shared_data("characters/interpolation_test.gltf");
  if (!path) return;
  const auto scene = importer::load_file(path->string());
  REQUIRE(scene.ok());
  REQUIRE(test::find(*scene, "texture_missing") != nullptr);
  CHECK(test::find(*scene, "texture_missing")->evidence.find("l.jpg") != std::string::npos);
  CHECK(test::find(*scene, "scale_animated") != nullptr);
  CHECK(test::find(*scene, "curves_resampled") != nullptr);
  CHECK(scene->skeleton.has_scale());

  const auto brain = importer::load_file(test::shared_data("characters/BrainStem.glb")->string());
  REQUIRE(brain.ok());
  REQUIRE(test::find(*brain, "skins_merged") != nullptr);
  CHECK(test::find(*brain, "skins_merged")->evidence.find("59 skins") != std::string::npos);
  const auto fox = importer::load_file(test::shared_data("characters/Fox.glb")->string());
  REQUIRE(fox.ok());
  CHECK(test::find(*fox, "unit_suspect") != nullptr);
}

TEST_CASE("a .gltf that needs other files is refused without a way to get them") {
  const auto path = test::shared_data("characters/interpolation_test.gltf");
  if (!path) return;
  const auto refused = importer::load(test::read_file(*path), "interpolation_test.gltf");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::io);
  CHECK(refused.error().message.find("interpolation_test.bin") != std::string::npos);
}
