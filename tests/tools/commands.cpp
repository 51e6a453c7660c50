#include "commands.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

namespace canter::test {

nlohmann::json json_of(const std::vector<std::string>& arguments) {
  const Outcome outcome = run_canter(arguments);
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const auto json = nlohmann::json::parse(outcome.out, nullptr, false);
  REQUIRE(json.is_object());
  return json;
}

void check_failure(const std::vector<std::string>& arguments, int exit_code,
                   const std::string& part) {
  const Outcome outcome = run_canter(arguments);
  CAPTURE(outcome.err);
  CHECK(outcome.exit_code == exit_code);
  CHECK(outcome.out.empty());
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.find(part) != std::string::npos);
}

std::string write_text(const TemporaryFolder& folder, const std::string& name,
                       const std::string& text) {
  std::ofstream(folder.path(name), std::ios::binary) << text;
  return folder.path(name);
}

}  // namespace canter::test
