// Sampling in vectors of eight or four lanes, for every instruction set Highway knows.
// decode_reference (clip_decode.cpp) is the scalar statement of the same.

#include "anim/clip_format.h"
#include "canter/base/simd.h"

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
struct alignas(64) Unpacker {
  std::uint8_t bytes[32];  // 0x80 gives zero: rows of no bits need no branch
  std::uint32_t up[8];
  std::int32_t down[8];
  std::uint32_t upper;  // the byte where lane 4 starts
  std::uint32_t unused[7];
};
static_assert(sizeof(Unpacker) == 128);

struct UnpackTable {
  Unpacker widths[kMaxWidth + 1];
};

constexpr UnpackTable make_unpack_table() {
  UnpackTable table{};
  for (int width = 0; width <= kMaxWidth; ++width) {
    Unpacker& u = table.widths[width];
    u.upper = static_cast<std::uint32_t>(4 * width / 8);
    for (int lane = 0; lane < kGroupLanes; ++lane) {
      // The upper four lanes start in the byte where the lower four end.
      const int bit = lane * width - (lane < 4 ? 0 : 4 * width / 8 * 8);
      for (int b = 0; b < 4; ++b)
        u.bytes[4 * lane + b] = static_cast<std::uint8_t>(width == 0 ? 0x80 : bit / 8 + b);
      u.up[lane] = width == 0 ? 0 : static_cast<std::uint32_t>(32 - width - bit % 8);
      u.down[lane] = width == 0 ? 0 : 32 - width;
    }
  }
  return table;
}
inline constexpr UnpackTable kUnpack = make_unpack_table();

}  // namespace canter::detail
#endif

HWY_BEFORE_NAMESPACE();
namespace canter::detail::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void decode(const ClipTables& clip, const Records& records, PoseView out) {
  decode_reference(clip, records, out);
}
void decode_moving(const ClipTables& clip, const Records& records, PoseView out) {
  decode_reference(clip, records, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kGroupLanes>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
static_assert(kLanes == 4 || kLanes == 8);

constexpr int kParts = kGroupLanes / kLanes;

// Lanes [part * kLanes, …) of a row of integers.
HWY_INLINE V unpack(const std::byte* row, const Unpacker& u, int part) {
  const D d;
  const hn::Repartition<std::uint8_t, D> bytes;
  const hn::RebindToSigned<D> ints;
  const hn::RebindToUnsigned<D> words;
  const auto* at = reinterpret_cast<const std::uint8_t*>(row);
#if HWY_MAX_BYTES >= 32
  const hn::Half<decltype(bytes)> half;
  const auto raw = hn::Combine(bytes, hn::LoadU(half, at + u.upper), hn::LoadU(half, at));
#else
  const auto raw = hn::LoadU(bytes, part == 0 ? at : at + u.upper);
#endif
  const int first = part * kLanes;
  const auto picked =
      hn::BitCast(words, hn::TableLookupBytesOr0(raw, hn::Load(bytes, u.bytes + 4 * first)));
  const auto top = hn::Shl(picked, hn::Load(words, u.up + first));
  return hn::ConvertTo(d, hn::Shr(hn::BitCast(ints, top), hn::Load(ints, u.down + first)));
}

// Where reading is in every record of a pose.
template <int kCount>
struct Cursor {
  const std::byte* at[kCount];
  const RowWidths* widths;
  V weights[kCount];
};

// The next row: weighted sum over the records.
template <bool kFull, int kCount>
HWY_INLINE void next_row(Cursor<kCount>& cursor, std::uint32_t lanes, V (&sum)[kParts]) {
  for (int r = 0; r < kCount; ++r) {
    const std::size_t width = (*cursor.widths)[static_cast<std::size_t>(r)];
    const Unpacker& u = kUnpack.widths[width];
    for (int part = 0; part < kParts; ++part) {
      const V n = unpack(cursor.at[r], u, part);
      sum[part] =
          r == 0 ? hn::Mul(cursor.weights[0], n) : hn::MulAdd(cursor.weights[r], n, sum[part]);
    }
    // Eight lanes of W bits are W bytes.
    cursor.at[r] += kFull ? width : (lanes * width + 7) / 8;
  }
  ++cursor.widths;
}

// x, y, z, w of kLanes tracks to the places of their joints.
HWY_INLINE void scatter(V x, V y, V z, V w, float* out, const std::uint16_t* at, int lanes) {
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
      hn::Store(hn::LowerHalf(quad, quads[i]), quad, out + std::size_t{at[i]});
#else
      hn::Store(quads[i], quad, out + std::size_t{at[i]});
#endif
    }
#if HWY_MAX_BYTES >= 32
    if (i + 4 < lanes) hn::Store(hn::UpperHalf(quad, quads[i]), quad, out + std::size_t{at[i + 4]});
#endif
  }
}

