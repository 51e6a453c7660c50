// Local to model space and skinning matrices in vectors of any width, for every instruction set
// Highway knows. pose_reference.cpp is the scalar statement of the same.

#include <algorithm>
#include <cstdint>

#include "anim/pose_kernels.h"
#include "canter/base/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "anim/model_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "anim/quads-inl.h"

// What the instruction sets share: once.
#ifndef CANTER_MODEL_KERNELS_SHARED
#define CANTER_MODEL_KERNELS_SHARED
namespace canter::detail {

// Lanes of a quad in other orders, as bytes; and one lane of it.
struct alignas(16) QuadTables {
  std::uint8_t back[16] = {4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 12, 13, 14, 15};
  std::uint8_t on[16] = {8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15};
  // -0: a mask reads the sign.
  float first[4] = {-0.0f, 0.0f, 0.0f, 0.0f};
  float second[4] = {0.0f, -0.0f, 0.0f, 0.0f};
};
inline constexpr QuadTables kQuadTables;

inline bool is_aligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % 16 == 0;
}

}  // namespace canter::detail
#endif

HWY_BEFORE_NAMESPACE();
namespace canter::detail::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void models_of(std::span<const std::int16_t> parents,
               [[maybe_unused]] std::span<const JointLink> links, const Mat4& root,
               ConstPoseView locals, Mat4* models) {
  local_to_model_reference(parents, root, locals, models);
}
void palette_of(std::span<const SkinBone> bones, std::span<const Mat4> models,
                std::span<Mat4> palette) {
  skinning_matrices_reference(bones, models, palette);
}
void stream(std::span<const Mat4> from, Mat4* to) {
  std::copy(from.begin(), from.end(), to);
}

#else

// --- local to model

// The local matrices of a run of joints: columns as quads, fourth elements unused. Fourth columns
// stay where they are, in the pose.
class LocalColumns {
 public:
  // Three streams as long as the run and no longer: what is close together shares the cache.
  explicit LocalColumns(std::size_t joints)
      : y(x + 4 * static_cast<std::size_t>(padded_joints(static_cast<int>(joints)))),
        z(y + (y - x)) {}

  float* const x = memory_;
  float* const y;
  float* const z;

 private:
  alignas(64) float memory_[3 * 4 * kDepthRun];
};

// Other orders and choices of lanes, the same in every quad.
using Bytes = hn::Repartition<std::uint8_t, D>;
struct QuadLanes {
  hn::Vec<Bytes> back;  // (y, z, x, w) of (x, y, z, w)
  hn::Vec<Bytes> on;    // (z, x, y, w)
  hn::Mask<D> first;
  hn::Mask<D> second;
};

HWY_INLINE QuadLanes quad_lanes() {
  const D d;
  const Bytes bytes;
  return {hn::LoadDup128(bytes, kQuadTables.back), hn::LoadDup128(bytes, kQuadTables.on),
          hn::MaskFromVec(hn::LoadDup128(d, kQuadTables.first)),
          hn::MaskFromVec(hn::LoadDup128(d, kQuadTables.second))};
}
HWY_INLINE V reorder(V quads, hn::Vec<Bytes> order) {
  return hn::BitCast(D(), hn::TableLookupBytes(hn::BitCast(Bytes(), quads), order));
}
// First lanes of a, second of b, others of c.
HWY_INLINE V pick(const QuadLanes& lanes, V a, V b, V c) {
  return hn::IfThenElse(lanes.first, a, hn::IfThenElse(lanes.second, b, c));
}

// Columns of the rotation matrices of kBlocks joints. With p = (y, z, x) and r = (z, x, y) of a
// quaternion, every element stands at its row in one of
//   diagonal  1 - 2 (p p + r r)
//   below     2 (q r + w p) = 2 (x z + w y, x y + w z, y z + w x)   of columns z, x, y
//   above     2 (q p - w r) = 2 (x y - w z, y z - w x, x z - w y)   of columns y, z, x
HWY_INLINE void rotation_columns(V q, const QuadLanes& lanes, V& x, V& y, V& z) {
  const D d;
  const V p = reorder(q, lanes.back);
  const V r = reorder(q, lanes.on);
  const V twice = hn::Add(q, q);
  const V two_w = hn::Broadcast<3>(twice);
  const V half = hn::NegMulAdd(r, r, hn::NegMulAdd(p, p, hn::Set(d, 0.5f)));
  const V diagonal = hn::Add(half, half);
  const V below = hn::MulAdd(two_w, p, hn::Mul(twice, r));
  const V above = hn::NegMulAdd(two_w, r, hn::Mul(twice, p));
  x = pick(lanes, diagonal, below, above);
  y = pick(lanes, above, diagonal, below);
  z = pick(lanes, below, above, diagonal);
}

