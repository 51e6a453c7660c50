#pragma once

#include <string>
#include <vector>

#include "viewer/state.h"

namespace canter::viewer {

/// What ships: a group of clips and a group of characters, sorted by name. Missing folders give
/// empty groups.
std::vector<LibraryGroup> scan_library();

/// The importable files and the folders of any folder, sorted by name.
LibraryGroup scan_folder(const std::string& path);
/// Whether what was typed is a path rather than letters of a name.
bool is_path(const std::string& text);
/// "~/x" as the home folder's.
std::string expand_home(const std::string& path);

/// The entry of this path, added to the group "Opened" if there is none.
LibraryEntry& find_or_add(std::vector<LibraryGroup>& library, const std::string& path);

}  // namespace canter::viewer
