#pragma once

#include <array>

#include "viewer/gfx/scene_frame.h"

namespace canter::viewer {

/// A box in world space.
struct Box {
  Vec3 low{0.0f};
  Vec3 high{0.0f};
};

/// Half the side of the square that the shadow map covers, m.
float shadow_radius(const Box& casters);

/// Looks from the key light at the box that casts shadows, moved in whole texels so that the
/// shadow's edge does not crawl while the character walks.
Mat4 light_matrix(const Box& casters, const Vec3& to_light, int shadow_size);

/// Where on the floor the box's shadow falls: corners of a convex polygon (x, z), in order; the
/// last repeats.
std::array<Vec2, 8> shadow_patch(const Box& casters, const Vec3& to_light);

/// The pixels of `view` that the box covers, with a margin.
PixelRect covered_pixels(const Box& box, const Mat4& view_projection, int width, int height,
                         const PixelRect& view);

/// The lowest row of pixels that needs the background: the camera never rolls, so floor at one
/// depth is one row, and floor far away always fills the rows below.
int horizon_row(const Camera& camera, const Mat4& view_projection, int height);

/// What one pixel covers at the camera's distance from the nearest point of the box, m².
float pixel_area_m2(const Camera& camera, const Box& box, int height);

}  // namespace canter::viewer
