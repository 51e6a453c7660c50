#include "anim/pose_kernels.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "canter/anim/local_to_model.h"
#include "canter/base/simd.h"
#include "heap_probe.h"
#include "synthetic.h"

using namespace canter;

namespace {

constexpr int kSizes[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 67, 128, 130, 300};

float unit(std::mt19937& random) {
  return static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f;  // [-1, 1)
}

Pose random_pose(const Skeleton& skeleton, std::mt19937& random) {
  Pose pose(skeleton);
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    Transform t;
    Quat q(unit(random), unit(random), unit(random), unit(random));
    t.rotation = glm::length(q) > 0.1f ? glm::normalize(q) : kIdentityRotation;
    t.translation = Vec3(unit(random), unit(random), unit(random));
    if (skeleton.has_scale())
      t.scale = Vec3(1.0f) + 0.4f * Vec3(unit(random), unit(random), unit(random));
    // Corners: halves of a turn, zeros of both signs, denormals, large and tiny numbers.
    switch (random() % 12) {
      case 0:
        t.rotation = Quat(0.0f, 1.0f, 0.0f, 0.0f);
        break;
      case 1:
        t.rotation = Quat(-1.0f, -0.0f, 0.0f, -0.0f);
        break;
      case 2:
        t.rotation = Quat(1.0f, 1e-40f, -1e-39f, 1e-20f);
        break;
      case 3:
        t.translation = Vec3(1e-41f, -0.0f, 1e4f);
        break;
      case 4:
        t.translation = Vec3(0.0f);
        break;
      default:
        break;
    }
    pose.set(j, t);
  }
  return pose;
}

float difference(float a, float b) {
  return std::abs(a - b) / std::max(1.0f, std::max(std::abs(a), std::abs(b)));
}
float difference(const Transform& a, const Transform& b) {
  float worst = 0.0f;
  for (int k = 0; k < 4; ++k) worst = std::max(worst, difference(a.rotation[k], b.rotation[k]));
  for (int k = 0; k < 3; ++k) {
    worst = std::max(worst, difference(a.translation[k], b.translation[k]));
    worst = std::max(worst, difference(a.scale[k], b.scale[k]));
  }
  return worst;
}
float difference(const Pose& a, const Pose& b) {
  float worst = 0.0f;
  for (int j = 0; j < padded_joints(a.num_joints()); ++j)
    worst = std::max(worst, difference(a.get(j), b.get(j)));
  return worst;
}

// Runs `check` with every instruction set, for many sizes, with and without scale.
template <class Check>
void on_every_target(const std::string& what, float tolerance, Check check) {
  struct Restore {
    ~Restore() { detail::use_simd_target(0); }
  } restore;
  for (const detail::SimdTarget& target : detail::simd_targets()) {
    detail::use_simd_target(target.id);
    CAPTURE(target.name);
    std::mt19937 random(77);
    float worst = 0.0f;
    for (const int joints : kSizes)
      for (const bool scaled : {false, true})
        worst = std::max(worst, check(test::synthetic_skeleton(joints, scaled), random));
    CHECK(worst <= tolerance);
    MESSAGE(what << ", " << target.name << ": largest difference " << worst);
  }
}

std::vector<float> random_mask(int joints, std::mt19937& random) {
  std::vector<float> mask;
  for (int j = 0; j < joints; ++j) {
    const float w = 0.5f + 0.5f * unit(random);
    mask.push_back(w < 0.3f ? 0.0f : w);
  }
  return mask;
}

}  // namespace

TEST_CASE("blend of two is its scalar reference") {
  // Sums of three products and a normalisation, each correct to half a unit in the last place.
  on_every_target("blend of two", 1e-6f, [](const Skeleton& skeleton, std::mt19937& random) {
    float worst = 0.0f;
    for (const float alpha : {0.0f, 1e-8f, 0.25f, 0.5f, 0.999f, 1.0f, -0.2f, 1.3f}) {
      const Pose a = random_pose(skeleton, random);
      Pose b = random_pose(skeleton, random);
      Pose expected(skeleton);
      detail::blend_two_reference(a, b, alpha, expected);
      Pose got(skeleton);
      blend(a, b, alpha, got);
      worst = std::max(worst, difference(expected, got));
      blend(a, b, alpha, b);  // out may be an input
      worst = std::max(worst, difference(expected, b));
    }
    return worst;
  });
}

