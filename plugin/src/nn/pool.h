#pragma once

#include <cstdint>

namespace canter::nn::detail {

/// Rows of a pool's results whose windows lie inside the input: the largest sample of each window,
/// or the sum over a divisor.
struct PoolRows {
  bool max = false;
  const float* x = nullptr;   ///< first sample of the first window
  std::int64_t row_step = 0;  ///< samples from one row of a window to the next
  std::int64_t rows = 0;      ///< of a window
  std::int64_t taps = 0;      ///< of a row of a window
  std::int64_t dilation = 1;
  std::int64_t stride = 1;
  std::int64_t count = 0;  ///< windows of a row of results
  float* y = nullptr;      ///< [count] for each row of results
  float divisor = 1.0f;    ///< of a sum

  std::int64_t num = 1;     ///< rows of results
  std::int64_t x_next = 0;  ///< samples from the windows of one row of results to the next one's
  std::int64_t y_next = 0;
};

void pool_reference(const PoolRows& rows);
void pool_simd(const PoolRows& rows);

}  // namespace canter::nn::detail
