#pragma once

#include <span>
#include <vector>

#include "canter/base/result.h"
#include "viewer/gfx/gl_objects.h"
#include "viewer/gfx/scene_frame.h"

namespace canter::viewer {

/// The solids, boxes and lines of a frame on the graphics card: one instance each.
/// The frame's uniforms must be bound when it draws.
class ShapeBatch {
 public:
  /// Errors: a shader that does not compile.
  static Result<ShapeBatch> create();
  /// Links what receives shadows anew. Errors as create().
  Result<void> set_shadow_taps(int taps);

  void upload(const SceneFrame& frame);

  void draw_shadows() const;  ///< of what is opaque, with the light's projection
  void draw_opaque() const;
  void draw_contact_shades() const;  ///< multiplied onto the floor
  /// Blended over what is there: solids, then lines. Lines over everything ignore depth.
  void draw_translucent() const;

  bool has_solids() const { return num_opaque_ + num_translucent_ + num_cuboids_ > 0; }
  bool empty() const { return !has_solids() && num_lines_ + num_lines_over_ == 0; }

 private:
  void draw_opaque(const GlProgram& solids, const GlProgram& cuboids) const;

  GlProgram solid_, solid_shadow_, cuboid_, cuboid_shadow_, line_, contact_shade_;
  GlBuffer solids_, cuboids_, lines_, sphere_vertices_, sphere_indices_, cube_vertices_;
  GlVertexArray solid_array_, cuboid_array_, line_array_, shade_array_;
  GLsizei num_sphere_indices_ = 0;
  std::size_t solid_capacity_ = 0, cuboid_capacity_ = 0, line_capacity_ = 0;
  GLsizei num_opaque_ = 0, num_translucent_ = 0, num_shades_ = 0, num_cuboids_ = 0;
  GLsizei num_lines_ = 0, num_lines_over_ = 0;
  std::vector<Solid> sorted_solids_;
};

}  // namespace canter::viewer
