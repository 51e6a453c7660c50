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

template <int kChannels, int kVecs>
HWY_NOINLINE void RunTile(const ConvCall& call, std::int64_t channel, std::int64_t position) {
  const Floats d;
  FloatVec sums[kChannels][kVecs];
  for (int c = 0; c < kChannels; ++c)
    for (int v = 0; v < kVecs; ++v) sums[c][v] = hn::Set(d, call.bias[channel + c]);
  const float* w =
      call.weights + channel / kChannelTile * call.taps * kChannelTile + channel % kChannelTile;
  const float* x = call.x + position;
  for (std::int64_t r = 0; r < call.taps; ++r, w += kChannelTile) {
    const float* at = x + call.offsets[r];
    FloatVec samples[kVecs];
    for (int v = 0; v < kVecs; ++v) samples[v] = hn::LoadU(d, at + v * kLanes);
    for (int c = 0; c < kChannels; ++c) {
      const FloatVec weight = hn::Set(d, w[c]);
      for (int v = 0; v < kVecs; ++v) sums[c][v] = hn::MulAdd(weight, samples[v], sums[c][v]);
    }
  }
  for (int c = 0; c < kChannels; ++c) {
    float* out = call.out + (channel + c) * call.out_stride + position;
    for (int v = 0; v < kVecs; ++v) {
      const std::int64_t rest = call.positions - position - v * kLanes;
      if (rest >= kLanes)
        hn::StoreU(sums[c][v], d, out + v * kLanes);
      else if (rest > 0)
        store_first(sums[c][v], d, out + v * kLanes, static_cast<std::size_t>(rest));
    }
  }
}

// All channels at some positions: tiles of the widest kind that fits, then narrower ones.
template <int kVecs>
void RunPositions(const ConvCall& call, std::int64_t position) {
  std::int64_t c = 0;
  for (; c + kTileChannels <= call.channels; c += kTileChannels)
    RunTile<kTileChannels, kVecs>(call, c, position);
  if constexpr (kTileChannels > 4) {
    if (c + 4 <= call.channels) {
      RunTile<4, kVecs>(call, c, position);
      c += 4;
    }
  }
  if (c + 2 <= call.channels) {
    RunTile<2, kVecs>(call, c, position);
    c += 2;
  }
  if (c < call.channels) RunTile<1, kVecs>(call, c, position);
}

void Convolve(const ConvCall& call) {
  std::int64_t p = 0;
  while (p < call.positions) {
    const std::int64_t vecs = (call.positions - p + kLanes - 1) / kLanes;
    // Four left are two and two rather than three and one.
    if (vecs >= 3 && vecs != 4) {
      RunPositions<3>(call, p);
      p += 3 * kLanes;
    } else if (vecs >= 2) {
      RunPositions<2>(call, p);
      p += 2 * kLanes;
    } else {
      RunPositions<1>(call, p);
      p += kLanes;
    }
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

}  // namespace canter::nn::detail
#endif
