#pragma once

#include <vector>

#include "canter/anim/local_to_model.h"
#include "canter/phase/body.h"
#include "synthetic.h"

namespace canter::test {

/// A made-up motion at 60 fps, and what a network sees of its skeleton.
struct Walker {
  explicit Walker(int num_frames) : clip(synthetic_clip(skeleton, num_frames, 60.0f)) {}

  std::vector<Mat4> models_at(float time_s) const {
    Pose pose(skeleton);
    sample(clip, time_s, pose);
    std::vector<Mat4> models(static_cast<std::size_t>(skeleton.num_joints()));
    local_to_model(skeleton, Mat4(1.0f), pose.view(), models);
    return models;
  }

  Skeleton skeleton = synthetic_skeleton(21);
  phase::Body body = phase::make_body(skeleton);
  RawClip clip;
};

}  // namespace canter::test
