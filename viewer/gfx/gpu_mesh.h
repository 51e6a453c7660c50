#pragma once

#include <vector>

#include "canter/anim/skinning.h"
#include "viewer/gfx/draw_mesh.h"
#include "viewer/gfx/gl_objects.h"

namespace canter::viewer {

/// A skinned mesh on the graphics card, with its textures.
class GpuMesh {
 public:
  /// Uploads. A texture that cannot be decoded is left out (its material keeps its base colour).
  /// @param prepared  of `mesh`
  GpuMesh(const SkinnedMesh& mesh, const DrawMesh& prepared);

  struct Part {
    GLsizei num_indices = 0;
    std::uintptr_t byte_offset = 0;
    Vec4 base_color{1.0f};
    GLuint texture = 0;  ///< 0: none
  };
  /// One version of the mesh; draw calls add `base_vertex` to every index.
  struct Level {
    std::vector<Part> parts;
    GLsizei num_indices = 0;  ///< of all parts together
    std::uintptr_t byte_offset = 0;
    GLint base_vertex = 0;
    float triangle_area_m2 = 0.0f;  ///< mean, in the bind pose
  };

  GLuint vertex_array() const { return vertex_array_.id(); }
  /// Whether back faces are never seen.
  bool closed() const { return closed_; }
  /// The finest level whose triangles cover at least `area_m2` on average, else the coarsest.
  const Level& level(float area_m2) const;

 private:
  /// A part's colour and texture.
  Part material(const SkinnedMesh& mesh, int index) const;

  GlBuffer vertices_;
  GlBuffer indices_;
  GlVertexArray vertex_array_;
  std::vector<GlTexture> textures_;
  std::vector<Level> levels_;
  bool closed_ = false;
};

}  // namespace canter::viewer
