// Sampling in vectors of eight or four lanes, for every instruction set Highway knows.
// decode_reference (clip_decode.cpp) is the scalar statement of the same.

#include "anim/clip_format.h"
#include "anim/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "anim/clip_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

// What the instruction sets share: once.
#ifndef CANTER_CLIP_KERNELS_SHARED
#define CANTER_CLIP_KERNELS_SHARED
namespace canter::detail {

// How to unpack eight integers of W bits, four of them per 16 bytes of a vector: every lane first
// takes the four bytes that hold its integer, then shifts it to the top, then down with its sign.
struct UnpackTables {
  alignas(64) std::uint8_t bytes[kMaxWidth + 1][32];
  alignas(64) std::uint32_t up[kMaxWidth + 1][8];
  alignas(64) std::int32_t down[kMaxWidth + 1][8];
};

constexpr UnpackTables make_unpack_tables() {
  UnpackTables t{};
  for (int width = 1; width <= kMaxWidth; ++width)
    for (int lane = 0; lane < kGroupLanes; ++lane) {
      // The upper four lanes start in the byte where the lower four end.
      const int start = lane < 4 ? 0 : 4 * width / 8 * 8;
      const int bit = lane * width - start;
      for (int b = 0; b < 4; ++b)
        t.bytes[width][4 * lane + b] = static_cast<std::uint8_t>(bit / 8 + b);
      t.up[width][lane] = static_cast<std::uint32_t>(32 - width - bit % 8);
      t.down[width][lane] = 32 - width;
    }
  return t;
}
inline constexpr UnpackTables kUnpack = make_unpack_tables();

}  // namespace canter::detail
#endif

