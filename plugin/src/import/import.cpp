#include "canter/import/import.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "canter/anim/clip_file.h"
#include "canter/import/doctor.h"
#include "import/assimp_guard.h"
#include "import/correct.h"
#include "import/gltf_reader.h"
#include "import/readers.h"

namespace canter::importer {
namespace {

using namespace detail;

enum class Format { unknown, bvh, clip, deepmimic, gltf, assimp };

std::string lower_extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string extension(name.substr(dot + 1));
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool starts_with_word(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) return false;
  for (std::size_t i = 0; i < lower_word.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower_word[i]) return false;
  return true;
}

Format format_of_content(Bytes bytes) {
  if (is_clip_file(bytes)) return Format::clip;
  std::string_view text = without_byte_order_mark(as_text(bytes));
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (starts_with_word(text, "hierarchy")) return Format::bvh;
  if (looks_like_gltf(bytes)) return Format::gltf;
  if (is_binary_fbx(bytes) || looks_like_ascii_fbx(bytes) || looks_like_collada(bytes))
    return Format::assimp;
  const auto holds = [text](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  if (!text.empty() && text[0] == '{' && !holds("\"asset\"") &&
      (holds("\"Frames\"") || (holds("\"Skeleton\"") && holds("\"Joints\""))))
    return Format::deepmimic;
  return Format::unknown;
}

Format format_of_name(std::string_view name) {
  const std::string extension = lower_extension(name);
  if (extension == "bvh") return Format::bvh;
  if (extension == "clip") return Format::clip;
  if (extension == "fbx" || extension == "dae") return Format::assimp;
  if (extension == "gltf" || extension == "glb") return Format::gltf;
  // DeepMimic's files have no extension of their own.
  if (extension == "txt" || extension == "json") return Format::deepmimic;
  return Format::unknown;
}

Result<std::vector<std::byte>> read_whole_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  // A folder opens but has no sensible size.
  if (size < 0 || std::filesystem::is_directory(path))
    return Error{ErrorCode::io, path.string() + ": cannot open: " +
                                    (std::filesystem::is_directory(path) ? "it is a folder"
                                                                         : std::strerror(errno))};
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!in) return Error{ErrorCode::io, path.string() + ": cannot read"};
  return bytes;
}

Result<Scene> read(Bytes bytes, std::string_view name, const Options& options,
                   const Resolver& resolver) {
  Format format = format_of_content(bytes);
  if (format == Format::unknown) format = format_of_name(name);
  switch (format) {
    case Format::bvh:
      return read_bvh(bytes, name, options);
    case Format::deepmimic:
      return read_deepmimic(bytes, name, options);
    case Format::clip:
      return read_clip(bytes, name, options);
    case Format::assimp:
      return read_assimp(bytes, name, options, resolver);
    case Format::gltf:
      return read_gltf(bytes, name, options, resolver);
    case Format::unknown:
      break;
  }
  return Error{
      ErrorCode::unsupported,
      std::string(name) +
          ": no reader for this format; expected BVH, DeepMimic, glTF, GLB, FBX, Collada or "
          ".clip"};
}

// The Import Doctor measures in metres and Y up; a raw scene is judged by a corrected copy.
void add_diagnosis(Scene& scene, const Options& options) {
  std::vector<Finding> found;
  if (options.raw && (scene.unit_m != 1.0f || scene.up_axis != "y")) {
    Scene corrected;
    corrected.skeleton = scene.skeleton;
    corrected.clips = scene.clips;
    if (!rebase(corrected, scene.unit_m, scene.up_axis)) return;
    found = examine(corrected);
  } else {
    found = examine(scene);
  }
  scene.findings.insert(scene.findings.end(), found.begin(), found.end());
}

}  // namespace

Result<Scene> load(std::span<const std::byte> bytes, std::string_view name, const Options& options,
                   const Resolver& resolver) {
  Result<Scene> scene = read(bytes, name, options, resolver);
  if (scene) add_diagnosis(*scene, options);
  return scene;
}

Result<Scene> load_file(const std::string& path, const Options& options) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const Resolver resolver = [&folder](std::string_view relative) -> Result<std::vector<std::byte>> {
    // What a file names must not lead out of its folder.
    const std::filesystem::path wanted = std::filesystem::path(relative).lexically_normal();
    if (wanted.empty() || wanted.is_absolute() || *wanted.begin() == "..")
      return Error{ErrorCode::bad_value, "the file refers to \"" + std::string(relative) +
                                             "\"; expected a path in its own folder or below"};
    return read_whole_file(folder / wanted);
  };
  Result<std::vector<std::byte>> bytes = read_whole_file(path);
  if (!bytes) return bytes.error();
  return load(*bytes, path, options, resolver);
}

bool takes_unit(std::string_view format) {
  constexpr std::string_view kFormats[] = {"bvh", "gltf", "glb", "fbx", "collada"};
  return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

bool is_importable(std::string_view name) {
  return format_of_name(name) != Format::unknown;
}

}  // namespace canter::importer
