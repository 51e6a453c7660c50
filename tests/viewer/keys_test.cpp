#include "viewer/keys.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <tuple>

#include "test_data.h"

namespace canter::test {
namespace {

TEST_CASE("no two effects share a key, and each key asks for something") {
  std::set<std::tuple<int, bool, bool>> seen;
  viewer::State state;
  for (const viewer::Key& key : viewer::keys()) {
    CAPTURE(key.label);
    CHECK(seen.insert({key.code, key.shift, key.ctrl}).second);
    CHECK(viewer::key_command(state, key.code, key.shift, key.ctrl).has_value());
  }
  CHECK(!viewer::key_command(state, 0, false).has_value());
}

TEST_CASE("the manual names every key and what it does") {
  const auto bytes = read_file(source_dir() / "docs" / "viewer.md");
  const std::string manual(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const viewer::Key& key : viewer::keys()) {
    CAPTURE(key.label);
    CHECK(manual.find(key.label) != std::string::npos);
    CHECK(manual.find(key.effect) != std::string::npos);
  }
}

}  // namespace
}  // namespace canter::test
