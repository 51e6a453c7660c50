#pragma once

#include <string>
#include <vector>

#include "canter/trainer/settings.h"
#include "mimic_clip.h"

namespace CLI {
class App;
}

/// `canter mimic`: one file per subcommand.
namespace canter::tools {

// Called once by add_mimic.
void add_mimic_bench(CLI::App& mimic);
void add_mimic_train(CLI::App& mimic);

/// NAME=VALUE of every --set; a bad call where one is none, or the settings are out of range.
void change_settings(trainer::Settings& settings, const std::vector<std::string>& pairs);
/// `threads`, or where it is 0 as many as the machine has cores.
int threads_or_all(int threads);

}  // namespace canter::tools
