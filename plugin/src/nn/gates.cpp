#include "nn/gates.h"

#include <algorithm>
#include <cassert>

namespace canter::nn::detail {

Tensor reorder_gates(const Tensor& tensor, std::span<const int> gates) {
  assert(tensor.shape().rank() > 0 &&
         tensor.shape()[0] % static_cast<std::int64_t>(gates.size()) == 0);
  Tensor out = tensor;
  const std::size_t block = tensor.size_bytes() / gates.size();
  for (std::size_t i = 0; i < gates.size(); ++i) {
    const auto from = tensor.bytes().subspan(static_cast<std::size_t>(gates[i]) * block, block);
    std::copy(from.begin(), from.end(), out.bytes().data() + i * block);
  }
  return out;
}

}  // namespace canter::nn::detail
