// DeepMimic motions and characters as load() would read them; what loads must validate.

#include <cstdint>
#include <cstdlib>

#include "canter/import/doctor.h"
#include "import/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto scene = importer::detail::read_deepmimic(bytes, "fuzz.json", {});
  if (!scene) return 0;
  (void)importer::examine(*scene);
  for (const RawClip& clip : scene->clips)
    if (!validate(clip, scene->skeleton)) std::abort();
  return 0;
}
