// canter mimic: policies that imitate clips with a simulated body.

#include "mimic.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <thread>

#include "canter/import/import.h"
#include "command.h"

namespace canter::tools {
namespace {

// A file as it is, else a clip that ships.
std::string find_clip(const std::string& clip) {
  if (std::filesystem::exists(clip)) return clip;
  const std::string shipped = "motion_data/" + clip + ".clip";
  return std::filesystem::exists(shipped) ? shipped : clip;
}

// "humanoid3d_walk" is the walk.
std::string short_name(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (const char* prefix : {"humanoid3d_", "dog3d_"})
    if (name.rfind(prefix, 0) == 0) name = name.substr(std::string(prefix).size());
  return name;
}

// How many joints of the body that move the skeleton lacks, and the first.
int missing_joints(const physics::BodyDesc& body, const Skeleton& skeleton, std::string& first) {
  int missing = 0;
  for (const physics::BodyJoint& joint : body.joints) {
    if (joint.type == physics::JointType::fixed || skeleton.find(joint.name) >= 0) continue;
    if (missing++ == 0) first = joint.name;
  }
  return missing;
}

physics::BodyDesc body_for(const std::string& path, const Skeleton& skeleton) {
  std::string first;
  for (const physics::BodyDesc& body : {physics::humanoid_body(), physics::dog_body()})
    if (missing_joints(body, skeleton, first) == 0) return body;
  const physics::BodyDesc humanoid = physics::humanoid_body();
  const int missing = missing_joints(humanoid, skeleton, first);
  throw bad_data(fmt::format("{}: fits no body: of the {}'s joints {} are missing, such as '{}'",
                             path, humanoid.name, missing, first));
}

}  // namespace

ClipTask load_clip_task(const std::string& clip, const std::string& interface,
                        mimic::TaskOptions options) {
  const auto wired = mimic::interface_from(interface);
  if (!wired) throw bad_call("mimic: --interface " + interface + ": " + wired.error().message);
  const std::string path = find_clip(clip);
  const importer::Scene scene = require(importer::load_file(path));
  if (scene.clips.empty()) throw bad_data(path + ": holds no clip");
  ClipTask loaded;
  loaded.name = short_name(path);
  const physics::BodyDesc body = body_for(path, scene.skeleton);
  loaded.body = body.name;
  options.interface = wired.value();
  options.fall = mimic::fall_set_for(loaded.name);
  const auto task = mimic::make_task(body, scene.skeleton, scene.clips[0], options);
  if (!task) throw bad_data(path + ": " + task.error().message);
  loaded.task = task.value();
  return loaded;
}

void change_settings(trainer::Settings& settings, const std::vector<std::string>& pairs) {
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      throw bad_call("mimic: --set " + pair + ": expected NAME=VALUE");
    const auto done = trainer::change(settings, pair.substr(0, equals), pair.substr(equals + 1));
    if (!done) throw bad_call("mimic: --set: " + done.error().message);
  }
  if (const auto valid = trainer::validate(settings); !valid)
    throw bad_call("mimic: " + valid.error().message);
}

int threads_or_all(int threads) {
  return threads > 0 ? threads
                     : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void add_mimic(CLI::App& app) {
  CLI::App* mimic = app.add_subcommand("mimic", "Policies: a body that performs clips itself");
  mimic->require_subcommand(1);
  add_mimic_bench(*mimic);
  add_mimic_train(*mimic);
}

}  // namespace canter::tools
