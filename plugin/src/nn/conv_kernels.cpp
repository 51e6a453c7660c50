// Convolution in vectors of positions: a tile of channels by a few vectors stays in registers over
// all taps; a weight is broadcast, samples are read unaligned. conv_reference is the scalar
// statement of the same.

#include <algorithm>

#include "canter/base/simd.h"
#include "nn/conv.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/conv_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "nn/simd_inl.h"

HWY_BEFORE_NAMESPACE();
namespace canter::nn::detail::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));
static_assert(3 * kLanes <= kReadSlack);

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
constexpr int kTileChannels = 8;
#else
constexpr int kTileChannels = 4;
#endif

// Some vectors of positions, from anywhere in the plane.
struct Positions {
  std::int64_t in[3];     ///< where each vector's samples begin
  std::int64_t out[3];    ///< where its results go
  std::int64_t count[3];  ///< how many of them there are
};

template <int kChannels, int kVecs>
HWY_NOINLINE void RunTile(const ConvCall& call, std::int64_t channel, const Positions& at) {
  const Floats d;
  FloatVec sums[kChannels][kVecs];
  for (int c = 0; c < kChannels; ++c)
    for (int v = 0; v < kVecs; ++v) sums[c][v] = hn::Set(d, call.bias[channel + c]);
  const float* w =
      call.weights + channel / kChannelTile * call.taps * kChannelTile + channel % kChannelTile;
  const float* x[kVecs];
  for (int v = 0; v < kVecs; ++v) x[v] = call.x + at.in[v];
  for (std::int64_t r = 0; r < call.taps; ++r, w += kChannelTile) {
    const std::int64_t offset = call.offsets[r];
    FloatVec samples[kVecs];
    for (int v = 0; v < kVecs; ++v) samples[v] = hn::LoadU(d, x[v] + offset);
    for (int c = 0; c < kChannels; ++c) {
      const FloatVec weight = hn::Set(d, w[c]);
      for (int v = 0; v < kVecs; ++v) sums[c][v] = hn::MulAdd(weight, samples[v], sums[c][v]);
    }
  }
  const FloatVec zero = hn::Zero(d);
  for (int c = 0; c < kChannels; ++c) {
    float* out = call.out + (channel + c) * call.rows * call.width;
    for (int v = 0; v < kVecs; ++v) {
      FloatVec sum = sums[c][v];
      if (call.relu) sum = hn::IfThenElse(hn::Lt(sum, zero), zero, sum);
      if (at.count[v] >= kLanes)
        hn::StoreU(sum, d, out + at.out[v]);
      else
        store_first(sum, d, out + at.out[v], static_cast<std::size_t>(at.count[v]));
    }
  }
}

// All channels at some positions: tiles of the widest kind that fits, then narrower ones.
template <int kVecs>
void RunPositions(const ConvCall& call, const Positions& at) {
  std::int64_t c = 0;
  for (; c + kTileChannels <= call.channels; c += kTileChannels)
    RunTile<kTileChannels, kVecs>(call, c, at);
  if constexpr (kTileChannels > 4) {
    if (c + 4 <= call.channels) {
      RunTile<4, kVecs>(call, c, at);
      c += 4;
    }
  }
  if (c + 2 <= call.channels) {
    RunTile<2, kVecs>(call, c, at);
    c += 2;
  }
  if (c < call.channels) RunTile<1, kVecs>(call, c, at);
}

