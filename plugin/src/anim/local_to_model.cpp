#include "canter/anim/local_to_model.h"

#include <cassert>

namespace canter {

void local_to_model(const Skeleton& skeleton, const Mat4& root, ConstPoseView locals,
                    std::span<Mat4> models) {
  assert(models.size() >= static_cast<std::size_t>(skeleton.num_joints()));
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    // Joints are stored parents-first, so every parent is finished here.
    const int parent = skeleton.parent(j);
    const Mat4& above = parent < 0 ? root : models[static_cast<std::size_t>(parent)];
    models[static_cast<std::size_t>(j)] = above * to_matrix(locals.get(j));
  }
}

}  // namespace canter
