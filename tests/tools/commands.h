#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.h"

namespace canter::test {

/// The one JSON object a successful call of `canter` prints; nothing on stderr.
nlohmann::json json_of(const std::vector<std::string>& arguments);

/// A call fails with this code, prints nothing on stdout and one line with `part` on stderr.
void check_failure(const std::vector<std::string>& arguments, int exit_code,
                   const std::string& part);

/// Writes a file into a test's folder; its path.
std::string write_text(const TemporaryFolder& folder, const std::string& name,
                       const std::string& text);

}  // namespace canter::test
