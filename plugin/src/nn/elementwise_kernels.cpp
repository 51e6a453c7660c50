// Functions of one number and of rows in vectors of any width. elementwise_reference.cpp is the
// scalar statement of the same.

#include "nn/elementwise.h"

#include <algorithm>
#include <cmath>

#include "canter/base/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/elementwise_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "nn/simd_inl.h"

HWY_BEFORE_NAMESPACE();
namespace canter::nn::detail::HWY_NAMESPACE {

// expm1 for negative x, where e^x - 1 cancels near zero.
template <class D, class V>
HWY_INLINE V expm1_of(D d, V x) {
  return or_nan(d, x, hn::Expm1(d, hn::Max(x, hn::Set(d, -80.0f))));
}

template <class D, class V>
HWY_INLINE V softplus_of(D d, V x) {
  const V zero = hn::Zero(d);
  return or_nan(d, x, hn::Add(hn::Max(x, zero), hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(x))))));
}

template <class D, class V>
HWY_INLINE V relu_of(D d, V x) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
}

template <class D, class V>
HWY_INLINE V elu_of(D d, V x, float scale, float inner) {
  const V below = hn::Mul(hn::Set(d, scale), expm1_of(d, hn::Mul(x, hn::Set(d, inner))));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), below, x);
}

template <class D, class V>
HWY_INLINE V gelu_tanh_of(D d, V x) {
  const V cube = hn::Mul(hn::Mul(x, x), hn::Mul(x, hn::Set(d, 0.044715f)));
  const V t = tanh_of(d, hn::Mul(hn::Set(d, 0.7978845608f), hn::Add(x, cube)));
  return hn::Mul(hn::Mul(hn::Set(d, 0.5f), x), hn::Add(hn::Set(d, 1.0f), t));
}

template <class D, class V>
HWY_INLINE V gelu_of(D d, V x) {
  const V e = erf_of(d, hn::Mul(x, hn::Set(d, 0.70710678f)));
  return hn::Mul(hn::Mul(hn::Set(d, 0.5f), x), hn::Add(hn::Set(d, 1.0f), e));
}

template <class D, class V>
HWY_INLINE V clip_of(D d, V x, float low, float high) {
  return or_nan(d, x, hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high)));
}

// One switch outside, one loop inside each case.
bool ApplyActivation(const UnaryFunction& f, const float* x, float* y, std::int64_t n) {
  const float alpha = f.alpha;
  const float beta = f.beta;
  switch (f.kind) {
    case Unary::relu:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return relu_of(d, v); });
      return true;
    case Unary::leaky_relu:
      map_floats(x, y, n, [=](auto d, auto v) HWY_ATTR {
        return hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Mul(v, hn::Set(d, alpha)), v);
      });
      return true;
    case Unary::elu:
      map_floats(x, y, n, [=](auto d, auto v) HWY_ATTR { return elu_of(d, v, alpha, 1.0f); });
      return true;
    case Unary::selu:
      map_floats(x, y, n, [=](auto d, auto v) HWY_ATTR {
        return hn::Mul(hn::Set(d, beta), elu_of(d, v, alpha, 1.0f));
      });
      return true;
    case Unary::celu:
      map_floats(x, y, n,
                 [=](auto d, auto v) HWY_ATTR { return elu_of(d, v, alpha, 1.0f / alpha); });
      return true;
    case Unary::sigmoid:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return sigmoid_of(d, v); });
      return true;
    case Unary::tanh:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return tanh_of(d, v); });
      return true;
    case Unary::softplus:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return softplus_of(d, v); });
      return true;
    case Unary::gelu:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return gelu_of(d, v); });
      return true;
    case Unary::gelu_tanh:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return gelu_tanh_of(d, v); });
      return true;
    case Unary::mish:
      map_floats(x, y, n,
                 [](auto d, auto v) HWY_ATTR { return hn::Mul(v, tanh_of(d, softplus_of(d, v))); });
      return true;
    case Unary::silu:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return hn::Mul(v, sigmoid_of(d, v)); });
      return true;
    case Unary::clip:
      map_floats(x, y, n, [=](auto d, auto v) HWY_ATTR { return clip_of(d, v, alpha, beta); });
      return true;
    default:
      return false;
  }
}

bool ApplyMath(const UnaryFunction& f, const float* x, float* y, std::int64_t n) {
  switch (f.kind) {
    case Unary::abs:
      map_floats(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Abs(v); });
      return true;
    case Unary::neg:
      map_floats(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Neg(v); });
      return true;
    case Unary::exp:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return exp_of(d, v); });
      return true;
    case Unary::sqrt:
      map_floats(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Sqrt(v); });
      return true;
    case Unary::reciprocal:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return hn::Div(hn::Set(d, 1.0f), v); });
      return true;
    case Unary::erf:
      map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return erf_of(d, v); });
      return true;
    case Unary::floor:
      map_floats(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Floor(v); });
      return true;
    case Unary::ceil:
      map_floats(x, y, n, [](auto, auto v) HWY_ATTR { return hn::Ceil(v); });
      return true;
    default:
      return false;
  }
}

