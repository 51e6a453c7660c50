#pragma once

#include <cstdint>

namespace canter::nn::detail {

/// One row of a pool's results whose windows lie inside the input: the largest sample of each
/// window, or the sum.
struct PoolRow {
  bool max = false;
  const float* x = nullptr;   ///< first sample of the first window
  std::int64_t row_step = 0;  ///< samples from one row of a window to the next
  std::int64_t rows = 0;      ///< of a window
  std::int64_t taps = 0;      ///< of a row of a window
  std::int64_t dilation = 1;
  std::int64_t stride = 1;
  std::int64_t count = 0;  ///< windows
  float* y = nullptr;      ///< [count]
};

void pool_row_reference(const PoolRow& row);
void pool_row_simd(const PoolRow& row);

}  // namespace canter::nn::detail
