#include "feet.h"

#include <algorithm>
#include <cmath>

#include "canter/anim/local_to_model.h"
#include "canter/anim/pose.h"

namespace canter::test {

std::vector<Mat4> models_of(const Skeleton& skeleton, std::span<const Transform> locals) {
  Pose pose(skeleton);
  for (int j = 0; j < skeleton.num_joints(); ++j) pose.set(j, locals[static_cast<std::size_t>(j)]);
  std::vector<Mat4> models(static_cast<std::size_t>(skeleton.num_joints()));
  local_to_model(skeleton, Mat4(1.0f), pose, models);
  return models;
}

float foot_slide_m(const Skeleton& skeleton, const RawClip& clip,
                   std::span<const generate::FootContacts> contacts,
                   const std::array<Vec3, 2>& heels) {
  float worst = 0.0f;
  std::array<Vec3, 4> start{};
  std::array<bool, 4> held{};
  for (int f = 0; f < clip.num_frames(); ++f) {
    const std::vector<Mat4> models = models_of(skeleton, clip.frame(f));
    const generate::FootContacts& contact = contacts[static_cast<std::size_t>(f)];
    for (const std::size_t side : {0u, 1u}) {
      const auto foot =
          static_cast<std::size_t>(side == 0 ? generate::kLeftFoot : generate::kRightFoot);
      const Vec3 points[2] = {Vec3(models[foot] * Vec4(heels[side], 1.0f)),
                              Vec3(models[foot + 1][3])};
      const bool on[2] = {contact.heel[side], contact.ball[side]};
      for (const std::size_t k : {0u, 1u}) {
        const std::size_t i = 2 * side + k;
        if (on[k] && !held[i]) start[i] = points[k];
        held[i] = on[k];
        if (!on[k]) continue;
        const Vec3 moved = points[k] - start[i];
        worst = std::max(worst, std::hypot(moved.x, moved.z));
      }
    }
  }
  return worst;
}

}  // namespace canter::test
