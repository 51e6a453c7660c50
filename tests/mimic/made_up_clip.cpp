#include "made_up_clip.h"

#include <cmath>

#include "canter/physics/pose.h"

namespace canter::test {

const Skeleton& humanoid_skeleton() {
  static const Skeleton skeleton = physics::body_skeleton(physics::humanoid_body()).value();
  return skeleton;
}

RawClip made_up_clip(const Skeleton& skeleton, float speed_m_s) {
  RawClip clip;
  clip.name = "made_up";
  clip.rate_hz = 60.0f;
  clip.num_joints = skeleton.num_joints();
  clip.loop = true;
  for (int f = 0; f <= 60; ++f) {
    const float t = static_cast<float>(f) / 60.0f;
    const float wave = std::sin(2.0f * kPi * t);
    for (int j = 0; j < clip.num_joints; ++j) {
      Transform key = skeleton.rest_pose()[static_cast<std::size_t>(j)];
      const std::string name(skeleton.name(j));
      const float side = name.starts_with("left") ? -1.0f : 1.0f;
      if (j == 0) {
        key.translation.x = speed_m_s * t;
        key.rotation = glm::angleAxis(0.1f * wave, Vec3(0, 1, 0));
      }
      if (name.ends_with("hip") || name.ends_with("shoulder"))
        key.rotation = glm::angleAxis(0.3f * wave * side, Vec3(0, 0, 1));
      if (name.ends_with("knee")) key.rotation = glm::angleAxis(-0.2f + 0.1f * wave, Vec3(0, 0, 1));
      if (name.ends_with("elbow")) key.rotation = glm::angleAxis(0.4f + 0.1f * wave, Vec3(0, 0, 1));
      clip.keys.push_back(key);
    }
  }
  return clip;
}

RawClip standing_clip() {
  RawClip clip = made_up_clip(humanoid_skeleton());
  for (int f = 0; f < clip.num_frames(); ++f)
    for (int j = 0; j < clip.num_joints; ++j)
      clip.frame(f)[static_cast<std::size_t>(j)] =
          humanoid_skeleton().rest_pose()[static_cast<std::size_t>(j)];
  return clip;
}

mimic::Policy idle_policy(const RawClip& clip, const mimic::TaskOptions& options) {
  return mimic::load_policy(idle_policy_file(clip, options), "idle").value();
}

std::vector<std::byte> idle_policy_file(const RawClip& clip, const mimic::TaskOptions& options,
                                        const mimic::PolicyFileOptions& file) {
  const mimic::Task task =
      mimic::make_task(physics::humanoid_body(), humanoid_skeleton(), clip, options).value();
  const auto seen = static_cast<std::size_t>(task.observation_size());
  const auto said = static_cast<std::size_t>(task.action_size());
  const std::vector<float> mean(seen, 0.0f), std(seen, 1.0f);
  const std::vector<float> weights(seen * said, 0.0f), bias(said, 0.0f);
  mimic::ActorWeights actor;
  actor.mean = mean;
  actor.std = std;
  actor.layers = {{task.observation_size(), task.action_size(), weights, bias}};
  return mimic::write_policy(task, actor, "", file).value();
}

}  // namespace canter::test
