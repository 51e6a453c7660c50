#pragma once

#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/anim/skeleton.h"

/// What a careful programmer writes with GLM and no runtime: uncompressed keys, normalised linear
/// interpolation, matrices multiplied down the hierarchy. The yardstick of `canter bench`.
namespace canter::tools::bench::plain {

struct Joint {
  glm::quat rotation;
  glm::vec3 translation;
};

struct Clip {
  int num_joints = 0;
  int num_frames = 0;
  float rate_hz = 30.0f;
  std::vector<Joint> keys;  // [frames, joints]
};

Clip make_clip(const RawClip& raw);

void sample(const Clip& clip, float time_s, std::vector<Joint>& out);
void blend(const std::vector<Joint>& a, const std::vector<Joint>& b, float alpha,
           std::vector<Joint>& out);
void local_to_model(const std::vector<int>& parents, const std::vector<Joint>& locals,
                    glm::mat4* models);

}  // namespace canter::tools::bench::plain
