#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"
#include "canter/anim/skinning.h"
#include "canter/base/result.h"

/// Readers and writers of other people's files. Tools and editors link this; the runtime never
/// does.
namespace canter::importer {

/// Whether a finding's fix is already in the imported data, can be applied, or does not exist.
enum class FixState { applied, available, none };

/// Something the Import Doctor noticed, with what it saw and what can be done about it.
struct Finding {
  std::string code;      ///< stable, lower_snake_case: "unit_guess", "frame_rate_snapped" …
  std::string message;   ///< one sentence for a person
  std::string evidence;  ///< the numbers it rests on
  std::string fix;       ///< what was or can be done; empty if nothing
  FixState state = FixState::none;
};

struct Options {
  /// Leave units, axes and frame rate as the file has them; findings are still reported.
  bool raw = false;
  /// Metres per file unit; overrides the guess.
  std::optional<float> unit_m;
};

/// What was found in a file, in metres and Y up unless Options::raw.
struct Scene {
  std::string format;  ///< "bvh", "deepmimic_motion", "deepmimic_character", "gltf", "glb", "fbx",
                       ///< "collada", "clip"
  Skeleton skeleton;
  std::vector<RawClip> clips;       ///< all on `skeleton`
  std::optional<SkinnedMesh> mesh;  ///< bound to `skeleton`
  float unit_m = 1.0f;              ///< metres per file unit that was assumed
  std::string up_axis = "y";        ///< of the file: "x", "y" or "z"
  std::vector<Finding> findings;
};

/// Gives the bytes of a file named by another (a .gltf's .bin), or an error.
using Resolver = std::function<Result<std::vector<std::byte>>(std::string_view relative_path)>;

/// Reads any supported file. The format is told by content first, then by the name's extension.
/// @param name      used for the extension and in messages
/// @param resolver  how to get files this one refers to; without it such files are refused
/// Errors name the file, the line or byte, what was found and what was expected. Any thread.
Result<Scene> load(std::span<const std::byte> bytes, std::string_view name,
                   const Options& options = {}, const Resolver& resolver = {});

/// Reads `path` and what it refers to, which must lie in the same folder or below.
Result<Scene> load_file(const std::string& path, const Options& options = {});

/// Whether lengths of this format (as in Scene::format) are in a unit that Options::unit_m can say:
/// false where the format itself is in metres.
bool takes_unit(std::string_view format);

/// Whether the viewer should offer a file of this name.
bool is_importable(std::string_view name);

}  // namespace canter::importer
