#include "canter/import/import.h"

#include <doctest/doctest.h>

using namespace canter;

TEST_CASE("a file of no known format is refused by name") {
  const auto scene = importer::load({}, "picture.png");
  REQUIRE_FALSE(scene.ok());
  CHECK(scene.error().message.find("picture.png") != std::string::npos);
}
