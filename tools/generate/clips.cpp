#include "generate/clips.h"

#include <cassert>

namespace canter::generate {

MadeClip bake(const Rig& rig, const Performance& performance) {
  MadeClip out;
  out.clip.name = performance.name;
  out.clip.rate_hz = kClipRate_hz;
  out.clip.num_joints = kNumJoints;
  out.clip.loop = performance.loop;
  out.clip.keys.resize(performance.frames.size() * kNumJoints);
  for (std::size_t i = 0; i < performance.frames.size(); ++i) {
    rig.pose(performance.frames[i], out.clip.frame(static_cast<int>(i)));
    // One sign per joint all along: neighbouring keys interpolate the short way.
    for (std::size_t j = 0; i > 0 && j < kNumJoints; ++j) {
      Quat& q = out.clip.keys[i * kNumJoints + j].rotation;
      if (glm::dot(q, out.clip.keys[(i - 1) * kNumJoints + j].rotation) < 0.0f) q = -q;
    }
  }
  out.contacts = performance.contacts;
  out.description = performance.description;
  assert(validate(out.clip, rig.skeleton()).ok());
  return out;
}

std::vector<MadeClip> make_clips(const Rig& rig) {
  std::vector<MadeClip> clips;
  for (const Performance& p :
       {idle(rig), walk(rig), run(rig), jump(rig), turn(rig, "turn_left_90", 0.5f * kPi),
        turn(rig, "turn_right_90", -0.5f * kPi), turn(rig, "turn_180", kPi), wave(rig)})
    clips.push_back(bake(rig, p));
  return clips;
}

}  // namespace canter::generate
