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
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "anim/quads-inl.h"

HWY_BEFORE_NAMESPACE();
namespace canter::detail::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void blend_two(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  blend_two_reference(a, b, alpha, out);
}
void blend_lines(const LinePose& a, const LinePose& b, float alpha, PoseView out) {
  blend_lines_reference(a, b, alpha, out);
}
void blend_layers(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  blend_layers_reference(layers, fallback, out);
}
void add_layer_of(ConstPoseView difference, float weight, std::span<const float> joint_weights,
                  PoseView out) {
  add_layer_reference(difference, weight, joint_weights, out);
}

#else

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

// Where the quads from float `i` on lie: a stream in one piece, and one in two places.
struct WholeStream {
  const float* values;
  HWY_INLINE V load(std::size_t i) const { return hn::Load(D(), values + i); }
};
struct SplitStream {
  explicit SplitStream(const LineStream& s)
      : still(reinterpret_cast<std::uintptr_t>(s.still)),
        to_moving(reinterpret_cast<std::uintptr_t>(s.moving) - still),
        masks(s.masks) {}

  HWY_INLINE V load(std::size_t i) const {
    const std::uintptr_t base =
        still + (to_moving & static_cast<std::uintptr_t>(masks[i / kLineFloats]));
    return hn::LoadU(D(), reinterpret_cast<const float*>(base) + i);
  }
  std::uintptr_t still;
  std::uintptr_t to_moving;
  const std::int64_t* masks;
};

template <class Stream>
HWY_INLINE void blend_rotations(Stream a, Stream b, float alpha, std::size_t joints, Quat* out) {
  const D d;
  // |a (1 - alpha) + b alpha|^2 = 1 - 2 alpha (1 - alpha) (1 - |a . b|) for unit a, b on one side.
  const float k = 2.0f * alpha * (1.0f - alpha);
  for (std::size_t i = 0; i < 4 * joints; i += 4 * kLanes) {
    V qa[4];
    V qb[4];
    for (std::size_t v = 0; v < 4; ++v) {
      qa[v] = a.load(i + v * kLanes);
      qb[v] = b.load(i + v * kLanes);
    }
    const V cosine = quad_dots(qa, qb);
    const V inverse_length =
        inverse_root(hn::MulAdd(hn::Set(d, k), hn::Abs(cosine), hn::Set(d, 1.0f - k)));
    const V weights_a = hn::Mul(inverse_length, hn::Set(d, 1.0f - alpha));
    const V weights_b = hn::CopySign(hn::Mul(inverse_length, hn::Set(d, alpha)), cosine);
    const V mixed[4] = {weigh_quad<0>(qa[0], qb[0], weights_a, weights_b),
                        weigh_quad<1>(qa[1], qb[1], weights_a, weights_b),
                        weigh_quad<2>(qa[2], qb[2], weights_a, weights_b),
                        weigh_quad<3>(qa[3], qb[3], weights_a, weights_b)};
    store_quads(mixed, &out->x + i);
  }
}

template <class Stream>
HWY_INLINE void blend_vectors(Stream a, Stream b, float alpha, std::size_t joints, Vec4* out) {
  const D d;
  // Both products, so that alpha 0 gives a and alpha 1 gives b to the bit.
  const V of_a = hn::Set(d, 1.0f - alpha);
  const V of_b = hn::Set(d, alpha);
  for (std::size_t i = 0; i < 4 * joints; i += kLanes)
    hn::Store(hn::MulAdd(b.load(i), of_b, hn::Mul(a.load(i), of_a)), d, &out->x + i);
}

void blend_two(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  // Outside [0, 1] the blend can get short or long beyond what inverse_root covers.
  if (!(alpha >= 0.0f && alpha <= 1.0f)) return blend_two_reference(a, b, alpha, out);
  const auto joints = static_cast<std::size_t>(out.num_joints);
  blend_rotations(WholeStream{&a.rotations->x}, WholeStream{&b.rotations->x}, alpha, joints,
                  out.rotations);
  blend_vectors(WholeStream{&a.translations->x}, WholeStream{&b.translations->x}, alpha, joints,
                out.translations);
  if (out.scales != nullptr)
    blend_vectors(WholeStream{&a.scales->x}, WholeStream{&b.scales->x}, alpha, joints, out.scales);
}

void blend_lines(const LinePose& a, const LinePose& b, float alpha, PoseView out) {
  const auto joints = static_cast<std::size_t>(out.num_joints);
  blend_rotations(SplitStream(a.rotations), SplitStream(b.rotations), alpha, joints, out.rotations);
  blend_vectors(SplitStream(a.translations), SplitStream(b.translations), alpha, joints,
                out.translations);
  if (out.scales != nullptr)
    blend_vectors(SplitStream(a.scales), SplitStream(b.scales), alpha, joints, out.scales);
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

#endif

}  // namespace
}  // namespace canter::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace canter::detail {

HWY_EXPORT(blend_two);
HWY_EXPORT(blend_lines);
HWY_EXPORT(blend_layers);
HWY_EXPORT(add_layer_of);

void blend_two_simd(ConstPoseView a, ConstPoseView b, float alpha, PoseView out) {
  HWY_DYNAMIC_DISPATCH(blend_two)(a, b, alpha, out);
}
void blend_lines_simd(const LinePose& a, const LinePose& b, float alpha, PoseView out) {
  HWY_DYNAMIC_DISPATCH(blend_lines)(a, b, alpha, out);
}
void blend_layers_simd(std::span<const BlendLayer> layers, ConstPoseView fallback, PoseView out) {
  HWY_DYNAMIC_DISPATCH(blend_layers)(layers, fallback, out);
}
void add_layer_simd(ConstPoseView difference, float weight, std::span<const float> joint_weights,
                    PoseView out) {
  HWY_DYNAMIC_DISPATCH(add_layer_of)(difference, weight, joint_weights, out);
}

}  // namespace canter::detail
#endif
