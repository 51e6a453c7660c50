#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trainer/nn/gemm.h"

namespace canter::trainer::detail {

/// A convolution of the same length whose kernel is as long as its window, as a dense product with
/// tied weights: y[b, o n + t] = bias[o] + sum over c, s of x[b, c n + s] W[o, c, s - t + h].
class TiedConv {
 public:
  TiedConv() = default;
  /// @param frames  n, odd
  TiedConv(int in, int out, int frames, int batch);

  std::size_t num_weights() const {
    return static_cast<std::size_t>(out_) * static_cast<std::size_t>(in_ * frames_);
  }
  /// Weights [out, in, n], then biases [out].
  std::size_t num_parameters() const { return num_weights() + static_cast<std::size_t>(out_); }

  /// @param x  [batch, in, n]
  /// @param y  [batch, out, n] out
  void forward(std::span<const float> parameters, const float* x, float* y);
  /// After forward() with the same parameters.
  /// @param gy  [batch, out, n]
  /// @param gradient  [num_parameters] out
  /// @param gx  [batch, in, n] out, or null
  void backward(const float* x, const float* gy, std::span<float> gradient, float* gx);

 private:
  int in_ = 0, out_ = 0, frames_ = 0, batch_ = 0;
  Gemm forward_, weights_gradient_, input_gradient_;
  std::vector<float> dense_;           ///< [in n, out n]
  std::vector<float> dense_gradient_;  ///< likewise
  std::vector<float> bias_;            ///< [out n]
};

}  // namespace canter::trainer::detail
