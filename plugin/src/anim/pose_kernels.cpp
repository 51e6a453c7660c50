// Operations on whole poses in vectors of any width, for every instruction set Highway knows.
// pose_reference.cpp is the scalar statement of the same.

#include "anim/pose_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "canter/base/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "anim/pose_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/cache_control.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

// What the instruction sets share: once.
#ifndef CANTER_POSE_KERNELS_SHARED
#define CANTER_POSE_KERNELS_SHARED
namespace canter::detail {

// The matrix of a quaternion as 16 numbers, column by column:
//   constant + sign1 * q[a1] * q[b1] + sign2 * q[a2] * q[b2]
// The fourth column is left zero for the translation.
struct RotationPattern {
  alignas(64) std::uint8_t a1[64];
  alignas(64) std::uint8_t b1[64];
  alignas(64) std::uint8_t a2[64];
  alignas(64) std::uint8_t b2[64];
  alignas(64) std::uint8_t column[64];  ///< lane c of a quad, all over column c
  alignas(64) float sign1[16];
  alignas(64) float sign2[16];
  alignas(64) float constant[16];
};

constexpr RotationPattern make_rotation_pattern() {
  constexpr int x = 0, y = 1, z = 2, w = 3;
  constexpr int a1[3][3] = {{y, x, x}, {x, x, y}, {x, y, x}};
  constexpr int b1[3][3] = {{y, y, z}, {y, x, z}, {z, z, x}};
  constexpr int a2[3][3] = {{z, w, w}, {w, z, w}, {w, w, y}};
  constexpr int b2[3][3] = {{z, z, y}, {z, z, x}, {y, x, y}};
  constexpr float sign2[3][3] = {{-2, 2, -2}, {-2, -2, 2}, {2, -2, -2}};
  RotationPattern p{};
  for (int column = 0; column < 4; ++column)
    for (int row = 0; row < 4; ++row) {
      const int i = 4 * column + row;
      for (int b = 0; b < 4; ++b) {
        const bool used = column < 3 && row < 3;
        p.a1[4 * i + b] = static_cast<std::uint8_t>(used ? 4 * a1[column][row] + b : b);
        p.b1[4 * i + b] = static_cast<std::uint8_t>(used ? 4 * b1[column][row] + b : b);
        p.a2[4 * i + b] = static_cast<std::uint8_t>(used ? 4 * a2[column][row] + b : b);
        p.b2[4 * i + b] = static_cast<std::uint8_t>(used ? 4 * b2[column][row] + b : b);
        p.column[4 * i + b] = static_cast<std::uint8_t>(4 * column + b);
      }
      if (column == 3 || row == 3) continue;
      p.sign1[i] = column == row ? -2.0f : 2.0f;
      p.sign2[i] = sign2[column][row];
      p.constant[i] = column == row ? 1.0f : 0.0f;
    }
  return p;
}
inline constexpr RotationPattern kRotation = make_rotation_pattern();

inline bool is_aligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % 16 == 0;
}

}  // namespace canter::detail
#endif

