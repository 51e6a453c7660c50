#include "character_files.h"

#include <algorithm>

#include "canter/import/import.h"
#include "test_data.h"

namespace canter::test {

std::vector<std::string> character_files() {
  std::vector<std::string> files;
  const auto folder = shared_data("characters");
  if (!folder) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    const std::string file = std::filesystem::relative(entry.path(), *folder).generic_string();
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() &&
        (extension == ".gltf" || extension == ".glb" || extension == ".fbx" || extension == ".dae"))
      files.push_back(file);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace canter::test
