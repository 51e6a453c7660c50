#pragma once

#include <string>
#include <vector>

namespace canter::test {

/// Every importable file under characters/ of the shared test data, by path below it; empty (and
/// said so) where the data is absent.
std::vector<std::string> character_files();

}  // namespace canter::test
