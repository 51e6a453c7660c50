#include "reference_mlp.h"

#include <algorithm>
#include <cstddef>

namespace canter::test {

ReferenceMlp::ReferenceMlp(const trainer::detail::MlpShape& shape, std::span<const float> values)
    : shape_(shape), values_(values.begin(), values.end()) {}

std::vector<std::vector<double>> ReferenceMlp::activations(std::span<const float> input) const {
  std::vector<std::vector<double>> all;
  all.emplace_back(input.begin(), input.end());
  for (int layer = 0; layer < shape_.num_layers(); ++layer) {
    const std::vector<double>& x = all.back();
    const auto outputs = static_cast<std::size_t>(shape_.out(layer));
    std::vector<double> y(outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      y[o] = values_[shape_.bias_at(layer) + o];
      for (std::size_t i = 0; i < x.size(); ++i)
        y[o] += x[i] * values_[shape_.weights_at(layer) + i * outputs + o];
      if (layer + 1 < shape_.num_layers()) y[o] = std::max(y[o], 0.0);
    }
    all.push_back(std::move(y));
  }
  return all;
}

std::vector<double> ReferenceMlp::forward(std::span<const float> input) const {
  return activations(input).back();
}

void ReferenceMlp::backward(std::span<const float> input, std::span<const double> output_gradient,
                            std::vector<double>& gradient) const {
  const auto all = activations(input);
  std::vector<double> d(output_gradient.begin(), output_gradient.end());
  for (int layer = shape_.num_layers() - 1; layer >= 0; --layer) {
    const std::vector<double>& x = all[static_cast<std::size_t>(layer)];
    std::vector<double> below(x.size(), 0.0);
    for (std::size_t o = 0; o < d.size(); ++o) {
      gradient[shape_.bias_at(layer) + o] += d[o];
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t w = shape_.weights_at(layer) + i * d.size() + o;
        gradient[w] += x[i] * d[o];
        if (layer == 0 || x[i] > 0.0) below[i] += values_[w] * d[o];
      }
    }
    d = std::move(below);
  }
}

}  // namespace canter::test
