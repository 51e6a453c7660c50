#include "viewer/joint_labels.h"

#include <algorithm>
#include <cmath>

#include "viewer/ui/series.h"

namespace canter::viewer {
namespace {

Vec3 place(std::span<const Mat4> models, int joint) {
  return Vec3(models[static_cast<std::size_t>(joint)][3]);
}

/// The joints in front of the camera and inside the window, as labels without a place.
std::vector<JointLabel> visible_joints(const Document& document, std::span<const Mat4> models,
                                       const Camera& camera, Vec2 window) {
  std::vector<JointLabel> labels;
  const Mat4 vp = camera.projection(window.x / window.y) * camera.view();
  for (int j = document.travelling_joint; j < document.skeleton.num_joints(); ++j) {
    const Vec4 clip = vp * Vec4(place(models, j), 1.0f);
    if (clip.w < 0.05f) continue;
    const Vec2 ndc = Vec2(clip) / clip.w;
    if (std::abs(ndc.x) > 1.0f || std::abs(ndc.y) > 1.0f) continue;
    std::string_view name = document.skeleton.name(j);
    name.remove_prefix(name.rfind(':') == name.npos ? 0 : name.rfind(':') + 1);
    labels.push_back({name, j, Vec2(0.5f + 0.5f * ndc.x, 0.5f - 0.5f * ndc.y) * window});
  }
  return labels;
}

/// Whether the body's left is at the right of the screen, told by joints that hardly swing.
bool is_left_at_right(const JointMap& map, std::span<const Mat4> models, const Camera& camera) {
  Vec3 left(0.0f);
  for (const auto& [a, b] : {std::pair{map.legs[0].thigh, map.legs[1].thigh},
                             std::pair{map.arms[0].upper_arm, map.arms[1].upper_arm}})
    if (a >= 0 && b >= 0) left += place(models, a) - place(models, b);
  return Vec3(camera.view() * Vec4(left, 0.0f)).x > 0.0f;
}

/// Whether a name can be spared before others.
bool is_minor(const Document& document, int joint) {
  const BodyPart part = document.joints.roles[static_cast<std::size_t>(joint)].part;
  return part == BodyPart::none || (part >= BodyPart::thumb && part <= BodyPart::pinky);
}

/// Places the names of one side from top to bottom.
void place_column(const Document& document, const LabelFrame& frame, bool left,
                  std::vector<JointLabel>& column) {
  const auto lines =
      static_cast<std::size_t>(std::max((frame.high.y - frame.low.y) / frame.line_px, 0.0f));
  if (column.size() > lines) {
    std::stable_partition(column.begin(), column.end(),
                          [&](const JointLabel& l) { return !is_minor(document, l.joint); });
    column.resize(lines);
  }
  if (column.empty()) return;
  std::vector<float> heights;
  float edge = column.front().joint_at.x;
  for (const JointLabel& l : column) {
    heights.push_back(l.joint_at.y);
    edge = left ? std::min(edge, l.joint_at.x) : std::max(edge, l.joint_at.x);
  }
  const float half = 0.5f * frame.line_px;
  heights = plot::spread(heights, frame.line_px, {frame.low.y + half, frame.high.y - half});
  // A little away from the body, with room for a name.
  const float gap = 2.0f * frame.line_px, room = 8.0f * frame.line_px;
  const float x = left ? std::max(edge - gap, std::min(frame.low.x + room, frame.high.x))
                       : std::min(edge + gap, std::max(frame.high.x - room, frame.low.x));
  for (std::size_t i = 0; i < column.size(); ++i) {
    column[i].at = Vec2(x, heights[i]);
    column[i].ends = left;
  }
}

}  // namespace

std::vector<JointLabel> joint_labels(const Document& document, std::span<const Mat4> models,
                                     const Camera& camera, const LabelFrame& frame) {
  if (frame.window.x < 1.0f || frame.window.y < 1.0f || models.empty()) return {};
  const bool swapped = is_left_at_right(document.joints, models, camera);
  std::vector<JointLabel> columns[2];
  for (const JointLabel& label : visible_joints(document, models, camera, frame.window)) {
    const Side side = document.sides[static_cast<std::size_t>(label.joint)];
    // What is in the middle stands at the right.
    const bool left = side != Side::center && (side == Side::left) != swapped;
    columns[left ? 0 : 1].push_back(label);
  }
  place_column(document, frame, true, columns[0]);
  place_column(document, frame, false, columns[1]);
  std::vector<JointLabel> labels = std::move(columns[0]);
  labels.insert(labels.end(), columns[1].begin(), columns[1].end());
  return labels;
}

}  // namespace canter::viewer
