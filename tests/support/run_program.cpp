#include "run_program.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace canter::test {
namespace {

// One word of a POSIX shell command, whatever it holds.
std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  out += '\'';
  return out;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::random_device random;
  path_ = (std::filesystem::temp_directory_path() / ("canter_test_" + std::to_string(random())))
              .string();
  REQUIRE(std::filesystem::create_directory(path_));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Outcome run_canter(const std::vector<std::string>& arguments) {
  const char* other = std::getenv("CANTER_BINARY");
  const TemporaryFolder folder;
  std::string command = quoted(other != nullptr ? other : CANTER_BINARY_DEFAULT);
  for (const std::string& argument : arguments) command.append(" ").append(quoted(argument));
  command.append(" >").append(quoted(folder.path("out")));
  command.append(" 2>").append(quoted(folder.path("err"))).append(" </dev/null");
  const int status = std::system(command.c_str());
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = text_of(folder.path("out"));
  outcome.err = text_of(folder.path("err"));
  return outcome;
}

}  // namespace canter::test
