#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "test_data.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

/// Runs one of tests/viewer/scripts; empty, or what went wrong.
std::string run_script(const char* name, const std::string& first_file) {
  viewer::Options options = headless(first_file);
  options.width = 1280;
  options.height = 720;
  options.script = (source_dir() / "tests" / "viewer" / "scripts" / name).string();
  setenv("CANTER_OUT", scratch_dir().c_str(), 1);
  const Result<void> ran = viewer::run(options);
  return ran.ok() ? "" : ran.error().message;
}

/// Looks for what ships in a folder, while it lives.
class Resources {
 public:
  explicit Resources(const std::filesystem::path& folder) {
    setenv("CANTER_RESOURCES", folder.c_str(), 1);
  }
  ~Resources() { unsetenv("CANTER_RESOURCES"); }
};

TEST_CASE("every panel looks as it did") {
  if (!can_view()) return;
  if (!std::filesystem::exists("/usr/share/fonts/opentype/inter/Inter-Regular.otf")) {
    MESSAGE("SKIPPED: fonts-inter is not installed; other letters, other pictures");
    return;
  }
  const std::string walker = write_walker();
  write_floater();
  const Resources nothing(scratch_dir() / "no_resources");
  REQUIRE(run_script("panels.txt", walker) == "");
  for (const std::string name : {"clips", "transport", "top", "clip", "compare", "view", "blend",
                                 "frame", "doctor", "help", "notice"}) {
    CAPTURE(name);
    // A word more or less is some ten pixels of a panel of ten thousand.
    CHECK(golden_difference(name, scratch_dir() / (name + ".png")) < 0.002);
  }
}

TEST_CASE("memory stays flat while files come and go") {
  if (!can_view()) return;
  if (!std::filesystem::exists(source_dir() / "motion_data" / "run.clip")) return;
  setenv("CANTER_SOAK_TIMES", "8", 0);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(source_dir());
  CHECK(run_script("soak.txt", write_walker()) == "");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace canter::test
