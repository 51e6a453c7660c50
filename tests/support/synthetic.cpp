#include "synthetic.h"

#include <cmath>
#include <random>

namespace canter::test {
namespace {

// A body plan repeated until the joints are used up: name, index of the parent, offset in metres.
struct Bone {
  const char* name;
  int parent;
  Vec3 offset;
};

constexpr Bone kBody[] = {
    {"hips", -1, {0, 0.95f, 0}},        {"spine", 0, {0, 0.12f, 0.01f}},
    {"chest", 1, {0, 0.18f, -0.01f}},   {"neck", 2, {0, 0.22f, 0}},
    {"head", 3, {0, 0.11f, 0.02f}},     {"l_thigh", 0, {0.09f, -0.05f, 0}},
    {"l_shin", 5, {0.01f, -0.42f, 0}},  {"l_foot", 6, {0, -0.41f, -0.02f}},
    {"l_toes", 7, {0, -0.05f, 0.14f}},  {"r_thigh", 0, {-0.09f, -0.05f, 0}},
    {"r_shin", 9, {-0.01f, -0.42f, 0}}, {"r_foot", 10, {0, -0.41f, -0.02f}},
    {"r_toes", 11, {0, -0.05f, 0.14f}}, {"l_clavicle", 2, {0.03f, 0.16f, 0}},
    {"l_arm", 13, {0.14f, 0, 0}},       {"l_elbow", 14, {0.28f, 0, 0.01f}},
    {"l_hand", 15, {0.25f, 0, 0}},      {"r_clavicle", 2, {-0.03f, 0.16f, 0}},
    {"r_arm", 17, {-0.14f, 0, 0}},      {"r_elbow", 18, {-0.28f, 0, 0.01f}},
    {"r_hand", 19, {-0.25f, 0, 0}},
};
constexpr int kBodyJoints = sizeof kBody / sizeof kBody[0];
constexpr int kFingerBones = 4;
constexpr int kFingersPerHand = 5;

// Beyond the body plan: fingers in chains of four on alternating hands, then longer chains.
SkeletonDesc::Joint extra_joint(int index) {
  const int k = index - kBodyJoints;
  const int chain = k / kFingerBones;
  const int link = k % kFingerBones;
  const bool left = chain % 2 == 0;
  const float spread = 0.02f * static_cast<float>(chain / 2 % kFingersPerHand - 2);
  SkeletonDesc::Joint joint;
  joint.name = "finger_" + std::to_string(chain) + "_" + std::to_string(link);
  joint.parent = link > 0 ? index - 1 : left ? 16 : 20;
  const float length = link == 0 ? 0.08f : 0.03f;
  joint.rest.translation = Vec3(left ? length : -length, 0, link == 0 ? spread : 0.0f);
  return joint;
}

float uniform(std::mt19937& random, float low, float high) {
  // Not std::uniform_real_distribution: its numbers differ between standard libraries.
  return low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
}

}  // namespace

Skeleton synthetic_skeleton(int num_joints, bool has_scale) {
  SkeletonDesc desc;
  desc.has_scale = has_scale;
  for (int j = 0; j < num_joints; ++j) {
    if (j >= kBodyJoints) {
      desc.joints.push_back(extra_joint(j));
      continue;
    }
    SkeletonDesc::Joint joint;
    joint.name = kBody[j].name;
    joint.parent = kBody[j].parent;
    joint.rest.translation = kBody[j].offset;
    desc.joints.push_back(joint);
  }
  desc.end_sites.push_back({num_joints - 1, Vec3(0, 0.1f, 0)});
  return make_skeleton(desc).value();
}

RawClip synthetic_clip(const Skeleton& skeleton, int num_frames, float rate_hz,
                       std::uint32_t seed) {
  RawClip clip;
  clip.name = "synthetic";
  clip.rate_hz = rate_hz;
  clip.num_joints = skeleton.num_joints();
  clip.keys.resize(static_cast<std::size_t>(num_frames) *
                   static_cast<std::size_t>(skeleton.num_joints()));
  std::mt19937 random(seed);
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    // Mostly hinge-like: one main axis, a little of the others; every fifth finger bone is still.
    const bool still = j >= kBodyJoints && j % 5 == 0;
    const float swing = still ? 0.0f : uniform(random, 0.05f, 0.6f);
    const Vec3 main(uniform(random, -1, 1), uniform(random, -1, 1), uniform(random, -1, 1));
    const Vec3 minor(uniform(random, -1, 1), uniform(random, -1, 1), uniform(random, -1, 1));
    const Vec3 rest = still ? Vec3(0.1f) : 0.3f * minor;
    const float offset = uniform(random, 0, 2 * kPi);
    for (int f = 0; f < num_frames; ++f) {
      const float t = static_cast<float>(f) / rate_hz;
      const float a = 2 * kPi * t + offset;
      Transform key = skeleton.rest_pose()[static_cast<std::size_t>(j)];
      const Vec3 turn = rest + swing * (std::sin(a) * main + 0.3f * std::sin(2 * a + 1.0f) * main +
                                        0.15f * std::cos(3 * a) * minor);
      key.rotation = glm::normalize(key.rotation * exp_rotation(turn));
      if (j == 0) key.translation += Vec3(0.05f * std::sin(a), 0.03f * std::sin(2 * a), 1.3f * t);
      if (skeleton.has_scale() && j % 7 == 3) key.scale *= 1.0f + 0.1f * std::sin(a);
      clip.frame(f)[static_cast<std::size_t>(j)] = key;
    }
  }
  return clip;
}

}  // namespace canter::test
