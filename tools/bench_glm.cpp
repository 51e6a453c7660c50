#include "bench_glm.h"

#include <algorithm>

namespace canter::tools::bench::plain {
namespace {

glm::quat mix_rotations(const glm::quat& a, const glm::quat& b, float alpha) {
  return glm::normalize(glm::lerp(a, glm::dot(a, b) < 0.0f ? -b : b, alpha));
}

Joint mix(const Joint& a, const Joint& b, float alpha) {
  return {mix_rotations(a.rotation, b.rotation, alpha),
          glm::mix(a.translation, b.translation, alpha), glm::mix(a.scale, b.scale, alpha)};
}
RigidJoint mix(const RigidJoint& a, const RigidJoint& b, float alpha) {
  return {mix_rotations(a.rotation, b.rotation, alpha),
          glm::mix(a.translation, b.translation, alpha)};
}

glm::mat4 matrix(const RigidJoint& joint) {
  glm::mat4 m = glm::mat4_cast(joint.rotation);
  m[3] = glm::vec4(joint.translation, 1.0f);
  return m;
}
glm::mat4 matrix(const Joint& joint) {
  glm::mat4 m = glm::mat4_cast(joint.rotation);
  m[0] *= joint.scale.x;
  m[1] *= joint.scale.y;
  m[2] *= joint.scale.z;
  m[3] = glm::vec4(joint.translation, 1.0f);
  return m;
}

void put_key(const Transform& key, std::vector<Joint>& keys) {
  keys.push_back({key.rotation, key.translation, key.scale});
}
void put_key(const Transform& key, std::vector<RigidJoint>& keys) {
  keys.push_back({key.rotation, key.translation});
}

}  // namespace

template <class J>
Clip<J> make_clip(const RawClip& raw) {
  Clip<J> clip;
  clip.num_joints = raw.num_joints;
  clip.num_frames = raw.num_frames();
  clip.rate_hz = raw.rate_hz;
  for (const Transform& key : raw.keys) put_key(key, clip.keys);
  return clip;
}

template <class J>
void sample(const Clip<J>& clip, float time_s, std::vector<J>& out) {
  const float frame =
      std::clamp(time_s * clip.rate_hz, 0.0f, static_cast<float>(clip.num_frames - 1));
  const int index = std::min(static_cast<int>(frame), clip.num_frames - 2);
  const float alpha = frame - static_cast<float>(index);
  const J* a = clip.keys.data() + index * clip.num_joints;
  const J* b = a + clip.num_joints;
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = mix(a[j], b[j], alpha);
}

template <class J>
void blend(const std::vector<J>& a, const std::vector<J>& b, float alpha, std::vector<J>& out) {
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = mix(a[j], b[j], alpha);
}

template <class J>
void local_to_model(const std::vector<int>& parents, const std::vector<J>& locals,
                    glm::mat4* models) {
  for (std::size_t j = 0; j < parents.size(); ++j) {
    const glm::mat4 local = matrix(locals[j]);
    models[j] = parents[j] < 0 ? local : models[parents[j]] * local;
  }
}

template Clip<Joint> make_clip(const RawClip&);
template Clip<RigidJoint> make_clip(const RawClip&);
template void sample(const Clip<Joint>&, float, std::vector<Joint>&);
template void sample(const Clip<RigidJoint>&, float, std::vector<RigidJoint>&);
template void blend(const std::vector<Joint>&, const std::vector<Joint>&, float,
                    std::vector<Joint>&);
template void blend(const std::vector<RigidJoint>&, const std::vector<RigidJoint>&, float,
                    std::vector<RigidJoint>&);
template void local_to_model(const std::vector<int>&, const std::vector<Joint>&, glm::mat4*);
template void local_to_model(const std::vector<int>&, const std::vector<RigidJoint>&, glm::mat4*);

}  // namespace canter::tools::bench::plain