template <bool kScaled>
HWY_INLINE void local_columns(ConstPoseView locals, std::size_t begin, std::size_t end,
                              const LocalColumns& out) {
  const D d;
  const QuadLanes lanes = quad_lanes();
  for (std::size_t j = begin; j < end; j += kBlocks) {
    V x;
    V y;
    V z;
    rotation_columns(hn::Load(d, &locals.rotations[j].x), lanes, x, y, z);
    if (kScaled) {
      const V scale = hn::Load(d, &locals.scales[j].x);
      x = hn::Mul(x, hn::Broadcast<0>(scale));
      y = hn::Mul(y, hn::Broadcast<1>(scale));
      z = hn::Mul(z, hn::Broadcast<2>(scale));
    }
    const std::size_t at = 4 * (j - begin);
    hn::Store(x, d, out.x + at);
    hn::Store(y, d, out.y + at);
    hn::Store(z, d, out.z + at);
  }
}

// Matrices are multiplied half by half where vectors are as long: chains of joints wait for each
// other, and halves are done sooner.
#if HWY_MAX_BYTES == 16
// model = parent * local, the local one given by its columns.
HWY_INLINE void concatenate(const float* parent, const float* const (&local)[4], float* model) {
  const D d;
  const V x = hn::Load(d, parent);
  const V y = hn::Load(d, parent + 4);
  const V z = hn::Load(d, parent + 8);
  for (int column = 0; column < 4; ++column) {
    const V c = hn::Load(d, local[column]);
    const V moved = column < 3 ? hn::Mul(x, hn::Broadcast<0>(c))
                               : hn::MulAdd(x, hn::Broadcast<0>(c), hn::Load(d, parent + 12));
    const V sum = hn::MulAdd(y, hn::Broadcast<1>(c), moved);
    hn::Store(hn::MulAdd(z, hn::Broadcast<2>(c), sum), d, model + 4 * column);
  }
}
#else
// model = parent * local, the local one given by its columns.
HWY_INLINE void concatenate(const float* parent, const float* const (&local)[4], float* model) {
  const hn::CappedTag<float, 8> d;
  const hn::Full128<float> quad;
  const auto x = hn::LoadDup128(d, parent);
  const auto y = hn::LoadDup128(d, parent + 4);
  const auto z = hn::LoadDup128(d, parent + 8);
  const auto xy = hn::Combine(d, hn::Load(quad, local[1]), hn::Load(quad, local[0]));
  const auto zw = hn::Combine(d, hn::Load(quad, local[3]), hn::Load(quad, local[2]));
  // Only the fourth column moves with the parent's.
  const auto at = hn::Combine(d, hn::Load(quad, parent + 12), hn::Zero(quad));
  auto first = hn::Mul(x, hn::Broadcast<0>(xy));
  auto second = hn::MulAdd(x, hn::Broadcast<0>(zw), at);
  first = hn::MulAdd(y, hn::Broadcast<1>(xy), first);
  second = hn::MulAdd(y, hn::Broadcast<1>(zw), second);
  hn::StoreU(hn::MulAdd(z, hn::Broadcast<2>(xy), first), d, model);
  hn::StoreU(hn::MulAdd(z, hn::Broadcast<2>(zw), second), d, model + 8);
}
#endif

