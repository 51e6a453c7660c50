#pragma once

#include <string>
#include <vector>

#include "canter/trainer/clip_task.h"
#include "canter/trainer/settings.h"

namespace CLI {
class App;
}

/// `canter mimic`: one file per subcommand.
namespace canter::tools {

// Called once by add_mimic.
void add_mimic_bench(CLI::App& mimic);
void add_mimic_train(CLI::App& mimic);

/// A clip of a file with a body to imitate it.
struct NamedTask {
  std::string name;  ///< of the clip: "walk"
  trainer::ClipTask made;
};

/// Reads a clip of any format for the body it fits (see trainer::make_clip_task).
/// @param clip     a file, or the name of a clip in motion_data/
/// @param options  fall set and interface are set here
/// A bad call where there is no such interface; bad data where the clip fits no body.
NamedTask load_clip_task(const std::string& clip, const std::string& interface,
                         mimic::TaskOptions options);

/// "walk" of "…/humanoid3d_walk.txt".
std::string short_clip_name(const std::string& path);

/// NAME=VALUE of every --set; a bad call where one is none, or the settings are out of range.
void change_settings(trainer::Settings& settings, const std::vector<std::string>& pairs);
/// `threads`, or where it is 0 as many as the machine has cores.
int threads_or_all(int threads);

}  // namespace canter::tools
