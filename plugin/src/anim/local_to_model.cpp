#include "canter/anim/local_to_model.h"

#include <cassert>

#include "anim/pose_kernels.h"

namespace canter {

void local_to_model(const Skeleton& skeleton, const Mat4& root, ConstPoseView locals,
                    std::span<Mat4> models) {
  assert(models.size() >= static_cast<std::size_t>(skeleton.num_joints()));
  assert(locals.num_joints == skeleton.num_joints());
  detail::local_to_model_simd(skeleton.parents(), skeleton.by_depth(), root, locals, models.data());
}

void prefetch_models(std::span<Mat4> models) {
  for (const Mat4& model : models) __builtin_prefetch(&model, 1);
}

}  // namespace canter
