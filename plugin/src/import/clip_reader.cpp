#include "canter/anim/clip_file.h"
#include "import/readers.h"

namespace canter::importer::detail {

Result<Scene> read_clip(Bytes bytes, std::string_view name, const Options&) {
  Result<ClipFile> file = load_clip_file(bytes);
  if (!file) return Error{file.error().code, std::string(name) + ": " + file.error().message};
  // Constant tracks cost nothing in the file, so its size says nothing about the keys.
  const std::size_t keys = static_cast<std::size_t>(file->clip.num_frames()) *
                           static_cast<std::size_t>(file->clip.num_joints());
  if (keys > kMaxKeys)
    return Error{ErrorCode::limit, std::string(name) + ": " + std::to_string(keys) +
                                       " keys (frames x joints); at most " +
                                       std::to_string(kMaxKeys) + " are read"};
  Scene scene;
  scene.format = "clip";
  RawClip clip = decompress(file->clip, file->skeleton);
  clip.name = file->name;
  scene.clips.push_back(std::move(clip));
  scene.skeleton = std::move(file->skeleton);
  return scene;
}

}  // namespace canter::importer::detail
