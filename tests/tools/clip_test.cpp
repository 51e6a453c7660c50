#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "test_data.h"

using namespace canter::test;
using Json = nlohmann::json;

namespace {

// Two joints with an end site, 3 frames at 30 Hz, centimetres.
constexpr const char* kArm =
    "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n"
    " CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
    " JOINT Upper Body\n {\n  OFFSET 0 60 0\n  CHANNELS 3 Zrotation Xrotation Yrotation\n"
    "  End Site\n  {\n   OFFSET 0 100 0\n  }\n }\n}\n"
    "MOTION\nFrames: 3\nFrame Time: 0.033333\n"
    "0 90 0 0 0 0 0 0 0\n0 90 10 0 0 0 90 0 0\n0 90 20 0 0 0 90 0 0\n";

double distance(const Json& a, double x, double y, double z) {
  return std::hypot(a[0].get<double>() - x, a[1].get<double>() - y, a[2].get<double>() - z);
}

}  // namespace

TEST_CASE("clip info says what the contract names") {
  const TemporaryFolder folder;
  const Json info = json_of({"clip", "info", write_text(folder, "arm.bvh", kArm), "--json"});
  CHECK(info["format"] == "bvh");
  CHECK(info["joints"] == 2);
  CHECK(info["frames"] == 3);
  CHECK(info["fps"] == 30.0);
  CHECK(info["duration_s"].get<double>() == doctest::Approx(2.0 / 30.0));
  CHECK(info["unit"] == "cm");
  CHECK(info["up_axis"] == "y");
  REQUIRE(info["findings"].is_array());
  bool snapped = false;
  for (const Json& f : info["findings"]) {
    for (const char* key : {"code", "message", "evidence", "fix"}) CHECK(f[key].is_string());
    snapped = snapped || f["code"] == "frame_rate_snapped";
  }
  CHECK(snapped);
  const Outcome text = run_canter({"clip", "info", folder.path("arm.bvh")});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("2 joints") != std::string::npos);
}

TEST_CASE("clip pose gives world positions, corrected or raw, by time or frame") {
  const TemporaryFolder folder;
  const std::string arm = write_text(folder, "arm.bvh", kArm);
  const Json metres = json_of({"clip", "pose", arm, "--frame", "1", "--json"});
  CHECK(metres["time_s"].get<double>() == doctest::Approx(1.0 / 30.0));
  CHECK(distance(metres["positions"]["Hips"], 0, 0.9, 0.1) < 1e-6);
  CHECK(distance(metres["positions"]["Upper Body"], 0, 1.5, 0.1) < 1e-6);
  CHECK(distance(metres["positions"]["Upper Body_end"], -1.0, 1.5, 0.1) < 1e-6);
  const Json raw = json_of({"clip", "pose", arm, "--frame", "1", "--raw", "--json"});
  CHECK(distance(raw["positions"]["Upper Body_end"], -100, 150, 10) < 1e-4);
  const Json between = json_of({"clip", "pose", arm, "--time", "0.05", "--json"});
  CHECK(distance(between["positions"]["Hips"], 0, 0.9, 0.15) < 1e-6);
  CHECK(between["time_s"] == 0.05);
}

TEST_CASE("clip convert writes formats that read back the same") {
  const TemporaryFolder folder;
  const std::string arm = write_text(folder, "arm.bvh", kArm);
  for (const char* out : {"copy.bvh", "copy.clip", "copy.glb"}) {
    CAPTURE(out);
    const Json done = json_of({"clip", "convert", arm, folder.path(out), "--json"});
    CHECK(done["frames"] == 3);
    CHECK(done["bytes"] == std::filesystem::file_size(folder.path(out)));
    CHECK(done["max_error_m"].get<double>() <= 1e-4);
    const Json pose = json_of({"clip", "pose", folder.path(out), "--frame", "2", "--json"});
    CHECK(distance(pose["positions"]["Hips"], 0, 0.9, 0.2) < 1e-4);
  }
}

TEST_CASE("clip convert trims, scales and resamples") {
  const TemporaryFolder folder;
  const std::string arm = write_text(folder, "arm.bvh", kArm);
  const std::string out = folder.path("out.clip");
  Json done = json_of({"clip", "convert", arm, out, "--trim", "0.0333333:", "--json"});
  CHECK(done["frames"] == 2);
  done = json_of({"clip", "convert", arm, out, "--fps", "60", "--scale", "2", "--json"});
  CHECK(done["frames"] == 5);
  CHECK(done["fps"] == 60.0);
  const Json pose = json_of({"clip", "pose", out, "--frame", "1", "--json"});
  CHECK(distance(pose["positions"]["Hips"], 0, 1.8, 0.1) < 1e-4);
}

TEST_CASE("clip convert mirrors: twice is what it was") {
  const auto file = shared_data("motions/deepmimic/motions/humanoid3d_kick.txt");
  if (!file) return;
  const TemporaryFolder folder;
  const std::string once = folder.path("once.bvh");
  const std::string twice = folder.path("twice.bvh");
  CHECK(json_of({"clip", "convert", file->string(), once, "--mirror", "--json"})["frames"] == 47);
  json_of({"clip", "convert", once, twice, "--mirror", "--json"});
  const auto at = [](const std::string& path) {
    return json_of({"clip", "pose", path, "--frame", "20", "--json"})["positions"];
  };
  const Json source = at(file->string());
  const Json mirrored = at(once);
  const Json back = at(twice);
  for (const auto& [name, p] : source.items()) {
    CAPTURE(name);
    CHECK(distance(back[name], p[0], p[1], p[2]) < 1e-4);
  }
  // The character faces +X: the right foot's mirror image is the left foot, with z turned round.
  const Json& right = source["right_ankle"];
  CHECK(distance(mirrored["left_ankle"], right[0], right[1], -right[2].get<double>()) < 1e-4);
}