// Sine and cosine: Highway's are good to 3 ulp for arguments up to 39000; a row that leaves that
// range goes through the scalar function.
bool ApplyTrigonometric(const UnaryFunction& f, const float* x, float* y, std::int64_t n) {
  if (f.kind != Unary::sin && f.kind != Unary::cos) return false;
  constexpr float kRange = 30000.0f;
  for (std::int64_t i = 0; i < n; ++i)
    if (!(std::abs(x[i]) < kRange)) return false;
  if (f.kind == Unary::sin)
    map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return hn::Sin(d, v); });
  else
    map_floats(x, y, n, [](auto d, auto v) HWY_ATTR { return hn::Cos(d, v); });
  return true;
}

bool ApplyUnary(const UnaryFunction& f, const float* x, float* y, std::int64_t n) {
  return ApplyActivation(f, x, y, n) || ApplyMath(f, x, y, n) || ApplyTrigonometric(f, x, y, n);
}

template <class F>
HWY_INLINE void Combine(const float* a, std::int64_t a_step, const float* b, std::int64_t b_step,
                        float* y, std::int64_t count, F f) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const FloatVec a0 = hn::Set(d, count > 0 ? a[0] : 0.0f);
  const FloatVec b0 = hn::Set(d, count > 0 ? b[0] : 0.0f);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const FloatVec va = a_step == 0 ? a0 : hn::LoadU(d, a + i);
    const FloatVec vb = b_step == 0 ? b0 : hn::LoadU(d, b + i);
    hn::StoreU(f(va, vb), d, y + i);
  }
  if (i == count) return;
  const auto rest = static_cast<std::size_t>(count - i);
  const FloatVec va = a_step == 0 ? a0 : load_first(d, a + i, rest);
  const FloatVec vb = b_step == 0 ? b0 : load_first(d, b + i, rest);
  store_first(f(va, vb), d, y + i, rest);
}

bool ApplyBinary(Binary op, const float* a, std::int64_t a_step, const float* b,
                 std::int64_t b_step, float* y, std::int64_t n) {
  // Steps along a row are 0 or 1, except for transposed views, which the scalar loop takes.
  if (a_step > 1 || b_step > 1) return false;
  using V = FloatVec;
  switch (op) {
    case Binary::add:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Add(p, q); });
      return true;
    case Binary::sub:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Sub(p, q); });
      return true;
    case Binary::mul:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Mul(p, q); });
      return true;
    case Binary::div:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Div(p, q); });
      return true;
    case Binary::min:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR {
        return hn::IfThenElse(hn::Or(hn::IsNaN(p), hn::Lt(p, q)), p, q);
      });
      return true;
    case Binary::max:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR {
        return hn::IfThenElse(hn::Or(hn::IsNaN(p), hn::Gt(p, q)), p, q);
      });
      return true;
    case Binary::prelu:
      Combine(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR {
        return hn::IfThenElse(hn::Lt(p, hn::Zero(Floats())), hn::Mul(p, q), p);
      });
      return true;
    case Binary::pow:
      return false;
  }
  return false;
}

// ---- rows

// Sum (or largest) of f(x) over a row.
template <class F>
HWY_INLINE float sum_row(const float* x, std::int64_t width, F f) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  FloatVec sum = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) sum = hn::Add(sum, f(d, hn::LoadU(d, x + i)));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  if (i < width) {
    const auto rest = static_cast<std::size_t>(width - i);
    const FloatVec last = f(d, load_first(d, x + i, rest));
    total += hn::GetLane(hn::SumOfLanes(d, hn::IfThenElseZero(hn::FirstN(d, rest), last)));
  }
  return total;
}

