#include "viewer/gfx/shape_batch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "viewer/gfx/program.h"

namespace canter::viewer {
namespace {

struct SphereVertex {
  Vec3 position;
  float end;  // 0: belongs to end a of a solid, 1: to end b
};

/// A unit sphere whose equator exists twice, so that a solid's wall spans its two ends.
void make_sphere(std::vector<SphereVertex>& vertices, std::vector<std::uint16_t>& indices) {
  constexpr int kSlices = 16;
  constexpr int kRingsPerHalf = 5;
  for (int half = 0; half < 2; ++half) {
    for (int ring = 0; ring < kRingsPerHalf; ++ring) {
      const float t = static_cast<float>(ring) / (kRingsPerHalf - 1);
      const float latitude = 0.5f * kPi * (half == 0 ? t - 1.0f : t);
      for (int slice = 0; slice <= kSlices; ++slice) {
        const float longitude = 2.0f * kPi * static_cast<float>(slice) / kSlices;
        vertices.push_back({{std::cos(latitude) * std::sin(longitude), std::sin(latitude),
                             std::cos(latitude) * std::cos(longitude)},
                            static_cast<float>(half)});
      }
    }
  }
  constexpr int kRow = kSlices + 1;
  for (int ring = 0; ring + 1 < 2 * kRingsPerHalf; ++ring) {
    for (int slice = 0; slice < kSlices; ++slice) {
      const int a = ring * kRow + slice;
      for (int corner : {a, a + 1, a + kRow + 1, a, a + kRow + 1, a + kRow})
        indices.push_back(static_cast<std::uint16_t>(corner));
    }
  }
}

struct CubeVertex {
  Vec3 position;
  Vec3 normal;
};

/// A cube from -1 to 1 as triangles, seen from outside against the clock.
std::array<CubeVertex, 36> make_cube() {
  std::array<CubeVertex, 36> vertices;
  auto vertex = vertices.begin();
  for (int axis = 0; axis < 3; ++axis) {
    for (const float side : {-1.0f, 1.0f}) {
      Vec3 normal(0.0f), u(0.0f), v(0.0f);
      normal[axis] = side;
      u[(axis + 1) % 3] = 1.0f;
      v = glm::cross(normal, u);
      for (const Vec2 corner :
           {Vec2(-1, -1), Vec2(1, -1), Vec2(1, 1), Vec2(-1, -1), Vec2(1, 1), Vec2(-1, 1)})
        *vertex++ = {normal + corner.x * u + corner.y * v, normal};
    }
  }
  return vertices;
}

void attribute(GLuint vao, GLuint index, GLint count, std::size_t offset, GLuint binding) {
  glEnableVertexArrayAttrib(vao, index);
  glVertexArrayAttribFormat(vao, index, count, GL_FLOAT, GL_FALSE, static_cast<GLuint>(offset));
  glVertexArrayAttribBinding(vao, index, binding);
}

/// Makes room for `bytes` in a buffer that is rewritten every frame.
void reserve(const GlBuffer& buffer, std::size_t bytes, std::size_t& capacity) {
  if (bytes <= capacity) return;
  capacity = std::max(bytes, 2 * capacity);
  glNamedBufferData(buffer.id(), static_cast<GLsizeiptr>(capacity), nullptr, GL_STREAM_DRAW);
}

template <class T>
void write(const GlBuffer& buffer, std::size_t first, std::span<const T> values) {
  if (!values.empty())
    glNamedBufferSubData(buffer.id(), static_cast<GLintptr>(first * sizeof(T)),
                         static_cast<GLsizeiptr>(values.size_bytes()), values.data());
}

}  // namespace

Result<ShapeBatch> ShapeBatch::create() {
  ShapeBatch b;
  struct {
    GlProgram* program;
    const char* vertex;
    const char* fragment;
    const char* defines;
  } const programs[] = {
      {&b.solid_shadow_, "frame.glsl solid.vert", "depth_only.frag",
       "#define SOLID_PROJECTION light_view_projection"},
      {&b.cuboid_shadow_, "frame.glsl cuboid.vert", "depth_only.frag",
       "#define SOLID_PROJECTION light_view_projection"},
      {&b.line_, "frame.glsl line.vert", "line.frag", ""},
      {&b.contact_shade_, "frame.glsl contact_shade.vert", "contact_shade.frag", ""},
  };
  for (const auto& p : programs) {
    Result<GlProgram> linked = link_program(p.vertex, p.fragment, p.defines);
    if (!linked) return linked.error();
    *p.program = std::move(linked).value();
  }
  for (GlBuffer* buffer : {&b.solids_, &b.cuboids_, &b.lines_, &b.sphere_vertices_,
                           &b.sphere_indices_, &b.cube_vertices_})
    *buffer = GlBuffer(BufferKind::create());
  reserve(b.solids_, 64 * sizeof(Solid), b.solid_capacity_);
  reserve(b.cuboids_, 8 * sizeof(Cuboid), b.cuboid_capacity_);
  reserve(b.lines_, 64 * sizeof(Line), b.line_capacity_);

  std::vector<SphereVertex> sphere;
  std::vector<std::uint16_t> indices;
  make_sphere(sphere, indices);
  b.num_sphere_indices_ = static_cast<GLsizei>(indices.size());
  glNamedBufferStorage(b.sphere_vertices_.id(),
                       static_cast<GLsizeiptr>(sphere.size() * sizeof(SphereVertex)), sphere.data(),
                       0);
  glNamedBufferStorage(b.sphere_indices_.id(),
                       static_cast<GLsizeiptr>(indices.size() * sizeof(std::uint16_t)),
                       indices.data(), 0);
  b.solid_array_ = GlVertexArray(VertexArrayKind::create());
  const GLuint solid = b.solid_array_.id();
  glVertexArrayVertexBuffer(solid, 0, b.sphere_vertices_.id(), 0, sizeof(SphereVertex));
  glVertexArrayVertexBuffer(solid, 1, b.solids_.id(), 0, sizeof(Solid));
  glVertexArrayBindingDivisor(solid, 1, 1);
  glVertexArrayElementBuffer(solid, b.sphere_indices_.id());
  attribute(solid, 0, 3, offsetof(SphereVertex, position), 0);
  attribute(solid, 4, 1, offsetof(SphereVertex, end), 0);
  attribute(solid, 1, 4, offsetof(Solid, end_a), 1);
  attribute(solid, 2, 4, offsetof(Solid, end_b), 1);
  attribute(solid, 3, 4, offsetof(Solid, color), 1);

  const std::array<CubeVertex, 36> cube = make_cube();
  glNamedBufferStorage(b.cube_vertices_.id(), sizeof cube, cube.data(), 0);
  b.cuboid_array_ = GlVertexArray(VertexArrayKind::create());
  const GLuint cuboid = b.cuboid_array_.id();
  glVertexArrayVertexBuffer(cuboid, 0, b.cube_vertices_.id(), 0, sizeof(CubeVertex));
  glVertexArrayVertexBuffer(cuboid, 1, b.cuboids_.id(), 0, sizeof(Cuboid));
  glVertexArrayBindingDivisor(cuboid, 1, 1);
  attribute(cuboid, 0, 3, offsetof(CubeVertex, position), 0);
  attribute(cuboid, 1, 3, offsetof(CubeVertex, normal), 0);
  for (GLuint column = 0; column < 4; ++column)
    attribute(cuboid, 2 + column, 4, offsetof(Cuboid, pose) + column * sizeof(Vec4), 1);
  attribute(cuboid, 6, 4, offsetof(Cuboid, color), 1);

  b.line_array_ = GlVertexArray(VertexArrayKind::create());
  const GLuint line = b.line_array_.id();
  glVertexArrayVertexBuffer(line, 0, b.lines_.id(), 0, sizeof(Line));
  glVertexArrayBindingDivisor(line, 0, 1);
  attribute(line, 0, 4, offsetof(Line, end_a), 0);
  attribute(line, 1, 4, offsetof(Line, end_b), 0);
  attribute(line, 2, 4, offsetof(Line, color_a), 0);
  attribute(line, 3, 4, offsetof(Line, color_b), 0);

  b.shade_array_ = GlVertexArray(VertexArrayKind::create());
  const GLuint shade = b.shade_array_.id();
  glVertexArrayVertexBuffer(shade, 0, b.solids_.id(), 0, sizeof(Solid));
  glVertexArrayBindingDivisor(shade, 0, 1);
  attribute(shade, 0, 4, offsetof(Solid, end_a), 0);
  attribute(shade, 1, 4, offsetof(Solid, end_b), 0);
  return b;
}

Result<void> ShapeBatch::set_shadow_taps(int taps) {
  const std::string defines =
      shadow_taps_define(taps) + "#define SOLID_PROJECTION view_projection\n";
  const char* const kMatte = "frame.glsl shadow.glsl matte.glsl solid.frag";
  Result<GlProgram> solid = link_program("frame.glsl solid.vert", kMatte, defines);
  if (!solid) return solid.error();
  Result<GlProgram> cuboid = link_program("frame.glsl cuboid.vert", kMatte, defines);
  if (!cuboid) return cuboid.error();
  solid_ = std::move(solid).value();
  cuboid_ = std::move(cuboid).value();
  return {};
}

void ShapeBatch::upload(const SceneFrame& frame) {
  sorted_solids_.assign(frame.solids.begin(), frame.solids.end());
  const auto translucent = std::stable_partition(sorted_solids_.begin(), sorted_solids_.end(),
                                                 [](const Solid& s) { return s.color.a >= 1.0f; });
  num_opaque_ = static_cast<GLsizei>(translucent - sorted_solids_.begin());
  num_translucent_ = static_cast<GLsizei>(sorted_solids_.end() - translucent);
  num_shades_ = static_cast<GLsizei>(frame.contact_shades.size());
  reserve(solids_, frame.solids.size_bytes() + frame.contact_shades.size_bytes(), solid_capacity_);
  write<Solid>(solids_, 0, sorted_solids_);
  write<Solid>(solids_, frame.solids.size(), frame.contact_shades);
  num_cuboids_ = static_cast<GLsizei>(frame.cuboids.size());
  reserve(cuboids_, frame.cuboids.size_bytes(), cuboid_capacity_);
  write<Cuboid>(cuboids_, 0, frame.cuboids);
  num_lines_ = static_cast<GLsizei>(frame.lines.size());
  num_lines_over_ = static_cast<GLsizei>(frame.lines_over.size());
  reserve(lines_, frame.lines.size_bytes() + frame.lines_over.size_bytes(), line_capacity_);
  write<Line>(lines_, 0, frame.lines);
  write<Line>(lines_, frame.lines.size(), frame.lines_over);
}

void ShapeBatch::draw_opaque(const GlProgram& solids, const GlProgram& cuboids) const {
  if (num_opaque_ > 0) {
    glUseProgram(solids.id());
    glBindVertexArray(solid_array_.id());
    glDrawElementsInstanced(GL_TRIANGLES, num_sphere_indices_, GL_UNSIGNED_SHORT, nullptr,
                            num_opaque_);
  }
  if (num_cuboids_ > 0) {
    glUseProgram(cuboids.id());
    glBindVertexArray(cuboid_array_.id());
    glDrawArraysInstanced(GL_TRIANGLES, 0, 36, num_cuboids_);
  }
}

void ShapeBatch::draw_shadows() const {
  draw_opaque(solid_shadow_, cuboid_shadow_);
}

void ShapeBatch::draw_opaque() const {
  glEnable(GL_CULL_FACE);
  draw_opaque(solid_, cuboid_);
  glDisable(GL_CULL_FACE);
}

void ShapeBatch::draw_contact_shades() const {
  if (num_shades_ == 0) return;
  glUseProgram(contact_shade_.id());
  glBindVertexArray(shade_array_.id());
  glDrawArraysInstancedBaseInstance(GL_TRIANGLE_STRIP, 0, 4, num_shades_,
                                    static_cast<GLuint>(num_opaque_ + num_translucent_));
}

void ShapeBatch::draw_translucent() const {
  glEnable(GL_BLEND);
  glDepthMask(GL_FALSE);
  if (num_translucent_ > 0) {
    glUseProgram(solid_.id());
    glBindVertexArray(solid_array_.id());
    glEnable(GL_CULL_FACE);
    glDrawElementsInstancedBaseInstance(GL_TRIANGLES, num_sphere_indices_, GL_UNSIGNED_SHORT,
                                        nullptr, num_translucent_,
                                        static_cast<GLuint>(num_opaque_));
    glDisable(GL_CULL_FACE);
  }
  if (num_lines_ + num_lines_over_ > 0) {
    glUseProgram(line_.id());
    glBindVertexArray(line_array_.id());
    if (num_lines_ > 0) glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, num_lines_);
    if (num_lines_over_ > 0) {
      glDisable(GL_DEPTH_TEST);
      glDrawArraysInstancedBaseInstance(GL_TRIANGLE_STRIP, 0, 4, num_lines_over_,
                                        static_cast<GLuint>(num_lines_));
      glEnable(GL_DEPTH_TEST);
    }
  }
  glDepthMask(GL_TRUE);
  glDisable(GL_BLEND);
}

}  // namespace canter::viewer
