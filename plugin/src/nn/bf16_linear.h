#pragma once

// Batches of rows against bf16 weights, with inputs rounded to bf16 as well: what processors
// multiply in one instruction.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "nn/linear.h"

namespace canter::nn::detail {

/// From this many rows on, a bf16 layer rounds its inputs to bf16, on every processor and in the
/// reference alike, so that results do not depend on which instructions there are.
inline constexpr std::int64_t kBFloat16Rows = 16;

/// To nearest, ties to even; a NaN stays one.
inline float rounded_to_bfloat16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  return x == x ? std::bit_cast<float>(rounded) : x;
}

inline bool rounds_inputs(const PackedLinear& layer, std::int64_t rows) {
  return layer.precision == Precision::bf16 && rows >= kBFloat16Rows;
}

/// With vdpbf16ps (AVX512_BF16) or in tiles (AMX), where processor and operating system have them.
/// False, and nothing done, where neither is there: then the inputs are rounded and multiplied in
/// f32.
bool bfloat16_linear(const PackedLinear& layer, const LinearCall& call);
std::size_t bfloat16_scratch_bytes(const PackedLinear& layer, std::int64_t rows);

/// Rows and inputs padded to whole tiles.
inline std::int64_t bfloat16_rows(std::int64_t rows) {
  return (rows + 15) / 16 * 16;
}
inline std::int64_t bfloat16_stride(const PackedLinear& layer) {
  return (layer.in + 31) / 32 * 32;
}

// ---- AMX

/// Whether the processor has tiles for bf16, the operating system saves them, and this process may
/// use them (Linux asks for that; asked once).
bool amx_available();
/// @param x  rounded inputs, [bfloat16_rows(rows)][bfloat16_stride()], zeros where padded
void amx_linear(const PackedLinear& layer, const LinearCall& call, const BFloat16* x);

}  // namespace canter::nn::detail
