#include "canter/anim/local_to_model.h"

#include <cassert>

#include "anim/pose_kernels.h"

namespace canter {

void local_to_model(const Skeleton& skeleton, const Mat4& root, ConstPoseView locals,
                    std::span<Mat4> models) {
  assert(models.size() >= static_cast<std::size_t>(skeleton.num_joints()));
  assert(locals.num_joints == skeleton.num_joints());
  detail::local_to_model_simd(skeleton.parents(), skeleton.links(), root, locals, models.data());
}

void stream_models(std::span<const Mat4> from, std::span<Mat4> to) {
  assert(to.size() >= from.size());
  detail::stream_models_simd(from, to.data());
}

void finish_streaming() {
  detail::finish_streaming_simd();
}

}  // namespace canter
