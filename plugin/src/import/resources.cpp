#include "canter/import/resources.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace canter::importer {
namespace {

namespace fs = std::filesystem;

// The running program's folder; empty where the system does not say it this way.
fs::path program_folder() {
  std::error_code unknown;
  return fs::read_symlink("/proc/self/exe", unknown).parent_path();
}

std::vector<fs::path> roots() {
  if (const char* chosen = std::getenv("CANTER_RESOURCES"); chosen != nullptr) return {chosen};
  return {program_folder() / ".." / "share" / "canter", CANTER_SOURCE_DIR};
}

}  // namespace

std::string find_resource(const std::string& path) {
  std::error_code ignored;
  for (const fs::path& root : roots())
    if (fs::exists(root / path, ignored)) return (root / path).lexically_normal().string();
  return {};
}

}  // namespace canter::importer
