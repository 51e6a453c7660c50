#pragma once

#include <vector>

#include "canter/anim/skinning.h"
#include "viewer/gfx/gl_objects.h"

namespace canter::viewer {

/// A skinned mesh on the graphics card, with its textures.
class GpuMesh {
 public:
  /// Uploads. A texture that cannot be decoded is left out (its material keeps its base colour).
  explicit GpuMesh(const SkinnedMesh& mesh);

  struct Part {
    GLsizei num_indices = 0;
    std::uintptr_t byte_offset = 0;
    Vec4 base_color{1.0f};
    GLuint texture = 0;  ///< 0: none
  };

  GLuint vertex_array() const { return vertex_array_.id(); }
  std::span<const Part> parts() const { return parts_; }
  std::size_t num_indices() const { return num_indices_; }

 private:
  GlBuffer vertices_;
  GlBuffer indices_;
  GlVertexArray vertex_array_;
  std::vector<GlTexture> textures_;
  std::vector<Part> parts_;
  std::size_t num_indices_ = 0;
};

}  // namespace canter::viewer
