// Clips for the commands of `canter mimic`.

#include "mimic_clip.h"

#include <filesystem>

#include "canter/import/resources.h"
#include "command.h"

namespace canter::tools {
namespace {

// A file as it is, else a clip that ships.
std::string find_clip(const std::string& clip) {
  if (std::filesystem::exists(clip)) return clip;
  const std::string shipped = importer::find_resource("motion_data/" + clip + ".clip");
  return shipped.empty() ? clip : shipped;
}

}  // namespace

importer::Scene load_clip_scene(const std::string& clip) {
  const std::string path = find_clip(clip);
  importer::Scene scene = require(importer::load_file(path));
  if (scene.clips.empty()) throw bad_data(path + ": holds no clip");
  return scene;
}

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
  const importer::Scene scene = load_clip_scene(clip);
  options.interface = wired.value();
  const std::string name = short_clip_name(clip);
  return {name, require(mimic::make_clip_task(scene.skeleton, scene.clips[0], name, options))};
}

}  // namespace canter::tools
