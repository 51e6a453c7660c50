#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/anim/clip.h"
#include "canter/anim/skeleton.h"

namespace canter {

/// Named bytes that travel with a clip and that only their owner understands: contacts, root
/// motion, tags. Unknown chunks survive loading and saving.
struct ClipChunk {
  std::string name;  ///< 1 to 255 bytes; "skeleton", "clip" and "info" are taken
  std::vector<std::byte> bytes;
};

/// What a `.clip` file holds: a motion, the skeleton it moves and where it came from.
struct ClipFile {
  Skeleton skeleton;
  Clip clip;
  std::string name;
  std::string provenance;  ///< who made it, from what, under which licence
  std::vector<ClipChunk> chunks;

  /// The first extra chunk of this name, or nullptr.
  const ClipChunk* find(std::string_view chunk_name) const;
};

/// Reads a `.clip` file (docs/clip_format.md). Errors name the byte, what was found and what was
/// expected: wrong magic or version, truncation, a checksum that does not match, counts that do not
/// fit, a clip that belongs to another skeleton. Never allocates from an unchecked count.
Result<ClipFile> load_clip_file(std::span<const std::byte> bytes);

/// The bytes of a `.clip` file. `file.clip` must belong to `file.skeleton`.
std::vector<std::byte> save_clip_file(const ClipFile& file);

/// Whether bytes start like a `.clip` file.
bool is_clip_file(std::span<const std::byte> bytes);

}  // namespace canter
