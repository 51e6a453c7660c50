#include "viewer/overlay_shapes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "viewer/ui/theme.h"

namespace canter::viewer {
namespace {

Vec3 at(std::span<const Mat4> models, int joint) {
  return Vec3(models[static_cast<std::size_t>(joint)][3]);
}

Vec4 with_alpha(const Vec4& color, float alpha) {
  return Vec4(Vec3(color), color.a * alpha);
}

void add_line(std::vector<Line>& out, const Vec3& a, const Vec3& b, float width_px,
              const Vec4& color) {
  out.push_back({Vec4(a, width_px), Vec4(b, width_px), color, color});
}

}  // namespace

std::vector<Vec4> side_colors(const Document& document, float alpha) {
  std::vector<Vec4> colors;
  for (const Side side : document.sides)
    colors.push_back(theme::srgb(side == Side::left    ? theme::kLeft
                                 : side == Side::right ? theme::kRight
                                                       : theme::kBone,
                                 alpha));
  return colors;
}

std::vector<Vec4> difference_colors(std::span<const float> distances_m, float full_m) {
  const Vec4 stops[3] = {theme::srgb(theme::kFine), theme::srgb(theme::kContact),
                         theme::srgb(theme::kOver)};
  std::vector<Vec4> colors;
  for (const float d : distances_m) {
    const float t = std::clamp(d / std::max(full_m, 1e-6f), 0.0f, 1.0f) * 2.0f;
    const int i = t < 1.0f ? 0 : 1;
    colors.push_back(d < 0.0f ? theme::srgb(theme::kQuiet)
                              : glm::mix(stops[i], stops[i + 1], t - static_cast<float>(i)));
  }
  return colors;
}

void append_skeleton(const Document& document, std::span<const Mat4> models,
                     std::span<const Vec4> colors, std::vector<Line>& out) {
  constexpr float kWidth_px = 3.0f;
  constexpr float kJoint_px = 6.0f;
  const Skeleton& skeleton = document.skeleton;
  const auto color = [&](int joint) { return colors[static_cast<std::size_t>(joint)]; };
  for (int j = document.travelling_joint; j < skeleton.num_joints(); ++j) {
    const Vec3 p = at(models, j);
    // A dot: a line of no length is as long as it is wide.
    add_line(out, p, p, kJoint_px, color(j));
    if (skeleton.parent(j) >= document.travelling_joint)
      add_line(out, at(models, skeleton.parent(j)), p, kWidth_px, color(j));
  }
  for (const EndSite& end : skeleton.end_sites()) {
    if (end.joint < document.travelling_joint) continue;
    const Mat4& m = models[static_cast<std::size_t>(end.joint)];
    add_line(out, Vec3(m[3]), Vec3(m * Vec4(end.offset, 1.0f)), kWidth_px,
             with_alpha(color(end.joint), 0.7f));
  }
}

void append_axes(const Document& document, std::span<const Mat4> models, std::vector<Line>& out) {
  constexpr float kWidth_px = 1.8f;
  const float length = 0.045f * document.height_m;
  const Vec4 colors[3] = {theme::srgb(theme::rgb(0xE4572E)), theme::srgb(theme::rgb(0x6BBF73)),
                          theme::srgb(theme::rgb(0x5B8DEF))};
  for (int j = document.travelling_joint; j < document.skeleton.num_joints(); ++j) {
    const Mat4& m = models[static_cast<std::size_t>(j)];
    for (int axis = 0; axis < 3; ++axis) {
      const float scale = glm::length(Vec3(m[axis]));
      if (scale < 1e-6f) continue;
      add_line(out, Vec3(m[3]), Vec3(m[3]) + Vec3(m[axis]) * (length / scale), kWidth_px,
               colors[axis]);
    }
  }
}

void append_velocities(const Document& document, std::span<const Mat4> models,
                       std::span<const Mat4> later, float dt_s, float arrow_s,
                       std::vector<Line>& out) {
  constexpr float kSlowest_m_s = 0.02f;
  const Vec4 color = theme::srgb(theme::kAccent);
  for (int j = document.travelling_joint; j < document.skeleton.num_joints(); ++j) {
    const Vec3 from = at(models, j);
    const Vec3 velocity = (at(later, j) - from) / dt_s;
    if (glm::length(velocity) < kSlowest_m_s) continue;
    const Vec3 tip = from + velocity * arrow_s;
    // The head takes the last part of the way, and no more of it than it needs.
    const float head = std::min(0.35f, 0.03f / std::max(glm::distance(from, tip), 1e-4f));
    const Vec3 neck = glm::mix(tip, from, head);
    out.push_back({Vec4(from, 1.0f), Vec4(neck, 2.0f), with_alpha(color, 0.35f), color});
    out.push_back({Vec4(neck, 8.0f), Vec4(tip, 0.0f), color, color});
  }
}

std::vector<int> trail_joints(const Document& document) {
  const JointMap& map = document.joints;
  std::vector<int> joints = {document.travelling_joint, map.head};
  for (const std::size_t side : {0u, 1u}) {
    joints.push_back(map.arms[side].hand >= 0 ? map.arms[side].hand : map.arms[side].forearm);
    joints.push_back(map.legs[side].toes >= 0 ? map.legs[side].toes : map.legs[side].foot);
  }
  std::erase(joints, -1);
  if (joints.size() > 1) return joints;
  // No humanoid: wherever a limb ends.
  const auto parents = document.skeleton.parents();
  for (int j = document.travelling_joint + 1; j < document.skeleton.num_joints(); ++j)
    if (std::find(parents.begin(), parents.end(), j) == parents.end()) joints.push_back(j);
  return joints;
}

void append_trail(std::span<const Vec3> points, std::size_t now, const Vec4& color,
                  std::vector<Line>& out) {
  constexpr float kPast = 0.9f, kFuture = 0.45f;
  const auto strength = [&](std::size_t i) {
    const bool past = i <= now;
    const auto reach = static_cast<float>(past ? now : points.size() - 1 - now);
    const float away = std::abs(static_cast<float>(i) - static_cast<float>(now));
    return (past ? kPast : kFuture) * (1.0f - (reach > 0.0f ? away / reach : 0.0f));
  };
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const float width = i < now ? 2.2f : 1.4f;
    // The half that lies on the other side of now keeps its own strength.
    const float end = i == now ? kFuture : strength(i);
    out.push_back({Vec4(points[i], width), Vec4(points[i + 1], width), with_alpha(color, end),
                   with_alpha(color, strength(i + 1))});
  }
}

