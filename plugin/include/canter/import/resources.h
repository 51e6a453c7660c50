#pragma once

#include <string>

namespace canter::importer {

/// Where something is that comes with Canter, by its path in the repository ("assets",
/// "assets/models/phase.safetensors"): below $CANTER_RESOURCES if that is set, else below
/// share/canter beside the folder of the running program, else in the source tree this was built
/// from. Empty if it is nowhere. Looks at the file system, opens nothing; any thread.
std::string find_resource(const std::string& path);

}  // namespace canter::importer
