// Any bytes as a safetensors file: refused with a message, or tensors that can be written again.

#include <cstdint>
#include <cstdlib>

#include "canter/nn/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter::nn;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto file = read_safetensors(bytes, "fuzz.safetensors");
  if (!file) return 0;
  const auto again = read_safetensors(write_safetensors(file->tensors, file->metadata), "again");
  if (!again || again->tensors.size() != file->tensors.size()) std::abort();
  return 0;
}