template <bool kScaled>
HWY_INLINE void concatenate_all(std::span<const JointLink> links, const Mat4& root,
                                ConstPoseView locals, float* models) {
  static_assert(kDepthRun % kPosePadding == 0);
  for (std::size_t begin = 0; begin < links.size(); begin += kDepthRun) {
    const std::span<const JointLink> run =
        links.subspan(begin, std::min<std::size_t>(kDepthRun, links.size() - begin));
    const LocalColumns columns(run.size());
    local_columns<kScaled>(locals, begin, begin + run.size(), columns);
    // Shallow before deep: neighbours in this order do not wait for each other.
    const auto* translations = reinterpret_cast<const float*>(locals.translations + begin);
    float* const first_model = models + 16 * begin;
    const auto joint_model = [&](const JointLink& link, const float* parent) {
      const std::size_t at = link.joint;
      concatenate(
          parent,
          {columns.x + 4 * at, columns.y + 4 * at, columns.z + 4 * at, translations + 4 * at},
          first_model + 16 * at);
    };
    auto link = run.begin();
    for (; link != run.end() && link->parent < 0; ++link) joint_model(*link, &root[0][0]);
    for (; link != run.end(); ++link)
      joint_model(*link, models + 16 * std::ptrdiff_t{link->parent});
  }
}

void models_of(std::span<const std::int16_t> parents, std::span<const JointLink> links,
               const Mat4& root, ConstPoseView locals, Mat4* models) {
  if (!is_aligned(models)) return local_to_model_reference(parents, root, locals, models);
  alignas(64) const Mat4 aligned_root = root;
  auto* out = reinterpret_cast<float*>(models);
  if (locals.scales != nullptr)
    concatenate_all<true>(links, aligned_root, locals, out);
  else
    concatenate_all<false>(links, aligned_root, locals, out);
}

void stream(std::span<const Mat4> from, Mat4* to) {
  if (reinterpret_cast<std::uintptr_t>(to) % 64 != 0) {
    std::copy(from.begin(), from.end(), to);
    return;
  }
  const D d;
  const float* source = from.empty() ? nullptr : &from[0][0][0];
  auto* target = reinterpret_cast<float*>(to);
  for (std::size_t i = 0; i < 16 * from.size(); i += kLanes)
    hn::Stream(hn::LoadU(d, source + i), d, target + i);
}

// --- skinning matrices

void palette_of(std::span<const SkinBone> bones, std::span<const Mat4> models,
                std::span<Mat4> palette) {
  if (!is_aligned(models.data())) return skinning_matrices_reference(bones, models, palette);
  const D d;
  for (std::size_t i = 0; i < bones.size(); ++i) {
    const float* model = &models[static_cast<std::size_t>(bones[i].joint)][0][0];
    for (int piece = 0; piece * kBlocks < 4; ++piece) {
      const V bind = hn::LoadU(d, &bones[i].inverse_bind[0][0] + piece * kLanes);
      V sum = hn::Mul(hn::LoadDup128(d, model), hn::Broadcast<0>(bind));
      sum = hn::MulAdd(hn::LoadDup128(d, model + 4), hn::Broadcast<1>(bind), sum);
      sum = hn::MulAdd(hn::LoadDup128(d, model + 8), hn::Broadcast<2>(bind), sum);
      sum = hn::MulAdd(hn::LoadDup128(d, model + 12), hn::Broadcast<3>(bind), sum);
      hn::StoreU(sum, d, &palette[i][0][0] + piece * kLanes);
    }
  }
}

#endif

}  // namespace
}  // namespace canter::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::detail {

HWY_EXPORT(models_of);
HWY_EXPORT(palette_of);
HWY_EXPORT(stream);

void local_to_model_simd(std::span<const std::int16_t> parents, std::span<const JointLink> links,
                         const Mat4& root, ConstPoseView locals, Mat4* models) {
  HWY_DYNAMIC_DISPATCH(models_of)(parents, links, root, locals, models);
}
void stream_models_simd(std::span<const Mat4> from, Mat4* to) {
  HWY_DYNAMIC_DISPATCH(stream)(from, to);
}
void finish_streaming_simd() {
  hwy::FlushStream();
}
void skinning_matrices_simd(std::span<const SkinBone> bones, std::span<const Mat4> models,
                            std::span<Mat4> palette) {
  HWY_DYNAMIC_DISPATCH(palette_of)(bones, models, palette);
}

}  // namespace canter::detail
#endif
