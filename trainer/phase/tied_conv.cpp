#include "trainer/phase/tied_conv.h"

#include <algorithm>

namespace canter::trainer::detail {

TiedConv::TiedConv(int in, int out, int frames, int batch)
    : in_(in), out_(out), frames_(frames), batch_(batch) {
  GemmShape shape;
  shape.m = batch;
  shape.n = out * frames;
  shape.k = in * frames;
  shape.bias = true;
  forward_ = Gemm(shape);
  shape = {};
  shape.m = in * frames;
  shape.n = out * frames;
  shape.k = batch;
  shape.a_transposed = true;
  weights_gradient_ = Gemm(shape);
  shape = {};
  shape.m = batch;
  shape.n = in * frames;
  shape.k = out * frames;
  shape.b_transposed = true;
  input_gradient_ = Gemm(shape);
  const auto size = static_cast<std::size_t>(in * frames) * static_cast<std::size_t>(out * frames);
  dense_.resize(size);
  dense_gradient_.resize(size);
  bias_.resize(static_cast<std::size_t>(out * frames));
}

void TiedConv::forward(std::span<const float> parameters, const float* x, float* y) {
  const auto n = static_cast<std::size_t>(frames_);
  const std::size_t half = n / 2;
  const auto in = static_cast<std::size_t>(in_), out = static_cast<std::size_t>(out_);
  for (std::size_t c = 0; c < in; ++c)
    for (std::size_t s = 0; s < n; ++s) {
      float* row = dense_.data() + (c * n + s) * out * n;
      for (std::size_t o = 0; o < out; ++o) {
        const float* w = parameters.data() + (o * in + c) * n;
        // Output t reads the tap s - t + half, where there is one.
        const std::size_t first = s > half ? s - half : 0;
        const std::size_t last = std::min(n - 1, s + half);
        std::fill_n(row + o * n, n, 0.0f);
        for (std::size_t t = first; t <= last; ++t) row[o * n + t] = w[s + half - t];
      }
    }
  const float* bias = parameters.data() + num_weights();
  for (std::size_t o = 0; o < out; ++o)
    std::fill_n(bias_.begin() + static_cast<std::ptrdiff_t>(o * n), n, bias[o]);
  forward_.run(x, dense_.data(), bias_.data(), y);
}

void TiedConv::backward(const float* x, const float* gy, std::span<float> gradient, float* gx) {
  const auto n = static_cast<std::size_t>(frames_);
  const std::size_t half = n / 2;
  const auto in = static_cast<std::size_t>(in_), out = static_cast<std::size_t>(out_);
  weights_gradient_.run(x, gy, nullptr, dense_gradient_.data());
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  for (std::size_t c = 0; c < in; ++c)
    for (std::size_t s = 0; s < n; ++s) {
      const float* row = dense_gradient_.data() + (c * n + s) * out * n;
      for (std::size_t o = 0; o < out; ++o) {
        float* w = gradient.data() + (o * in + c) * n;
        const std::size_t first = s > half ? s - half : 0;
        const std::size_t last = std::min(n - 1, s + half);
        for (std::size_t t = first; t <= last; ++t) w[s + half - t] += row[o * n + t];
      }
    }
  float* bias = gradient.data() + num_weights();
  for (std::size_t b = 0; b < static_cast<std::size_t>(batch_); ++b)
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t t = 0; t < n; ++t) bias[o] += gy[(b * out + o) * n + t];
  if (gx != nullptr) input_gradient_.run(gy, dense_.data(), nullptr, gx);
}

}  // namespace canter::trainer::detail