// The weights of a tile as f32. A tap's channels at a time: tiles begin and end anywhere in a
// block, so wider vectors would read beyond it.
void WidenTile(const PackedConv& conv, std::int64_t tile, float* to) {
  const hn::CappedTag<float, static_cast<std::size_t>(kChannelTile)> d;
  using D = decltype(d);
  constexpr auto kStep = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t size = conv.tile_size();
  const std::byte* from = conv.weights.data();
  const float* scales = reinterpret_cast<const float*>(conv.scales.data()) + tile * kChannelTile;
  for (std::int64_t i = 0; i < size; i += kStep) {
    const std::int64_t at = tile * size + i;
    hn::Vec<D> wide = hn::Zero(d);
    if (conv.precision == Precision::f16) {
      const hn::Rebind<hwy::float16_t, D> d16;
      wide = hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from) + at));
    } else if (conv.precision == Precision::bf16) {
      const hn::RebindToUnsigned<D> u32;
      const hn::Rebind<std::uint16_t, D> u16;
      const auto bits = hn::LoadU(u16, reinterpret_cast<const std::uint16_t*>(from) + at);
      wide = hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(u32, bits)));
    } else {
      const hn::Rebind<std::int8_t, D> d8;
      const hn::RebindToSigned<D> d32;
      const auto integers = hn::LoadU(d8, reinterpret_cast<const std::int8_t*>(from) + at);
      const hn::Vec<D> scale = hn::LoadU(d, scales + i % kChannelTile);
      wide = hn::Mul(hn::ConvertTo(d, hn::PromoteTo(d32, integers)), scale);
    }
    hn::StoreU(wide, d, to + i);
  }
}

// Whole vectors in order of memory: what one writes beyond its part, the next puts right.
HWY_INLINE void StoreZeros(float* to, std::int64_t begin, std::int64_t end) {
  for (; begin < end; begin += kLanes) hn::StoreU(hn::Zero(Floats()), Floats(), to + begin);
}

void CopyPadded(const PaddedCopy& copy) {
  const Floats d;
  const std::int64_t skip = std::clamp<std::int64_t>(-copy.left, 0, copy.in_width);
  const std::int64_t left = std::clamp<std::int64_t>(copy.left, 0, copy.pitch);
  const std::int64_t count = std::min(copy.in_width - skip, copy.pitch - left);
  float* to = copy.to;
  for (std::int64_t c = 0; c < copy.channels; ++c)
    for (std::int64_t q = 0; q < copy.rows; ++q, to += copy.pitch) {
      const std::int64_t row = q - copy.top;
      if (row < 0 || row >= copy.in_rows) {
        StoreZeros(to, 0, copy.pitch);
        continue;
      }
      const float* x = copy.x + (c * copy.in_rows + row) * copy.in_width + skip;
      StoreZeros(to, 0, left);
      std::int64_t i = 0;
      for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::LoadU(d, x + i), d, to + left + i);
      if (i < count) {
        const auto rest = static_cast<std::size_t>(count - i);
        hn::StoreU(load_first(d, x + i, rest), d, to + left + i);
        i += kLanes;
      }
      StoreZeros(to, left + i, copy.pitch);
    }
}

void Convolve(const ConvCall& call) {
  const std::int64_t per_row = (call.width + kLanes - 1) / kLanes;
  const std::int64_t vecs = per_row * call.rows;
  for (std::int64_t n = 0; n < vecs;) {
    // Four left are two and two rather than three and one.
    const std::int64_t left = vecs - n;
    const int take = left >= 3 && left != 4 ? 3 : left >= 2 ? 2 : 1;
    Positions at{};
    for (int v = 0; v < take; ++v, ++n) {
      const std::int64_t row = n / per_row;
      const std::int64_t i = n % per_row * kLanes;
      at.in[v] = row * call.pitch + i;
      at.out[v] = row * call.width + i;
      at.count[v] = call.width - i;
    }
    if (take == 3)
      RunPositions<3>(call, at);
    else if (take == 2)
      RunPositions<2>(call, at);
    else
      RunPositions<1>(call, at);
  }
}

}  // namespace
}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

HWY_EXPORT(Convolve);
void conv_simd(const ConvCall& call) {
  HWY_DYNAMIC_DISPATCH(Convolve)(call);
}

HWY_EXPORT(WidenTile);
const float* widen_tile(const PackedConv& conv, std::int64_t group, std::int64_t tile, float* to) {
  const std::int64_t index = group * conv.tiles() + tile;
  if (conv.precision == Precision::f32)
    return reinterpret_cast<const float*>(conv.weights.data()) + index * conv.tile_size();
  HWY_DYNAMIC_DISPATCH(WidenTile)(conv, index, to);
  return to;
}

HWY_EXPORT(CopyPadded);
void copy_padded_simd(const PaddedCopy& copy) {
  HWY_DYNAMIC_DISPATCH(CopyPadded)(copy);
}

}  // namespace canter::nn::detail
#endif