HWY_INLINE V column(const TrackGroup& group, int component, int axis, int part) {
  return hn::Load(D(), group.columns[component][axis] + part * kLanes);
}
HWY_INLINE V origin(const TrackGroup& group, int axis, int part) {
  return hn::Load(D(), group.origin[axis] + part * kLanes);
}

HWY_INLINE V squared_length(const V (&v)[4]) {
  return hn::Add(hn::MulAdd(v[0], v[0], hn::Mul(v[1], v[1])),
                 hn::MulAdd(v[2], v[2], hn::Mul(v[3], v[3])));
}

// Columns [0, 3) of the group's linear map.
HWY_INLINE void map_three(const TrackGroup& group, const V (&n)[4][kParts], int part, V (&v)[4]) {
  for (int axis = 0; axis < 4; ++axis) {
    v[axis] = hn::Mul(column(group, 0, axis, part), n[0][part]);
    v[axis] = hn::MulAdd(column(group, 1, axis, part), n[1][part], v[axis]);
    v[axis] = hn::MulAdd(column(group, 2, axis, part), n[2][part], v[axis]);
  }
}

HWY_INLINE void near_centre(const TrackGroup& group, int part, V (&v)[4]) {
  const D d;
  const V w = hn::Sqrt(hn::Max(hn::Zero(d), hn::Sub(hn::Set(d, 1.0f), squared_length(v))));
  for (int axis = 0; axis < 4; ++axis) v[axis] = hn::MulAdd(w, origin(group, axis, part), v[axis]);
}

HWY_INLINE void all_round(const TrackGroup& group, V n3, int part, V (&v)[4]) {
  const D d;
  for (int axis = 0; axis < 4; ++axis)
    v[axis] = hn::MulAdd(column(group, 3, axis, part), n3, v[axis]);
  const V least = hn::Set(d, 1e-30f);
  const V scale = hn::Div(hn::Set(d, 1.0f), hn::Sqrt(hn::Max(squared_length(v), least)));
  for (int axis = 0; axis < 4; ++axis) v[axis] = hn::Mul(v[axis], scale);
}

template <bool kFull, int kCount>
HWY_INLINE void decode_group(Cursor<kCount>& cursor, const TrackGroup& group, PoseView out) {
  const int lanes = kFull ? kGroupLanes : group.lanes;
  V n[4][kParts];
  for (int k = 0; k < 3; ++k) next_row<kFull>(cursor, static_cast<std::uint32_t>(lanes), n[k]);
  if (group.kind == TrackKind::wide)
    next_row<kFull>(cursor, static_cast<std::uint32_t>(lanes), n[3]);
  for (int part = 0; part < kParts; ++part) {
    const std::uint16_t* quads = group.quads + part * kLanes;
    const int rest = lanes - part * kLanes;
    V v[4];
    switch (group.kind) {
      case TrackKind::rotation:
        map_three(group, n, part, v);
        near_centre(group, part, v);
        scatter(v[0], v[1], v[2], v[3], &out.rotations->x, quads, rest);
        break;
      case TrackKind::wide:
        map_three(group, n, part, v);
        all_round(group, n[3][part], part, v);
        scatter(v[0], v[1], v[2], v[3], &out.rotations->x, quads, rest);
        break;
      case TrackKind::translation:
      case TrackKind::scale:
        // The map is diagonal.
        for (int axis = 0; axis < 3; ++axis)
          v[axis] =
              hn::MulAdd(column(group, axis, axis, part), n[axis][part], origin(group, axis, part));
        scatter(v[0], v[1], v[2], hn::Zero(D()),
                group.kind == TrackKind::scale ? &out.scales->x : &out.translations->x, quads,
                rest);
        break;
    }
  }
}

