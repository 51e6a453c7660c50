#pragma once

#include <array>
#include <span>
#include <vector>

#include "viewer/document.h"
#include "viewer/gfx/scene_frame.h"
#include "viewer/ui/theme.h"

/// Overlays of the 3-D view as lines: plain functions over a document and its joints in world
/// space.
namespace canter::viewer {

/// Colours of the joints, sRGB with alpha: left blue, right orange, else bone.
std::vector<Vec4> side_colors(const Document& document, float alpha = 1.0f);
/// Colours by distance: fine at 0, contact yellow halfway, over budget at `full_m` and beyond;
/// quiet where there is no distance (below 0).
/// @param distances_m  [num_joints]
std::vector<Vec4> difference_colors(std::span<const float> distances_m, float full_m);

/// A line from every joint to its children and end sites, in the child's colour.
/// @param models  [num_joints] world space, here and below
/// @param colors  [num_joints]
void append_skeleton(const Document& document, std::span<const Mat4> models,
                     std::span<const Vec4> colors, std::vector<Line>& out);

/// Every joint's x, y and z axis in red, green and blue.
void append_axes(const Document& document, std::span<const Mat4> models, std::vector<Line>& out);

/// Arrows from the joints along the way they make in `arrow_s`; joints that hardly move get none.
/// @param later  [num_joints] the same joints `dt_s` later
void append_velocities(const Document& document, std::span<const Mat4> models,
                       std::span<const Mat4> later, float dt_s, float arrow_s,
                       std::vector<Line>& out);

/// Joints that leave trails: hands, feet, hips and head, or without a humanoid the ends of limbs.
std::vector<int> trail_joints(const Document& document);

/// One joint's way through `points`, fading towards both ends; what is past is stronger.
/// @param now  index of the point of the shown time
void append_trail(std::span<const Vec3> points, std::size_t now, const Vec4& color,
                  std::vector<Line>& out);

/// A dial on the floor around a character: 0 is in front of it, clockwise seen from above.
struct PhaseRing {
  Vec3 middle{0.0f};
  float radius_m = 0.5f;
  float heading_rad = 0.0f;  ///< of the character
  float phase = 0.0f;        ///< cycles
  float ahead = 0.0f;        ///< cycles: an arc runs this far ahead of the phase
  theme::Color color = theme::kAccent;
  std::array<std::vector<float>, 2> strikes;  ///< phases of ticks, left and right
};
void append_phase_ring(const PhaseRing& ring, std::vector<Line>& out);

/// A mark on the floor where a foot stands: a ring wider than the foot.
void append_contact_ring(const Vec3& at, float radius_m, std::vector<Line>& out);

}  // namespace canter::viewer
