// Included once per instruction set, inside Highway's loop over targets: rows that are no multiple
// of a vector, and functions of one number.

#if defined(CANTER_NN_SIMD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CANTER_NN_SIMD_INL_H
#undef CANTER_NN_SIMD_INL_H
#else
#define CANTER_NN_SIMD_INL_H
#endif

#include <cstdint>
#include <cstring>
// Math brings highway.h.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace canter::nn::detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Floats>;

// The first `count` numbers, the rest zero. Never touches memory beyond them.
template <class D>
HWY_INLINE hn::Vec<D> load_first(D d, const hn::TFromD<D>* p, std::size_t count) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  return hn::MaskedLoad(hn::FirstN(d, count), d, p);
#else
  HWY_ALIGN hn::TFromD<D> whole[hn::MaxLanes(d)] = {};
  std::memcpy(whole, p, count * sizeof whole[0]);
  return hn::Load(d, whole);
#endif
}

template <class D>
HWY_INLINE void store_first(hn::Vec<D> v, D d, hn::TFromD<D>* p, std::size_t count) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  hn::BlendedStore(v, hn::FirstN(d, count), d, p);
#else
  HWY_ALIGN hn::TFromD<D> whole[hn::MaxLanes(d)];
  hn::Store(v, d, whole);
  std::memcpy(p, whole, count * sizeof whole[0]);
#endif
}

// y = f(x) for rows of any length; y may be x.
template <class F>
HWY_INLINE void map_floats(const float* x, float* y, std::int64_t count, F f) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(d, hn::LoadU(d, x + i)), d, y + i);
  if (i == count) return;
  const auto rest = static_cast<std::size_t>(count - i);
  store_first(f(d, load_first(d, x + i, rest)), d, y + i, rest);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V or_nan(D, V x, V y) {
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// c[0] + c[1] z + …
template <class D, class V, std::size_t kCount>
HWY_INLINE V polynomial(D d, V z, const float (&c)[kCount]) {
  V sum = hn::Set(d, c[kCount - 1]);
  for (std::size_t i = kCount - 1; i-- > 0;) sum = hn::MulAdd(sum, z, hn::Set(d, c[i]));
  return sum;
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of(D d, V x) {
  // Highway's own is right to an ulp but loses NaN, and infinities above its range.
  constexpr float kOverflow = 88.7228394f;
  const V y = hn::Exp(d, x);
  const V infinity = hn::Inf(d);
  return or_nan(d, x, hn::IfThenElse(hn::Gt(x, hn::Set(d, kOverflow)), infinity, y));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid_of(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, exp_of(d, hn::Neg(x))));
}

// Below 0.6 a polynomial in x^2 (fitted to tanh on [0, 0.63]); above, by the exponential.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh_of(D d, V x) {
  static constexpr float kSmall[] = {-0.33333334f, 0.13333301f,    -0.053958625f,
                                     0.021763632f, -0.0083263963f, 0.0022726993f};
  const V one = hn::Set(d, 1.0f);
  const V size = hn::Abs(x);
  const V z = hn::Mul(x, x);
  const V small = hn::MulAdd(hn::Mul(x, z), polynomial(d, z, kSmall), x);
  const V e = hn::Exp(d, hn::Mul(size, hn::Set(d, -2.0f)));
  const V large = hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
  return or_nan(d, x, hn::IfThenElse(hn::Lt(size, hn::Set(d, 0.6f)), small, large));
}

// Below 1 a polynomial in x^2, above by the logarithm of erfc (both fitted).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V erf_of(D d, V x) {
  static constexpr float kSmall[] = {1.1283792f,     -0.37612638f,  0.11283783f,
                                     -0.026865438f,  0.0052210535f, -0.00084843964f,
                                     0.00011268254f, -9.6735921e-6f};
  static constexpr float kLogErfc[] = {0.00030321299f, -1.1301666f,    -0.63193709f,
                                       -0.10997824f,   0.026364718f,   -0.0047402224f,
                                       0.00059276953f, -4.5590623e-5f, 1.6140616e-6f};
  const V one = hn::Set(d, 1.0f);
  const V size = hn::Min(hn::Abs(x), hn::Set(d, 4.0f));  // beyond, erf is 1 in single precision
  const V small = hn::Mul(x, polynomial(d, hn::Mul(x, x), kSmall));
  const V tail = hn::Exp(d, polynomial(d, size, kLogErfc));
  const V large = hn::CopySign(hn::Sub(one, tail), x);
  return or_nan(d, x, hn::IfThenElse(hn::Lt(size, one), small, large));
}

}  // namespace canter::nn::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