HWY_INLINE float largest_of(const float* x, std::int64_t width) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  float largest = x[0];
  std::int64_t i = 0;
  if (width >= lanes) {
    FloatVec most = hn::LoadU(d, x);
    for (i = lanes; i + lanes <= width; i += lanes) most = hn::Max(most, hn::LoadU(d, x + i));
    largest = hn::GetLane(hn::MaxOfLanes(d, most));
  }
  for (; i < width; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

void SoftmaxRows(const float* x, float* y, std::int64_t rows, std::int64_t width, bool logarithm) {
  const Floats dd;
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const FloatVec largest = hn::Set(dd, largest_of(x, width));
    if (logarithm) {
      const float sum = sum_row(
          x, width, [=](auto d, auto v) HWY_ATTR { return exp_of(d, hn::Sub(v, largest)); });
      const FloatVec shift = hn::Add(largest, hn::Set(dd, std::log(sum)));
      map_floats(x, y, width, [=](auto, auto v) HWY_ATTR { return hn::Sub(v, shift); });
      continue;
    }
    map_floats(x, y, width,
               [=](auto d, auto v) HWY_ATTR { return exp_of(d, hn::Sub(v, largest)); });
    const float sum = sum_row(y, width, [](auto, auto v) HWY_ATTR { return v; });
    const FloatVec scale = hn::Set(dd, 1.0f / sum);
    map_floats(y, y, width, [=](auto, auto v) HWY_ATTR { return hn::Mul(v, scale); });
  }
}

void NormaliseRows(const float* x, const float* scale, const float* bias, float epsilon, float* y,
                   std::int64_t rows, std::int64_t width) {
  const Floats dd;
  const float inverse_width = 1.0f / static_cast<float>(width);
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float mean = sum_row(x, width, [](auto, auto v) HWY_ATTR { return v; }) * inverse_width;
    const FloatVec m = hn::Set(dd, mean);
    const float variance = inverse_width * sum_row(x, width, [=](auto, auto v) HWY_ATTR {
                             const auto centred = hn::Sub(v, m);
                             return hn::Mul(centred, centred);
                           });
    const FloatVec inverse = hn::Set(dd, 1.0f / std::sqrt(variance + epsilon));
    map_floats(x, y, width, [=](auto, auto v) HWY_ATTR { return hn::Mul(hn::Sub(v, m), inverse); });
    using V = FloatVec;
    if (scale != nullptr)
      Combine(y, 1, scale, 1, y, width, [](V p, V q) HWY_ATTR { return hn::Mul(p, q); });
    if (bias != nullptr)
      Combine(y, 1, bias, 1, y, width, [](V p, V q) HWY_ATTR { return hn::Add(p, q); });
  }
}

void LstmUnits(const float* gates, std::int64_t stride, float* c, float* h, std::int64_t count) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t u = 0; u < count; u += lanes) {
    const auto n = static_cast<std::size_t>(std::min(lanes, count - u));
    const bool whole = n == static_cast<std::size_t>(lanes);
    const auto load = [&](const float* p)
                          HWY_ATTR { return whole ? hn::LoadU(d, p) : load_first(d, p, n); };
    const FloatVec input = sigmoid_of(d, load(gates + u));
    const FloatVec output = sigmoid_of(d, load(gates + stride + u));
    const FloatVec forget = sigmoid_of(d, load(gates + 2 * stride + u));
    const FloatVec fresh = tanh_of(d, load(gates + 3 * stride + u));
    const FloatVec cell = hn::MulAdd(forget, load(c + u), hn::Mul(input, fresh));
    const FloatVec hidden = hn::Mul(output, tanh_of(d, cell));
    store_first(cell, d, c + u, n);
    store_first(hidden, d, h + u, n);
  }
}

}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::nn::detail {

HWY_EXPORT(ApplyUnary);
HWY_EXPORT(ApplyBinary);
HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(NormaliseRows);
HWY_EXPORT(LstmUnits);

void apply_unary_simd(const UnaryFunction& f, const float* x, float* y, std::int64_t count) {
  if (!HWY_DYNAMIC_DISPATCH(ApplyUnary)(f, x, y, count)) apply_unary_reference(f, x, y, count);
}
void apply_binary_simd(Binary op, const float* a, std::int64_t a_step, const float* b,
                       std::int64_t b_step, float* y, std::int64_t count) {
  if (!HWY_DYNAMIC_DISPATCH(ApplyBinary)(op, a, a_step, b, b_step, y, count))
    apply_binary_reference(op, a, a_step, b, b_step, y, count);
}
void softmax_rows_simd(const float* x, float* y, std::int64_t rows, std::int64_t width,
                       bool logarithm) {
  HWY_DYNAMIC_DISPATCH(SoftmaxRows)(x, y, rows, width, logarithm);
}
void normalise_rows_simd(const float* x, const float* scale, const float* bias, float epsilon,
                         float* y, std::int64_t rows, std::int64_t width) {
  HWY_DYNAMIC_DISPATCH(NormaliseRows)(x, scale, bias, epsilon, y, rows, width);
}
void lstm_units_simd(const float* gates, std::int64_t stride, float* c, float* h,
                     std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(LstmUnits)(gates, stride, c, h, count);
}

}  // namespace canter::nn::detail
#endif
