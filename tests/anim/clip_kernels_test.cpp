#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "anim/clip_format.h"
#include "canter/anim/blend.h"
#include "canter/anim/clip.h"
#include "canter/base/simd.h"
#include "synthetic.h"

using namespace canter;

namespace {

// Largest difference of any number between the kernel and the reference, over times that hit keys,
// frames and everything between, relative to values of size one.
float largest_difference(const Clip& clip, const Skeleton& skeleton) {
  Pose a(skeleton);
  Pose b(skeleton);
  float worst = 0.0f;
  for (int i = 0; i <= 64 + clip.num_frames(); ++i) {
    FrameTime time{i, 0.0f};  // every frame, then times in between
    if (i >= clip.num_frames())
      time = frame_time(0.0137f * static_cast<float>(i * 7 % 64), clip.rate_hz(), clip.num_frames(),
                        false);
    const detail::Records records = detail::records_at(clip.tables(), time);
    detail::decode_reference(clip.tables(), records, a);
    detail::decode_simd(clip.tables(), records, b);
    for (int j = 0; j < padded_joints(skeleton.num_joints()); ++j) {
      const Transform s = a.get(j);
      const Transform v = b.get(j);
      for (int k = 0; k < 4; ++k) worst = std::max(worst, std::abs(s.rotation[k] - v.rotation[k]));
      for (int k = 0; k < 3; ++k) {
        const float size = std::max(1.0f, std::abs(s.translation[k]));
        worst = std::max(worst, std::abs(s.translation[k] - v.translation[k]) / size);
        worst = std::max(worst, std::abs(s.scale[k] - v.scale[k]));
      }
    }
  }
  return worst;
}

struct RestoreTarget {
  ~RestoreTarget() { detail::use_simd_target(0); }
};

// Rounding of a handful of fused operations; values are at most about one.
constexpr float kRounding = 2e-6f;

}  // namespace

TEST_CASE("the sampling kernel is the scalar reference on every instruction set") {
  const RestoreTarget restore;
  for (const detail::SimdTarget& target : detail::simd_targets()) {
    detail::use_simd_target(target.id);
    CAPTURE(target.name);
    float worst = 0.0f;
    for (const int joints : {1, 3, 7, 8, 9, 16, 31, 67}) {
      const Skeleton skeleton = test::synthetic_skeleton(joints);
      for (const int frames : {1, 2, 17, 60}) {
        RawClip raw = test::synthetic_clip(skeleton, frames, 30.0f, 7);
        // One joint all the way round: the kind of track without a centre.
        for (int f = 0; f < frames; ++f)
          raw.frame(f)[0].rotation = exp_rotation(Vec3(0, 0.3f * static_cast<float>(f), 0));
        worst = std::max(worst, largest_difference(compress(raw, skeleton).value(), skeleton));
      }
    }
    const Skeleton scaled = test::synthetic_skeleton(20, true);
    worst = std::max(
        worst, largest_difference(compress(test::synthetic_clip(scaled, 30, 30.0f), scaled).value(),
                                  scaled));
    CHECK(worst < kRounding);
    MESSAGE(target.name << ": largest difference " << worst);
  }
}