HWY_BEFORE_NAMESPACE();
namespace canter::detail::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void decode(const ClipTables& clip, const Rows& rows, PoseView out) {
  decode_reference(clip, rows, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kGroupLanes>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
static_assert(kLanes == 4 || kLanes == 8);

// Lanes [part * kLanes, …) of a row of integers.
HWY_INLINE V unpack(const std::byte* row, int width, int part) {
  const D d;
  const hn::Repartition<std::uint8_t, D> bytes;
  const hn::RebindToSigned<D> ints;
  const hn::RebindToUnsigned<D> words;
  const auto* at = reinterpret_cast<const std::uint8_t*>(row);
  const int upper = width / 2;  // the byte where lane 4 starts
#if HWY_MAX_BYTES >= 32
  (void)part;
  const hn::Half<decltype(bytes)> half;
  const auto raw = hn::Combine(bytes, hn::LoadU(half, at + upper), hn::LoadU(half, at));
  constexpr int first = 0;
#else
  const auto raw = hn::LoadU(bytes, part == 0 ? at : at + upper);
  const int first = part * kLanes;
#endif
  const auto picked = hn::BitCast(
      words, hn::TableLookupBytes(raw, hn::Load(bytes, kUnpack.bytes[width] + 4 * first)));
  const auto top = hn::Shl(picked, hn::Load(words, kUnpack.up[width] + first));
  return hn::ConvertTo(
      d, hn::Shr(hn::BitCast(ints, top), hn::Load(ints, kUnpack.down[width] + first)));
}

// Weighted sum of the rows for component `row` of a group.
template <int kRows>
HWY_INLINE V sum_rows(const Rows& rows, const std::byte* const (&at)[kRows], int row, int part) {
  const D d;
  V sum = hn::Zero(d);
  for (int r = 0; r < kRows; ++r) {
    const Row& source = rows.rows[static_cast<std::size_t>(r)];
    const int width = source.widths[row];
    if (width == 0) continue;
    sum = hn::MulAdd(hn::Set(d, source.weight), unpack(at[r], width, part), sum);
  }
  return sum;
}

// x, y, z, w of kLanes tracks to the places of their joints.
HWY_INLINE void scatter(V x, V y, V z, V w, float* out, const std::int16_t* joints, int lanes) {
  const D d;
  const hn::Repartition<std::uint64_t, D> pairs;
  const hn::Full128<float> quad;
  const auto as_pairs = [&](V v) { return hn::BitCast(pairs, v); };
  const auto xy_low = as_pairs(hn::InterleaveLower(d, x, y));
  const auto zw_low = as_pairs(hn::InterleaveLower(d, z, w));
  const auto xy_high = as_pairs(hn::InterleaveUpper(d, x, y));
  const auto zw_high = as_pairs(hn::InterleaveUpper(d, z, w));
  const V quads[4] = {hn::BitCast(d, hn::InterleaveLower(pairs, xy_low, zw_low)),
                      hn::BitCast(d, hn::InterleaveUpper(pairs, xy_low, zw_low)),
                      hn::BitCast(d, hn::InterleaveLower(pairs, xy_high, zw_high)),
                      hn::BitCast(d, hn::InterleaveUpper(pairs, xy_high, zw_high))};
  for (int i = 0; i < 4; ++i) {
    if (i < lanes) {
#if HWY_MAX_BYTES >= 32
      hn::Store(hn::LowerHalf(quad, quads[i]), quad, out + 4 * joints[i]);
#else
      hn::Store(quads[i], quad, out + 4 * joints[i]);
#endif
    }
#if HWY_MAX_BYTES >= 32
    if (i + 4 < lanes) hn::Store(hn::UpperHalf(quad, quads[i]), quad, out + 4 * joints[i + 4]);
#endif
  }
}

HWY_INLINE V column(const TrackGroup& group, int component, int axis, int part) {
  return hn::Load(D(), group.columns[component][axis] + part * kLanes);
}
HWY_INLINE V origin(const TrackGroup& group, int axis, int part) {
  return hn::Load(D(), group.origin[axis] + part * kLanes);
}

// The group's linear map of n, and what its kind makes of it.
template <int kRows>
HWY_INLINE void decode_part(const Rows& rows, const std::byte* const (&at)[4][kRows], int row,
                            const TrackGroup& group, int part, PoseView out) {
  const D d;
  const int lanes = group.lanes - part * kLanes;
  const std::int16_t* joints = group.joints + part * kLanes;
  const V n0 = sum_rows<kRows>(rows, at[0], row, part);
  const V n1 = sum_rows<kRows>(rows, at[1], row + 1, part);
  const V n2 = sum_rows<kRows>(rows, at[2], row + 2, part);
  if (group.kind == TrackKind::translation || group.kind == TrackKind::scale) {
    const V x = hn::MulAdd(column(group, 0, 0, part), n0, origin(group, 0, part));
    const V y = hn::MulAdd(column(group, 1, 1, part), n1, origin(group, 1, part));
    const V z = hn::MulAdd(column(group, 2, 2, part), n2, origin(group, 2, part));
    Vec4* to = group.kind == TrackKind::scale ? out.scales : out.translations;
    scatter(x, y, z, hn::Zero(d), &to->x, joints, lanes);
    return;
  }
  V v[4];
  for (int axis = 0; axis < 4; ++axis) {
    v[axis] = hn::Mul(column(group, 0, axis, part), n0);
    v[axis] = hn::MulAdd(column(group, 1, axis, part), n1, v[axis]);
    v[axis] = hn::MulAdd(column(group, 2, axis, part), n2, v[axis]);
  }
  const auto squared_length = [&] {
    return hn::Add(hn::MulAdd(v[0], v[0], hn::Mul(v[1], v[1])),
                   hn::MulAdd(v[2], v[2], hn::Mul(v[3], v[3])));
  };
  if (group.kind == TrackKind::rotation) {
    const V w = hn::Sqrt(hn::Max(hn::Zero(d), hn::Sub(hn::Set(d, 1.0f), squared_length())));
    for (int axis = 0; axis < 4; ++axis)
      v[axis] = hn::MulAdd(w, origin(group, axis, part), v[axis]);
  } else {
    const V n3 = sum_rows<kRows>(rows, at[3], row + 3, part);
    for (int axis = 0; axis < 4; ++axis)
      v[axis] = hn::MulAdd(column(group, 3, axis, part), n3, v[axis]);
    const V scale =
        hn::Div(hn::Set(d, 1.0f), hn::Sqrt(hn::Max(squared_length(), hn::Set(d, 1e-30f))));
    for (int axis = 0; axis < 4; ++axis) v[axis] = hn::Mul(v[axis], scale);
  }
  scatter(v[0], v[1], v[2], v[3], &out.rotations->x, joints, lanes);
}

template <int kRows>
void decode_rows(const ClipTables& clip, const Rows& rows, PoseView out) {
  const std::byte* next[kRows];
  for (int r = 0; r < kRows; ++r) next[r] = rows.rows[static_cast<std::size_t>(r)].data;
  int row = 0;
  for (const TrackGroup& group : clip.groups) {
    const std::byte* at[4][kRows] = {};
    const int components = num_components(group.kind);
    for (int k = 0; k < components; ++k)
      for (int r = 0; r < kRows; ++r) {
        at[k][r] = next[r];
        next[r] += row_bytes(group.lanes, rows.rows[static_cast<std::size_t>(r)].widths[row + k]);
      }
    for (int part = 0; part * kLanes < group.lanes; ++part)
      decode_part<kRows>(rows, at, row, group, part, out);
    row += components;
  }
}

void decode(const ClipTables& clip, const Rows& rows, PoseView out) {
  static_assert(kMaxLevels == 4);
  switch (rows.count) {
    case 1:
      return decode_rows<1>(clip, rows, out);
    case 2:
      return decode_rows<2>(clip, rows, out);
    case 3:
      return decode_rows<3>(clip, rows, out);
    case 4:
      return decode_rows<4>(clip, rows, out);
    case 5:
      return decode_rows<5>(clip, rows, out);
    default:
      return decode_rows<6>(clip, rows, out);
  }
}

#endif

}  // namespace
}  // namespace canter::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::detail {

HWY_EXPORT(decode);

void decode_simd(const ClipTables& clip, const Rows& rows, PoseView out) {
  HWY_DYNAMIC_DISPATCH(decode)(clip, rows, out);
}

}  // namespace canter::detail
#endif
