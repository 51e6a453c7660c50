// glTF and GLB, as load() would read them; what loads must validate and be writable again.

#include <cstdint>
#include <cstdlib>

#include "canter/import/write_glb.h"
#include "import/gltf_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto scene = importer::detail::read_gltf(bytes, "fuzz.glb", {}, {});
  if (!scene) return 0;
  if (scene->mesh && !validate(*scene->mesh, scene->skeleton)) std::abort();
  for (const RawClip& clip : scene->clips)
    if (!validate(clip, scene->skeleton)) std::abort();
  const auto written =
      importer::write_glb(scene->skeleton, scene->mesh ? &*scene->mesh : nullptr, scene->clips);
  if (written && !importer::detail::read_gltf(*written, "again.glb", {}, {})) std::abort();
  return 0;
}
