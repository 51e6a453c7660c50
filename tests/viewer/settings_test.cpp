#include "viewer/settings.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "viewer/view_table.h"
#include "viewer_support.h"

namespace canter::test {
namespace {

TEST_CASE("settings come back as they were saved") {
  const std::string path = (scratch_dir() / "new" / "folder" / "viewer.json").string();
  viewer::Settings s;
  for (const viewer::ViewFlag& flag : viewer::view_flags())
    s.view.*flag.value = !(s.view.*flag.value);
  for (const viewer::ViewNumber& n : viewer::view_numbers())
    s.view.*n.value = n.low + 0.25f * (n.high - n.low);
  s.quality = "low";
  s.budget_us = 500.0f;
  s.folders = {"/tmp/a b", "/data"};
  s.hint_seen = true;
  s.view.doctor_opens = false;
  s.doctor_dismissed = {"/motions/a b.bvh"};
  REQUIRE(viewer::write_settings(path, s).ok());
  const Result<viewer::Settings> read = viewer::read_settings(path);
  REQUIRE(read.ok());
  CHECK(*read == s);
}

TEST_CASE("absent, wrong and hostile settings give the defaults") {
  const std::string path = (scratch_dir() / "viewer.json").string();
  CHECK(*viewer::read_settings("/no/such/file.json") == viewer::Settings());
  std::ofstream(path) << "{\"view\": {\"ghost\": 3, \"trail_s\": 1e9}, \"quality\": [], "
                         "\"budget_us\": -7, \"folders\": \"x\"}";
  const Result<viewer::Settings> read = viewer::read_settings(path);
  REQUIRE(read.ok());
  CHECK(read->view.ghost == false);
  CHECK(read->view.trail_s == 5.0f);
  CHECK(read->budget_us == viewer::kMinBudget_us);
  CHECK(read->folders.empty());
  std::ofstream(path) << "not json";
  const Result<viewer::Settings> broken = viewer::read_settings(path);
  REQUIRE(!broken.ok());
  CHECK(broken.error().message.find(path) == 0);
}

TEST_CASE("settings that cannot be written say why and leave nothing behind") {
  const std::string file = (scratch_dir() / "a_file").string();
  std::ofstream(file) << "x";
  const Result<void> below_file = viewer::write_settings(file + "/viewer.json", {});
  REQUIRE(!below_file.ok());
  CHECK(below_file.error().message.find("cannot be saved") != std::string::npos);
}

TEST_CASE("the settings' place follows XDG_CONFIG_HOME, then HOME") {
  const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
  setenv("XDG_CONFIG_HOME", "/xdg", 1);
  CHECK(viewer::default_settings_path() == "/xdg/canter/viewer.json");
  unsetenv("XDG_CONFIG_HOME");
  setenv("HOME", "/home/someone", 1);
  CHECK(viewer::default_settings_path() == "/home/someone/.config/canter/viewer.json");
  unsetenv("HOME");
  CHECK(viewer::default_settings_path().empty());
  if (!home.empty()) setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace canter::test
