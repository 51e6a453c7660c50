#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "canter/base/result.h"

namespace CLI {
class App;
}

/// What the commands of `canter` share. Exit codes: 0 success, 2 a bad call, 1 bad data or a failed
/// check, with one line on stderr.
namespace canter::tools {

/// Ends the command with one line on stderr.
class CommandError : public std::runtime_error {
 public:
  CommandError(int exit_code, const std::string& message)
      : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

inline CommandError bad_data(const std::string& message) {
  return {1, message};
}
inline CommandError bad_call(const std::string& message) {
  return {2, message};
}

/// The value, or the command ends with exit code 1 and the error's message.
template <class T>
T require(Result<T> result) {
  if (!result) throw bad_data(result.error().message);
  return std::move(result).value();
}
inline void require(Result<void> result) {
  if (!result) throw bad_data(result.error().message);
}

std::vector<std::byte> read_file(const std::string& path);
/// Writes beside the target and renames, so that a failure leaves what was there.
void write_file(const std::string& path, std::span<const std::byte> bytes);

// One function per command group, each in a file of its name; called once by main.
void add_bench(CLI::App& app);
void add_clip(CLI::App& app);
void add_make(CLI::App& app);
void add_mimic(CLI::App& app);
void add_model(CLI::App& app);
void add_phase(CLI::App& app);
void add_view(CLI::App& app);

}  // namespace canter::tools
