#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace canter::test {

/// Root of the repository.
std::filesystem::path source_dir();

/// A file of the shared test data ($CANTER_TEST_DATA, by default ../shared/data beside the
/// repository), or nothing where the data is absent: then a line "SKIPPED: …" is printed, and with
/// CANTER_REQUIRE_DATA=1 (as in CI) the test case fails.
std::optional<std::filesystem::path> shared_data(const std::string& relative_path);

std::vector<std::byte> read_file(const std::filesystem::path& path);

}  // namespace canter::test
