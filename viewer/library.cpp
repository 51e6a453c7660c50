#include "viewer/library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "canter/import/import.h"
#include "canter/import/resources.h"

namespace canter::viewer {
namespace {

namespace fs = std::filesystem;

LibraryGroup scan(const std::string& title, const std::string& folder) {
  LibraryGroup group;
  group.title = title;
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

}  // namespace

std::vector<LibraryGroup> scan_library() {
  return {scan("Opened", ""), scan("Clips", importer::find_resource("motion_data")),
          scan("Characters", importer::find_resource("assets"))};
}

LibraryGroup scan_folder(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::path(path).lexically_normal();
  LibraryGroup group = scan(folder.filename().empty() ? folder.parent_path().filename().string()
                                                      : folder.filename().string(),
                            folder.string());
  group.folder = path;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.is_directory(error) && entry.path().filename().string()[0] != '.')
      group.folders.push_back(entry.path().filename().string());
  std::sort(group.folders.begin(), group.folders.end());
  return group;
}

bool is_path(const std::string& text) {
  return !text.empty() &&
         (text[0] == '/' || text[0] == '~' || text.starts_with("./") || text.starts_with("../"));
}

std::string expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  return home != nullptr && !path.empty() && path[0] == '~' ? home + path.substr(1) : path;
}

LibraryEntry& find_or_add(std::vector<LibraryGroup>& library, const std::string& path) {
  const auto whole = [](const std::string& p) {
    std::error_code ignored;
    return fs::absolute(p, ignored).lexically_normal();
  };
  const fs::path wanted = whole(path);
  for (LibraryGroup& group : library)
    for (LibraryEntry& entry : group.entries)
      if (entry.path == path || whole(entry.path) == wanted) return entry;
  LibraryEntry entry;
  entry.path = path;
  entry.name = fs::path(path).filename().string();
  library.front().entries.push_back(std::move(entry));
  return library.front().entries.back();
}

}  // namespace canter::viewer
