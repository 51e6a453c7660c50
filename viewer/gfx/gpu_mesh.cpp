#include "viewer/gfx/gpu_mesh.h"

#include <cstddef>

#include "viewer/gfx/image.h"

namespace canter::viewer {
namespace {

/// The vertex as the shader reads it: 48 bytes instead of the importer's 64.
struct PackedVertex {
  Vec3 position;
  Vec3 normal;
  Vec2 uv;
  std::array<std::uint16_t, 4> bones;
  std::array<std::uint16_t, 4> weights;  // normalised
};

std::vector<PackedVertex> pack(const SkinnedMesh& mesh) {
  std::vector<PackedVertex> packed;
  packed.reserve(mesh.vertices.size());
  for (const SkinnedMesh::Vertex& v : mesh.vertices) {
    PackedVertex p{v.position, v.normal, v.uv, v.bones, {}};
    // Rounded so that the four still sum to exactly 1: the largest takes the remainder.
    int sum = 0;
    std::size_t largest = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const float weight = v.weights[static_cast<int>(i)];
      p.weights[i] = static_cast<std::uint16_t>(glm::clamp(weight, 0.0f, 1.0f) * 65535.0f + 0.5f);
      sum += p.weights[i];
      if (p.weights[i] > p.weights[largest]) largest = i;
    }
    p.weights[largest] = static_cast<std::uint16_t>(p.weights[largest] + 65535 - sum);
    packed.push_back(p);
  }
  return packed;
}

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

GpuMesh::GpuMesh(const SkinnedMesh& mesh)
    : vertices_(BufferKind::create()),
      indices_(BufferKind::create()),
      vertex_array_(VertexArrayKind::create()),
      num_indices_(mesh.indices.size()) {
  const std::vector<PackedVertex> packed = pack(mesh);
  glNamedBufferStorage(vertices_.id(),
                       static_cast<GLsizeiptr>(packed.size() * sizeof(PackedVertex)), packed.data(),
                       0);
  glNamedBufferStorage(indices_.id(),
                       static_cast<GLsizeiptr>(mesh.indices.size() * sizeof(std::uint32_t)),
                       mesh.indices.data(), 0);
  const GLuint vao = vertex_array_.id();
  glVertexArrayVertexBuffer(vao, 0, vertices_.id(), 0, sizeof(PackedVertex));
  glVertexArrayElementBuffer(vao, indices_.id());
  attribute(vao, 0, 3, GL_FLOAT, offsetof(PackedVertex, position));
  attribute(vao, 1, 3, GL_FLOAT, offsetof(PackedVertex, normal));
  attribute(vao, 2, 2, GL_FLOAT, offsetof(PackedVertex, uv));
  attribute(vao, 3, 4, GL_UNSIGNED_SHORT, offsetof(PackedVertex, bones), true);
  attribute(vao, 4, 4, GL_UNSIGNED_SHORT, offsetof(PackedVertex, weights));

  for (const SkinnedMesh::Texture& texture : mesh.textures)
    textures_.push_back(upload_texture(texture));
  for (const SkinnedMesh::Part& part : mesh.parts) {
    Part p{static_cast<GLsizei>(part.num_indices), part.first_index * sizeof(std::uint32_t), {}, 0};
    const auto material = static_cast<std::size_t>(part.material);
    if (part.material >= 0 && material < mesh.materials.size()) {
      p.base_color = mesh.materials[material].base_color;
      const auto texture = static_cast<std::size_t>(mesh.materials[material].texture);
      if (mesh.materials[material].texture >= 0 && texture < textures_.size())
        p.texture = textures_[texture].id();
    }
    parts_.push_back(p);
  }
}

}  // namespace canter::viewer
