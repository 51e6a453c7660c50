// The arrows between rooms: reads the #include lines of plugin/ and trainer/ and compares them with
// include_rules.txt.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "test_data.h"

namespace {

namespace fs = std::filesystem;

struct Rule {
  std::set<std::string> rooms;
  std::set<std::string> libraries;
};

std::map<std::string, Rule> read_rules(const fs::path& path) {
  std::map<std::string, Rule> rules;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    Rule& rule = rules[line.substr(0, colon)];
    rule.rooms.insert(line.substr(0, colon));
    std::istringstream words(line.substr(colon + 1));
    bool after_bar = false;
    for (std::string word; words >> word;) {
      if (word == "|") {
        after_bar = true;
      } else {
        (after_bar ? rule.libraries : rule.rooms).insert(word);
      }
    }
  }
  return rules;
}

std::vector<std::string> includes_of(std::istream& in) {
  std::vector<std::string> includes;
  for (std::string line; std::getline(in, line);) {
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line.compare(hash, 8, "#include") != 0) continue;
    const std::size_t open = line.find_first_of("<\"", hash + 8);
    const std::size_t close = line.find_first_of(">\"", open + 1);
    if (open != std::string::npos && close != std::string::npos)
      includes.push_back(line.substr(open + 1, close - open - 1));
  }
  return includes;
}

// Why `room` may not include `include`; empty if it may.
std::string objection(const std::map<std::string, Rule>& rules, const std::string& room,
                      bool is_public, const std::string& include) {
  const auto rule = rules.find(room);
  if (rule == rules.end()) return "the room is not in include_rules.txt";
  const std::size_t slash = include.find('/');
  if (include == "canter/canter.h") return room == "capi" ? "" : "only capi may include canter.h";
  if (include.rfind("canter/", 0) == 0) {
    const std::string other = include.substr(7, include.find('/', 7) - 7);
    return rule->second.rooms.count(other) != 0 ? "" : "room " + other + " is not allowed";
  }
  if (slash == std::string::npos && include.find('.') == std::string::npos) return "";  // <vector>
  static const std::set<std::string> c_headers = {"immintrin.h", "unistd.h"};
  if (slash == std::string::npos && rule->second.libraries.count(include) != 0)
    return is_public ? include + " is not allowed in a public header" : "";
  if (slash == std::string::npos)
    return c_headers.count(include) != 0 || include == "zlib.h"
               ? ""
               : "write private headers as room/header.h";
  const std::string prefix = include.substr(0, slash);
  if (prefix == "glm") return "";
  if (!is_public && (prefix == room || rule->second.libraries.count(prefix) != 0)) return "";
  return prefix + " is not allowed" + (is_public ? " in a public header" : "");
}

using Violations = std::vector<std::string>;

// The sources below `base`, whose first folder is their room unless `room` says so.
void add_violations(const fs::path& base, bool is_public, const std::string& room,
                    const std::map<std::string, Rule>& rules, Violations& found) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(base)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cpp") continue;
    const fs::path relative = fs::relative(entry.path(), base);
    if (room.empty() && !relative.has_parent_path()) continue;      // canter.h: C, only C headers
    if (!room.empty() && *relative.begin() == "include") continue;  // the public headers
    std::ifstream in(entry.path());
    for (const std::string& include : includes_of(in)) {
      const std::string why =
          objection(rules, room.empty() ? relative.begin()->string() : room, is_public, include);
      if (!why.empty()) found.push_back(entry.path().string() + ": " + include + ": " + why);
    }
  }
}

Violations violations(const fs::path& root, const std::map<std::string, Rule>& rules) {
  Violations found;
  add_violations(root / "plugin/include/canter", true, "", rules, found);
  add_violations(root / "plugin/src", false, "", rules, found);
  add_violations(root / "trainer/include/canter", true, "", rules, found);
  add_violations(root / "trainer", false, "trainer", rules, found);
  return found;
}

}  // namespace

TEST_CASE("rooms include only what include_rules.txt allows") {
  const fs::path root = canter::test::source_dir();
  const auto rules = read_rules(root / "tests/house/include_rules.txt");
  REQUIRE(rules.size() >= 10);
  for (const std::string& violation : violations(root, rules)) FAIL_CHECK(violation);
}

TEST_CASE("the include rule catches a forbidden arrow") {
  const auto rules = read_rules(canter::test::source_dir() / "tests/house/include_rules.txt");
  std::istringstream source("#include <vector>\n  #include \"canter/import/import.h\"\n");
  const auto includes = includes_of(source);
  REQUIRE(includes.size() == 2);
  CHECK(objection(rules, "anim", false, includes[0]).empty());
  CHECK_FALSE(objection(rules, "anim", false, includes[1]).empty());
  CHECK_FALSE(objection(rules, "anim", false, "mujoco/mujoco.h").empty());
  CHECK_FALSE(objection(rules, "physics", true, "mujoco/mujoco.h").empty());
  CHECK(objection(rules, "physics", false, "mujoco/mujoco.h").empty());
  CHECK_FALSE(objection(rules, "base", false, "canter/anim/pose.h").empty());
  CHECK(objection(rules, "trainer", false, "dnnl.hpp").empty());
  CHECK_FALSE(objection(rules, "trainer", true, "dnnl.hpp").empty());
  CHECK_FALSE(objection(rules, "nn", false, "dnnl.hpp").empty());
  CHECK_FALSE(objection(rules, "world", false, "canter/trainer/train.h").empty());
}