TEST_CASE("clip convert carries a motion onto another skeleton") {
  const auto folder = shared_data("motions");
  if (!folder) return;
  const TemporaryFolder out;
  const std::string walk = (*folder / "bvh/cmu_mb_12_01_walk.bvh").string();
  const std::string rig = (*folder / "deepmimic/characters/humanoid3d.txt").string();
  const Json done = json_of({"clip", "convert", walk, out.path("walk.clip"), "--trim", "1:3",
                             "--retarget", rig, "--json"});
  CHECK(done["frames"] == 241);
  CHECK(done["max_error_m"].get<double>() <= 1e-4);
  const Json info = json_of({"clip", "info", out.path("walk.clip"), "--json"});
  CHECK(info["joints"] == 15);
  CHECK(info["fps"] == 120.0);
  const Json pose = json_of({"clip", "pose", out.path("walk.clip"), "--time", "1", "--json"});
  CHECK(pose["positions"].contains("right_knee"));
  check_failure({"clip", "convert", walk, out.path("x.clip"), "--retarget", "none.bvh"}, 1,
                "none.bvh");
}

TEST_CASE("clip clean tells a clip's faults before and after, and mends them") {
  const TemporaryFolder folder;
  const std::string clean = folder.path("clean.clip");
  const Json done = json_of({"clip", "clean", "motion_data/walk.clip", clean, "--json"});
  CHECK(done["body"] == "humanoid3d");
  for (const char* key : {"lowest_m", "contact_share", "seam_rad", "limit_rad", "speed_rad_s"}) {
    CHECK(done["before"][key].is_number());
    CHECK(done["after"][key].is_number());
  }
  CHECK(std::abs(done["after"]["lowest_m"].get<double>()) < 1e-4);
  CHECK(done["after"]["contact_share"] >= done["before"]["contact_share"]);
  CHECK(done["after"]["seam_rad"].get<double>() < 1e-3);
  const Json info = json_of({"clip", "info", clean, "--json"});
  CHECK(info["joints"] == 15);
  CHECK(info["fps"] == done["fps"]);
  // Left alone, it keeps its faults.
  const Json same = json_of({"clip", "clean", "motion_data/walk.clip", clean, "--no-ground",
                             "--no-seam", "--no-limits", "--rate", "0", "--json"});
  for (const char* key : {"lowest_m", "seam_rad", "limit_rad"})
    CHECK(same["after"][key].get<double>() ==
          doctest::Approx(same["before"][key].get<double>()).epsilon(1e-6));
  const Outcome text = run_canter({"clip", "clean", "motion_data/walk.clip", clean});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("frames in contact") != std::string::npos);
  check_failure({"clip", "clean", write_text(folder, "arm.bvh", kArm), clean}, 1,
                "does not fit the body");
  check_failure({"clip", "clean", "motion_data/walk.clip", folder.path("x.doc")}, 2, ".clip");
  check_failure({"clip", "clean", "motion_data/walk.clip", clean, "--rate", "1e6"}, 1, "1000 Hz");
}

TEST_CASE("bad calls exit with 2, bad data with 1, each with one line") {
  const TemporaryFolder folder;
  const std::string arm = write_text(folder, "arm.bvh", kArm);
  check_failure({"clip"}, 2, "canter:");
  check_failure({"clip", "pose", arm}, 2, "--time or --frame");
  check_failure({"clip", "pose", arm, "--time", "0", "--frame", "0"}, 2, "--time or --frame");
  check_failure({"clip", "info", arm, "--jsn"}, 2, "--jsn");
  check_failure({"clip", "convert", arm, folder.path("x.doc")}, 2, ".clip");
  check_failure({"clip", "convert", arm, folder.path("x.clip"), "--scale", "0"}, 2, "--scale");
  check_failure({"clip", "convert", arm, folder.path("x.clip"), "--trim", "1"}, 2, "A:B");
  check_failure({"clip", "convert", arm, folder.path("x.clip"), "--trim", "5:6"}, 1, "duration");
  check_failure({"clip", "info", folder.path("none.bvh")}, 1, "none.bvh");
  check_failure({"clip", "pose", arm, "--frame", "3"}, 1, "no frame 3");
  check_failure({"clip", "info", arm, "--clip", "dance"}, 1, "dance");
  const std::string bad = write_text(folder, "bad.bvh", "HIERARCHY\nROOT a\n{\nOFSET 0 0 0\n");
  check_failure({"clip", "info", bad, "--json"}, 1,
                "bad.bvh:4: expected \"OFFSET\", found \"OFSET\"");
}

TEST_CASE("every shared motion converts to every format within a tenth of a millimetre") {
  const auto folder = shared_data("motions");
  if (!folder) return;
  const TemporaryFolder out;
  for (const char* file :
       {"bvh/rotation_first_root.bvh", "bvh/makehuman_walk1.bvh", "bvh/geno_stance.bvh",
        "bvh/fairmotion_sinusoidal.bvh", "deepmimic/motions/humanoid3d_roll.txt",
        "deepmimic/motions/dog3d_canter.txt"}) {
    for (const char* format : {"out.bvh", "out.clip", "out.glb"}) {
      CAPTURE(file);
      const Json done =
          json_of({"clip", "convert", (*folder / file).string(), out.path(format), "--json"});
      CHECK(done["max_error_m"].get<double>() <= 1e-4);
    }
  }
}
