#include "write_motion.h"

#include <cctype>
#include <filesystem>
#include <span>

#include "canter/anim/clip_file.h"
#include "canter/import/write.h"
#include "canter/import/write_glb.h"
#include "command.h"

namespace canter::tools {

std::string motion_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

std::vector<std::byte> encode_motion(const importer::Scene& scene, const RawClip& clip,
                                     const std::string& out) {
  const std::string extension = motion_extension(out);
  if (extension == ".bvh") return require(importer::write_bvh(scene.skeleton, clip));
  if (extension == ".clip") {
    ClipFile file;
    file.clip = require(compress(clip, scene.skeleton));
    file.skeleton = scene.skeleton;
    file.name = clip.name;
    return save_clip_file(file);
  }
  if (extension == ".glb")
    return require(importer::write_glb(scene.skeleton, scene.mesh ? &*scene.mesh : nullptr,
                                       std::span(&clip, 1)));
  throw bad_call(out + ": cannot write this format; expected .clip, .bvh or .glb");
}

}  // namespace canter::tools
