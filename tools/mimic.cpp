// canter mimic: what its commands have in common.

#include "mimic.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "command.h"

namespace canter::tools {

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
