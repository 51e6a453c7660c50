#include <doctest/doctest.h>

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "test_data.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

/// Pixels whose colour is near one of the theme, by hue: what a left or right bone looks like lit.
int count_hue(const viewer::Image& image, bool blue) {
  int count = 0;
  for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
    const int r = image.rgba[i], b = image.rgba[i + 2];
    count += blue ? b > r + 60 : r > b + 60;
  }
  return count;
}

struct CommandResult {
  int exit_code = -1;  ///< -1: it did not exit by itself
  std::string error;
};

/// Runs the command line tool beside this test.
CommandResult run_tool(const std::string& arguments) {
  const std::string error_path = (scratch_dir() / "stderr.txt").string();
  const std::string command =
      std::string(CANTER_TOOL) + " " + arguments + " >/dev/null 2>" + error_path;
  const int status = std::system(command.c_str());
  std::ifstream in(error_path);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

TEST_CASE("a screenshot has the asked size, is not blank, and shows left and right bones") {
  if (!can_view()) return;
  viewer::Options options = headless(write_walker());
  options.width = 640;
  options.height = 360;
  options.panels = false;
  options.bones = true;
  const viewer::Image image = run_to_image(options);
  CHECK(image.width == 640);
  CHECK(image.height == 360);
  std::set<std::uint32_t> colors;
  for (std::size_t i = 0; i < image.rgba.size(); i += 4)
    colors.insert(image.rgba[i] << 16 | image.rgba[i + 1] << 8 | image.rgba[i + 2]);
  CHECK(colors.size() > 200);
  CHECK(count_hue(image, true) > 300);
  CHECK(count_hue(image, false) > 300);
}

TEST_CASE("equal input gives equal images, at every quality") {
  if (!can_view()) return;
  for (const char* quality : {"low", "medium", "high"}) {
    CAPTURE(quality);
    viewer::Options options = headless(write_walker());
    options.quality = quality;
    options.frames = 5;
    options.seed = 7;
    CHECK(count_different(run_to_image(options), run_to_image(options)) == 0);
    options.panels = false;
    CHECK(count_different(run_to_image(options), run_to_image(options)) == 0);
  }
}

TEST_CASE("the image follows the time, and playing reaches the same frame as holding it") {
  if (!can_view()) return;
  viewer::Options options = headless(write_walker());
  options.panels = false;
  options.time_s = 0.0;
  const viewer::Image start = run_to_image(options);
  options.time_s = 0.2;
  const viewer::Image later = run_to_image(options);
  CHECK(count_different(start, later, 12) > 300);

  // 13 frames of 1/60 s, the first at 0: the character stands in place, so the camera does too.
  options.time_s.reset();
  options.frames = 13;
  const viewer::Image played = run_to_image(options);
  CHECK(count_different(later, played, 12) < 20);
}

TEST_CASE("the panels lie over the edges and leave the middle") {
  if (!can_view()) return;
  viewer::Options options = headless(write_walker());
  options.width = 1280;
  options.height = 720;
  options.time_s = 0.25;
  options.bones = true;
  const viewer::Image with = run_to_image(options);
  const auto pixel = [&](int x, int y) {
    const std::size_t i = static_cast<std::size_t>(y * with.width + x) * 4;
    return std::array{with.rgba[i], with.rgba[i + 1], with.rgba[i + 2]};
  };
  // A panel is #171A20 at 92 % over the dark scene.
  for (const auto& [x, y] : {std::pair{600, 10}, {100, 500}, {1240, 400}, {900, 563}}) {
    CAPTURE(x);
    CAPTURE(y);
    CHECK(pixel(x, y)[0] < 0x24);
    CHECK(pixel(x, y)[2] < 0x2E);
  }
  CHECK(count_hue(with, true) > 300);
}

TEST_CASE("every tab and scale draws") {
  if (!can_view()) return;
  for (const char* tab : {"clip", "frame"}) {
    for (const float scale : {1.0f, 2.0f}) {
      viewer::Options options = headless(write_walker());
      options.tab = tab;
      options.scale = scale;
      options.timings = true;
      options.width = 1000;
      options.height = 600;
      CHECK(run_to_image(options).width == 1000);
    }
  }
}

TEST_CASE("without a file what ships is shown, and nothing at all is survived") {
  if (!can_view()) return;
  CHECK(run_to_image(headless("")).width == 480);
  setenv("CANTER_RESOURCES", scratch_dir().c_str(), 1);
  CHECK(run_to_image(headless("")).width == 480);
  unsetenv("CANTER_RESOURCES");
}

TEST_CASE("a motion without a mesh plays on the character that ships, bones on request") {
  if (!can_view()) return;
  if (!std::filesystem::exists(source_dir() / "assets" / "mannequin.glb")) return;
  viewer::Options options = headless(write_walker());
  options.panels = false;
  options.time_s = 0.2;
  const viewer::Image worn = run_to_image(options);
  // The mannequin is pale; bones are blue and orange.
  CHECK(count_hue(worn, true) < 50);
  options.bones = true;
  CHECK(count_hue(run_to_image(options), true) > 100);
  options.bones = false;
  options.ghost = true;
  CHECK(count_different(worn, run_to_image(options), 8) > 100);
  options.ghost = false;
  options.contacts = true;
  CHECK(run_to_image(options).width == options.width);
}

TEST_CASE("a looping walk walks on where its last lap ended") {
  if (!can_view()) return;
  const auto walk = source_dir() / "motion_data" / "walk.clip";
  if (!std::filesystem::exists(walk)) return;
  // One lap is 64 frames of 1/60 s. The floor's lines are where they would not be if it started
  // over, and the pose is the same.
  viewer::Options options = headless(walk.string());
  options.panels = false;
  options.frames = 1;
  const viewer::Image first = run_to_image(options);
  options.frames = 65 + 8;
  const viewer::Image second_lap = run_to_image(options);
  options.frames = 1 + 8;
  const viewer::Image first_lap = run_to_image(options);
  CHECK(count_different(first, first_lap, 8) > 100);
  CHECK(count_different(first_lap, second_lap, 8) > 100);
}

TEST_CASE("windows of any size are survived") {
  if (!can_view()) return;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 700}, {2000, 3}, {300, 200}}) {
    CAPTURE(width);
    viewer::Options options = headless(write_walker());
    options.width = width;
    options.height = height;
    CHECK(run_to_image(options).width == width);
  }
}

