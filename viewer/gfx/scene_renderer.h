#pragma once

#include <span>
#include <vector>

#include "canter/base/result.h"
#include "viewer/camera.h"
#include "viewer/gfx/gl_objects.h"
#include "viewer/gfx/gpu_mesh.h"

namespace canter::viewer {

/// How much a frame may cost.
struct Quality {
  const char* name = "high";
  int samples = 4;           ///< of multisampling; 1 is none
  int shadow_size = 1024;    ///< texels a side
  int shadow_taps = 3;       ///< filter taps a side
  bool under_panels = true;  ///< whether the scene shows faintly through the panels
};

/// Levels from cheap to fine, in that order.
std::span<const Quality> quality_levels();

/// A lit solid between two spheres: a bone, a capsule, a ball.
struct Solid {
  Vec4 end_a{0.0f, 0.0f, 0.0f, 0.01f};  ///< world xyz and radius, m
  Vec4 end_b{0.0f, 0.0f, 0.0f, 0.01f};
  Vec4 color{1.0f};  ///< linear RGBA; alpha below 1 is drawn translucent and casts no shadow
};

/// Bones all meshes of a frame may have together: what a uniform block of 64 kB holds.
inline constexpr int kMaxPaletteBones = 1365;

/// A skinned mesh in the pose its palette gives.
struct MeshInstance {
  const GpuMesh* mesh = nullptr;
  std::span<const Mat4> palette;  ///< bind-pose mesh space to world
  Vec4 tint{1.0f};                ///< multiplied on every material
};

/// Everything a frame shows in 3-D. Spans are read during `render` only.
struct SceneFrame {
  Camera camera;
  Vec3 focus{0.0f};  ///< on the floor, under the character: the pool of light follows it
  /// World-space box around everything that casts shadows.
  Vec3 low{-1.0f, 0.0f, -1.0f};
  Vec3 high{1.0f, 2.0f, 1.0f};
  std::span<const MeshInstance> meshes;  ///< at most kMaxPaletteBones bones together
  std::span<const Solid> solids;
  std::span<const Vec4> contact_blobs;  ///< at most 8: world xyz and radius of feet near the floor
};

/// A rectangle of pixels, from the bottom left.
struct PixelRect {
  int x = 0, y = 0, width = 0, height = 0;
  bool empty() const { return width < 1 || height < 1; }
};

/// Draws scenes. Passes in order: shadow map; background and floor over the view; then, only where
/// something stands, all again with multiple samples, resolved over it. Floor and background need
/// no such samples, and software renderers pay for each. One per window; needs its context current.
class SceneRenderer {
 public:
  /// Errors: a shader that does not compile.
  static Result<SceneRenderer> create();

  void set_quality(const Quality& quality) { quality_ = quality; }
  const Quality& quality() const { return quality_; }

  /// Renders into the framebuffer `target` of the given size, inside `view`: what no panel covers.
  void render(const SceneFrame& frame, GLuint target, int width, int height, PixelRect view);

 private:
  void resize(int width, int height);
  void upload(const SceneFrame& frame, int width, int height);
  void draw_shadow_map(const SceneFrame& frame);
  void draw_surroundings(const SceneFrame& frame, const Mat4& view_projection, int height,
                         const PixelRect& area);
  void draw_bodies(const SceneFrame& frame);
  void draw_translucent();

  Quality quality_;
  GlProgram mesh_, mesh_shadow_, solid_, solid_shadow_, ground_, ground_shadow_, background_;
  GlBuffer uniforms_, palette_, solids_, sphere_vertices_, sphere_indices_;
  GlVertexArray solid_array_, empty_array_;
  GlTexture shadow_map_, white_;
  GlFramebuffer shadow_target_, scene_target_;
  GlRenderbuffer color_, depth_;
  int shadow_size_ = 0;
  int width_ = 0, height_ = 0, samples_ = 0;
  GLsizei num_sphere_indices_ = 0;
  std::size_t palette_capacity_ = 0;
  std::size_t solid_capacity_ = 0;
  std::size_t num_opaque_ = 0;
  std::size_t num_translucent_ = 0;
  std::vector<Solid> sorted_solids_;
  std::vector<Vec4> palettes_;
  std::vector<int> palette_offsets_;
};

}  // namespace canter::viewer
