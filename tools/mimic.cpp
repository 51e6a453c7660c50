// canter mimic: policies that imitate clips with a simulated body.

#include "mimic.h"

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

}  // namespace

std::string short_clip_name(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (const char* prefix : {"humanoid3d_", "dog3d_"})
    if (name.rfind(prefix, 0) == 0) name = name.substr(std::string(prefix).size());
  return name;
}

NamedTask load_clip_task(const std::string& clip, const std::string& interface,
                         mimic::TaskOptions options) {
  const auto wired = mimic::interface_from(interface);
  if (!wired) throw bad_call("mimic: --interface " + interface + ": " + wired.error().message);
  const std::string path = find_clip(clip);
  const importer::Scene scene = require(importer::load_file(path));
  if (scene.clips.empty()) throw bad_data(path + ": holds no clip");
  options.interface = wired.value();
  const std::string name = short_clip_name(path);
  return {name, require(trainer::make_clip_task(scene.skeleton, scene.clips[0], name, options))};
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

}  // namespace canter::tools
