#pragma once

#include <string>

#include "canter/import/import.h"
#include "canter/mimic/clip_task.h"

namespace canter::tools {

/// Reads a motion file that holds a clip at least; bad data for any other.
/// @param clip  a file, or the name of a clip in motion_data/
importer::Scene load_clip_scene(const std::string& clip);

/// "walk" of "…/humanoid3d_walk.txt".
std::string short_clip_name(const std::string& path);

/// A clip of a file with a body to imitate it.
struct NamedTask {
  std::string name;  ///< of the clip: "walk"
  mimic::ClipTask made;
};

/// Reads a clip of any format for the body it fits (see mimic::make_clip_task).
/// @param clip     as load_clip_scene
/// @param options  fall set and interface are set here
/// A bad call where there is no such interface; bad data where the clip fits no body.
NamedTask load_clip_task(const std::string& clip, const std::string& interface,
                         mimic::TaskOptions options);

}  // namespace canter::tools
