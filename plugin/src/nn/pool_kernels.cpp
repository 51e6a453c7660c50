// Pooling of rows in vectors of windows, for strides of one and two; other strides are left to the
// scalar loop, which also states what is computed.

#include <algorithm>
#include <limits>

#include "canter/base/simd.h"
#include "nn/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/pool_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "nn/simd_inl.h"

HWY_BEFORE_NAMESPACE();
namespace canter::nn::detail::HWY_NAMESPACE {
namespace {

// Not Max: a NaN is passed over, as in the scalar loop.
template <bool kMax>
HWY_INLINE FloatVec Combine(FloatVec value, FloatVec sample) {
  return kMax ? hn::IfThenElse(hn::Gt(sample, value), sample, value) : hn::Add(value, sample);
}

template <bool kMax>
HWY_INLINE FloatVec Start() {
  return kMax ? hn::Set(Floats(), -std::numeric_limits<float>::infinity()) : hn::Zero(Floats());
}

template <bool kMax>
std::int64_t EverySample(const PoolRow& row) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t j = 0;
  for (; j + lanes <= row.count; j += lanes) {
    FloatVec value = Start<kMax>();
    for (std::int64_t a = 0; a < row.rows; ++a)
      for (std::int64_t b = 0; b < row.taps; ++b)
        value = Combine<kMax>(value, hn::LoadU(d, row.x + a * row.row_step + b * row.dilation + j));
    hn::StoreU(value, d, row.y + j);
  }
  return j;
}

#if HWY_TARGET != HWY_SCALAR
// Samples are read in pairs, of which neighbouring taps take one each. A tap without a neighbour
// reads one sample too many, which the last windows may not have.
template <bool kMax>
std::int64_t EveryOther(const PoolRow& row) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const bool paired = row.dilation == 1 && row.taps % 2 == 0;
  const std::int64_t count = row.count - (paired ? 0 : 1);
  std::int64_t j = 0;
  for (; j + lanes <= count; j += lanes) {
    FloatVec value = Start<kMax>();
    for (std::int64_t a = 0; a < row.rows; ++a)
      for (std::int64_t b = 0; b < row.taps; b += paired ? 2 : 1) {
        FloatVec first, second;
        hn::LoadInterleaved2(d, row.x + a * row.row_step + b * row.dilation + 2 * j, first, second);
        value = Combine<kMax>(value, first);
        if (paired) value = Combine<kMax>(value, second);
      }
    hn::StoreU(value, d, row.y + j);
  }
  return j;
}
#endif

std::int64_t Pool(const PoolRow& row) {
  if (row.stride == 1) return row.max ? EverySample<true>(row) : EverySample<false>(row);
#if HWY_TARGET != HWY_SCALAR
  if (row.stride == 2) return row.max ? EveryOther<true>(row) : EveryOther<false>(row);
#endif
  return 0;
}

}  // namespace
}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

void pool_row_reference(const PoolRow& row) {
  for (std::int64_t j = 0; j < row.count; ++j) {
    float value = row.max ? -std::numeric_limits<float>::infinity() : 0.0f;
    for (std::int64_t a = 0; a < row.rows; ++a)
      for (std::int64_t b = 0; b < row.taps; ++b) {
        const float sample = row.x[a * row.row_step + b * row.dilation + j * row.stride];
        value = row.max ? (sample > value ? sample : value) : value + sample;
      }
    row.y[j] = value;
  }
}

HWY_EXPORT(Pool);
void pool_row_simd(const PoolRow& row) {
  const std::int64_t done = HWY_DYNAMIC_DISPATCH(Pool)(row);
  PoolRow rest = row;
  rest.x += done * row.stride;
  rest.y += done;
  rest.count -= done;
  pool_row_reference(rest);
}

}  // namespace canter::nn::detail
#endif
