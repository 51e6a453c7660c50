#include "import/assimp_assert.h"

#include <assimp/ai_assert.h>

#include <stdexcept>
#include <string>

// Debian builds assimp with its assertions on, and a failed one ends the process: a single flipped
// bit in a skin cluster's vertex index is enough. assimp can be given another handler only through
// a header and symbol it does not export, but the function behind the assertion is exported, and
// the dynamic linker takes the program's definition before the library's. Throwing is safe there:
// assimp catches exceptions around every importer and returns them as errors. Goes when assimp is
// built without assertions, or exports setAiAssertHandler.
namespace Assimp {

void aiAssertViolation(const char* expression, const char* file, int line) {
  throw std::runtime_error("assertion " + std::string(expression) + " failed at " + file + ":" +
                           std::to_string(line));
}

}  // namespace Assimp

namespace canter::importer::detail {

void replace_assimp_assert() {}

}  // namespace canter::importer::detail
