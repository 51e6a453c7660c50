// BVH as load() would read it; what loads must validate, be writable and be readable again.

#include <cstdint>
#include <cstdlib>

#include "canter/import/doctor.h"
#include "canter/import/write.h"
#include "import/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  for (const bool raw : {true, false}) {
    importer::Options options;
    options.raw = raw;
    auto scene = importer::detail::read_bvh(bytes, "fuzz.bvh", options);
    if (!scene) continue;
    scene->findings = importer::examine(*scene);
    for (const RawClip& clip : scene->clips) {
      if (!validate(clip, scene->skeleton)) std::abort();
      const auto written = importer::write_bvh(scene->skeleton, clip);
      if (!written) continue;
      const auto again = importer::detail::read_bvh(*written, "again.bvh", {});
      if (again && again->clips.at(0).num_frames() != clip.num_frames()) std::abort();
    }
    for (const char* code : {"ground_penetration", "root_drift", "first_frame_t_pose"})
      if (importer::apply_fix(*scene, code))
        for (const RawClip& clip : scene->clips)
          if (clip.num_frames() < 1) std::abort();
  }
  return 0;
}
