// Any bytes as a character file of DeepMimic: refused with a message, or a body that can be built.
// MJCF is fuzz_mjcf's.

#include <cstdint>
#include <cstdlib>

#include "canter/physics/read_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter::physics;
  std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first != std::string::npos && text[first] == '<') return 0;
  const auto read = read_body(text, "fuzz.json", {.controller = text});
  if (read && !validate(read->body)) std::abort();
  return 0;
}
