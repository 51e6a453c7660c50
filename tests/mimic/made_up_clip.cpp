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

}  // namespace canter::test
