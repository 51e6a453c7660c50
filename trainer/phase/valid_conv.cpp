#include "trainer/phase/valid_conv.h"

#include <algorithm>

namespace canter::trainer::detail {

ValidConv::ValidConv(const Extent& extent, int batch) : extent_(extent), batch_(batch) {
  const int rows = batch * frames_out(), width = extent.taps * extent.in;
  GemmShape shape;
  shape.m = rows;
  shape.n = extent.out;
  shape.k = width;
  shape.bias = true;
  shape.relu = extent.relu;
  forward_ = Gemm(shape);
  shape = {};
  shape.m = width;
  shape.n = extent.out;
  shape.k = rows;
  shape.a_transposed = true;
  weights_gradient_ = Gemm(shape);
  shape = {};
  shape.m = rows;
  shape.n = width;
  shape.k = extent.out;
  shape.b_transposed = true;
  patches_gradient_ = Gemm(shape);
  patches_.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(width));
  moved_.resize(patches_.size());
  y_.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(extent.out));
}

std::span<const float> ValidConv::forward(std::span<const float> parameters, const float* x) {
  // A patch is `taps` rows of x, which lie one behind the other.
  const auto in = static_cast<std::size_t>(extent_.in);
  const std::size_t width = in * static_cast<std::size_t>(extent_.taps);
  float* to = patches_.data();
  for (int b = 0; b < batch_; ++b, x += static_cast<std::size_t>(extent_.frames) * in)
    for (int t = 0; t < frames_out(); ++t, to += width)
      std::copy_n(x + static_cast<std::size_t>(t) * in, width, to);
  forward_.run(patches_.data(), parameters.data(), parameters.data() + num_weights(), y_.data());
  return y_;
}

void ValidConv::backward(std::span<const float> parameters, std::span<float> gy,
                         std::span<float> gradient, float* gx) {
  if (extent_.relu)
    for (std::size_t i = 0; i < y_.size(); ++i)
      if (!(y_[i] > 0.0f)) gy[i] = 0.0f;
  weights_gradient_.run(patches_.data(), gy.data(), nullptr, gradient.data());
  const auto out = static_cast<std::size_t>(extent_.out);
  float* bias = gradient.data() + num_weights();
  std::fill_n(bias, out, 0.0f);
  for (std::size_t i = 0; i < gy.size(); ++i) bias[i % out] += gy[i];
  if (gx == nullptr) return;
  patches_gradient_.run(gy.data(), parameters.data(), nullptr, moved_.data());
  const auto in = static_cast<std::size_t>(extent_.in);
  const std::size_t width = in * static_cast<std::size_t>(extent_.taps);
  const std::size_t size = static_cast<std::size_t>(extent_.frames) * in;
  std::fill_n(gx, static_cast<std::size_t>(batch_) * size, 0.0f);
  const float* from = moved_.data();
  for (int b = 0; b < batch_; ++b, gx += size)
    for (int t = 0; t < frames_out(); ++t, from += width)
      for (std::size_t i = 0; i < width; ++i) gx[static_cast<std::size_t>(t) * in + i] += from[i];
}

}  // namespace canter::trainer::detail
