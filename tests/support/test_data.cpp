#include "test_data.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace canter::test {
namespace {

std::string environment_or(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : fallback;
}

}  // namespace

std::filesystem::path source_dir() {
  return CANTER_SOURCE_DIR;
}

std::optional<std::filesystem::path> shared_data(const std::string& relative_path) {
  const std::filesystem::path path =
      std::filesystem::path(environment_or("CANTER_TEST_DATA", CANTER_TEST_DATA_DEFAULT)) /
      relative_path;
  if (std::filesystem::exists(path)) return path;
  std::printf("SKIPPED: test data %s is absent\n", path.c_str());
  if (environment_or("CANTER_REQUIRE_DATA", "0") == "1")
    FAIL("test data is required here but absent: " << path.string());
  return std::nullopt;
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), "cannot open " << path.string());
  const std::vector<char> chars((std::istreambuf_iterator<char>(in)),
                                std::istreambuf_iterator<char>());
  std::vector<std::byte> bytes(chars.size());
  for (std::size_t i = 0; i < chars.size(); ++i) bytes[i] = static_cast<std::byte>(chars[i]);
  return bytes;
}

}  // namespace canter::test
