#include "viewer/bones.h"

#include <algorithm>

#include "viewer/ui/theme.h"

namespace canter::viewer {
namespace {

Vec4 bone_color(Side side, float alpha) {
  if (alpha < 1.0f) return Vec4(theme::linear(theme::kReference), alpha);
  const theme::Color color = side == Side::left    ? theme::kLeft
                             : side == Side::right ? theme::kRight
                                                   : theme::kBone;
  return Vec4(theme::linear(color), alpha);
}

}  // namespace

void append_bones(const Document& document, std::span<const Mat4> models, float alpha,
                  std::vector<Solid>& out) {
  const Skeleton& skeleton = document.skeleton;
  const int first_joint = document.travelling_joint;
  const auto color_of = [&](int joint) {
    return bone_color(document.sides[static_cast<std::size_t>(joint)], alpha);
  };
  // Radii follow the body's size, so that a fox and a giant both look like one.
  float size_m = 0.0f;
  for (std::size_t j = 0; j < models.size(); ++j)
    size_m = std::max(
        size_m,
        glm::distance(Vec3(models[j][3]), Vec3(models[static_cast<std::size_t>(first_joint)][3])));
  size_m = std::clamp(size_m, 0.05f, 20.0f);

  const auto bone = [&](const Vec3& from, const Vec3& to, const Vec4& color) {
    const float length = glm::distance(from, to);
    if (length < 1e-4f) return;
    const float thick = std::clamp(0.13f * length, 0.008f * size_m, 0.045f * size_m);
    out.push_back({Vec4(from, thick), Vec4(to, 0.55f * thick), color});
  };
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    const int parent = skeleton.parent(j);
    if (parent < first_joint) continue;
    bone(Vec3(models[static_cast<std::size_t>(parent)][3]),
         Vec3(models[static_cast<std::size_t>(j)][3]), color_of(j));
  }
  for (const EndSite& end : skeleton.end_sites()) {
    if (end.joint < first_joint) continue;
    const Mat4& m = models[static_cast<std::size_t>(end.joint)];
    bone(Vec3(m[3]), Vec3(m * Vec4(end.offset, 1.0f)), color_of(end.joint));
  }
}

}  // namespace canter::viewer
