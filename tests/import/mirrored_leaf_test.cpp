#include <doctest/doctest.h>

#include "canter/import/import.h"
#include "test_data.h"

using namespace canter;

// The finger and toe tips of this skeleton are mirrored; nobody sees that, and the runtime must not
// pay for scales because of it.
TEST_CASE("mirrored tips of limbs cost no scales") {
  for (const char* file : {"characters/pab_walk.fbx", "characters/pab_walk.dae"}) {
    const auto path = test::shared_data(file);
    if (!path) return;
    const auto scene = importer::load_file(path->string());
    REQUIRE(scene.ok());
    CHECK_FALSE(scene->skeleton.has_scale());
  }
}
