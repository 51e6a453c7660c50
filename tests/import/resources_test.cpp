#include "canter/import/resources.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "test_data.h"

using namespace canter;
namespace fs = std::filesystem;

TEST_CASE("what comes with Canter is found from any folder, or where $CANTER_RESOURCES says") {
  const fs::path before = fs::current_path();
  fs::current_path(fs::temp_directory_path());
  const fs::path walk = test::source_dir() / "motion_data/walk.clip";
  CHECK(fs::equivalent(importer::find_resource("motion_data/walk.clip"), walk));
  CHECK(fs::is_directory(importer::find_resource("assets")));
  CHECK(importer::find_resource("assets/no_such_network.safetensors").empty());

  setenv("CANTER_RESOURCES", (test::source_dir() / "motion_data").c_str(), 1);
  CHECK(fs::equivalent(importer::find_resource("walk.clip"), walk));
  CHECK(importer::find_resource("motion_data/walk.clip").empty());
  unsetenv("CANTER_RESOURCES");
  fs::current_path(before);
}
