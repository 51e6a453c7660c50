#include "canter/import/import.h"

namespace canter::importer {

Result<Scene> load(std::span<const std::byte>, std::string_view name, const Options&,
                   const Resolver&) {
  return Error{ErrorCode::unsupported, std::string(name) + ": no reader for this format"};
}

}  // namespace canter::importer
