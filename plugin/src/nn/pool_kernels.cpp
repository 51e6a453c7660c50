// Pooling in vectors of windows, for strides of one and two, and in vectors of samples where there
// is one large window. Rows shorter than a vector take narrower ones. Other strides are left to the
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
template <bool kMax, class V>
HWY_INLINE V Combine(V value, V sample) {
  return kMax ? hn::IfThenElse(hn::Gt(sample, value), sample, value) : hn::Add(value, sample);
}

template <bool kMax, class D>
HWY_INLINE hn::Vec<D> Start(D d) {
  return kMax ? hn::Set(d, -std::numeric_limits<float>::infinity()) : hn::Zero(d);
}

// One vector of windows beside each other.
template <bool kMax, class D>
HWY_INLINE hn::Vec<D> EverySample(D d, const PoolRows& call, const float* x) {
  auto value = Start<kMax>(d);
  for (std::int64_t a = 0; a < call.rows; ++a)
    for (std::int64_t b = 0; b < call.taps; ++b)
      value = Combine<kMax>(value, hn::LoadU(d, x + a * call.row_step + b * call.dilation));
  return value;
}

#if HWY_TARGET != HWY_SCALAR
// The same two samples apart: samples are read in pairs, of which neighbouring taps take one each.
// kWindow: the window is kWindow by kWindow, 0 as the call says.
template <bool kMax, bool kPaired, int kWindow, class D>
HWY_INLINE hn::Vec<D> EveryOther(D d, const PoolRows& call, const float* x) {
  auto value = Start<kMax>(d);
  const std::int64_t rows = kWindow == 0 ? call.rows : kWindow;
  const std::int64_t taps = kWindow == 0 ? call.taps : kWindow;
  for (std::int64_t a = 0; a < rows; ++a)
    for (std::int64_t b = 0; b < taps; b += kPaired ? 2 : 1) {
      hn::Vec<D> first, second;
      hn::LoadInterleaved2(d, x + a * call.row_step + b * call.dilation, first, second);
      value = Combine<kMax>(value, first);
      if (kPaired) value = Combine<kMax>(value, second);
    }
  return value;
}
#endif

// As many windows of a row of results as vectors of D take; returns the first that is left.
template <bool kMax, int kWindow, class D>
HWY_INLINE std::int64_t RunRow(D d, const PoolRows& call, const float* x, float* y,
                               std::int64_t j) {
  const auto lanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  const auto divisor = hn::Set(d, call.divisor);
  const auto store = [&](hn::Vec<D> value) {
    hn::StoreU(kMax ? value : hn::Div(value, divisor), d, y + j);
  };
  if (call.stride == 1)
    for (; j + lanes <= call.count; j += lanes) store(EverySample<kMax>(d, call, x + j));
#if HWY_TARGET != HWY_SCALAR
  if (call.stride == 2 && call.dilation == 1 && call.taps % 2 == 0)
    for (; j + lanes <= call.count; j += lanes)
      store(EveryOther<kMax, true, kWindow>(d, call, x + 2 * j));
  // A tap without a neighbour reads one sample too many, which the last window may not have.
  if (call.stride == 2)
    for (; j + lanes <= call.count - 1; j += lanes)
      store(EveryOther<kMax, false, 0>(d, call, x + 2 * j));
#endif
  return j;
}

template <bool kMax, int kWindow>
void RunRows(const PoolRows& call) {
  PoolRows rest = call;
  rest.num = 1;
  for (std::int64_t n = 0; n < call.num; ++n) {
    const float* x = call.x + n * call.x_next;
    float* y = call.y + n * call.y_next;
    std::int64_t j = RunRow<kMax, kWindow>(Floats(), call, x, y, 0);
    j = RunRow<kMax, kWindow>(hn::CappedTag<float, 8>(), call, x, y, j);
    j = RunRow<kMax, kWindow>(hn::CappedTag<float, 4>(), call, x, y, j);
    if (j == call.count) continue;
    rest.x = x + j * call.stride;
    rest.y = y + j;
    rest.count = call.count - j;
    pool_reference(rest);
  }
}

// One window of long rows, as the global pools have it: samples beside each other in a vector.
template <bool kMax>
void RunWindow(const PoolRows& call) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec value = Start<kMax>(d);
  for (std::int64_t a = 0; a < call.rows; ++a) {
    const float* x = call.x + a * call.row_step;
    std::int64_t b = 0;
    for (; b + lanes <= call.taps; b += lanes) value = Combine<kMax>(value, hn::LoadU(d, x + b));
    if (b == call.taps) continue;
    const auto count = static_cast<std::size_t>(call.taps - b);
    const FloatVec tail = load_first(d, x + b, count);
    value = Combine<kMax>(value, hn::IfThenElse(hn::FirstN(d, count), tail, Start<kMax>(d)));
  }
  *call.y = kMax ? hn::GetLane(hn::MaxOfLanes(d, value))
                 : hn::GetLane(hn::SumOfLanes(d, value)) / call.divisor;
}

void Pool(const PoolRows& call) {
  const auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));
  if (call.num == 1 && call.count == 1 && call.dilation == 1 && call.taps >= lanes)
    return call.max ? RunWindow<true>(call) : RunWindow<false>(call);
  // What most networks have.
  if (call.rows == 2 && call.taps == 2 && call.stride == 2)
    return call.max ? RunRows<true, 2>(call) : RunRows<false, 2>(call);
  call.max ? RunRows<true, 0>(call) : RunRows<false, 0>(call);
}

}  // namespace
}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

void pool_reference(const PoolRows& call) {
  for (std::int64_t n = 0; n < call.num; ++n)
    for (std::int64_t j = 0; j < call.count; ++j) {
      const float* x = call.x + n * call.x_next + j * call.stride;
      float value = call.max ? -std::numeric_limits<float>::infinity() : 0.0f;
      for (std::int64_t a = 0; a < call.rows; ++a)
        for (std::int64_t b = 0; b < call.taps; ++b) {
          const float sample = x[a * call.row_step + b * call.dilation];
          value = call.max ? (sample > value ? sample : value) : value + sample;
        }
      call.y[n * call.y_next + j] = call.max ? value : value / call.divisor;
    }
}

HWY_EXPORT(Pool);
void pool_simd(const PoolRows& call) {
  HWY_DYNAMIC_DISPATCH(Pool)(call);
}

}  // namespace canter::nn::detail
#endif
