#include "viewer/library.h"

#include <SDL_filesystem.h>
#include <SDL_stdinc.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "canter/import/import.h"

namespace canter::viewer {
namespace {

namespace fs = std::filesystem;

LibraryGroup scan(const std::string& title, const std::string& folder) {
  LibraryGroup group{title, {}};
  std::error_code error;
  if (folder.empty()) return group;
  for (const fs::directory_entry& file : fs::directory_iterator(folder, error)) {
    const std::string name = file.path().filename().string();
    if (file.is_regular_file(error) && importer::is_importable(name)) {
      LibraryEntry entry;
      entry.path = file.path().string();
      entry.name = file.path().stem().string();
      group.entries.push_back(std::move(entry));
    }
  }
  std::sort(group.entries.begin(), group.entries.end(),
            [](const LibraryEntry& a, const LibraryEntry& b) { return a.name < b.name; });
  return group;
}

std::string program_dir() {
  const std::unique_ptr<char, void (*)(void*)> base(SDL_GetBasePath(), SDL_free);
  return base == nullptr ? std::string() : std::string(base.get());
}

}  // namespace

std::string resource_dir(const std::string& name) {
  std::vector<fs::path> roots;
  if (const char* chosen = std::getenv("CANTER_RESOURCES"); chosen != nullptr) {
    roots.emplace_back(chosen);
  } else {
    roots.push_back(fs::path(program_dir()) / ".." / "share" / "canter");
    roots.emplace_back(CANTER_SOURCE_DIR);
  }
  std::error_code ignored;
  for (const fs::path& root : roots)
    if (fs::is_directory(root / name, ignored)) return (root / name).lexically_normal().string();
  return {};
}

std::vector<LibraryGroup> scan_library() {
  return {{"Opened", {}},
          scan("Clips", resource_dir("motion_data")),
          scan("Characters", resource_dir("assets"))};
}

LibraryEntry& find_or_add(std::vector<LibraryGroup>& library, const std::string& path) {
  for (LibraryGroup& group : library)
    for (LibraryEntry& entry : group.entries)
      if (entry.path == path) return entry;
  LibraryEntry entry;
  entry.path = path;
  entry.name = fs::path(path).filename().string();
  library.front().entries.push_back(std::move(entry));
  return library.front().entries.back();
}

}  // namespace canter::viewer
