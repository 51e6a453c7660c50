// canter mimic train and bench, as programs call them.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "commands.h"
#include "test_data.h"

using namespace canter::test;
using Json = nlohmann::json;

namespace {

// A DeepMimic clip of the humanoid standing still: arms down, soles on the ground.
std::string standing_clip() {
  std::string frame = "0.1, 0, 0.8814, 0, 1,0,0,0, ";  // duration, root
  frame += "1,0,0,0, 1,0,0,0, ";                       // chest, neck
  const std::string leg = "1,0,0,0, 0, 1,0,0,0, ", arm = "1,0,0,0, 0";
  frame += leg + arm + ", " + leg + arm;
  std::string text = "{\"Loop\": \"wrap\", \"Frames\": [";
  for (int i = 0; i < 6; ++i) text += (i == 0 ? "[" : ", [") + frame + "]";
  return text + "]}";
}

struct Run {
  TemporaryFolder folder;
  std::string clip = write_text(folder, "humanoid3d_stand.txt", standing_clip());
  std::string policy = folder.path("stand.safetensors");

  /// A call that learns next to nothing in no time.
  std::vector<std::string> call(std::vector<std::string> more) const {
    std::vector<std::string> all = {"mimic", "train", clip, "--policy", policy, "--json"};
    for (const char* set : {"environments=16", "group=8", "steps=8", "minibatch=64", "hidden=16",
                            "evaluation_starts=2", "evaluation_steps=10", "evaluate_every=256"}) {
      all.push_back("--set");
      all.push_back(set);
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

// Whether a file holds these characters.
bool contains(const std::string& path, const std::string& text) {
  const auto bytes = read_file(path);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find(text) !=
         std::string::npos;
}

}  // namespace

TEST_CASE("mimic train writes a policy with a green passport, a log and a checkpoint") {
  const Run run;
  const Json json = json_of(run.call({"--samples", "512", "--threads", "1"}));
  CHECK(json["clip"] == "stand");
  CHECK(json["samples"] == 512);
  CHECK(json["starts"] == 2);
  CHECK(json["return"].get<double>() > 0.3);  // who stands and does nothing stands for a while
  CHECK(json["samples_per_s"].get<double>() > 0.0);
  CHECK(json["stopped"] == false);
  CHECK(std::filesystem::exists(json["log"].get<std::string>()));
  CHECK(json_of({"model", "verify", run.policy, "--json"})["verdict"] == "green");
  const Json info = json_of({"model", "info", run.policy, "--json"});
  // What made it is told without the places of this machine's files.
  CHECK(contains(run.policy, "canter mimic train humanoid3d_stand.txt --samples 512"));
  CHECK_FALSE(contains(run.policy, run.policy));
  CHECK_FALSE(contains(run.policy, "\"dtype\":\"F16\""));
  CHECK(info["outputs"][0]["name"] == "action");

  // Continued: the samples of both, and the same bits as without a break, with two threads.
  const Json more = json_of(run.call({"--samples", "1024", "--resume", "--threads", "2"}));
  CHECK(more["resumed"] == true);
  CHECK(more["samples"] == 1024);
  const Run whole;
  const Json once = json_of(whole.call({"--samples", "1024", "--threads", "1"}));
  CHECK(once["hash"] == more["hash"]);
  CHECK(once["hash"] != json["hash"]);
}

TEST_CASE("a policy whose clip may not be passed on is trained, converted and used without it") {
  const Run run;
  json_of(run.call({"--samples", "256", "--no-clip"}));
  CHECK_FALSE(contains(run.policy, "mimic.reference"));
  CHECK(contains(run.policy, "--no-clip"));
  const auto eval = [](const std::string& policy, const std::vector<std::string>& more) {
    std::vector<std::string> call = {"mimic", "eval", policy, "--episodes", "2", "--seconds", "1"};
    call.insert(call.end(), more.begin(), more.end());
    return call;
  };
  check_failure(eval(run.policy, {}), 2, "'humanoid3d_stand'; give the clip's file with --clip");
  check_failure(eval(run.policy, {"--clip", "motion_data/walk.clip"}), 1, "another clip");
  const Json apart = json_of(eval(run.policy, {"--clip", run.clip, "--json"}));

  const std::string whole = run.folder.path("whole.safetensors");
  const Json wide = json_of({"mimic", "convert", run.policy, whole, "--clip", run.clip, "--json"});
  CHECK(wide["has_clip"] == true);
  CHECK(contains(whole, "mimic.reference"));
  const Json together = json_of(eval(whole, {"--json"}));
  CHECK(together["nr_paper"].get<double>() ==
        doctest::Approx(apart["nr_paper"].get<double>()).epsilon(1e-3));

  const std::string narrow = run.folder.path("narrow.safetensors");
  const Json json =
      json_of({"mimic", "convert", whole, narrow, "--no-clip", "--weights", "f16", "--json"});
  CHECK(json["bytes"].get<double>() < 0.8 * wide["bytes"].get<double>());
  CHECK_FALSE(contains(narrow, "mimic.reference"));
  CHECK(contains(narrow, "\"dtype\":\"F16\""));
  CHECK(json_of({"model", "verify", narrow, "--json"})["verdict"] == "green");
  check_failure({"mimic", "convert", whole, narrow, "--weights", "f8"}, 2, "--weights");
  check_failure({"mimic", "convert", run.clip, narrow}, 1, "humanoid3d_stand.txt");
}

TEST_CASE("mimic train keeps the best of several seeds") {
  const Run run;
  const Json json =
      json_of(run.call({"--samples", "256", "--seeds", "2", "--seed", "5", "--weights", "f16"}));
  REQUIRE(json["seeds"].size() == 2);
  CHECK(json["seeds"][0]["seed"] == 5);
  CHECK(json["seeds"][1]["seed"] == 6);
  CHECK(json["seeds"][0]["hash"] != json["seeds"][1]["hash"]);
  CHECK(json_of({"model", "verify", run.policy, "--json"})["verdict"] == "green");
  CHECK(std::filesystem::exists(run.folder.path("stand.seed6.safetensors")));
  for (const Json& seed : json["seeds"]) CHECK(seed["return"] <= json["return"]);
  CHECK(contains(run.policy, "\"dtype\":\"F16\""));
}

TEST_CASE("mimic train pushes as hard and as often as it is told, push says what was stood where") {
  const auto trained = [](const std::vector<std::string>& more) {
    const Run run;
    const Json json = json_of(run.call(more));
    CHECK(contains(run.policy, more.back()));
    return json["hash"].get<std::string>();
  };
  const std::string alone = trained({"--samples", "1024"});
  const std::string pushed = trained({"--samples", "1024", "--push", "400"});
  const std::string often = trained({"--samples", "1024", "--push", "400", "--push-every", "0.25"});
  CHECK(alone != pushed);
  CHECK(pushed != often);

  const Run run;
  json_of(run.call({"--samples", "256"}));
  const Json push =
      json_of({"mimic", "push", run.policy, "--phases", "2", "--step", "100", "--json"});
  REQUIRE(push["moments"].size() == 2);
  const auto least = [&](const char* way) {
    return std::min(push["moments"][0][way].get<double>(), push["moments"][1][way].get<double>());
  };
  CHECK(least("forward_n") == push["forward_n"].get<double>());
  CHECK(std::min(least("right_n"), least("left_n")) == push["sideways_n"].get<double>());
}

TEST_CASE("mimic train says what is wrong") {
  const Run run;
  check_failure(run.call({"--push", "-1"}), 2, "--push starts at 0");
  check_failure(run.call({"--push", "100", "--push-every", "0"}), 2, "--push-every above it");
  check_failure({"mimic", "train", run.folder.path("absent.bvh")}, 1, "absent.bvh");
  check_failure(run.call({"--interface", "telepathy"}), 2, "telepathy");
  check_failure(run.call({"--precision", "f8"}), 2, "f8");
  check_failure(run.call({"--weights", "f8"}), 2, "--weights");
  check_failure(run.call({"--set", "wings=2"}), 2, "there is no 'wings'; there are seed, hidden");
  check_failure(run.call({"--set", "epochs=many"}), 2, "epochs cannot be 'many'");
  check_failure(run.call({"--set", "epochs=0"}), 2, "epochs is 0, expected between 1");
  check_failure(run.call({"--seeds", "0"}), 2, "--seeds");
  const std::string other = write_text(run.folder, "arm.bvh",
                                       "HIERARCHY\nROOT arm\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation "
                                       "Xrotation Yrotation\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\n"
                                       "MOTION\nFrames: 2\nFrame Time: 0.1\n0 0 0\n1 0 0\n");
  check_failure({"mimic", "train", other}, 1, "does not fit the body");
  // A checkpoint of other settings is not continued.
  json_of(run.call({"--samples", "128"}));
  check_failure(run.call({"--samples", "256", "--resume", "--set", "discount=0.9"}), 1, "discount");
}

TEST_CASE("mimic train carries a clip of another skeleton onto the humanoid") {
  const Run run;
  std::vector<std::string> call = run.call({"--samples", "256"});
  call[2] = "motion_data/walk.clip";
  const Json json = json_of(call);
  CHECK(json["retargeted"] == true);
  CHECK(json["body"] == "humanoid3d");
}

TEST_CASE("mimic bench prints the speeds of this machine") {
  const Run run;
  const Json json = json_of({"mimic", "bench", run.clip, "--iterations", "1", "--threads", "1",
                             "--set", "environments=64", "--set", "hidden=32", "--json"});
  for (const char* key : {"physics_steps_per_s", "collect_per_s", "update_per_s", "samples_per_s"})
    CHECK(json[key].get<double>() > 0.0);
  CHECK(json["f32"]["samples_per_s"].get<double>() > 0.0);
  check_failure({"mimic", "bench", run.clip, "--iterations", "0"}, 2, "--iterations");
}

TEST_CASE("every policy that ships performs its clip") {
  int policies = 0, of_others = 0;
  for (const auto& entry : std::filesystem::directory_iterator("assets/policies")) {
    if (entry.path().extension() != ".safetensors") continue;
    const std::string path = entry.path().string(), name = entry.path().stem().string();
    CAPTURE(path);
    CHECK(json_of({"model", "verify", path, "--json"})["verdict"] == "green");
    CHECK_FALSE(contains(path, "/work"));
    CHECK_FALSE(contains(path, "/home"));
    std::vector<std::string> call = {"mimic", "eval",      path, "--episodes",
                                     "4",     "--seconds", "6",  "--json"};
    // Of the clips of DeepMimic, which are not ours to pass on, only the policies ship.
    const bool ours = std::filesystem::exists("motion_data/" + name + ".clip");
    if (!ours) {
      ++of_others;
      CHECK_FALSE(contains(path, "mimic.reference"));
      // NAME_197 is the clip's policy of the original interface.
      const std::string of = name.substr(0, name.rfind("_197"));
      const auto clip = shared_data("motions/deepmimic/motions/" + of + ".txt");
      if (!clip) continue;
      call.insert(call.end(), {"--clip", clip->string()});
    }
    ++policies;
    const Json json = json_of(call);
    CHECK(json["survived"].get<int>() >= (ours ? 4 : 3));
    CHECK(json["nr_paper"].get<double>() > (ours ? 0.9 : 0.65));
  }
  MESSAGE(policies << " policies, " << of_others << " of them without their clip");
  CHECK(policies >= 1);
}
