// Any text as MJCF: refused with a message, or a body that can be built. MuJoCo's own compiler is
// on the way: what it cannot bear must be refused before.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "canter/physics/model.h"
#include "canter/physics/read_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter::physics;
  // What does not begin like XML is another reader's.
  const std::string text = "<" + std::string(reinterpret_cast<const char*>(data), size);
  const auto read = read_body(text, "fuzz.xml");
  if (!read) return 0;
  if (!validate(read->body)) std::abort();
  (void)make_model(read->body);
  return 0;
}
