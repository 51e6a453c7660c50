#include "motion_fixtures.h"

#include <doctest/doctest.h>

#include <cmath>

#include "canter/anim/ik.h"
#include "canter/anim/local_to_model.h"
#include "canter/anim/model_space.h"

namespace canter::test {
namespace {

Skeleton made(const SkeletonDesc& desc) {
  Result<Skeleton> skeleton = make_skeleton(desc);
  REQUIRE(skeleton.ok());
  return std::move(skeleton).value();
}

class HumanoidBuilder {
 public:
  int joint(const char* name, int parent, const Vec3& offset) {
    SkeletonDesc::Joint j{name, parent, {}};
    j.rest.translation = offset;
    desc_.joints.push_back(j);
    return static_cast<int>(desc_.joints.size()) - 1;
  }
  void end(int joint, const Vec3& offset) { desc_.end_sites.push_back({joint, offset}); }
  void side(const std::string& side, float x, int hips, int chest) {
    int j = joint((side + "Shoulder").c_str(), chest, {x * 0.05f, 0.14f, 0.0f});
    j = joint((side + "Arm").c_str(), j, {x * 0.13f, 0.0f, -0.01f});
    j = joint((side + "ForeArm").c_str(), j, {x * 0.28f, 0.0f, 0.0f});
    j = joint((side + "Hand").c_str(), j, {x * 0.26f, 0.0f, 0.0f});
    end(j, {x * 0.16f, 0.0f, 0.0f});
    j = joint((side + "UpLeg").c_str(), hips, {x * 0.09f, -0.06f, 0.0f});
    j = joint((side + "Leg").c_str(), j, {0.0f, -0.42f, 0.01f});
    j = joint((side + "Foot").c_str(), j, {0.0f, -0.41f, -0.02f});
    j = joint((side + "ToeBase").c_str(), j, {0.0f, -0.08f, 0.14f});
    end(j, {0.0f, -0.02f, 0.07f});
  }
  const SkeletonDesc& desc() const { return desc_; }

 private:
  SkeletonDesc desc_;
};

}  // namespace

Skeleton make_humanoid() {
  HumanoidBuilder b;
  const int hips = b.joint("Hips", -1, {0.0f, 0.99f, 0.0f});
  int spine = b.joint("Spine", hips, {0.0f, 0.1f, 0.0f});
  spine = b.joint("Spine1", spine, {0.0f, 0.12f, 0.0f});
  spine = b.joint("Spine2", spine, {0.0f, 0.12f, 0.0f});
  const int neck = b.joint("Neck", spine, {0.0f, 0.2f, 0.0f});
  const int head = b.joint("Head", neck, {0.0f, 0.09f, 0.01f});
  b.end(head, {0.0f, 0.2f, 0.0f});
  b.side("Left", 1.0f, hips, spine);
  b.side("Right", -1.0f, hips, spine);
  return made(b.desc());
}

Skeleton with_turned_frames(const Skeleton& skeleton, unsigned seed, std::vector<Quat>* turns) {
  std::mt19937 rng(seed);
  std::vector<Quat> turn(static_cast<std::size_t>(skeleton.num_joints()));
  for (Quat& q : turn) q = random_rotation(rng, kPi);
  SkeletonDesc desc = describe(skeleton);
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    SkeletonDesc::Joint& joint = desc.joints[static_cast<std::size_t>(j)];
    const Quat above = joint.parent < 0
                           ? kIdentityRotation
                           : glm::conjugate(turn[static_cast<std::size_t>(joint.parent)]);
    joint.rest.rotation = above * joint.rest.rotation * turn[static_cast<std::size_t>(j)];
    joint.rest.translation = above * joint.rest.translation;
  }
  for (EndSite& site : desc.end_sites)
    site.offset = glm::conjugate(turn[static_cast<std::size_t>(site.joint)]) * site.offset;
  if (turns != nullptr) *turns = turn;
  return made(desc);
}

RawClip with_turned_frames(const Skeleton& skeleton, const RawClip& clip,
                           const std::vector<Quat>& turns) {
  RawClip out = clip;
  for (int f = 0; f < clip.num_frames(); ++f) {
    for (int j = 0; j < clip.num_joints; ++j) {
      const int parent = skeleton.parent(j);
      const Quat above =
          parent < 0 ? kIdentityRotation : glm::conjugate(turns[static_cast<std::size_t>(parent)]);
      Transform& key = out.frame(f)[static_cast<std::size_t>(j)];
      key.rotation = glm::normalize(above * key.rotation * turns[static_cast<std::size_t>(j)]);
      key.translation = above * key.translation;
    }
  }
  return out;
}

Skeleton scaled(const Skeleton& skeleton, float factor) {
  SkeletonDesc desc = describe(skeleton);
  for (SkeletonDesc::Joint& joint : desc.joints) joint.rest.translation *= factor;
  for (EndSite& site : desc.end_sites) site.offset *= factor;
  return made(desc);
}

Quat random_rotation(std::mt19937& rng, float max_angle_rad) {
  std::normal_distribution<float> normal;
  const Vec3 axis = glm::normalize(Vec3(normal(rng), normal(rng), normal(rng)) + Vec3(1e-6f));
  return exp_rotation(axis * std::uniform_real_distribution<float>(0.0f, max_angle_rad)(rng));
}

