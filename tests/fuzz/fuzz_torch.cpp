// Any bytes as an archive of torch.save: refused with a message, or tensors that can be written.

#include <cstdint>
#include <cstdlib>

#include "canter/nn/weights.h"
#include "nn/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace canter::nn;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto file = read_torch(bytes, "fuzz.pt");
  if (file && !read_safetensors(write_safetensors(file->tensors), "again")) std::abort();
  // The CRCs of an archive keep a fuzzer out: the pickle is also tried alone.
  (void)detail::read_pickle(bytes);
  (void)detail::read_pickle(bytes, {.torchscript = true});
  return 0;
}