TEST_CASE("blend of layers with masks is its scalar reference") {
  on_every_target("blend of layers", 3e-6f, [](const Skeleton& skeleton, std::mt19937& random) {
    float worst = 0.0f;
    for (int count = 0; count <= 4; ++count) {
      std::vector<Pose> poses;
      std::vector<std::vector<float>> masks;
      std::vector<BlendLayer> layers;
      for (int i = 0; i < count; ++i) {
        // Close to each other: the sum of opposite rotations has no direction to compare.
        poses.push_back(random_pose(skeleton, random));
        if (i > 0) blend(poses[0], poses.back(), 0.3f, poses.back());
        masks.push_back(random_mask(skeleton.num_joints(), random));
      }
      for (int i = 0; i < count; ++i) {
        const auto k = static_cast<std::size_t>(i);
        layers.push_back({poses[k], 0.2f + static_cast<float>(i), {}});
        if (i % 2 == 1 || count == 1) layers.back().joint_weights = masks[k];
      }
      const Pose fallback = random_pose(skeleton, random);
      Pose expected(skeleton);
      Pose got(skeleton);
      detail::blend_layers_reference(layers, fallback, expected);
      blend(layers, fallback, got);
      worst = std::max(worst, difference(expected, got));
      if (count > 0) {
        blend(layers, fallback, poses.back());  // out may be an input
        worst = std::max(worst, difference(expected, poses.back()));
      }
    }
    return worst;
  });
}

TEST_CASE("an additive layer is its scalar reference") {
  // Arc tangent, sine and cosine of both sides are good to a few units in the last place.
  on_every_target("additive layer", 4e-6f, [](const Skeleton& skeleton, std::mt19937& random) {
    float worst = 0.0f;
    for (const float weight : {0.0f, 0.3f, 1.0f, -1.0f, 1.7f}) {
      Pose delta = random_pose(skeleton, random);
      for (int j = 0; j < delta.num_joints(); ++j) {
        // At exactly half a turn both ways round are right.
        Transform t = delta.get(j);
        if (std::abs(t.rotation.w) < 1e-3f) t.rotation = kIdentityRotation;
        delta.set(j, t);
      }
      const Pose start = random_pose(skeleton, random);
      const std::vector<float> mask = random_mask(skeleton.num_joints(), random);
      for (const bool masked : {false, true}) {
        const std::span<const float> weights = masked ? std::span(mask) : std::span<const float>();
        Pose expected = start;
        Pose got = start;
        detail::add_layer_reference(delta, weight, weights, expected);
        add_layer(delta, weight, weights, got);
        worst = std::max(worst, difference(expected, got));
      }
    }
    return worst;
  });
}

TEST_CASE("local to model is its scalar reference") {
  // Relative to the largest number of the skeleton: translations of 1e4 m cancel on the way.
  on_every_target("local to model", 2e-6f, [](const Skeleton& skeleton, std::mt19937& random) {
    const Pose locals = random_pose(skeleton, random);
    const Mat4 root = to_matrix({glm::normalize(Quat(0.3f, 0.5f, -0.2f, 0.9f)), Vec3(3, 1, -2)});
    const auto n = static_cast<std::size_t>(skeleton.num_joints());
    std::vector<Mat4> expected(n);
    std::vector<Mat4> got(n);
    detail::local_to_model_reference(skeleton.parents(), root, locals, expected.data());
    local_to_model(skeleton, root, locals, got);
    // Memory that is aligned to nothing still gives the right answer.
    std::vector<float> crooked(16 * n + 1);
    detail::local_to_model_simd(skeleton.parents(), skeleton.links(), root, locals,
                                reinterpret_cast<Mat4*>(crooked.data() + 1));
    float largest = 1.0f;
    float worst = 0.0f;
    for (std::size_t j = 0; j < n; ++j)
      for (int c = 0; c < 4; ++c)
        for (int r = 0; r < 4; ++r) {
          const float other = crooked[1 + 16 * j + static_cast<std::size_t>(4 * c + r)];
          largest = std::max(largest, std::abs(expected[j][c][r]));
          worst = std::max(worst, std::abs(expected[j][c][r] - got[j][c][r]));
          worst = std::max(worst, std::abs(expected[j][c][r] - other));
        }
    return worst / largest;
  });
}

