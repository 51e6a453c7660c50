#pragma once

#include <span>
#include <vector>

#include "trainer/nn/mlp_shape.h"

namespace canter::test {

/// The plain loops that the trainer's networks are held to: one sample, f64.
class ReferenceMlp {
 public:
  /// @param values  parameters as MlpShape lays them out
  ReferenceMlp(const trainer::detail::MlpShape& shape, std::span<const float> values);

  std::vector<double>& values() { return values_; }
  std::vector<double> forward(std::span<const float> input) const;
  /// Adds the gradient of Σ output_gradient · output to `gradient` [num_elements].
  void backward(std::span<const float> input, std::span<const double> output_gradient,
                std::vector<double>& gradient) const;

 private:
  std::vector<std::vector<double>> activations(std::span<const float> input) const;

  trainer::detail::MlpShape shape_;
  std::vector<double> values_;
};

}  // namespace canter::test
