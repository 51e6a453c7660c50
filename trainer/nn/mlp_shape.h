#pragma once

#include <cstddef>
#include <vector>

namespace canter::trainer::detail {

/// A multilayer perceptron: ReLU after every layer but the last. All its parameters are one array:
/// per layer the weights [in, out] row-major, then the bias [out], each padded to a cache line.
struct MlpShape {
  std::vector<int> sizes;  ///< input, hidden layers, output: at least two

  int num_layers() const { return static_cast<int>(sizes.size()) - 1; }
  int in(int layer) const { return sizes[static_cast<std::size_t>(layer)]; }
  int out(int layer) const { return sizes[static_cast<std::size_t>(layer) + 1]; }
  int inputs() const { return sizes.front(); }
  int outputs() const { return sizes.back(); }

  std::size_t num_weights(int layer) const {
    return static_cast<std::size_t>(in(layer)) * static_cast<std::size_t>(out(layer));
  }
  /// Where a layer's weights and bias start, elements.
  std::size_t weights_at(int layer) const;
  std::size_t bias_at(int layer) const { return weights_at(layer) + padded(num_weights(layer)); }
  /// Elements of the whole array, padding included.
  std::size_t num_elements() const { return weights_at(num_layers()); }
  /// Weights and biases without padding.
  std::size_t num_parameters() const;

  static std::size_t padded(std::size_t elements) { return (elements + 15) / 16 * 16; }
};

}  // namespace canter::trainer::detail
