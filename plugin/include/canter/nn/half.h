#pragma once

#include <bit>
#include <cstdint>

namespace canter::nn {

/// IEEE 754 binary16 as stored. Widen to compute.
struct Half {
  std::uint16_t bits = 0;
  friend bool operator==(Half, Half) = default;
};

/// bfloat16 as stored: the upper half of a binary32. Widen to compute.
struct BFloat16 {
  std::uint16_t bits = 0;
  friend bool operator==(BFloat16, BFloat16) = default;
};

/// Exact, denormals, infinities and NaN included.
float to_float(Half h);
inline float to_float(BFloat16 b) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(b.bits) << 16);
}

/// Nearest, ties to even; beyond the range infinity; NaN stays NaN.
Half to_half(float x);
BFloat16 to_bfloat16(float x);

}  // namespace canter::nn
