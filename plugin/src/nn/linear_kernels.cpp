// Layers in vectors, for every instruction set Highway knows. linear_reference.cpp is the scalar
// statement of the same.
//
// Weights are streamed once per tile of rows: an output's sum is one lane, an input is broadcast.
// For one row that is bound by the memory the weights come from; for more rows a tile of them
// shares each load.

#include "nn/linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "canter/base/simd.h"
#include "canter/nn/half.h"
#include "nn/bf16_linear.h"

// The 8-bit dot products of AVX-512 VNNI.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/linear_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "nn/simd_inl.h"

#if HWY_TARGET == HWY_AVX3_DL
// Highway's name for this set promises VNNI but does not tell the compiler.
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512vnni")
#else
HWY_BEFORE_NAMESPACE();
#endif
namespace canter::nn::detail::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));
static_assert(kPanelStep % kLanes == 0);

// Registers: AVX-512 and NEON have 32, the others 16.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
constexpr int kTileRows = 6;
constexpr int kTileVecs = 4;
constexpr int kRowVecs = 4;
#else
constexpr int kTileRows = 4;
constexpr int kTileVecs = 2;
constexpr int kRowVecs = 8;
#endif

// ---- one step of inputs, widened to f32

struct WeightsF32 {
  static constexpr int kStep = 1;
  using T = float;
  static HWY_INLINE void load(const T* w, FloatVec (&out)[1]) { out[0] = hn::LoadU(Floats(), w); }
};

struct WeightsF16 {
  static constexpr int kStep = 1;
  using T = Half;
  static HWY_INLINE void load(const T* w, FloatVec (&out)[1]) {
    const hn::Rebind<hwy::float16_t, Floats> d16;
    out[0] = hn::PromoteTo(Floats(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(w)));
  }
};

struct WeightsBF16 {
  static constexpr int kStep = 2;
  using T = BFloat16;
  static HWY_INLINE void load(const T* w, FloatVec (&out)[2]) {
    // A pair of inputs is one 32-bit word: the first in the lower half.
    const hn::RebindToUnsigned<Floats> d32;
    const auto pair = hn::LoadU(d32, reinterpret_cast<const std::uint32_t*>(w));
    out[0] = hn::BitCast(Floats(), hn::ShiftLeft<16>(pair));
    out[1] = hn::BitCast(Floats(), hn::And(pair, hn::Set(d32, 0xffff0000u)));
  }
};

// One tile of a panel: kRows rows, kVecs vectors of outputs, all inputs.
struct Tile {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  const void* weights = nullptr;
  std::int64_t row_step = 0;  ///< outputs from one input (or group of inputs) to the next
  std::int64_t in = 0;
  const float* bias = nullptr;  ///< of the tile's first output; null: accumulate into y
  float* y = nullptr;
  std::int64_t y_stride = 0;
  std::int64_t out = 0;  ///< outputs to write, at most kVecs vectors
};

template <int kVecs>
HWY_INLINE void start_row(const Tile& tile, int row, FloatVec (&sums)[kVecs]) {
  const Floats d;
  const float* y = tile.y + row * tile.y_stride;
  for (int v = 0; v < kVecs; ++v) {
    if (tile.bias != nullptr) {
      sums[v] = hn::LoadU(d, tile.bias + v * kLanes);
    } else {
      const std::int64_t rest = tile.out - v * kLanes;
      sums[v] = rest >= kLanes ? hn::LoadU(d, y + v * kLanes)
                : rest > 0     ? load_first(d, y + v * kLanes, static_cast<std::size_t>(rest))
                               : hn::Zero(d);
    }
  }
}

template <int kVecs>
HWY_INLINE void finish_row(const Tile& tile, int row, const FloatVec (&sums)[kVecs]) {
  const Floats d;
  float* y = tile.y + row * tile.y_stride;
  for (int v = 0; v < kVecs; ++v) {
    const std::int64_t rest = tile.out - v * kLanes;
    if (rest >= kLanes)
      hn::StoreU(sums[v], d, y + v * kLanes);
    else if (rest > 0)
      store_first(sums[v], d, y + v * kLanes, static_cast<std::size_t>(rest));
  }
}

