#pragma once

#include <cstddef>
#include <vector>

#include "canter/base/result.h"
#include "viewer/gfx/framing.h"
#include "viewer/gfx/gl_objects.h"
#include "viewer/gfx/gpu_mesh.h"
#include "viewer/gfx/quality.h"
#include "viewer/gfx/scene_frame.h"
#include "viewer/gfx/shape_batch.h"

namespace canter::viewer {

/// Draws scenes. Passes in order: shadow map; bodies; background and floor behind them; what is
/// translucent; edges smoothed on the way to the target. With multisampling, background and floor
/// are drawn once without it and, only where something stands, again with it: they need no such
/// samples, and software renderers pay for each. A frame equal to the last is only copied.
/// One per window; needs its context current.
class SceneRenderer {
 public:
  /// Begins at the level "medium". Errors: a shader that does not compile.
  static Result<SceneRenderer> create();

  /// Errors: a shader that does not compile; the quality then stays what it was.
  Result<void> set_quality(const Quality& quality);
  const Quality& quality() const { return quality_; }

  /// Renders into the framebuffer `target` of the given size, inside `view`: what no panel covers.
  void render(const SceneFrame& frame, GLuint target, int width, int height, PixelRect view);

  /// Pictures drawn so far; a frame equal to the last does not count.
  std::int64_t num_drawn() const { return num_drawn_; }

 private:
  Result<void> link_shadowed(int shadow_taps);
  void resize(int width, int height);
  void resize_shadow_map();
  void prepare(const SceneFrame& frame, const PixelRect& view);
  bool unchanged(const SceneFrame& frame, const PixelRect& view);
  void upload(const SceneFrame& frame);
  void draw_picture(const SceneFrame& frame, const PixelRect& view);
  void draw_shadow_map(const SceneFrame& frame);
  void draw_surroundings(const SceneFrame& frame, const PixelRect& area, bool depth);
  void draw_bodies(const SceneFrame& frame);
  void draw_translucent(const SceneFrame& frame);
  void draw_ghost(const MeshInstance& ghost, int palette_offset);
  void present(GLuint target, const PixelRect& view);

  Quality quality_;
  GlProgram mesh_, mesh_textured_, mesh_ghost_, mesh_shadow_;
  GlProgram ground_, ground_shadow_, background_, smooth_;
  int shadow_taps_ = 0;  ///< that the programs were linked for
  ShapeBatch shapes_;
  GlBuffer uniforms_, palette_;
  GlVertexArray empty_array_;
  GlTexture shadow_map_, picture_;
  GlFramebuffer shadow_target_, picture_target_, sampled_target_;
  GlRenderbuffer picture_depth_, sampled_color_, sampled_depth_;
  int shadow_size_ = 0;
  int width_ = 0, height_ = 0, samples_ = 0;

  // Of the frame being drawn.
  Mat4 view_projection_{1.0f};
  PixelRect body_;  ///< pixels where something stands
  float pixel_m2_ = 0.0f, texel_m2_ = 0.0f;
  std::vector<Vec4> palettes_;
  std::vector<int> palette_offsets_;
  std::vector<std::byte> key_, last_key_;  ///< everything the picture depends on
  std::int64_t num_drawn_ = 0;
};

}  // namespace canter::viewer
