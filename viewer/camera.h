#pragma once

#include "canter/base/math.h"

namespace canter::viewer {

/// A half line in world space; `direction` has length 1.
struct Ray {
  Vec3 origin{0.0f};
  Vec3 direction{0.0f, 0.0f, -1.0f};
};

/// An orbit camera: looks at `target` from `distance_m` away. Plain data.
struct Camera {
  Vec3 target{0.0f, 0.9f, 0.0f};
  float yaw_rad = 0.6f;     ///< 0 looks along -Z, from the character's front if it faces +Z
  float pitch_rad = 0.12f;  ///< positive looks down
  float distance_m = 4.0f;
  float vertical_fov_rad = 0.6f;
  /// Where on screen the target falls, as a shift of the projection in normalised device
  /// coordinates: keeps the character in the middle of what the panels leave free.
  Vec2 screen_shift{0.0f};

  Vec3 position() const;
  Mat4 view() const;
  /// @param aspect  width / height of the view
  Mat4 projection(float aspect) const;

  /// Mouse movement in pixels; `view_height` makes it independent of the window's size.
  void orbit(Vec2 pixels, float view_height);
  void pan(Vec2 pixels, float view_height);
  /// Zooms by `steps` of the wheel towards the point of the view at `cursor`, in normalised
  /// device coordinates.
  void zoom(float steps, Vec2 cursor, float aspect);
  /// From the camera through the point of the view at `cursor`, in normalised device coordinates.
  Ray ray(Vec2 cursor, float aspect) const;
};

}  // namespace canter::viewer