TEST_CASE("skinning matrices are their scalar reference") {
  on_every_target("skinning matrices", 2e-6f, [](const Skeleton& skeleton, std::mt19937& random) {
    const Pose pose = random_pose(skeleton, random);
    std::vector<Mat4> models;
    std::vector<SkinBone> bones;
    for (int j = 0; j < skeleton.num_joints(); ++j) {
      models.push_back(to_matrix(pose.get(j)));
      bones.push_back({skeleton.num_joints() - 1 - j, to_matrix(inverse(pose.get(j)))});
    }
    std::vector<Mat4> expected(models.size());
    std::vector<Mat4> got(models.size());
    detail::skinning_matrices_reference(bones, models, expected);
    skinning_matrices(bones, models, got);
    float worst = 0.0f;
    for (std::size_t i = 0; i < models.size(); ++i)
      for (int c = 0; c < 4; ++c)
        for (int r = 0; r < 4; ++r) {
          float size = 1.0f;
          for (int k = 0; k < 4; ++k)
            size =
                std::max(size, std::abs(expected[i][k][r]) + std::abs(bones[i].inverse_bind[3][k]));
          worst = std::max(worst, std::abs(expected[i][c][r] - got[i][c][r]) / size);
        }
    return worst;
  });
}

TEST_CASE("blend: properties") {
  std::mt19937 random(3);
  const Skeleton skeleton = test::synthetic_skeleton(67);
  const Pose a = random_pose(skeleton, random);
  const Pose b = random_pose(skeleton, random);
  Pose out(skeleton);
  blend(a, a, 0.37f, out);
  CHECK(difference(a, out) < 1e-6f);
  blend(a, b, 0.0f, out);
  CHECK(difference(a, out) < 1e-6f);
  // Never the long way round, never short.
  blend(a, b, 0.5f, out);
  for (int j = 0; j < out.num_joints(); ++j) {
    CHECK(std::abs(glm::length(out.get(j).rotation) - 1.0f) < 1e-6f);
    CHECK(glm::dot(out.get(j).rotation, a.get(j).rotation) > 0.7f);
  }
  // Additive: base + (pose - base) is the pose; subtracting it again is the base.
  Pose delta(skeleton);
  make_additive(b, a, delta);
  out = a;
  add_layer(delta, 1.0f, {}, out);
  for (int j = 0; j < out.num_joints(); ++j)
    CHECK(std::abs(glm::dot(out.get(j).rotation, b.get(j).rotation)) > 1.0f - 1e-6f);
}

TEST_CASE("streaming copies, whatever the alignment") {
  std::vector<Mat4> from;
  for (int i = 0; i < 67; ++i) from.push_back(Mat4(static_cast<float>(i)));
  Block memory(68 * sizeof(Mat4));
  for (const std::size_t offset : {std::size_t{0}, std::size_t{16}}) {
    const std::span<Mat4> to = memory.at<Mat4>(offset, from.size());
    stream_models(from, to);
    finish_streaming();
    for (std::size_t i = 0; i < from.size(); ++i) CHECK(to[i] == from[i]);
    stream_models({}, to);
  }
}

TEST_CASE("pose operations do not touch the heap") {
  std::mt19937 random(3);
  const Skeleton skeleton = test::synthetic_skeleton(67);
  const Pose a = random_pose(skeleton, random);
  const Pose b = random_pose(skeleton, random);
  const std::vector<float> mask = random_mask(67, random);
  Pose out(skeleton);
  std::vector<Mat4> models(67);
  const test::HeapProbe probe;
  const BlendLayer layers[] = {{a, 1.0f, {}}, {b, 0.5f, mask}};
  blend(layers, a, out);
  blend(a, b, 0.5f, out);
  add_layer(a, 0.5f, mask, out);
  local_to_model(skeleton, Mat4(1.0f), out, models);
  CHECK(probe.count() == 0);
}