template <int kCount>
void decode_tracks(const ClipTables& clip, const Records& records, PoseView out) {
  Cursor<kCount> cursor;
  for (std::size_t r = 0; r < kCount; ++r) {
    cursor.at[r] = records.data[r];
    cursor.weights[r] = hn::Set(D(), records.weights[r]);
  }
  cursor.widths = records.widths;
  for (const TrackGroup& group : clip.groups) {
    if (group.lanes == kGroupLanes)
      decode_group<true>(cursor, group, out);
    else
      decode_group<false>(cursor, group, out);
  }
}

template <class T>
HWY_INLINE void copy_stream(const ClipStream<T>& from, T* to) {
  static_assert(sizeof(T) == 4 * sizeof(float));
  const D d;
  const auto* source = reinterpret_cast<const float*>(from.still.data());
  auto* target = reinterpret_cast<float*>(to);
  for (std::size_t i = 0; i < 4 * from.still.size(); i += kLanes)
    hn::Store(hn::LoadU(d, source + i), d, target + i);
}

// Lines with a track also hold joints without one.
template <class T>
HWY_INLINE void copy_moving_lines(const ClipStream<T>& from, T* to) {
  const D d;
  const auto* source = reinterpret_cast<const float*>(from.still.data());
  auto* target = reinterpret_cast<float*>(to);
  for (const std::size_t line : from.moving.lines)
    for (std::size_t i = 0; i < kLineFloats; i += kLanes)
      hn::Store(hn::LoadU(d, source + kLineFloats * line + i), d, target + kLineFloats * line + i);
}

void decode_all_tracks(const ClipTables& clip, const Records& records, PoseView out) {
  static_assert(kMaxRecords == 6);
  switch (records.count) {
    case 1:
      return decode_tracks<1>(clip, records, out);
    case 2:
      return decode_tracks<2>(clip, records, out);
    case 3:
      return decode_tracks<3>(clip, records, out);
    case 4:
      return decode_tracks<4>(clip, records, out);
    case 5:
      return decode_tracks<5>(clip, records, out);
    default:
      return decode_tracks<6>(clip, records, out);
  }
}

void decode(const ClipTables& clip, const Records& records, PoseView out) {
  copy_stream(clip.rotations, out.rotations);
  copy_stream(clip.translations, out.translations);
  if (out.scales != nullptr) copy_stream(clip.scales, out.scales);
  decode_all_tracks(clip, records, out);
}

void decode_moving(const ClipTables& clip, const Records& records, PoseView out) {
  copy_moving_lines(clip.rotations, out.rotations);
  copy_moving_lines(clip.translations, out.translations);
  if (out.scales != nullptr) copy_moving_lines(clip.scales, out.scales);
  decode_all_tracks(clip, records, out);
}

#endif

}  // namespace
}  // namespace canter::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::detail {

HWY_EXPORT(decode);
HWY_EXPORT(decode_moving);

void decode_simd(const ClipTables& clip, const Records& records, PoseView out) {
  HWY_DYNAMIC_DISPATCH(decode)(clip, records, out);
}
void decode_moving_simd(const ClipTables& clip, const Records& records, PoseView out) {
  HWY_DYNAMIC_DISPATCH(decode_moving)(clip, records, out);
}

}  // namespace canter::detail
#endif
