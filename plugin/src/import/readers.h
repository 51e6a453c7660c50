#pragma once

// One reader per format, called by load() once the format is known.

#include "canter/import/import.h"

namespace canter::importer::detail {

using Bytes = std::span<const std::byte>;

/// Most keys (frames x joints, 40 bytes each) a reader makes: an hour of 75 joints at 240 Hz.
inline constexpr std::size_t kMaxKeys = std::size_t{1} << 26;

/// Biovision hierarchy text.
Result<Scene> read_bvh(Bytes bytes, std::string_view name, const Options& options);

/// DeepMimic motions and characters (JSON).
Result<Scene> read_deepmimic(Bytes bytes, std::string_view name, const Options& options);

/// glTF, GLB, FBX, Collada.
Result<Scene> read_assimp(Bytes bytes, std::string_view name, const Options& options,
                          const Resolver& resolver);

/// Canter's own compressed clips.
Result<Scene> read_clip(Bytes bytes, std::string_view name, const Options& options);

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(0, 3) == "\xEF\xBB\xBF" ? text.substr(3) : text;
}

/// `text` if it is UTF-8, else its bytes taken as Latin-1: names reach JSON and user interfaces.
std::string to_utf8(std::string_view text);

/// The file's name without folders and extension, as UTF-8: the name of a clip that has none.
std::string file_stem(std::string_view name);

}  // namespace canter::importer::detail
