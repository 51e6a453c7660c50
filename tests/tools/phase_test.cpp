// `canter phase`: learning, extracting and measuring phases.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "run_program.h"
#include "test_data.h"

using namespace canter::test;
using Json = nlohmann::json;

namespace {

std::string repository(const std::string& path) {
  return (source_dir() / path).string();
}

Json json_of(const Outcome& outcome) {
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
  const Json json = Json::parse(outcome.out, nullptr, false);
  REQUIRE_MESSAGE(!json.is_discarded(), outcome.out);
  return json;
}

}  // namespace

TEST_CASE("canter phase extract bakes a clip's phases") {
  const TemporaryFolder folder;
  const std::string network = repository("assets/models/phase.safetensors");
  for (const bool live : {false, true}) {
    std::vector<std::string> call = {
        "phase", "extract", repository("motion_data/walk.clip"), "--network",
        network, "--out",   folder.path("walk.phase"),           "--json"};
    if (live) call.push_back("--live");
    const Json json = json_of(run_canter(call));
    CHECK(json["channels"] == 5);
    CHECK(json["mode"] == (live ? "carried" : "centred"));
    CHECK(json["bytes"] == std::filesystem::file_size(folder.path("walk.phase")));
  }
  // The file is what it says: weights that any reader of safetensors lists.
  const Json info = json_of(run_canter({"model", "info", folder.path("walk.phase"), "--json"}));
  CHECK(info["format"] == "safetensors");
}

TEST_CASE("canter phase and canter mimic find what ships from any folder") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path(""));
  const Outcome extracted = run_canter({"phase", "extract", repository("motion_data/walk.clip"),
                                        "--out", folder.path("walk.phase"), "--json"});
  const Outcome trained = run_canter({"mimic", "bench", "walk", "--iterations", "1"});
  std::filesystem::current_path(before);
  CHECK(json_of(extracted)["channels"] == 5);
  CHECK_MESSAGE(trained.exit_code == 0, trained.err);
}

TEST_CASE("canter phase eval prints all twelve metrics") {
  const Json json = json_of(run_canter({"phase", "eval", repository("motion_data/walk.clip"),
                                        repository("motion_data/run.clip"), "--network",
                                        repository("assets/models/phase.safetensors"), "--json"}));
  for (int i = 1; i <= 12; ++i) CHECK(json.contains("m" + std::to_string(i)));
  CHECK(json["m12"]["phase_cycles"].get<double>() < 1e-4);
  CHECK(json["clips"].size() == 2);
}

namespace {

// Learns from the walk and is judged on the run.
std::vector<std::string> train_call(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> call = {"phase",
                                   "train",
                                   repository("motion_data/walk.clip"),
                                   repository("motion_data/run.clip"),
                                   "--validate",
                                   "run",
                                   "--out",
                                   out,
                                   "--json"};
  call.insert(call.end(), more.begin(), more.end());
  return call;
}

}  // namespace

TEST_CASE("canter phase train learns, goes on, and says what it learned from") {
  const TemporaryFolder folder;
  const std::string out = folder.path("net.safetensors");
  const auto train = [&](const char* steps, bool resume) {
    auto call = train_call(
        out, {"--channels", "3", "--batch", "16", "--steps", steps, "--evaluate-every", "5"});
    if (resume) call.push_back("--resume");
    return run_canter(call);
  };
  const Json first = json_of(train("10", false));
  CHECK(first["steps"] == 10);
  CHECK(first["clips"] == 1);
  CHECK(first["held_out"] == 1);
  CHECK(std::filesystem::exists(out + ".checkpoint"));
  // Its own settings go on; others are refused.
  CHECK(json_of(train("10", true))["steps"] == 10);
  const Outcome other = train("12", true);
  CHECK(other.exit_code == 1);
  CHECK(other.err.find("other settings") != std::string::npos);
  const Json used =
      json_of(run_canter({"phase", "extract", repository("motion_data/run.clip"), "--network", out,
                          "--out", folder.path("run.phase"), "--json"}));
  CHECK(used["channels"] == 3);
}

TEST_CASE("canter phase train keeps the best of several seeds, the same every time") {
  const TemporaryFolder folder;
  const auto train = [&](const std::string& name, const char* seed, const char* seeds) {
    return run_canter(train_call(
        folder.path(name), {"--channels", "2", "--batch", "8", "--steps", "6", "--evaluate-every",
                            "3", "--tempo", "1.2", "--seed", seed, "--seeds", seeds}));
  };
  const Json both = json_of(train("both", "5", "2"));
  REQUIRE(both["runs"].size() == 2);
  const double first = both["runs"][0]["score"], second = both["runs"][1]["score"];
  CHECK(both["score"] == std::min(first, second));
  CHECK(both["seed"] == (first <= second ? 5 : 6));
  // What is in the file is the best seed's network, to the bit.
  const std::string best = std::to_string(both["seed"].get<int>());
  const Json alone = json_of(train("alone", best.c_str(), "1"));
  CHECK(alone["score"] == both["score"]);
  CHECK(read_file(folder.path("alone")) == read_file(folder.path("both")));
  CHECK(train("both", "5", "0").exit_code == 2);
}

TEST_CASE("canter phase frame and window learn from the autoencoder and measure themselves") {
  const TemporaryFolder folder;
  for (const std::string kind : {"frame", "window"}) {
    CAPTURE(kind);
    const std::string out = folder.path(kind + ".safetensors");
    std::vector<std::string> call = {"phase",
                                     kind,
                                     repository("motion_data/walk.clip"),
                                     repository("motion_data/run.clip"),
                                     "--exclude",
                                     "run",
                                     "--network",
                                     repository("assets/models/phase.safetensors"),
                                     "--steps",
                                     "2",
                                     "--out",
                                     out};
    if (kind == "window") call.insert(call.end(), {"--batch", "4"});
    const Json json = json_of(run_canter(call));
    const Json held_out = kind == "window" ? json["held_out"]["primary"] : json["held_out"];
    CHECK(json["samples"].get<int>() > 300);
    CHECK(held_out["frames"].get<int>() > 100);
    // Two steps teach nothing yet, but a phase is never further off than half a cycle.
    CHECK(held_out["phase_p95_cycles"].get<double>() <= 0.5);
    const Json info = json_of(run_canter({"model", "info", out, "--json"}));
    CHECK(info["parameters"] == (kind == "window" ? 6617994 : 71634));
  }
  // A teacher of other windows is refused by name.
  const Outcome refused = run_canter(
      {"phase", "window", repository("motion_data/walk.clip"), "--network",
       repository("assets/models/phase_frame.safetensors"), "--out", folder.path("x.safetensors")});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err.find("phase_frame.safetensors") != std::string::npos);
}

TEST_CASE("canter phase refuses bad calls and bad files") {
  CHECK(run_canter({"phase"}).exit_code == 2);
  CHECK(run_canter({"phase", "extract"}).exit_code == 2);
  CHECK(run_canter({"phase", "train"}).exit_code == 2);
  CHECK(run_canter({"phase", "train", "x.bvh", "--evaluate-every", "0"}).exit_code == 2);
  CHECK(run_canter({"phase", "extract", "/no/such.bvh"}).exit_code == 1);
  const Outcome no_network = run_canter({"phase", "extract", repository("motion_data/walk.clip"),
                                         "--network", repository("motion_data/walk.clip")});
  CHECK(no_network.exit_code == 1);
  CHECK(no_network.err.find("walk.clip") != std::string::npos);
}
