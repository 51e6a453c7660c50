// vdpbf16ps: pairs of bf16 products, summed in f32. Weights lie in pairs already.

#include "nn/bf16_linear.h"

#include <algorithm>

#include "canter/base/simd.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>
#endif

namespace canter::nn::detail {

std::size_t bfloat16_scratch_bytes(const PackedLinear& layer, std::int64_t rows) {
  // Rounded to bf16 in whole tiles, or as f32 in rows.
  const std::int64_t tiles = bfloat16_rows(rows) * bfloat16_stride(layer) * 2;
  return align_up(static_cast<std::size_t>(std::max(tiles, rows * layer.in * 4)));
}

#if defined(__x86_64__)

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")

namespace {

constexpr std::int64_t kLanes = 16;

__mmask16 first_lanes(std::int64_t count) {
  return static_cast<__mmask16>(count >= kLanes ? 0xffff
                                                : (1 << std::max<std::int64_t>(count, 0)) - 1);
}

// Inputs as pairs, zeros where padded.
void round_inputs(const PackedLinear& layer, const LinearCall& call, BFloat16* to) {
  const std::int64_t stride = bfloat16_stride(layer);
  for (std::int64_t r = 0; r < bfloat16_rows(call.rows); ++r, to += stride)
    for (std::int64_t i = 0; i < stride; i += kLanes) {
      const __mmask16 mask = r < call.rows ? first_lanes(layer.in - i) : __mmask16{0};
      const __m512 x =
          _mm512_maskz_loadu_ps(mask, call.x + (r < call.rows ? r * call.x_stride + i : 0));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                          reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
    }
}

// Some rows by some vectors of outputs of a panel.
struct PairTile {
  const BFloat16* x = nullptr;
  std::int64_t x_stride = 0;
  const std::uint32_t* weights = nullptr;  ///< [pairs][width]
  std::int64_t width = 0;
  std::int64_t pairs = 0;
  const float* bias = nullptr;  ///< null: accumulate into y
  float* y = nullptr;
  std::int64_t y_stride = 0;
  std::int64_t out = 0;  ///< outputs to write
};

template <int kRows, int kVecs>
void run_tile(const PairTile& tile) {
  __m512 sums[kRows][kVecs];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVecs; ++v)
      sums[r][v] = tile.bias != nullptr
                       ? _mm512_loadu_ps(tile.bias + v * kLanes)
                       : _mm512_maskz_loadu_ps(first_lanes(tile.out - v * kLanes),
                                               tile.y + r * tile.y_stride + v * kLanes);
  const std::uint32_t* w = tile.weights;
  for (std::int64_t k = 0; k < tile.pairs; ++k, w += tile.width) {
    __m512bh loaded[kVecs];
    for (int v = 0; v < kVecs; ++v)
      loaded[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + v * kLanes));
    for (int r = 0; r < kRows; ++r) {
      std::int32_t pair;
      __builtin_memcpy(&pair, tile.x + r * tile.x_stride + 2 * k, sizeof pair);
      const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      for (int v = 0; v < kVecs; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], x, loaded[v]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVecs; ++v)
      _mm512_mask_storeu_ps(tile.y + r * tile.y_stride + v * kLanes,
                            first_lanes(tile.out - v * kLanes), sums[r][v]);
}

template <int kVecs>
void run_rows(PairTile tile, std::int64_t rows) {
  std::int64_t done = 0;
  for (; rows > 0; rows -= done, tile.x += done * tile.x_stride, tile.y += done * tile.y_stride) {
    if (rows >= 6) {
      run_tile<6, kVecs>(tile);
      done = 6;
    } else if (rows >= 3) {
      run_tile<3, kVecs>(tile);
      done = 3;
    } else {
      run_tile<1, kVecs>(tile);
      done = 1;
    }
  }
}

void pair_linear(const PackedLinear& layer, const LinearCall& call, const BFloat16* x) {
  const float* bias = reinterpret_cast<const float*>(layer.bias.data());
  for (std::int64_t n = 0; n < layer.num_panels(); ++n) {
    const std::int64_t p = call.reverse ? layer.num_panels() - 1 - n : n;
    PairTile tile;
    tile.x = x;
    tile.x_stride = bfloat16_stride(layer);
    tile.width = layer.panel_width(p);
    tile.pairs = layer.padded_in() / 2;
    tile.y_stride = call.y_stride;
    for (std::int64_t o = 0; o < tile.width;) {
      const std::int64_t first = p * kPanelWidth + o;
      tile.weights = reinterpret_cast<const std::uint32_t*>(layer.panel(p)) + o;
      tile.bias = call.accumulate ? nullptr : bias + first;
      tile.y = call.y + first;
      tile.out = layer.out - first;
      const std::int64_t vecs = (tile.width - o) / kLanes;
      if (vecs >= 4)
        run_rows<4>(tile, call.rows);
      else if (vecs >= 2)
        run_rows<2>(tile, call.rows);
      else
        run_rows<1>(tile, call.rows);
      o += (vecs >= 4 ? 4 : vecs >= 2 ? 2 : 1) * kLanes;
    }
  }
}

}  // namespace

HWY_POP_ATTRIBUTES

bool bfloat16_linear(const PackedLinear& layer, const LinearCall& call) {
  if (!canter::detail::has_avx512_bfloat16()) return false;
  auto* x = reinterpret_cast<BFloat16*>(call.scratch.data());
  round_inputs(layer, call, x);
  amx_available() ? amx_linear(layer, call, x) : pair_linear(layer, call, x);
  return true;
}

#else

bool bfloat16_linear(const PackedLinear&, const LinearCall&) {
  return false;
}

#endif

}  // namespace canter::nn::detail
