#include "canter/import/recipe.h"

#include <doctest/doctest.h>

#include "canter/import/doctor.h"

namespace canter::test {
namespace {

using importer::Recipe;

std::string error_of(std::string_view text) {
  const Result<Recipe> recipe = importer::parse_recipe(text, "r.json");
  return recipe.ok() ? "" : recipe.error().message;
}

TEST_CASE("a recipe comes back as it was written") {
  for (const Recipe& recipe : {Recipe{}, Recipe{0.0254f, {"floating"}},
                               Recipe{std::nullopt, {"off_origin", "root_drift"}}}) {
    const Result<Recipe> read = importer::parse_recipe(importer::write_recipe(recipe), "r.json");
    REQUIRE(read.ok());
    CHECK(*read == recipe);
  }
  CHECK(importer::recipe_path("a/b.bvh") == "a/b.bvh.recipe.json");
}

TEST_CASE("what is no recipe is refused with its name") {
  for (const char* text :
       {"", "[]", "{}", "{\"canter_recipe\": 2}", "{\"canter_recipe\": 1, \"fixes\": 3}",
        "{\"canter_recipe\": 1, \"fixes\": [3]}", "{\"canter_recipe\": 1, \"unit_m\": 0}",
        "{\"canter_recipe\": 1, \"unit_m\": 1e300}",
        "{\"canter_recipe\": 1, \"unit_m\": \"cm\"}"}) {
    CAPTURE(text);
    CHECK(error_of(text).find("r.json: ") == 0);
  }
  CHECK(importer::load_recipe("/no/such/recipe.json").error().message.find("/no/such") == 0);
}

TEST_CASE("a recipe does what its fixes do, and stops at one that does not apply") {
  importer::Scene scene;
  scene.findings = {{"frame_rate_snapped", "", "", "", importer::FixState::available}};
  Recipe recipe{std::nullopt, {"frame_rate_snapped", "floating"}};
  const Result<void> applied = importer::apply_recipe(scene, recipe);
  REQUIRE(!applied.ok());
  CHECK(applied.error().message.find("floating") != std::string::npos);
  CHECK(scene.findings[0].state == importer::FixState::applied);
}

}  // namespace
}  // namespace canter::test
