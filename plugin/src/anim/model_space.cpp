#include "canter/anim/model_space.h"

#include <cassert>

namespace canter {
namespace {

template <class GetLocal>
void concatenate(const Skeleton& skeleton, GetLocal local, std::span<Transform> models) {
  assert(models.size() >= static_cast<std::size_t>(skeleton.num_joints()));
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    // Joints are stored parents-first, so every parent is finished here.
    const int parent = skeleton.parent(j);
    models[static_cast<std::size_t>(j)] =
        parent < 0 ? local(j) : models[static_cast<std::size_t>(parent)] * local(j);
  }
}

}  // namespace

void model_transforms(const Skeleton& skeleton, std::span<const Transform> locals,
                      std::span<Transform> models) {
  concatenate(
      skeleton, [&](int j) { return locals[static_cast<std::size_t>(j)]; }, models);
}

void model_transforms(const Skeleton& skeleton, ConstPoseView locals, std::span<Transform> models) {
  concatenate(
      skeleton, [&](int j) { return locals.get(j); }, models);
}

std::vector<Transform> rest_models(const Skeleton& skeleton) {
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  model_transforms(skeleton, skeleton.rest_pose(), models);
  return models;
}

Transform model_transform(const Skeleton& skeleton, std::span<const Transform> locals, int joint) {
  Transform model = locals[static_cast<std::size_t>(joint)];
  for (int j = skeleton.parent(joint); j >= 0; j = skeleton.parent(j))
    model = locals[static_cast<std::size_t>(j)] * model;
  return model;
}

bool is_ancestor_or_self(const Skeleton& skeleton, int ancestor, int joint) {
  // Parents have smaller indices, so the walk can stop early.
  while (joint > ancestor) joint = skeleton.parent(joint);
  return joint == ancestor;
}

}  // namespace canter
