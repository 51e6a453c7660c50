// packages.txt is the one list of Debian packages: CMake's messages may only name what is on it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "test_data.h"

namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::set<std::string> listed_packages(const fs::path& path) {
  std::set<std::string> packages;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string group, package;
    if (line.rfind('#', 0) != 0 && words >> group >> package) packages.insert(package);
  }
  return packages;
}

// Every word after DEB in canter_find(… DEB name …).
std::set<std::string> packages_named_by_cmake(const std::string& text) {
  std::set<std::string> packages;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word != "DEB" || !(words >> word)) continue;
    packages.insert(word.substr(0, word.find(')')));
  }
  return packages;
}

}  // namespace

TEST_CASE("every package CMake asks for is in packages.txt") {
  const fs::path root = canter::test::source_dir();
  const auto listed = listed_packages(root / "packages.txt");
  REQUIRE(listed.size() > 10);
  int asked = 0;
  for (const char* file :
       {"plugin/CMakeLists.txt", "plugin/src/import/CMakeLists.txt", "viewer/CMakeLists.txt",
        "trainer/CMakeLists.txt", "tools/CMakeLists.txt", "tests/CMakeLists.txt",
        "samples/CMakeLists.txt"}) {
    for (const std::string& package : packages_named_by_cmake(read_text(root / file))) {
      ++asked;
      CHECK_MESSAGE(listed.count(package) == 1, file << " asks for " << package);
    }
  }
  CHECK(asked >= 6);
}
