#include "trainer/nn/mlp_shape.h"

namespace canter::trainer::detail {

std::size_t MlpShape::weights_at(int layer) const {
  std::size_t at = 0;
  for (int i = 0; i < layer; ++i)
    at += padded(num_weights(i)) + padded(static_cast<std::size_t>(out(i)));
  return at;
}

std::size_t MlpShape::num_parameters() const {
  std::size_t count = 0;
  for (int i = 0; i < num_layers(); ++i) count += num_weights(i) + static_cast<std::size_t>(out(i));
  return count;
}

}  // namespace canter::trainer::detail
