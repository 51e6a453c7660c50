#include "trainer/nn/adam.h"

#include <cmath>

namespace canter::trainer::detail {
namespace {

constexpr float kBeta1 = 0.9f;
constexpr float kBeta2 = 0.999f;
constexpr float kEpsilon = 1e-8f;

}  // namespace

Adam::Adam(std::size_t num_elements)
    : size_(num_elements),
      first_(num_elements * sizeof(float)),
      second_(num_elements * sizeof(float)) {}

void Adam::step(std::span<float> values, std::span<const float> gradient, float step_size,
                float scale) {
  ++num_steps_;
  const auto t = static_cast<double>(num_steps_);
  const double unbias1 = 1.0 - std::pow(static_cast<double>(kBeta1), t);
  const double unbias2 = 1.0 - std::pow(static_cast<double>(kBeta2), t);
  const auto rate = static_cast<float>(static_cast<double>(step_size) / unbias1);
  const auto root = static_cast<float>(1.0 / std::sqrt(unbias2));
  float* __restrict w = values.data();
  const float* __restrict g = gradient.data();
  float* __restrict m = first().data();
  float* __restrict v = second().data();
  for (std::size_t i = 0; i < size_; ++i) {
    const float gradient_i = g[i] * scale;
    m[i] = kBeta1 * m[i] + (1.0f - kBeta1) * gradient_i;
    v[i] = kBeta2 * v[i] + (1.0f - kBeta2) * (gradient_i * gradient_i);
    w[i] -= rate * m[i] / (std::sqrt(v[i]) * root + kEpsilon);
  }
}

double norm(std::span<const float> values) {
  // Eight sums side by side: a chain of additions would wait for itself.
  double sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8)
    for (std::size_t j = 0; j < 8; ++j) {
      const auto x = static_cast<double>(values[i + j]);
      sums[j] += x * x;
    }
  for (; i < values.size(); ++i) {
    const auto x = static_cast<double>(values[i]);
    sums[0] += x * x;
  }
  double sum = 0.0;
  for (const double s : sums) sum += s;
  return std::sqrt(sum);
}

}  // namespace canter::trainer::detail