HWY_BEFORE_NAMESPACE();
namespace canter::detail::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void blend_two(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  blend_two_reference(a, b, alpha, out);
}
void blend_layers(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  blend_layers_reference(layers, fallback, out);
}
void add_layer_of(ConstPoseView difference, float weight, std::span<const float> joint_weights,
                  PoseView out) {
  add_layer_reference(difference, weight, joint_weights, out);
}
void models_of(std::span<const std::int16_t> parents,
               [[maybe_unused]] std::span<const std::int16_t> order, const Mat4& root,
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

// Numbers that belong to joints, in the order of transposed quads; joints beyond the end get 0.
HWY_INLINE V load_per_joint(std::span<const float> values, int first) {
  alignas(64) float ordered[kLanes];
  for (int i = 0; i < 4; ++i)
    for (int b = 0; b < kBlocks; ++b) {
      const auto joint = static_cast<std::size_t>(first + i * kBlocks + b);
      ordered[4 * b + i] = joint < values.size() ? values[joint] : 0.0f;
    }
  return hn::Load(D(), ordered);
}

// --- two poses

// 1 / sqrt(x) for x in [0.5, 1] from arithmetic alone, the same on every maker's processor:
// a minimax polynomial (relative error 7.4e-5) and one Newton step (8e-9).
HWY_INLINE V inverse_root(V x) {
  const D d;
  V y = hn::MulAdd(hn::Set(d, 1.1498343f), x, hn::Set(d, -4.4086451f));
  y = hn::MulAdd(y, x, hn::Set(d, 6.8049572f));
  y = hn::MulAdd(y, x, hn::Set(d, -5.4763159f));
  y = hn::MulAdd(y, x, hn::Set(d, 2.9302436f));
  const V half_y = hn::Mul(hn::Set(d, 0.5f), y);
  const V error = hn::NegMulAdd(hn::Mul(x, y), y, hn::Set(d, 1.0f));
  return hn::MulAdd(half_y, error, y);
}

// The dot product of every quad of a with that of b, one per lane in the order of a transpose.
HWY_INLINE V quad_dots(const V (&a)[4], const V (&b)[4]) {
  const D d;
  const hn::Repartition<std::uint64_t, D> pairs;
  V p[4];
  for (int i = 0; i < 4; ++i) p[i] = hn::Mul(a[i], b[i]);
  const V s01 = hn::Add(hn::InterleaveLower(d, p[0], p[1]), hn::InterleaveUpper(d, p[0], p[1]));
  const V s23 = hn::Add(hn::InterleaveLower(d, p[2], p[3]), hn::InterleaveUpper(d, p[2], p[3]));
  const auto q01 = hn::BitCast(pairs, s01);
  const auto q23 = hn::BitCast(pairs, s23);
  return hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, q01, q23)),
                 hn::BitCast(d, hn::InterleaveUpper(pairs, q01, q23)));
}

template <int kLane>
HWY_INLINE V weigh_quad(V a, V b, V weights_a, V weights_b) {
  return hn::MulAdd(b, hn::Broadcast<kLane>(weights_b),
                    hn::Mul(a, hn::Broadcast<kLane>(weights_a)));
}

HWY_INLINE void blend_rotations(const float* a, const float* b, float alpha, float* out) {
  const D d;
  V qa[4];
  V qb[4];
  load_quads(a, qa);
  load_quads(b, qb);
  // |a (1 - alpha) + b alpha|^2 = 1 - 2 alpha (1 - alpha) (1 - |a . b|) for unit a, b on one side.
  const V cosine = quad_dots(qa, qb);
  const float k = 2.0f * alpha * (1.0f - alpha);
  const V inverse_length =
      inverse_root(hn::MulAdd(hn::Set(d, k), hn::Abs(cosine), hn::Set(d, 1.0f - k)));
  const V weights_a = hn::Mul(inverse_length, hn::Set(d, 1.0f - alpha));
  const V weights_b = hn::CopySign(hn::Mul(inverse_length, hn::Set(d, alpha)), cosine);
  const V mixed[4] = {weigh_quad<0>(qa[0], qb[0], weights_a, weights_b),
                      weigh_quad<1>(qa[1], qb[1], weights_a, weights_b),
                      weigh_quad<2>(qa[2], qb[2], weights_a, weights_b),
                      weigh_quad<3>(qa[3], qb[3], weights_a, weights_b)};
  store_quads(mixed, out);
}

HWY_INLINE void blend_vectors(const Vec4* a, const Vec4* b, float alpha, Vec4* out, int joints) {
  const D d;
  // Both products, so that alpha 0 gives a and alpha 1 gives b to the bit.
  const V of_a = hn::Set(d, 1.0f - alpha);
  const V of_b = hn::Set(d, alpha);
  const float* pa = &a->x;
  const float* pb = &b->x;
  for (int i = 0; i < 4 * joints; i += kLanes) {
    const V part_a = hn::Mul(hn::Load(d, pa + i), of_a);
    hn::Store(hn::MulAdd(hn::Load(d, pb + i), of_b, part_a), d, &out->x + i);
  }
}

