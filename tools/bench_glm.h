#pragma once

#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"

/// What a careful programmer writes with GLM and no runtime: uncompressed keys of rotation,
/// translation and scale, normalised linear interpolation, matrices multiplied down the hierarchy.
/// The yardstick of `canter bench`.
namespace canter::tools::bench::plain {

/// A joint of the usual kind, and one that knows there is no scale.
struct Joint {
  glm::quat rotation;
  glm::vec3 translation;
  glm::vec3 scale;
};
struct RigidJoint {
  glm::quat rotation;
  glm::vec3 translation;
};

template <class J>
struct Clip {
  int num_joints = 0;
  int num_frames = 0;
  float rate_hz = 30.0f;
  std::vector<J> keys;  // [frames, joints]
};

template <class J>
Clip<J> make_clip(const RawClip& raw);

template <class J>
void sample(const Clip<J>& clip, float time_s, std::vector<J>& out);
template <class J>
void blend(const std::vector<J>& a, const std::vector<J>& b, float alpha, std::vector<J>& out);
template <class J>
void local_to_model(const std::vector<int>& parents, const std::vector<J>& locals,
                    glm::mat4* models);

}  // namespace canter::tools::bench::plain
