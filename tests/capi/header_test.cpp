// canter.h as a text: every function has a comment that names its thread.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "test_data.h"

namespace {

// The functions of a header whose comment is missing or has no thread tag.
std::vector<std::string> undocumented(const std::string& header) {
  std::vector<std::string> found;
  for (std::size_t at = header.find("\nCANTER_API "); at != std::string::npos;
       at = header.find("\nCANTER_API ", at + 1)) {
    const std::string name = header.substr(at + 1, header.find(';', at) - at);
    const std::size_t open = header.rfind("/**", at);
    const bool commented = at >= 2 && header.compare(at - 2, 2, "*/") == 0;
    const std::string comment = commented ? header.substr(open, at - open) : "";
    bool tagged = false;
    for (const char* tag :
         {"[any-thread", "[load]", "[session]", "[world]", "[world,", "[world-read]", "[callback]"})
      tagged = tagged || comment.find(tag) != std::string::npos;
    if (!tagged) found.push_back(name);
  }
  return found;
}

}  // namespace

TEST_CASE("every exported function is documented with its thread") {
  std::ifstream in(canter::test::source_dir() / "plugin/include/canter/canter.h");
  std::stringstream text;
  text << in.rdbuf();
  REQUIRE(text.str().size() > 1000);
  for (const std::string& name : undocumented(text.str())) FAIL_CHECK(name);
}

TEST_CASE("the documentation test sees what is missing") {
  CHECK(undocumented("\n/** Good. [load] */\nCANTER_API int a(void);").empty());
  CHECK(undocumented("\n/** No thread. */\nCANTER_API int a(void);").size() == 1);
  CHECK(undocumented("\n/** [load] */\nCANTER_API int a(void);\nCANTER_API int b(void);").size() ==
        1);
}