RawClip random_clip(const Skeleton& skeleton, int num_frames, unsigned seed, float max_angle_rad) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> unit(0.0f, 1.0f);
  struct Wave {
    Vec3 axis;
    float rate, phase;
  };
  std::vector<Wave> waves;
  for (int j = 0; j < skeleton.num_joints(); ++j)
    waves.push_back({log_rotation(random_rotation(rng, max_angle_rad)), 0.05f + 0.1f * unit(rng),
                     6.28f * unit(rng)});
  RawClip clip;
  clip.name = "random";
  clip.num_joints = skeleton.num_joints();
  clip.keys.resize(static_cast<std::size_t>(num_frames * clip.num_joints));
  for (int f = 0; f < num_frames; ++f) {
    const auto t = static_cast<float>(f);
    for (int j = 0; j < clip.num_joints; ++j) {
      const Wave& w = waves[static_cast<std::size_t>(j)];
      Transform key = skeleton.rest_pose()[static_cast<std::size_t>(j)];
      key.rotation =
          glm::normalize(key.rotation * exp_rotation(w.axis * std::sin(w.rate * t + w.phase)));
      if (skeleton.parent(j) < 0) {
        key.rotation = glm::normalize(exp_rotation(Vec3(0.0f, 0.05f * t, 0.0f)) * key.rotation);
        key.translation += Vec3(0.02f * t, 0.05f * std::sin(0.2f * t), 0.5f * std::cos(0.05f * t));
      }
      clip.frame(f)[static_cast<std::size_t>(j)] = key;
    }
  }
  return clip;
}

Walk make_walk(const Skeleton& humanoid, float seconds, float rate_hz, float speed_mps) {
  constexpr float kCycle_s = 1.1f;
  constexpr float kStanceShare = 0.6f;
  const float step_m = speed_mps * kCycle_s;
  Walk walk;
  walk.clip.name = "walk";
  walk.clip.rate_hz = rate_hz;
  walk.clip.num_joints = humanoid.num_joints();
  const int num_frames = static_cast<int>(seconds * rate_hz) + 1;
  walk.clip.keys.resize(static_cast<std::size_t>(num_frames * humanoid.num_joints()));
  std::vector<Mat4> models(static_cast<std::size_t>(humanoid.num_joints()));
  Pose pose(humanoid);
  const Vec3 hips = pose.get(0).translation;
  local_to_model(humanoid, Mat4(1.0f), pose, models);
  const char* const sides[2] = {"Left", "Right"};
  Vec3 ankle[2];
  for (int s = 0; s < 2; ++s) {
    ankle[s] = Vec3(
        models[static_cast<std::size_t>(humanoid.find(std::string(sides[s]).append("Foot")))][3]);
    for (int k = -2; static_cast<float>(k) * kCycle_s < seconds; ++k) {
      const float start = (static_cast<float>(k) + 0.5f * static_cast<float>(s)) * kCycle_s;
      const Walk::Stance stance{std::max(start, 0.0f),
                                std::min(start + kStanceShare * kCycle_s, seconds)};
      if (stance.end_s > stance.start_s) walk.stances[s].push_back(stance);
    }
  }
  for (int f = 0; f < num_frames; ++f) {
    const float t = static_cast<float>(f) / rate_hz;
    set_rest_pose(humanoid, pose);
    Transform root = pose.get(0);
    root.translation =
        hips + Vec3(0.0f, -0.09f + 0.01f * std::sin(4.0f * kPi * t / kCycle_s), speed_mps * t);
    pose.set(0, root);
    local_to_model(humanoid, Mat4(1.0f), pose, models);
    for (int s = 0; s < 2; ++s) {
      const float cycles = t / kCycle_s - 0.5f * static_cast<float>(s);
      const float cycle = std::floor(cycles);
      const float swing = std::max((cycles - cycle - kStanceShare) / (1.0f - kStanceShare), 0.0f);
      const float smooth = swing * swing * (3.0f - 2.0f * swing);
      TwoBoneIk ik;
      ik.start = humanoid.find(std::string(sides[s]).append("UpLeg"));
      ik.mid = humanoid.find(std::string(sides[s]).append("Leg"));
      ik.end = humanoid.find(std::string(sides[s]).append("Foot"));
      ik.pole = Vec3(0.0f, 0.0f, 1.0f);
      ik.soften = 1.0f;
      ik.target = ankle[s];
      // Half a stance ahead of the hips at touch-down, so that the leg swings evenly about them.
      ik.target.z += (cycle + 0.5f * static_cast<float>(s) + smooth + 0.5f * kStanceShare) * step_m;
      ik.target.y += 0.15f * std::sin(kPi * smooth) * (swing > 0.0f ? 1.0f : 0.0f);
      solve_two_bone(humanoid, models, ik, pose);
    }
    for (int j = 0; j < humanoid.num_joints(); ++j)
      walk.clip.frame(f)[static_cast<std::size_t>(j)] = pose.get(j);
  }
  return walk;
}

float max_position_error_m(const Skeleton& a_skeleton, const RawClip& a, const Skeleton& b_skeleton,
                           const RawClip& b) {
  REQUIRE(a.keys.size() == b.keys.size());
  const auto joints = static_cast<std::size_t>(a.num_joints);
  std::vector<Transform> ma(joints);
  std::vector<Transform> mb(joints);
  float error = 0.0f;
  for (int f = 0; f < a.num_frames(); ++f) {
    model_transforms(a_skeleton, a.frame(f), ma);
    model_transforms(b_skeleton, b.frame(f), mb);
    for (std::size_t j = 0; j < joints; ++j)
      error = std::max(error, glm::distance(ma[j].translation, mb[j].translation));
  }
  return error;
}

}  // namespace canter::test
