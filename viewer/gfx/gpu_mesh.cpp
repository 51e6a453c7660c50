#include "viewer/gfx/gpu_mesh.h"

#include <algorithm>
#include <cstddef>

#include "viewer/gfx/image.h"

namespace canter::viewer {
namespace {

void attribute(GLuint vao, GLuint index, GLint count, GLenum type, std::size_t offset,
               bool integer = false) {
  glEnableVertexArrayAttrib(vao, index);
  if (integer)
    glVertexArrayAttribIFormat(vao, index, count, type, static_cast<GLuint>(offset));
  else
    glVertexArrayAttribFormat(vao, index, count, type, type == GL_UNSIGNED_SHORT,
                              static_cast<GLuint>(offset));
  glVertexArrayAttribBinding(vao, index, 0);
}

GlTexture upload_texture(const SkinnedMesh::Texture& texture) {
  const std::optional<Image> image = decode_image(texture.bytes);
  if (!image) return {};
  GlTexture result(TextureKind::create());
  int levels = 1;
  while ((std::max(image->width, image->height) >> levels) > 0) ++levels;
  glTextureStorage2D(result.id(), levels, GL_SRGB8_ALPHA8, image->width, image->height);
  glTextureSubImage2D(result.id(), 0, 0, 0, image->width, image->height, GL_RGBA, GL_UNSIGNED_BYTE,
                      image->rgba.data());
  glGenerateTextureMipmap(result.id());
  glTextureParameteri(result.id(), GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
  glTextureParameteri(result.id(), GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  return result;
}

}  // namespace

GpuMesh::GpuMesh(const SkinnedMesh& mesh, const DrawMesh& prepared)
    : vertices_(BufferKind::create()),
      indices_(BufferKind::create()),
      vertex_array_(VertexArrayKind::create()),
      closed_(prepared.closed) {
  for (const SkinnedMesh::Texture& texture : mesh.textures)
    textures_.push_back(upload_texture(texture));

  std::vector<DrawMesh::Vertex> vertices;
  std::vector<std::uint32_t> indices;
  for (const DrawMesh::Level& from : prepared.levels) {
    Level level;
    level.base_vertex = static_cast<GLint>(vertices.size());
    level.byte_offset = indices.size() * sizeof(std::uint32_t);
    level.num_indices = static_cast<GLsizei>(from.indices.size());
    level.triangle_area_m2 =
        prepared.area_m2 / static_cast<float>(std::max(from.indices.size() / 3, std::size_t{1}));
    for (std::size_t i = 0; i < from.parts.size(); ++i) {
      Part part = material(mesh, mesh.parts[i].material);
      part.num_indices = static_cast<GLsizei>(from.parts[i].num_indices);
      part.byte_offset = level.byte_offset + from.parts[i].first_index * sizeof(std::uint32_t);
      level.parts.push_back(part);
    }
    vertices.insert(vertices.end(), from.vertices.begin(), from.vertices.end());
    indices.insert(indices.end(), from.indices.begin(), from.indices.end());
    levels_.push_back(std::move(level));
  }
  glNamedBufferStorage(vertices_.id(),
                       static_cast<GLsizeiptr>(vertices.size() * sizeof(DrawMesh::Vertex)),
                       vertices.data(), 0);
  glNamedBufferStorage(indices_.id(),
                       static_cast<GLsizeiptr>(indices.size() * sizeof(std::uint32_t)),
                       indices.data(), 0);
  const GLuint vao = vertex_array_.id();
  glVertexArrayVertexBuffer(vao, 0, vertices_.id(), 0, sizeof(DrawMesh::Vertex));
  glVertexArrayElementBuffer(vao, indices_.id());
  attribute(vao, 0, 3, GL_FLOAT, offsetof(DrawMesh::Vertex, position));
  attribute(vao, 1, 3, GL_FLOAT, offsetof(DrawMesh::Vertex, normal));
  attribute(vao, 2, 2, GL_FLOAT, offsetof(DrawMesh::Vertex, uv));
  attribute(vao, 3, 4, GL_UNSIGNED_SHORT, offsetof(DrawMesh::Vertex, bones), true);
  attribute(vao, 4, 4, GL_UNSIGNED_SHORT, offsetof(DrawMesh::Vertex, weights));
}

GpuMesh::Part GpuMesh::material(const SkinnedMesh& mesh, int index) const {
  Part part;
  const auto i = static_cast<std::size_t>(index);
  if (index < 0 || i >= mesh.materials.size()) return part;
  part.base_color = mesh.materials[i].base_color;
  const auto texture = static_cast<std::size_t>(mesh.materials[i].texture);
  if (mesh.materials[i].texture >= 0 && texture < textures_.size())
    part.texture = textures_[texture].id();
  return part;
}

const GpuMesh::Level& GpuMesh::level(float area_m2) const {
  const auto fits = [&](const Level& l) { return l.triangle_area_m2 >= area_m2; };
  const auto found = std::find_if(levels_.begin(), levels_.end(), fits);
  return found != levels_.end() ? *found : levels_.back();
}

}  // namespace canter::viewer
