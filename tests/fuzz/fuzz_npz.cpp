// Any bytes as an .npz or .npy file: refused with a message, or tensors that can be written again.

#include <cstdint>
#include <cstdlib>

#include "canter/nn/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter::nn;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  for (const auto& file : {read_npz(bytes, "fuzz.npz"), read_npy(bytes, "fuzz.npy")}) {
    if (!file) continue;
    for (const auto& [name, tensor] : file->tensors)
      if (!read_npy(write_npy(tensor.view()), name)) std::abort();
  }
  return 0;
}
