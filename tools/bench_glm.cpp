#include "bench_glm.h"

#include <algorithm>
#include <glm/gtc/matrix_transform.hpp>

namespace canter::tools::bench::plain {
namespace {

Joint mix(const Joint& a, const Joint& b, float alpha) {
  const glm::quat to = glm::dot(a.rotation, b.rotation) < 0.0f ? -b.rotation : b.rotation;
  return {glm::normalize(glm::lerp(a.rotation, to, alpha)),
          glm::mix(a.translation, b.translation, alpha)};
}

}  // namespace

Clip make_clip(const RawClip& raw) {
  Clip clip;
  clip.num_joints = raw.num_joints;
  clip.num_frames = raw.num_frames();
  clip.rate_hz = raw.rate_hz;
  for (const Transform& key : raw.keys) clip.keys.push_back({key.rotation, key.translation});
  return clip;
}

void sample(const Clip& clip, float time_s, std::vector<Joint>& out) {
  const float frame =
      std::clamp(time_s * clip.rate_hz, 0.0f, static_cast<float>(clip.num_frames - 1));
  const int index = std::min(static_cast<int>(frame), clip.num_frames - 2);
  const float alpha = frame - static_cast<float>(index);
  const Joint* a = clip.keys.data() + index * clip.num_joints;
  const Joint* b = a + clip.num_joints;
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = mix(a[j], b[j], alpha);
}

void blend(const std::vector<Joint>& a, const std::vector<Joint>& b, float alpha,
           std::vector<Joint>& out) {
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = mix(a[j], b[j], alpha);
}

void local_to_model(const std::vector<int>& parents, const std::vector<Joint>& locals,
                    glm::mat4* models) {
  for (std::size_t j = 0; j < parents.size(); ++j) {
    glm::mat4 local = glm::mat4_cast(locals[j].rotation);
    local[3] = glm::vec4(locals[j].translation, 1.0f);
    models[j] = parents[j] < 0 ? local : models[parents[j]] * local;
  }
}

}  // namespace canter::tools::bench::plain
