// Any bytes as a model file of Canter's, and as an architecture file over some weights: refused
// with a message, or a graph that compiles or is refused.

#include <cstdint>

#include "canter/nn/model_file.h"

namespace {

using namespace canter::nn;

void add(TensorMap& tensors, const char* name, const Shape& shape) {
  tensors.emplace(name, Tensor::make(DType::f32, shape).value());
}

const TensorMap& weights() {
  static const TensorMap made = [] {
    TensorMap tensors;
    add(tensors, "fc.weight", {2, 3});
    add(tensors, "fc.bias", {2});
    add(tensors, "rnn.weight_ih_l0", {16, 4});
    add(tensors, "rnn.weight_hh_l0", {16, 4});
    add(tensors, "rnn.bias_ih_l0", {16});
    add(tensors, "rnn.bias_hh_l0", {16});
    add(tensors, "mha.in_proj_weight", {12, 4});
    add(tensors, "mha.in_proj_bias", {12});
    add(tensors, "mha.out_proj.weight", {4, 4});
    add(tensors, "mha.out_proj.bias", {4});
    add(tensors, "conv.weight", {2, 4, 3});
    return tensors;
  }();
  return made;
}

void try_graph(canter::Result<Architecture> made) {
  if (!made) return;
  CompileOptions options;
  options.max_memory_bytes = std::size_t{64} << 20;
  (void)compile(std::move(made->graph), options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto file = read_model_file(bytes, "fuzz"); file) try_graph(build_graph(*file));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_graph(read_architecture(text, weights()));
  return 0;
}