TEST_CASE("the report names every stage with its percentiles") {
  if (!can_view()) return;
  viewer::Options options = headless(write_walker());
  options.frames = 9;
  options.seed = 3;
  options.report = (scratch_dir() / "report.json").string();
  REQUIRE(viewer::run(options).ok());
  std::ifstream in(options.report);
  const nlohmann::json report = nlohmann::json::parse(in);
  CHECK(report.at("frames") == 9);
  CHECK(report.at("seed") == 3);
  std::set<std::string> names;
  for (const auto& stage : report.at("stages")) {
    names.insert(stage.at("name").get<std::string>());
    CHECK(stage.at("p50_us").get<double>() <= stage.at("p95_us").get<double>());
    CHECK(stage.at("p95_us").get<double>() <= stage.at("p99_us").get<double>());
    CHECK(stage.at("p99_us").get<double>() <= stage.at("max_us").get<double>());
  }
  for (const char* name : {"sample", "model", "scene", "panels", "gui", "present"})
    CHECK_MESSAGE(names.count(name) == 1, name);
}

TEST_CASE("a file that cannot be read ends a headless run with its message") {
  if (!can_view()) return;
  const std::string bad = (scratch_dir() / "bad.bvh").string();
  std::ofstream(bad) << "HIERARCHY\nROOT Hips\n{\nOFFSET 0 zero 0\n";
  const Result<void> ended = viewer::run(headless(bad));
  REQUIRE(!ended.ok());
  CHECK(ended.error().message.find("bad.bvh") != std::string::npos);
  CHECK(!viewer::run(headless((scratch_dir() / "absent.bvh").string())).ok());

  viewer::Options unknown_clip = headless(write_walker());
  unknown_clip.clip = "no such clip";
  CHECK(!viewer::run(unknown_clip).ok());

  viewer::Options unwritable = headless(write_walker());
  unwritable.screenshot = (scratch_dir() / "no" / "such" / "folder.png").string();
  CHECK(!viewer::run(unwritable).ok());
}

TEST_CASE("the command line keeps its contract") {
  if (!can_view()) return;
  const std::string walker = write_walker();
  const std::string image = (scratch_dir() / "cli.png").string();
  const std::string small = " --headless --frames 1 --size 320x200 ";
  CHECK(run_tool("view " + walker + small + "--screenshot " + image).exit_code == 0);
  CHECK(std::filesystem::file_size(image) > 1000);

  const CommandResult bad = run_tool("view /no/such/file.bvh" + small);
  CHECK(bad.exit_code == 1);
  CHECK(bad.error.find("/no/such/file.bvh") != std::string::npos);
  CHECK(std::count(bad.error.begin(), bad.error.end(), '\n') == 1);

  CHECK(run_tool("view --headless --size huge " + walker).exit_code == 2);
  CHECK(run_tool("view --headless --frames -3 " + walker).exit_code == 2);
  CHECK(run_tool("view --help").exit_code == 0);
}

TEST_CASE("a video is recorded where ffmpeg is, and explained where it is not") {
  if (!can_view()) return;
  viewer::Options options = headless(write_walker());
  options.frames = 6;
  options.width = 321;  // odd on purpose: most players want even sides
  options.record = (scratch_dir() / "video.mp4").string();
  const Result<void> recorded = viewer::run(options);
  if (std::system("ffmpeg -version >/dev/null 2>&1") == 0) {
    CHECK(recorded.ok());
    CHECK(std::filesystem::file_size(options.record) > 500);
    options.record = (scratch_dir() / "no" / "such" / "video.mp4").string();
    CHECK(!viewer::run(options).ok());
  } else {
    REQUIRE(!recorded.ok());
    CHECK(recorded.error().message.find("ffmpeg") != std::string::npos);
  }
}

TEST_CASE("files of every kind are shown") {
  if (!can_view()) return;
  for (const char* name :
       {"characters/CesiumMan.glb", "characters/robot.glb", "characters/pab_walk.fbx",
        "motions/bvh/cmu_mb_01_01_climb.bvh", "motions/deepmimic/motions/humanoid3d_walk.txt"}) {
    CAPTURE(name);
    const auto file = shared_data(name);
    if (!file) continue;
    viewer::Options options = headless(file->string());
    options.panels = false;
    options.time_s = 0.3;
    options.bones = true;
    const viewer::Image bones = run_to_image(options);
    CHECK(count_hue(bones, true) > 100);
    CHECK(count_hue(bones, false) > 100);
    options.time_s = 0.6;
    CHECK(count_different(bones, run_to_image(options), 12) > 100);
  }
}

}  // namespace
}  // namespace canter::test
