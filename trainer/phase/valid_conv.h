#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trainer/nn/gemm.h"

namespace canter::trainer::detail {

/// A convolution over time without padding: y[b, t, o] = bias[o] + sum over k, c of
/// x[b, t + k, c] W[k, c, o], then ReLU where asked for. With as many taps as frames it is a layer
/// of a multilayer perceptron.
class ValidConv {
 public:
  struct Extent {
    int in = 0, out = 0;
    int taps = 0;
    int frames = 0;  ///< of x
    bool relu = true;
  };

  ValidConv() = default;
  ValidConv(const Extent& extent, int batch);

  const Extent& extent() const { return extent_; }
  int frames_out() const { return extent_.frames - extent_.taps + 1; }
  std::size_t num_weights() const {
    return static_cast<std::size_t>(extent_.taps * extent_.in) *
           static_cast<std::size_t>(extent_.out);
  }
  /// Weights [taps, in, out], then biases [out].
  std::size_t num_parameters() const {
    return num_weights() + static_cast<std::size_t>(extent_.out);
  }

  /// @param x  [batch, frames, in]
  /// @return [batch, frames_out, out], valid until the next call
  std::span<const float> forward(std::span<const float> parameters, const float* x);
  /// After forward() with the same parameters.
  /// @param gy  [batch, frames_out, out], changed: 0 where ReLU let nothing through
  /// @param gradient  [num_parameters] out
  /// @param gx  [batch, frames, in] out, or null
  void backward(std::span<const float> parameters, std::span<float> gy, std::span<float> gradient,
                float* gx);

 private:
  Extent extent_;
  int batch_ = 0;
  Gemm forward_, weights_gradient_, patches_gradient_;
  std::vector<float> patches_;  ///< [batch, frames_out, taps in]
  std::vector<float> moved_;    ///< likewise: the loss's slope by them
  std::vector<float> y_;
};

}  // namespace canter::trainer::detail
