// Any bytes as a .clip file: refused with a message, or a clip that samples without harm.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "canter/anim/clip_file.h"
#include "canter/base/hash.h"

namespace {

constexpr std::size_t kChecksumAt = 16;
constexpr std::size_t kBodyAt = 24;

void try_file(std::span<const std::byte> bytes) {
  const canter::Result<canter::ClipFile> file = canter::load_clip_file(bytes);
  if (!file) return;
  canter::Pose pose(file->skeleton);
  for (const float time_s : {0.0f, 0.3f, 1e9f, -1.0f}) canter::sample(file->clip, time_s, pose);
  (void)canter::save_clip_file(*file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  try_file(bytes);
  if (size < kBodyAt) return 0;
  // Behind a right checksum the parser itself is tried.
  const std::uint64_t checksum = canter::hash_bytes(bytes.data() + kBodyAt, size - kBodyAt);
  std::memcpy(bytes.data() + kChecksumAt, &checksum, sizeof checksum);
  try_file(bytes);
  return 0;
}