void blend_two(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  // Outside [0, 1] the blend can get short or long beyond what inverse_root covers.
  if (!(alpha >= 0.0f && alpha <= 1.0f)) return blend_two_reference(a, b, alpha, out);
  const int joints = padded_joints(out.num_joints);
  for (int j = 0; j < joints; j += kLanes)
    blend_rotations(&a.rotations[j].x, &b.rotations[j].x, alpha, &out.rotations[j].x);
  blend_vectors(a.translations, b.translations, alpha, out.translations, joints);
  if (out.scales != nullptr) blend_vectors(a.scales, b.scales, alpha, out.scales, joints);
}

// --- any number of poses

HWY_INLINE V layer_weights(const BlendLayer& layer, int first) {
  const V weight = hn::Set(D(), layer.weight);
  return layer.joint_weights.empty() ? weight
                                     : hn::Mul(weight, load_per_joint(layer.joint_weights, first));
}

template <class Stream>
HWY_INLINE void blend_stream(std::span<const BlendLayer> layers, const Vec4* fallback, Vec4* out,
                             V inverse_total, hn::Mask<D> weighted, int first, Stream stream) {
  const D d;
  V sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  for (const BlendLayer& layer : layers) {
    const V w = hn::Mul(layer_weights(layer, first), inverse_total);
    V v[4];
    load_transposed(&stream(layer.pose)[first].x, v);
    for (int k = 0; k < 4; ++k) sum[k] = hn::MulAdd(v[k], w, sum[k]);
  }
  V without[4];
  load_transposed(&fallback[first].x, without);
  for (int k = 0; k < 4; ++k) sum[k] = hn::IfThenElse(weighted, sum[k], without[k]);
  store_transposed(sum, &out[first].x);
}

HWY_INLINE void blend_layer_rotations(std::span<const BlendLayer> layers, ConstPoseView fallback,
                                      PoseView out, hn::Mask<D> weighted, int first) {
  const D d;
  V sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  V side[4];
  if (!layers.empty()) load_transposed(&layers[0].pose.rotations[first].x, side);
  for (const BlendLayer& layer : layers) {
    V q[4];
    load_transposed(&layer.pose.rotations[first].x, q);
    const V weight = layer_weights(layer, first);
    const V signed_weight =
        hn::IfThenElse(hn::Lt(dot(side, q), hn::Zero(d)), hn::Neg(weight), weight);
    for (int k = 0; k < 4; ++k) sum[k] = hn::MulAdd(q[k], signed_weight, sum[k]);
  }
  const V scale = hn::Div(hn::Set(d, 1.0f), hn::Sqrt(dot(sum, sum)));
  V without[4];
  load_transposed(&fallback.rotations[first].x, without);
  for (int k = 0; k < 4; ++k) sum[k] = hn::IfThenElse(weighted, hn::Mul(sum[k], scale), without[k]);
  store_transposed(sum, &out.rotations[first].x);
}

void blend_layers(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  const D d;
  for (int j = 0; j < padded_joints(out.num_joints); j += kLanes) {
    V total = hn::Zero(d);
    for (const BlendLayer& layer : layers) total = hn::Add(total, layer_weights(layer, j));
    const auto weighted = hn::Gt(total, hn::Set(d, kNoWeight));
    const V inverse_total =
        hn::Div(hn::Set(d, 1.0f), hn::IfThenElse(weighted, total, hn::Set(d, 1.0f)));
    blend_layer_rotations(layers, fallback, out, weighted, j);
    blend_stream(layers, fallback.translations, out.translations, inverse_total, weighted, j,
                 [](const ConstPoseView& pose) { return pose.translations; });
    if (out.scales != nullptr)
      blend_stream(layers, fallback.scales, out.scales, inverse_total, weighted, j,
                   [](const ConstPoseView& pose) { return pose.scales; });
  }
}

// --- additive layers

