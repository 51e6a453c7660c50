// Minimal filtering in vectors of tiles that lie beside each other: transform the inputs, one
// matrix product for every point, transform the results.

#include <algorithm>

#include "canter/base/simd.h"
#include "nn/linear.h"
#include "nn/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/winograd_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "nn/simd_inl.h"

HWY_BEFORE_NAMESPACE();
namespace canter::nn::detail::HWY_NAMESPACE {
namespace {

// Vectors may read this far beyond a row of tiles, and write as far in the transformed inputs.
static_assert(2 * hn::MaxLanes(Floats()) + 2 <= static_cast<std::size_t>(kReadSlack));

template <class D, class V = hn::Vec<D>>
HWY_INLINE void LoadPairs(D d, const float* p, V& even, V& odd) {
#if HWY_TARGET == HWY_SCALAR
  even = hn::LoadU(d, p);
  odd = hn::LoadU(d, p + 1);
#else
  hn::LoadInterleaved2(d, p, even, odd);
#endif
}

// Neighbouring results of one row; `count` of them belong to it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void StorePairs(D d, V even, V odd, float* p, std::int64_t count) {
#if HWY_TARGET == HWY_SCALAR
  hn::StoreU(even, d, p);
  if (count > 1) hn::StoreU(odd, d, p + 1);
#else
  constexpr std::int64_t kBoth = 2 * static_cast<std::int64_t>(hn::MaxLanes(D()));
  if (count >= kBoth) return hn::StoreInterleaved2(even, odd, d, p);
  HWY_ALIGN float whole[kBoth];
  hn::StoreInterleaved2(even, odd, d, whole);
  std::copy_n(whole, count, p);
#endif
}

// Bᵀ of four numbers.
template <class V>
HWY_INLINE void TransformInput(V (&v)[4]) {
  const V a = hn::Sub(v[0], v[2]);
  const V b = hn::Add(v[1], v[2]);
  const V c = hn::Sub(v[2], v[1]);
  const V e = hn::Sub(v[1], v[3]);
  v[0] = a, v[1] = b, v[2] = c, v[3] = e;
}

// A vector of tiles of one channel: Bᵀ d B.
template <class D>
HWY_INLINE void InputTiles(D d, const float* x, std::int64_t pitch, float* to, std::int64_t point) {
  using V = hn::Vec<D>;
  V tile[4][4];
  for (int r = 0; r < 4; ++r) {
    LoadPairs(d, x + r * pitch, tile[r][0], tile[r][1]);
    LoadPairs(d, x + r * pitch + 2, tile[r][2], tile[r][3]);
    TransformInput(tile[r]);
  }
  for (int c = 0; c < 4; ++c) {
    V column[4] = {tile[0][c], tile[1][c], tile[2][c], tile[3][c]};
    TransformInput(column);
    for (int r = 0; r < 4; ++r) hn::StoreU(column[r], d, to + (4 * r + c) * point);
  }
}

// A vector of tiles of one channel: Aᵀ m A, bias and activation.
template <class D>
HWY_INLINE void OutputTiles(D d, const float* from, std::int64_t point, float bias, bool relu,
                            float* y, std::int64_t pitch, std::int64_t rows, std::int64_t count) {
  using V = hn::Vec<D>;
  V half[2][4];
  for (int c = 0; c < 4; ++c) {
    const V m0 = hn::LoadU(d, from + c * point);
    const V m1 = hn::LoadU(d, from + (4 + c) * point);
    const V m2 = hn::LoadU(d, from + (8 + c) * point);
    const V m3 = hn::LoadU(d, from + (12 + c) * point);
    half[0][c] = hn::Add(hn::Add(m0, m1), m2);
    half[1][c] = hn::Sub(hn::Sub(m1, m2), m3);
  }
  const V zero = hn::Zero(d);
  for (int r = 0; r < rows; ++r) {
    const V* h = half[r];
    V even = hn::Add(hn::Add(hn::Add(h[0], h[1]), h[2]), hn::Set(d, bias));
    V odd = hn::Add(hn::Sub(hn::Sub(h[1], h[2]), h[3]), hn::Set(d, bias));
    if (relu) {
      even = hn::IfThenElse(hn::Lt(even, zero), zero, even);
      odd = hn::IfThenElse(hn::Lt(odd, zero), zero, odd);
    }
    StorePairs(d, even, odd, y + r * pitch, count);
  }
}

// A strip: `rows` rows of tiles from row `first` on.
struct Strip {
  std::int64_t first, rows;
  float* in;   ///< [points][in][padded tiles]
  float* out;  ///< [points][out][padded tiles]
};

template <class D>
void TransformInputs(D d, const WinogradConv& conv, const WinogradCall& call,
                     const WinogradStrips& strips, const Strip& strip) {
  constexpr auto kStep = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t point = strips.in_point(conv);
  // In order: what a vector writes beyond its row of tiles is overwritten by the next.
  for (std::int64_t c = 0; c < conv.in; ++c)
    for (std::int64_t r = 0; r < strip.rows; ++r) {
      const float* x = call.x + c * call.channel + 2 * (strip.first + r) * call.pitch;
      float* to = strip.in + c * strips.padded + r * strips.tiles_wide;
      for (std::int64_t t = 0; t < strips.tiles_wide; t += kStep)
        InputTiles(d, x + 2 * t, call.pitch, to + t, point);
    }
}

template <class D>
void TransformOutputs(D d, const WinogradConv& conv, const WinogradCall& call,
                      const WinogradStrips& strips, const Strip& strip) {
  constexpr auto kStep = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t point = strips.out_point(conv);
  const float* bias = reinterpret_cast<const float*>(conv.bias.data());
  for (std::int64_t o = 0; o < conv.out; ++o)
    for (std::int64_t r = 0; r < strip.rows; ++r) {
      const std::int64_t row = 2 * (strip.first + r);
      float* y = call.y + (o * call.height + row) * call.width;
      const float* from = strip.out + o * strips.padded + r * strips.tiles_wide;
      for (std::int64_t t = 0; t < strips.tiles_wide; t += kStep)
        OutputTiles(d, from + t, point, bias[o], call.relu, y + 2 * t, call.width,
                    std::min<std::int64_t>(2, call.height - row), call.width - 2 * t);
    }
}

void Multiply(const WinogradConv& conv, const WinogradStrips& strips, const Strip& strip) {
  const float* weights = reinterpret_cast<const float*>(conv.weights.data());
  MatmulCall call;
  call.a_stride = call.k = conv.in;
  call.b_stride = call.c_stride = call.n = strips.padded;
  call.rows = conv.out;
  for (std::int64_t p = 0; p < kWinogradPoints; ++p) {
    call.a = weights + p * conv.in * conv.out;
    call.b = strip.in + p * strips.in_point(conv);
    call.c = strip.out + p * strips.out_point(conv);
    matmul_simd(call);
  }
}

template <class D>
void RunStrips(D d, const WinogradConv& conv, const WinogradCall& call) {
  const WinogradStrips strips(call.height, call.width);
  Strip strip{};
  strip.in = reinterpret_cast<float*>(call.scratch.data());
  strip.out = strip.in + kWinogradPoints * strips.in_point(conv);
  for (; strip.first < strips.tiles_high; strip.first += strip.rows) {
    strip.rows = std::min(strips.rows, strips.tiles_high - strip.first);
    TransformInputs(d, conv, call, strips, strip);
    Multiply(conv, strips, strip);
    TransformOutputs(d, conv, call, strips, strip);
  }
}

void Winograd(const WinogradConv& conv, const WinogradCall& call) {
  const std::int64_t tiles = (call.width + 1) / 2;
  if (tiles <= 4) return RunStrips(hn::CappedTag<float, 4>(), conv, call);
  if (tiles <= 8) return RunStrips(hn::CappedTag<float, 8>(), conv, call);
  RunStrips(Floats(), conv, call);
}

}  // namespace
}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

HWY_EXPORT(Winograd);
void winograd_simd(const WinogradConv& conv, const WinogradCall& call) {
  HWY_DYNAMIC_DISPATCH(Winograd)(conv, call);
}

}  // namespace canter::nn::detail
#endif
