#include <doctest/doctest.h>

#include "canter/import/import.h"
#include "test_data.h"

using namespace canter;

TEST_CASE("CesiumMan loads: skeleton, mesh and clip") {
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