// q^w for unit quaternions, on the short way round; the exponential of w times the logarithm.
HWY_INLINE void power(V (&q)[4], V w) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  const V sign = hn::CopySign(one, q[3]);
  const V sine = hn::Sqrt(hn::MulAdd(q[0], q[0], hn::MulAdd(q[1], q[1], hn::Mul(q[2], q[2]))));
  const V cosine = hn::Abs(q[3]);
  // Twice the quarter angle: its tangent stays within [0, 1] up to half a turn.
  const V tangent = hn::Div(sine, hn::Add(one, cosine));
  const V half_angle = hn::Mul(hn::Mul(hn::Set(d, 2.0f), hn::Atan(d, tangent)), w);
  // sin(w a) / sin(a) -> w for small a.
  const auto small = hn::Lt(sine, hn::Set(d, 1e-6f));
  const V ratio = hn::Div(hn::Sin(d, half_angle), hn::IfThenElse(small, one, sine));
  const V scale = hn::Mul(hn::IfThenElse(small, w, ratio), sign);
  for (int k = 0; k < 3; ++k) q[k] = hn::Mul(q[k], scale);
  q[3] = hn::Cos(d, half_angle);
}

// a <- normalised a * b
HWY_INLINE void multiply_quaternions(V (&a)[4], const V (&b)[4]) {
  const V x = hn::NegMulAdd(a[2], b[1],
                            hn::MulAdd(a[1], b[2], hn::MulAdd(a[0], b[3], hn::Mul(a[3], b[0]))));
  const V y = hn::NegMulAdd(a[0], b[2],
                            hn::MulAdd(a[2], b[0], hn::MulAdd(a[1], b[3], hn::Mul(a[3], b[1]))));
  const V z = hn::NegMulAdd(a[1], b[0],
                            hn::MulAdd(a[0], b[1], hn::MulAdd(a[2], b[3], hn::Mul(a[3], b[2]))));
  const V w = hn::NegMulAdd(
      a[2], b[2], hn::NegMulAdd(a[1], b[1], hn::NegMulAdd(a[0], b[0], hn::Mul(a[3], b[3]))));
  a[0] = x;
  a[1] = y;
  a[2] = z;
  a[3] = w;
  const V scale = hn::Div(hn::Set(D(), 1.0f), hn::Sqrt(dot(a, a)));
  for (V& v : a) v = hn::Mul(v, scale);
}

void add_layer_of(ConstPoseView difference, float weight, std::span<const float> joint_weights,
                  PoseView out) {
  const D d;
  for (int j = 0; j < padded_joints(out.num_joints); j += kLanes) {
    V w = hn::Set(d, weight);
    if (!joint_weights.empty()) w = hn::Mul(w, load_per_joint(joint_weights, j));
    V added[4];
    V q[4];
    load_transposed(&difference.rotations[j].x, added);
    load_transposed(&out.rotations[j].x, q);
    power(added, w);
    multiply_quaternions(q, added);
    store_transposed(q, &out.rotations[j].x);

    load_transposed(&difference.translations[j].x, added);
    load_transposed(&out.translations[j].x, q);
    for (int k = 0; k < 4; ++k) q[k] = hn::MulAdd(added[k], w, q[k]);
    store_transposed(q, &out.translations[j].x);
  }
  if (out.scales == nullptr || difference.scales == nullptr) return;
  // Powers of scales are rare and stay scalar.
  for (int j = 0; j < out.num_joints; ++j) {
    const float w =
        joint_weights.empty() ? weight : weight * joint_weights[static_cast<std::size_t>(j)];
    out.scales[j] = Vec4(Vec3(out.scales[j]) * glm::pow(Vec3(difference.scales[j]), Vec3(w)), 1.0f);
  }
}

// --- local to model

HWY_INLINE V pick(V quads, const std::uint8_t* lanes, int piece) {
  const D d;
  const hn::Repartition<std::uint8_t, D> bytes;
  return hn::BitCast(d, hn::TableLookupBytes(hn::BitCast(bytes, quads),
                                             hn::Load(bytes, lanes + 4 * piece * kLanes)));
}