TEST_CASE("every width from 0 to 24 bits unpacks, at its extremes too") {
  const RestoreTarget restore;
  for (const detail::SimdTarget& target : detail::simd_targets()) {
    detail::use_simd_target(target.id);
    CAPTURE(target.name);
    for (int lanes = 1; lanes <= detail::kGroupLanes; ++lanes)
      for (int width = 0; width <= detail::kMaxWidth; ++width) {
        CAPTURE(lanes);
        CAPTURE(width);
        // A clip of one key and one group of translations whose integers are what we put there.
        detail::ClipTables clip;
        clip.num_frames = 1;
        clip.num_rows = 3;
        clip.groups.emplace_back();
        detail::TrackGroup& group = clip.groups[0];
        std::memset(&group, 0, sizeof group);
        group.kind = detail::TrackKind::translation;
        group.lanes = static_cast<std::uint8_t>(lanes);
        for (int i = 0; i < lanes; ++i) {
          group.set_joint(i, i);
          for (int k = 0; k < 3; ++k) group.columns[k][k][i] = 1.0f;
        }
        std::vector<std::int32_t> numbers;
        const std::size_t row_bytes = detail::row_bytes(lanes, width);
        clip.data.resize(3 * row_bytes + detail::kReadPadding, std::byte{0xff});
        detail::RowWidths row_widths{};
        row_widths[0] = static_cast<std::uint8_t>(width);
        const detail::RowWidths widths[3] = {row_widths, row_widths, row_widths};
        const std::int32_t high = width == 0 ? 0 : (1 << (width - 1)) - 1;
        for (int k = 0; k < 3; ++k)
          for (int i = 0; i < lanes; ++i) {
            const std::int32_t choices[] = {high, width == 0 ? 0 : -high - 1, 0,
                                            width == 0 ? 0 : -1, high / 3};
            const std::int32_t n = choices[(k + i) % 5];
            numbers.push_back(n);
            for (int b = 0; b < width; ++b) {
              const auto bit = static_cast<std::size_t>(i * width + b);
              std::byte& byte = clip.data[static_cast<std::size_t>(k) * row_bytes + bit / 8];
              const auto mask = static_cast<std::byte>(1u << (bit % 8));
              byte = (n >> b & 1) != 0 ? byte | mask : byte & ~mask;
            }
          }
        detail::Records records;
        records.data[0] = clip.data.data();
        records.weights[0] = 1.0f;
        records.widths = widths;
        records.count = 1;
        alignas(64) Vec4 out[detail::kGroupLanes] = {};
        PoseView pose;
        pose.translations = out;
        pose.num_joints = lanes;
        for (const bool simd : {false, true}) {
          simd ? detail::decode_simd(clip, records, pose)
               : detail::decode_reference(clip, records, pose);
          for (int k = 0; k < 3; ++k)
            for (int i = 0; i < lanes; ++i)
              CHECK(out[i][k] ==
                    static_cast<float>(numbers[static_cast<std::size_t>(k * lanes + i)]));
        }
      }
  }
}

namespace {

bool same_bits(const Pose& a, const Pose& b) {
  const auto joints = static_cast<std::size_t>(a.num_joints());
  const ConstPoseView x = a;
  const ConstPoseView y = b;
  return std::memcmp(x.rotations, y.rotations, joints * sizeof(Quat)) == 0 &&
         std::memcmp(x.translations, y.translations, joints * sizeof(Vec4)) == 0 &&
         (x.scales == nullptr || std::memcmp(x.scales, y.scales, joints * sizeof(Vec4)) == 0);
}

// A pose full of what must not be read.
Pose spoilt(const Skeleton& skeleton) {
  Pose pose(skeleton);
  for (int j = 0; j < skeleton.num_joints(); ++j)
    pose.set(j, {Quat(NAN, NAN, NAN, NAN), Vec3(NAN), Vec3(skeleton.has_scale() ? NAN : 1.0f)});
  return pose;
}

// Moves only every third joint, and none of them as a whole group.
RawClip mostly_still(const Skeleton& skeleton, std::uint32_t seed) {
  RawClip raw = test::synthetic_clip(skeleton, 25, 30.0f, seed);
  for (int f = 1; f < raw.num_frames(); ++f)
    for (std::size_t j = 0; j < static_cast<std::size_t>(skeleton.num_joints()); ++j)
      if ((j + seed) % 3 != 0) raw.frame(f)[j] = raw.frame(0)[j];
  return raw;
}

}  // namespace

TEST_CASE("sample_blend gives the bits of two samples and a blend") {
  const RestoreTarget restore;
  for (const detail::SimdTarget& target : detail::simd_targets()) {
    detail::use_simd_target(target.id);
    CAPTURE(target.name);
    for (const int joints : {1, 5, 16, 67})
      for (const bool scaled : {false, true}) {
        CAPTURE(joints);
        CAPTURE(scaled);
        const Skeleton skeleton = test::synthetic_skeleton(joints, scaled);
        const Clip busy = compress(test::synthetic_clip(skeleton, 25, 30.0f), skeleton).value();
        const Clip still = compress(mostly_still(skeleton, 4), skeleton).value();
        for (const float alpha : {0.0f, 0.3f, 1.0f, -0.5f, 1.5f})
          for (const float time_s : {0.0f, 0.41f, 9.0f}) {
            Pose a(skeleton);
            Pose b(skeleton);
            Pose expected(skeleton);
            sample(still, time_s, a);
            sample(busy, 0.5f * time_s, b);
            blend(a, b, alpha, expected);
            Pose scratch_a = spoilt(skeleton);
            Pose scratch_b = spoilt(skeleton);
            Pose got = spoilt(skeleton);
            sample_blend({still, time_s, busy, 0.5f * time_s, alpha}, scratch_a, scratch_b, got);
            CHECK(same_bits(expected, got));
          }
      }
  }
}