void append_phase_ring(const PhaseRing& ring, std::vector<Line>& out) {
  constexpr int kPieces = 48;
  constexpr float kThin_px = 1.5f, kBold_px = 4.0f;
  const Vec3 forward(std::sin(ring.heading_rad), 0.0f, std::cos(ring.heading_rad));
  const Vec3 right(-forward.z, 0.0f, forward.x);
  const auto place = [&](float cycles, float share) {
    const float angle = 2.0f * kPi * cycles;
    return ring.middle +
           share * ring.radius_m * (std::cos(angle) * forward + std::sin(angle) * right);
  };
  const auto arc = [&](float from, float cycles, float width_px, const Vec4& color) {
    const int pieces = std::max(1, static_cast<int>(std::ceil(std::abs(cycles) * kPieces)));
    const float step = cycles / static_cast<float>(pieces);
    for (int i = 0; i < pieces; ++i)
      add_line(out, place(from + step * static_cast<float>(i), 1.0f),
               place(from + step * static_cast<float>(i + 1), 1.0f), width_px, color);
  };
  arc(0.0f, 1.0f, kThin_px, theme::srgb(ring.color, 0.45f));
  constexpr theme::Color kFeet[2] = {theme::kLeft, theme::kRight};
  for (std::size_t foot = 0; foot < 2; ++foot)
    for (const float phase : ring.strikes[foot])
      add_line(out, place(phase, 0.86f), place(phase, 1.0f), kBold_px, theme::srgb(kFeet[foot]));
  arc(ring.phase, std::clamp(ring.ahead, 0.0f, 1.0f), kBold_px, theme::srgb(ring.color, 0.6f));
  add_line(out, place(ring.phase, 0.82f), place(ring.phase, 1.12f), 1.5f * kBold_px,
           theme::srgb(ring.color));
}

void append_contact_ring(const Vec3& at, float radius_m, std::vector<Line>& out) {
  constexpr int kPieces = 24;
  constexpr float kWidth_px = 2.5f;
  const auto point = [&](int i) {
    const float angle = 2.0f * kPi * static_cast<float>(i) / kPieces;
    return at + radius_m * Vec3(std::sin(angle), 0.0f, std::cos(angle));
  };
  for (int i = 0; i < kPieces; ++i)
    add_line(out, point(i), point(i + 1), kWidth_px, theme::srgb(theme::kContact));
}

}  // namespace canter::viewer