template <class Weights, int kRows, int kVecs>
HWY_NOINLINE void RunTile(const Tile& tile) {
  const Floats d;
  using T = typename Weights::T;
  constexpr int kStep = Weights::kStep;
  FloatVec sums[kRows][kVecs];
  for (int r = 0; r < kRows; ++r) start_row(tile, r, sums[r]);
  const T* w = static_cast<const T*>(tile.weights);
  std::int64_t i = 0;
  for (; i + kStep <= tile.in; i += kStep, w += tile.row_step * kStep) {
    FloatVec loaded[kVecs][kStep];
    for (int v = 0; v < kVecs; ++v) Weights::load(w + v * kLanes * kStep, loaded[v]);
    for (int r = 0; r < kRows; ++r)
      for (int s = 0; s < kStep; ++s) {
        const FloatVec x = hn::Set(d, tile.x[r * tile.x_stride + i + s]);
        for (int v = 0; v < kVecs; ++v) sums[r][v] = hn::MulAdd(x, loaded[v][s], sums[r][v]);
      }
  }
  if (i < tile.in) {  // the odd input of a pair
    FloatVec loaded[kVecs][kStep];
    for (int v = 0; v < kVecs; ++v) Weights::load(w + v * kLanes * kStep, loaded[v]);
    for (int r = 0; r < kRows; ++r) {
      const FloatVec x = hn::Set(d, tile.x[r * tile.x_stride + i]);
      for (int v = 0; v < kVecs; ++v) sums[r][v] = hn::MulAdd(x, loaded[v][0], sums[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) finish_row(tile, r, sums[r]);
}

// One row: several chains of sums per output hide the latency of the multiply-add.
template <class Weights, int kVecs>
HWY_NOINLINE void RunRow(const Tile& tile) {
  const Floats d;
  using T = typename Weights::T;
  constexpr int kStep = Weights::kStep;
  constexpr int kChains = kVecs >= 8 ? 1 : 8 / kVecs;
  FloatVec sums[kChains][kVecs];
  start_row(tile, 0, sums[0]);
  for (int c = 1; c < kChains; ++c)
    for (int v = 0; v < kVecs; ++v) sums[c][v] = hn::Zero(d);
  const T* w = static_cast<const T*>(tile.weights);
  std::int64_t i = 0;
  for (; i + kChains * kStep <= tile.in; i += kChains * kStep)
    for (int c = 0; c < kChains; ++c, w += tile.row_step * kStep) {
      FloatVec x[kStep];
      for (int s = 0; s < kStep; ++s) x[s] = hn::Set(d, tile.x[i + c * kStep + s]);
      for (int v = 0; v < kVecs; ++v) {
        FloatVec loaded[kStep];
        Weights::load(w + v * kLanes * kStep, loaded);
        for (int s = 0; s < kStep; ++s) sums[c][v] = hn::MulAdd(x[s], loaded[s], sums[c][v]);
      }
    }
  for (; i < tile.in; i += kStep, w += tile.row_step * kStep)
    for (int v = 0; v < kVecs; ++v) {
      FloatVec loaded[kStep];
      Weights::load(w + v * kLanes * kStep, loaded);
      for (int s = 0; s < kStep && i + s < tile.in; ++s)
        sums[0][v] = hn::MulAdd(hn::Set(d, tile.x[i + s]), loaded[s], sums[0][v]);
    }
  for (int c = 1; c < kChains; ++c)
    for (int v = 0; v < kVecs; ++v) sums[0][v] = hn::Add(sums[0][v], sums[c][v]);
  finish_row(tile, 0, sums[0]);
}

template <class Weights, int kVecs>
HWY_INLINE void RunRows(Tile tile, std::int64_t rows) {
  const auto advance = [&](std::int64_t count) {
    tile.x += count * tile.x_stride;
    tile.y += count * tile.y_stride;
    rows -= count;
  };
  while (rows >= kTileRows) {
    RunTile<Weights, kTileRows, kVecs>(tile);
    advance(kTileRows);
  }
  if (kTileRows > 4 && rows >= 4) {
    RunTile<Weights, 4, kVecs>(tile);
    advance(4);
  }
  if (rows >= 2) {
    RunTile<Weights, 2, kVecs>(tile);
    advance(2);
  }
  if (rows >= 1) RunRow<Weights, kVecs>(tile);
}

// A panel: groups of vectors, the widest that fits each time.
template <class Weights>
HWY_INLINE void RunPanel(Tile tile, std::int64_t rows, std::int64_t width) {
  using T = typename Weights::T;
  const auto advance = [&](int vecs) {
    const std::int64_t outputs = vecs * kLanes;
    tile.weights = static_cast<const T*>(tile.weights) + outputs * Weights::kStep;
    if (tile.bias != nullptr) tile.bias += outputs;
    tile.y += outputs;
    tile.out -= outputs;
    width -= outputs;
  };
  if constexpr (kRowVecs > 4) {
    while (rows == 1 && width >= 8 * kLanes) {
      RunRow<Weights, 8>(tile);
      advance(8);
    }
  }
  if constexpr (kTileVecs >= 4) {
    while (width >= 4 * kLanes) {
      RunRows<Weights, 4>(tile, rows);
      advance(4);
    }
  }
  while (width >= 2 * kLanes) {
    RunRows<Weights, 2>(tile, rows);
    advance(2);
  }
  while (width >= kLanes) {
    RunRows<Weights, 1>(tile, rows);
    advance(1);
  }
}

template <class Weights>
void RunLayer(const PackedLinear& layer, const LinearCall& call) {
  const std::int64_t panels = layer.num_panels();
  const float* bias = reinterpret_cast<const float*>(layer.bias.data());
  for (std::int64_t n = 0; n < panels; ++n) {
    const std::int64_t p = call.reverse ? panels - 1 - n : n;
    Tile tile;
    tile.x = call.x;
    tile.x_stride = call.x_stride;
    tile.weights = layer.panel(p);
    tile.row_step = layer.panel_width(p);
    tile.in = layer.in;
    tile.bias = call.accumulate ? nullptr : bias + p * kPanelWidth;
    tile.y = call.y + p * kPanelWidth;
    tile.y_stride = call.y_stride;
    tile.out = std::min(layer.out - p * kPanelWidth, layer.panel_width(p));
    RunPanel<Weights>(tile, call.rows, layer.panel_width(p));
  }
}

// ---- 8-bit integers

using Ints = hn::RebindToSigned<Floats>;
using IntVec = hn::Vec<Ints>;

// Sum of four products per lane: x is four bytes 0 to 255 in every lane, w four signed bytes.
HWY_INLINE IntVec DotBytes(IntVec sum, IntVec x, IntVec w) {
#if HWY_TARGET == HWY_AVX3_DL
  return IntVec{_mm512_dpbusd_epi32(sum.raw, x.raw, w.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  // As pairs of 16-bit numbers: bytes 0 and 2 of each word, then 1 and 3. The products of a byte
  // and a signed byte do not overflow there.
  const Ints d;
  const hn::Repartition<std::int16_t, Ints> d16;
  const hn::Repartition<std::uint16_t, Ints> u16;
  const auto w16 = hn::BitCast(d16, w);
  const auto x16 = hn::BitCast(u16, x);
  const auto w_even = hn::ShiftRight<8>(hn::ShiftLeft<8>(w16));
  const auto w_odd = hn::ShiftRight<8>(w16);
  const auto x_even = hn::BitCast(d16, hn::And(x16, hn::Set(u16, 0xff)));
  const auto x_odd = hn::BitCast(d16, hn::ShiftRight<8>(x16));
  IntVec unused = hn::Zero(d);
  sum = hn::ReorderWidenMulAccumulate(d, w_even, x_even, sum, unused);
  return hn::ReorderWidenMulAccumulate(d, w_odd, x_odd, sum, unused);
#else
  const Ints d;
  const IntVec byte = hn::Set(d, 0xff);
  sum = hn::Add(sum, hn::Mul(hn::And(x, byte), hn::ShiftRight<24>(hn::ShiftLeft<24>(w))));
  sum = hn::Add(
      sum, hn::Mul(hn::And(hn::ShiftRight<8>(x), byte), hn::ShiftRight<24>(hn::ShiftLeft<16>(w))));
  sum = hn::Add(
      sum, hn::Mul(hn::And(hn::ShiftRight<16>(x), byte), hn::ShiftRight<24>(hn::ShiftLeft<8>(w))));
  return hn::Add(sum, hn::Mul(hn::And(hn::ShiftRight<24>(x), byte), hn::ShiftRight<24>(w)));
#endif
}

// quantise_row in vectors; the same integers.
float QuantiseRow(const float* x, std::int64_t count, std::int64_t padded, std::uint8_t* q) {
  const Floats d;
  FloatVec most = hn::Zero(d);
  FloatVec odd = hn::Zero(d);  // x - x is 0, or NaN where x is not finite
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const FloatVec v = hn::LoadU(d, x + i);
    most = hn::Max(most, hn::Abs(v));
    odd = hn::Add(odd, hn::Sub(v, v));
  }
  float largest = hn::GetLane(hn::MaxOfLanes(d, most));
  float not_finite = hn::GetLane(hn::SumOfLanes(d, odd));
  for (; i < count; ++i) {
    largest = std::max(largest, std::abs(x[i]));
    not_finite += x[i] - x[i];
  }
  const bool finite = not_finite == 0.0f;
  const float scale = finite ? largest / 127.0f : std::numeric_limits<float>::quiet_NaN();
  const float inverse = finite && scale > 1e-37f ? 1.0f / scale : 0.0f;
  const hn::Rebind<std::uint8_t, Floats> d8;
  const FloatVec by = hn::Set(d, inverse);
  const auto offset = hn::Set(Ints(), 128);
  for (i = 0; finite && i + kLanes <= count; i += kLanes) {
    const auto integers = hn::NearestInt(hn::Mul(hn::LoadU(d, x + i), by));
    hn::StoreU(hn::DemoteTo(d8, hn::Add(integers, offset)), d8, q + i);
  }
  for (; i < padded; ++i) {
    const float value = i < count && finite ? std::nearbyint(x[i] * inverse) : 0.0f;
    q[i] = static_cast<std::uint8_t>(static_cast<int>(value) + 128);
  }
  return scale;
}

struct ByteTile {
  const std::uint8_t* x = nullptr;  ///< [rows, padded in]
  std::int64_t x_stride = 0;
  const float* x_scales = nullptr;
  const std::int8_t* weights = nullptr;
  std::int64_t width = 0;
  std::int64_t groups = 0;  ///< of four inputs
  const float* w_scales = nullptr;
  const std::int32_t* w_sums = nullptr;
};

// Four inputs of every row.
template <int kRows, int kVecs>
HWY_INLINE void DotGroup(const ByteTile& bytes, std::int64_t g, IntVec (&sums)[kRows][kVecs]) {
  const Ints d;
  const auto* w = reinterpret_cast<const std::int32_t*>(bytes.weights) + g * bytes.width;
  IntVec loaded[kVecs];
  for (int v = 0; v < kVecs; ++v) loaded[v] = hn::LoadU(d, w + v * kLanes);
  for (int r = 0; r < kRows; ++r) {
    std::int32_t word;
    std::memcpy(&word, bytes.x + r * bytes.x_stride + 4 * g, sizeof word);
    const IntVec x = hn::Set(d, word);
    for (int v = 0; v < kVecs; ++v) sums[r][v] = DotBytes(sums[r][v], x, loaded[v]);
  }
}

template <int kRows, int kVecs>
HWY_NOINLINE void RunByteTile(const ByteTile& bytes, const Tile& tile) {
  const Floats d;
  const Ints di;
  constexpr int kChains = kRows * kVecs >= 8 ? 1 : 8 / (kRows * kVecs);
  IntVec sums[kChains][kRows][kVecs];
  for (auto& chain : sums)
    for (auto& row : chain)
      for (auto& sum : row) sum = hn::Zero(di);
  std::int64_t g = 0;
  for (; g + kChains <= bytes.groups; g += kChains)
    for (int c = 0; c < kChains; ++c) DotGroup<kRows, kVecs>(bytes, g + c, sums[c]);
  for (; g < bytes.groups; ++g) DotGroup<kRows, kVecs>(bytes, g, sums[0]);
  for (int r = 0; r < kRows; ++r) {
    FloatVec row[kVecs];
    start_row(tile, r, row);
    for (int v = 0; v < kVecs; ++v) {
      IntVec sum = sums[0][r][v];
      for (int c = 1; c < kChains; ++c) sum = hn::Add(sum, sums[c][r][v]);
      // The inputs were shifted by 128 to be unsigned.
      const IntVec shift = hn::ShiftLeft<7>(hn::LoadU(di, bytes.w_sums + v * kLanes));
      const FloatVec scale =
          hn::Mul(hn::Set(d, bytes.x_scales[r]), hn::LoadU(d, bytes.w_scales + v * kLanes));
      row[v] = hn::MulAdd(hn::ConvertTo(d, hn::Sub(sum, shift)), scale, row[v]);
    }
    finish_row(tile, r, row);
  }
}

template <int kVecs>
HWY_INLINE void RunByteRows(ByteTile bytes, Tile tile, std::int64_t rows) {
  const auto advance = [&](std::int64_t count) {
    bytes.x += count * bytes.x_stride;
    bytes.x_scales += count;
    tile.y += count * tile.y_stride;
    rows -= count;
  };
  while (rows >= 4) {
    RunByteTile<4, kVecs>(bytes, tile);
    advance(4);
  }
  while (rows >= 1) {
    RunByteTile<1, kVecs>(bytes, tile);
    advance(1);
  }
}

void RunBytePanel(ByteTile bytes, Tile tile, std::int64_t rows) {
  std::int64_t width = bytes.width;
  const auto advance = [&](int vecs) {
    const std::int64_t outputs = vecs * kLanes;
    bytes.weights += 4 * outputs;
    bytes.w_scales += outputs;
    bytes.w_sums += outputs;
    if (tile.bias != nullptr) tile.bias += outputs;
    tile.y += outputs;
    tile.out -= outputs;
    width -= outputs;
  };
  while (width >= 4 * kLanes) {
    RunByteRows<4>(bytes, tile, rows);
    advance(4);
  }
  while (width >= kLanes) {
    RunByteRows<1>(bytes, tile, rows);
    advance(1);
  }
}

void RunByteLayer(const PackedLinear& layer, const LinearCall& call) {
  auto* q = reinterpret_cast<std::uint8_t*>(call.scratch.data());
  auto* x_scales = reinterpret_cast<float*>(
      call.scratch.data() + align_up(static_cast<std::size_t>(call.rows * layer.padded_in())));
  for (std::int64_t r = 0; r < call.rows; ++r)
    x_scales[r] = QuantiseRow(call.x + r * call.x_stride, layer.in, layer.padded_in(),
                              q + r * layer.padded_in());
  const std::int64_t panels = layer.num_panels();
  for (std::int64_t n = 0; n < panels; ++n) {
    const std::int64_t p = call.reverse ? panels - 1 - n : n;
    ByteTile bytes;
    bytes.x = q;
    bytes.x_stride = layer.padded_in();
    bytes.x_scales = x_scales;
    bytes.weights = reinterpret_cast<const std::int8_t*>(layer.panel(p));
    bytes.width = layer.panel_width(p);
    bytes.groups = layer.padded_in() / 4;
    bytes.w_scales = reinterpret_cast<const float*>(layer.scales.data()) + p * kPanelWidth;
    bytes.w_sums = reinterpret_cast<const std::int32_t*>(layer.sums.data()) + p * kPanelWidth;
    Tile tile;
    tile.bias = call.accumulate
                    ? nullptr
                    : reinterpret_cast<const float*>(layer.bias.data()) + p * kPanelWidth;
    tile.y = call.y + p * kPanelWidth;
    tile.y_stride = call.y_stride;
    tile.out = std::min(layer.out - p * kPanelWidth, bytes.width);
    RunBytePanel(bytes, tile, call.rows);
  }
}

// ---- entry points

void Linear(const PackedLinear& layer, const LinearCall& call) {
  switch (layer.precision) {
    case Precision::f32:
      return RunLayer<WeightsF32>(layer, call);
    case Precision::f16:
      return RunLayer<WeightsF16>(layer, call);
    case Precision::bf16:
      return RunLayer<WeightsBF16>(layer, call);
    case Precision::i8:
      return RunByteLayer(layer, call);
  }
}

void Matmul(const MatmulCall& call) {
  alignas(64) static constexpr float kZeros[kPanelWidth] = {};
  const float* b = call.b;
  std::int64_t stride = call.b_stride;
  std::int64_t padded = call.n;
  if (call.n % kPanelStep != 0) {
    // Rows padded with zeros, so that no load leaves them.
    padded = (call.n + kPanelStep - 1) / kPanelStep * kPanelStep;
    auto* copy = reinterpret_cast<float*>(call.scratch.data());
    for (std::int64_t i = 0; i < call.k; ++i) {
      std::copy_n(call.b + i * call.b_stride, call.n, copy + i * padded);
      std::fill(copy + i * padded + call.n, copy + (i + 1) * padded, 0.0f);
    }
    b = copy;
    stride = padded;
  }
  for (std::int64_t j = 0; j < call.n; j += kPanelWidth) {
    Tile tile;
    tile.x = call.a;
    tile.x_stride = call.a_stride;
    tile.weights = b + j;
    tile.row_step = stride;
    tile.in = call.k;
    tile.bias = kZeros;
    tile.y = call.c + j;
    tile.y_stride = call.c_stride;
    tile.out = std::min(call.n - j, kPanelWidth);
    RunPanel<WeightsF32>(tile, call.rows, std::min(padded - j, kPanelWidth));
  }
}

}  // namespace
}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

HWY_EXPORT(Linear);
HWY_EXPORT(Matmul);

namespace {

// The rounded inputs as f32, where no instruction takes them as bf16.
LinearCall with_rounded_inputs(const PackedLinear& layer, LinearCall call) {
  auto* rounded = reinterpret_cast<float*>(call.scratch.data());
  for (std::int64_t r = 0; r < call.rows; ++r)
    std::transform(call.x + r * call.x_stride, call.x + r * call.x_stride + layer.in,
                   rounded + r * layer.in, rounded_to_bfloat16);
  call.x = rounded;
  call.x_stride = layer.in;
  return call;
}

}  // namespace

void linear_simd(const PackedLinear& layer, const LinearCall& call) {
  if (!rounds_inputs(layer, call.rows)) return HWY_DYNAMIC_DISPATCH(Linear)(layer, call);
  if (bfloat16_linear(layer, call)) return;
  HWY_DYNAMIC_DISPATCH(Linear)(layer, with_rounded_inputs(layer, call));
}
void matmul_simd(const MatmulCall& call) {
  HWY_DYNAMIC_DISPATCH(Matmul)(call);
}

}  // namespace canter::nn::detail
#endif
