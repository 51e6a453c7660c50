#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "canter/phase/body.h"
#include "phase/networks.h"
#include "test_data.h"
#include "viewer/body.h"
#include "viewer/script.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

std::string script_path(const char* name) {
  return (source_dir() / "tests" / "viewer" / "scripts" / name).string();
}

/// Runs one of tests/viewer/scripts; empty, or what went wrong.
std::string run_script(const char* name, const std::string& first_file,
                       const std::string& settings = "") {
  viewer::Options options = headless(first_file);
  options.width = 1280;
  options.height = 720;
  options.script = script_path(name);
  options.settings = settings;
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

/// The same with nothing but a made-up network of phases in it.
class Phases : public Resources {
 public:
  Phases() : Resources(scratch_dir() / "phases") {
    const std::filesystem::path folder = scratch_dir() / "phases" / "assets" / "models";
    std::filesystem::create_directories(folder);
    NetworkShape shape;
    shape.dims = 3 * phase::kBodyPoints;
    shape.channels = 5;
    shape.frames = 61;
    shape.bounded = true;
    write_bytes("phases/assets/models/phase.safetensors",
                nn::write_safetensors(random_network(shape).tensors));
  }
};

/// The names of the pictures that a script takes.
std::vector<std::string> pictures_of(const char* name) {
  setenv("CANTER_OUT", "out", 1);
  const Result<viewer::Script> script = viewer::load_script(script_path(name));
  REQUIRE(script.ok());
  std::vector<std::string> names;
  for (const viewer::ScriptStep& step : script->steps)
    if (step.verb == "screenshot")
      names.push_back(std::filesystem::path(step.arguments.at(0)).stem().string());
  return names;
}

TEST_CASE("every panel looks as it did") {
  if (!can_view()) return;
  if (!std::filesystem::exists("/usr/share/fonts/opentype/inter/Inter-Regular.otf")) {
    MESSAGE("SKIPPED: fonts-inter is not installed; other letters, other pictures");
    return;
  }
  const std::string walker = write_walker();
  write_floater();
  const Resources nothing(scratch_dir() / "no_resources");
  write_network("network.safetensors", false);
  write_network("damaged.safetensors", true);
  REQUIRE(run_script("panels.txt", walker) == "");
  const std::string settings = (scratch_dir() / "first_start.json").string();
  std::filesystem::remove(settings);
  REQUIRE(run_script("empty.txt", "", settings) == "");
  const Phases made_up;
  REQUIRE(run_script("phase_panel.txt", walker) == "");
  std::size_t taken = 0;
  for (const char* script : {"panels.txt", "empty.txt", "phase_panel.txt"})
    for (const std::string& name : pictures_of(script)) {
      CAPTURE(name);
      // A word more or less is some ten pixels of a panel of ten thousand.
      CHECK(golden_difference(name, scratch_dir() / (name + ".png")) < 0.002);
      ++taken;
    }
  // A picture that nobody takes any more would be compared with nothing.
  std::size_t kept = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(source_dir() / "tests" / "viewer" / "golden"))
    kept += file.path().extension() == ".png" ? 1 : 0;
  CHECK(kept == taken);
}

TEST_CASE("phases of clips and bodies are shown, scrubbed by, and keep two in step") {
  if (!can_view()) return;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(source_dir());
  CHECK(run_script("phase.txt", "motion_data/walk.clip") == "");
  std::filesystem::current_path(before);
}

TEST_CASE("a body performs the clip, is pushed, goes limp, and learns") {
  if (!can_view()) return;
  if (!viewer::can_train()) {
    MESSAGE("SKIPPED: this build has no trainer");
    return;
  }
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(source_dir());
  CHECK(run_script("body.txt", "motion_data/walk.clip") == "");
  std::filesystem::current_path(before);
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
