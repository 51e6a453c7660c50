// Poses in vectors of any width: quads (x, y, z, w of a joint) in memory, components in registers.
// Included by the kernels once per instruction set.

#if defined(CANTER_ANIM_QUADS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CANTER_ANIM_QUADS_INL_H
#undef CANTER_ANIM_QUADS_INL_H
#else
#define CANTER_ANIM_QUADS_INL_H
#endif

#include <hwy/highway.h>

#include "canter/anim/pose.h"

HWY_BEFORE_NAMESPACE();
namespace canter::detail::HWY_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kBlocks = kLanes / 4;
static_assert(kLanes >= 4 && kPosePadding % kLanes == 0);

// Four vectors seen as a 4 x 4 transpose in every block of four lanes. Quads in memory become
// x, y, z and w of kLanes joints (in the order 0, kBlocks, 2 * kBlocks, 3 * kBlocks, 1, …) and
// back.
HWY_INLINE void transpose(V (&v)[4]) {
  const D d;
  const hn::Repartition<std::uint64_t, D> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v[0], v[1]));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v[2], v[3]));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[0], v[1]));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[2], v[3]));
  v[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  v[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  v[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  v[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}
HWY_INLINE void load_quads(const float* from, V (&v)[4]) {
  for (int i = 0; i < 4; ++i) v[i] = hn::Load(D(), from + i * kLanes);
}
HWY_INLINE void store_quads(const V (&v)[4], float* to) {
  for (int i = 0; i < 4; ++i) hn::Store(v[i], D(), to + i * kLanes);
}
HWY_INLINE void load_transposed(const float* from, V (&v)[4]) {
  load_quads(from, v);
  transpose(v);
}
HWY_INLINE void store_transposed(V (&v)[4], float* to) {
  transpose(v);
  store_quads(v, to);
}
HWY_INLINE V dot(const V (&a)[4], const V (&b)[4]) {
  return hn::Add(hn::MulAdd(a[0], b[0], hn::Mul(a[1], b[1])),
                 hn::MulAdd(a[2], b[2], hn::Mul(a[3], b[3])));
}

#endif
}  // namespace canter::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
