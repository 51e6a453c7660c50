#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "canter/base/memory.h"

namespace canter::trainer::detail {

/// Adam's running moments of one network (Kingma and Ba 2015, algorithm 1; β1 0.9, β2 0.999,
/// ε 1e-8).
class Adam {
 public:
  Adam() = default;
  explicit Adam(std::size_t num_elements);

  /// One step down the gradient.
  /// @param scale  the gradient is multiplied by this first (clipping its norm)
  void step(std::span<float> values, std::span<const float> gradient, float step_size, float scale);

  std::span<float> first() { return first_.at<float>(0, size_); }
  std::span<float> second() { return second_.at<float>(0, size_); }
  std::span<const float> first() const { return first_.at<float>(0, size_); }
  std::span<const float> second() const { return second_.at<float>(0, size_); }
  std::int64_t num_steps() const { return num_steps_; }
  void set_num_steps(std::int64_t steps) { num_steps_ = steps; }

 private:
  std::size_t size_ = 0;
  Block first_, second_;
  std::int64_t num_steps_ = 0;
};

/// Euclidean norm, summed in f64 in a fixed order.
double norm(std::span<const float> values);

}  // namespace canter::trainer::detail