// Columns [piece * kBlocks, …) of a joint's local matrix; the fourth row is not used.
template <bool kScaled>
HWY_INLINE V local_columns(const Quat& rotation, const Vec4& translation, const Vec4* scale,
                           int piece) {
  const D d;
  const int at = piece * kLanes;
  const V q = hn::LoadDup128(d, &rotation.x);
  const V first = hn::Mul(pick(q, kRotation.a1, piece), hn::Load(d, kRotation.sign1 + at));
  const V second = hn::Mul(pick(q, kRotation.a2, piece), hn::Load(d, kRotation.sign2 + at));
  V m = hn::MulAdd(first, pick(q, kRotation.b1, piece), hn::Load(d, kRotation.constant + at));
  m = hn::MulAdd(second, pick(q, kRotation.b2, piece), m);
  if (kScaled) m = hn::Mul(m, pick(hn::LoadDup128(d, &scale->x), kRotation.column, piece));
  if ((piece + 1) * kBlocks < 4) return m;
  // The last block of the last piece is the fourth column.
  const auto rotational = hn::FirstN(d, static_cast<std::size_t>(kLanes - 4));
  return hn::IfThenElse(rotational, m, hn::LoadDup128(d, &translation.x));
}

// parent * local, for columns of an affine local matrix.
HWY_INLINE V concatenate_affine(const float* parent, V local, int piece) {
  const D d;
  V sum = hn::Zero(d);
  if ((piece + 1) * kBlocks == 4) {
    const auto rotational = hn::FirstN(d, static_cast<std::size_t>(kLanes - 4));
    sum = hn::IfThenZeroElse(rotational, hn::LoadDup128(d, parent + 12));
  }
  sum = hn::MulAdd(hn::LoadDup128(d, parent), hn::Broadcast<0>(local), sum);
  sum = hn::MulAdd(hn::LoadDup128(d, parent + 4), hn::Broadcast<1>(local), sum);
  return hn::MulAdd(hn::LoadDup128(d, parent + 8), hn::Broadcast<2>(local), sum);
}

template <bool kScaled>
HWY_INLINE void concatenate_all(std::span<const std::int16_t> parents,
                                std::span<const std::int16_t> order, const Mat4& root,
                                ConstPoseView locals, Mat4* models) {
  const D d;
  const float* above = &root[0][0];
  // Level by level: neighbours in this order do not wait for each other.
  for (const std::int16_t joint : order) {
    const auto j = static_cast<std::size_t>(joint);
    const float* parent = parents[j] < 0 ? above : &models[parents[j]][0][0];
    float* model = &models[j][0][0];
    for (int piece = 0; piece * kBlocks < 4; ++piece) {
      const V local = local_columns<kScaled>(locals.rotations[j], locals.translations[j],
                                             kScaled ? &locals.scales[j] : nullptr, piece);
      hn::StoreU(concatenate_affine(parent, local, piece), d, model + piece * kLanes);
    }
  }
}

void models_of(std::span<const std::int16_t> parents,
               [[maybe_unused]] std::span<const std::int16_t> order, const Mat4& root,
               ConstPoseView locals, Mat4* models) {
  if (!is_aligned(models)) return local_to_model_reference(parents, root, locals, models);
  alignas(64) const Mat4 aligned_root = root;
  if (locals.scales != nullptr)
    concatenate_all<true>(parents, order, aligned_root, locals, models);
  else
    concatenate_all<false>(parents, order, aligned_root, locals, models);
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

HWY_EXPORT(blend_two);
HWY_EXPORT(blend_layers);
HWY_EXPORT(add_layer_of);
HWY_EXPORT(models_of);
HWY_EXPORT(palette_of);
HWY_EXPORT(stream);

void blend_two_simd(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  HWY_DYNAMIC_DISPATCH(blend_two)(a, b, alpha, out);
}
void blend_layers_simd(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  HWY_DYNAMIC_DISPATCH(blend_layers)(layers, fallback, out);
}
void add_layer_simd(ConstPoseView difference, float weight, std::span<const float> joint_weights,
                    PoseView out) {
  HWY_DYNAMIC_DISPATCH(add_layer_of)(difference, weight, joint_weights, out);
}
void local_to_model_simd(std::span<const std::int16_t> parents, std::span<const std::int16_t> order,
                         const Mat4& root, ConstPoseView locals, Mat4* models) {
  HWY_DYNAMIC_DISPATCH(models_of)(parents, order, root, locals, models);
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
