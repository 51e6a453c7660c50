#include "viewer/gfx/scene_renderer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <glm/gtc/matrix_transform.hpp>

#include "viewer/gfx/program.h"
#include "viewer/ui/theme.h"

namespace canter::viewer {
namespace {

constexpr Quality kQualityLevels[] = {
    {"low", 1, 512, 1, false},
    {"medium", 4, 512, 2, false},
    {"high", 4, 1024, 4, true},
    {"ultra", 8, 2048, 5, true},
};

constexpr std::size_t kMaxBlobs = 8;
constexpr GLuint kFrameBinding = 0;
constexpr GLuint kPaletteBinding = 1;
constexpr const char* kPaletteDefine = "#define MAX_BONES 1365";
static_assert(kMaxPaletteBones == 1365);

/// shaders/frame.glsl, std140.
struct FrameUniforms {
  Mat4 view_projection;
  Mat4 light_view_projection;
  Mat4 inverse_view_projection;
  Vec4 camera_position;
  Vec4 to_light;
  Vec4 key_color;
  Vec4 sky_color;
  Vec4 bounce_color;
  Vec4 background_top;
  Vec4 background_horizon;
  Vec4 floor_color;
  Vec4 focus;
  Vec4 shadow;
  Vec4 shadow_patch;
  Vec4 blobs[kMaxBlobs];
  std::int32_t counts[4];
};

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

void solid_attribute(GLuint vao, GLuint index, GLint count, std::size_t offset, GLuint binding) {
  glEnableVertexArrayAttrib(vao, index);
  glVertexArrayAttribFormat(vao, index, count, GL_FLOAT, GL_FALSE, static_cast<GLuint>(offset));
  glVertexArrayAttribBinding(vao, index, binding);
}

/// Half the side of the square that the shadow map covers, m.
float shadow_radius(const SceneFrame& frame) {
  return 0.5f * glm::length(frame.high - frame.low) + 0.05f;
}

/// Looks from the key light at the box that casts shadows, moved in whole texels so that the
/// shadow's edge does not crawl while the character walks.
Mat4 light_matrix(const SceneFrame& frame, const Vec3& to_light, int shadow_size) {
  const float radius = shadow_radius(frame);
  const Mat4 rotation = glm::lookAt(Vec3(0.0f), -to_light, Vec3(0.0f, 1.0f, 0.0f));
  Vec3 c(rotation * Vec4(0.5f * (frame.low + frame.high), 1.0f));
  const float texel = 2.0f * radius / static_cast<float>(std::max(shadow_size, 1));
  c.x = std::round(c.x / texel) * texel;
  c.y = std::round(c.y / texel) * texel;
  // Deep enough for the floor behind the box, where the shadow falls.
  const float depth = 4.0f * radius;
  return glm::ortho(c.x - radius, c.x + radius, c.y - radius, c.y + radius, -c.z - depth,
                    -c.z + depth) *
         rotation;
}

/// Where on the floor the box's shadow and contact shadows fall: low x, low z, high x, high z.
Vec4 shadow_rectangle(const SceneFrame& frame, const Vec3& to_light) {
  constexpr float kMargin_m = 0.25f;
  const Vec3 per_height = to_light / to_light.y;
  Vec2 low(1e9f), high(-1e9f);
  for (const float x : {frame.low.x, frame.high.x}) {
    for (const float z : {frame.low.z, frame.high.z}) {
      for (const float y : {0.0f, std::max(frame.high.y, 0.0f)}) {
        const Vec2 p(x - y * per_height.x, z - y * per_height.z);
        low = glm::min(low, p);
        high = glm::max(high, p);
      }
    }
  }
  return Vec4(low - kMargin_m, high + kMargin_m);
}

/// The pixels of `view` that the box covers, with a margin.
PixelRect covered_pixels(const SceneFrame& frame, const Mat4& view_projection, int width,
                         int height, const PixelRect& view) {
  constexpr float kMargin_px = 3.0f;
  Vec2 low(1e9f), high(-1e9f);
  for (int corner = 0; corner < 8; ++corner) {
    const Vec3 p(corner & 1 ? frame.low.x : frame.high.x, corner & 2 ? frame.low.y : frame.high.y,
                 corner & 4 ? frame.low.z : frame.high.z);
    const Vec4 clip = view_projection * Vec4(p, 1.0f);
    // The box reaches behind the camera: it may be anywhere.
    if (clip.w < 0.05f) return view;
    const Vec2 pixel = (Vec2(clip) / clip.w * 0.5f + 0.5f) * Vec2(width, height);
    low = glm::min(low, pixel - kMargin_px);
    high = glm::max(high, pixel + kMargin_px);
  }
  low = glm::clamp(low, Vec2(view.x, view.y), Vec2(view.x + view.width, view.y + view.height));
  high = glm::clamp(high, Vec2(view.x, view.y), Vec2(view.x + view.width, view.y + view.height));
  const glm::ivec2 first(glm::floor(low)), last(glm::ceil(high));
  return {first.x, first.y, last.x - first.x, last.y - first.y};
}

/// The lowest row of pixels that needs the background: the camera never rolls, so floor at one
/// depth is one row, and floor this far away always fills the rows below.
int horizon_row(const SceneFrame& frame, const Mat4& view_projection, int height) {
  constexpr float kSureFloor_m = 60.0f;
  const Vec3 eye = frame.camera.position();
  if (eye.y <= 0.0f) return 0;
  const Vec3 ahead = frame.camera.target - eye;
  const float flat = glm::length(Vec2(ahead.x, ahead.z));
  if (flat < 0.05f * glm::length(ahead)) return 0;
  const Vec3 floor(eye.x + ahead.x / flat * kSureFloor_m, 0.0f,
                   eye.z + ahead.z / flat * kSureFloor_m);
  const Vec4 clip = view_projection * Vec4(floor, 1.0f);
  if (clip.w <= 0.0f) return 0;
  const float row = (clip.y / clip.w * 0.5f + 0.5f) * static_cast<float>(height);
  return static_cast<int>(std::floor(std::clamp(row, 0.0f, static_cast<float>(height))));
}

/// Makes room for `bytes` in a buffer that is rewritten every frame.
void reserve(const GlBuffer& buffer, std::size_t bytes, std::size_t& capacity) {
  if (bytes <= capacity) return;
  capacity = std::max(bytes, 2 * capacity);
  glNamedBufferData(buffer.id(), static_cast<GLsizeiptr>(capacity), nullptr, GL_STREAM_DRAW);
}

}  // namespace

std::span<const Quality> quality_levels() {
  return kQualityLevels;
}

Result<SceneRenderer> SceneRenderer::create() {
  SceneRenderer r;
  struct {
    GlProgram* program;
    const char* vertex;
    const char* fragment;
    const char* defines;
  } const programs[] = {
      {&r.mesh_, "frame.glsl palette.glsl skinned.vert",
       "frame.glsl shadow.glsl matte.glsl mesh.frag", kPaletteDefine},
      {&r.mesh_shadow_, "frame.glsl palette.glsl skinned_shadow.vert", "depth_only.frag",
       kPaletteDefine},
      {&r.solid_, "frame.glsl solid.vert", "frame.glsl shadow.glsl matte.glsl solid.frag",
       "#define SOLID_PROJECTION view_projection"},
      {&r.solid_shadow_, "frame.glsl solid.vert", "depth_only.frag",
       "#define SOLID_PROJECTION light_view_projection"},
      {&r.ground_, "frame.glsl ground.vert", "frame.glsl ground.frag", ""},
      {&r.ground_shadow_, "frame.glsl ground_shadow.vert",
       "frame.glsl shadow.glsl ground_shadow.frag", ""},
      {&r.background_, "frame.glsl background.vert", "frame.glsl background.frag", ""},
  };
  for (const auto& p : programs) {
    Result<GlProgram> linked = link_program(p.vertex, p.fragment, p.defines);
    if (!linked) return linked.error();
    *p.program = std::move(linked).value();
  }

  for (GlBuffer* buffer :
       {&r.uniforms_, &r.palette_, &r.solids_, &r.sphere_vertices_, &r.sphere_indices_})
    *buffer = GlBuffer(BufferKind::create());
  glNamedBufferStorage(r.uniforms_.id(), sizeof(FrameUniforms), nullptr, GL_DYNAMIC_STORAGE_BIT);
  glNamedBufferStorage(r.palette_.id(), 3 * kMaxPaletteBones * sizeof(Vec4), nullptr,
                       GL_DYNAMIC_STORAGE_BIT);

  std::vector<SphereVertex> sphere;
  std::vector<std::uint16_t> indices;
  make_sphere(sphere, indices);
  r.num_sphere_indices_ = static_cast<GLsizei>(indices.size());
  glNamedBufferStorage(r.sphere_vertices_.id(),
                       static_cast<GLsizeiptr>(sphere.size() * sizeof(SphereVertex)), sphere.data(),
                       0);
  glNamedBufferStorage(r.sphere_indices_.id(),
                       static_cast<GLsizeiptr>(indices.size() * sizeof(std::uint16_t)),
                       indices.data(), 0);
  r.empty_array_ = GlVertexArray(VertexArrayKind::create());
  r.solid_array_ = GlVertexArray(VertexArrayKind::create());
  const GLuint vao = r.solid_array_.id();
  glVertexArrayVertexBuffer(vao, 0, r.sphere_vertices_.id(), 0, sizeof(SphereVertex));
  glVertexArrayVertexBuffer(vao, 1, r.solids_.id(), 0, sizeof(Solid));
  glVertexArrayBindingDivisor(vao, 1, 1);
  glVertexArrayElementBuffer(vao, r.sphere_indices_.id());
  solid_attribute(vao, 0, 3, offsetof(SphereVertex, position), 0);
  solid_attribute(vao, 4, 1, offsetof(SphereVertex, end), 0);
  solid_attribute(vao, 1, 4, offsetof(Solid, end_a), 1);
  solid_attribute(vao, 2, 4, offsetof(Solid, end_b), 1);
  solid_attribute(vao, 3, 4, offsetof(Solid, color), 1);

  r.white_ = GlTexture(TextureKind::create());
  const std::uint8_t white[4] = {255, 255, 255, 255};
  glTextureStorage2D(r.white_.id(), 1, GL_RGBA8, 1, 1);
  glTextureSubImage2D(r.white_.id(), 0, 0, 0, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, white);
  r.quality_ = kQualityLevels[2];
  return r;
}

void SceneRenderer::resize(int width, int height) {
  if (quality_.shadow_size != shadow_size_) {
    shadow_size_ = quality_.shadow_size;
    shadow_map_ = GlTexture(TextureKind::create());
    const GLuint map = shadow_map_.id();
    glTextureStorage2D(map, 1, GL_DEPTH_COMPONENT24, shadow_size_, shadow_size_);
    glTextureParameteri(map, GL_TEXTURE_COMPARE_MODE, GL_COMPARE_REF_TO_TEXTURE);
    glTextureParameteri(map, GL_TEXTURE_COMPARE_FUNC, GL_LEQUAL);
    glTextureParameteri(map, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glTextureParameteri(map, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    glTextureParameteri(map, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTextureParameteri(map, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    shadow_target_ = GlFramebuffer(FramebufferKind::create());
    glNamedFramebufferTexture(shadow_target_.id(), GL_DEPTH_ATTACHMENT, map, 0);
    glNamedFramebufferDrawBuffer(shadow_target_.id(), GL_NONE);
  }
  GLint max_samples = 1;
  glGetIntegerv(GL_MAX_SAMPLES, &max_samples);
  const int samples = std::clamp(quality_.samples, 1, std::max(max_samples, 1));
  if (width == width_ && height == height_ && samples == samples_) return;
  width_ = width;
  height_ = height;
  samples_ = samples;
  color_ = GlRenderbuffer(RenderbufferKind::create());
  depth_ = GlRenderbuffer(RenderbufferKind::create());
  // 0 samples is a plain buffer; 1 would ask for the smallest multisampled one.
  const int storage_samples = samples > 1 ? samples : 0;
  glNamedRenderbufferStorageMultisample(color_.id(), storage_samples, GL_RGBA8, width, height);
  glNamedRenderbufferStorageMultisample(depth_.id(), storage_samples, GL_DEPTH_COMPONENT24, width,
                                        height);
  scene_target_ = GlFramebuffer(FramebufferKind::create());
  glNamedFramebufferRenderbuffer(scene_target_.id(), GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER,
                                 color_.id());
  glNamedFramebufferRenderbuffer(scene_target_.id(), GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER,
                                 depth_.id());
}

void SceneRenderer::upload(const SceneFrame& frame, int width, int height) {
  const theme::Stage& look = theme::stage();
  FrameUniforms u{};
  const float aspect = static_cast<float>(width) / static_cast<float>(height);
  u.view_projection = frame.camera.projection(aspect) * frame.camera.view();
  u.inverse_view_projection = glm::inverse(u.view_projection);
  u.to_light = Vec4(glm::normalize(look.to_light), 0.0f);
  u.light_view_projection = light_matrix(frame, Vec3(u.to_light), quality_.shadow_size);
  u.camera_position = Vec4(frame.camera.position(), 1.0f);
  u.key_color = Vec4(look.key, 0.0f);
  u.sky_color = Vec4(look.sky, 0.0f);
  u.bounce_color = Vec4(look.bounce, 0.0f);
  u.background_top = Vec4(look.background_top, 0.0f);
  u.background_horizon = Vec4(look.background_horizon, 0.0f);
  u.floor_color = Vec4(look.floor, 0.0f);
  const Vec3 size = frame.high - frame.low;
  u.focus = Vec4(frame.focus, std::max(3.2f, 0.8f * std::max({size.x, size.y, size.z})));
  u.shadow_patch = shadow_rectangle(frame, Vec3(u.to_light));
  const float texel = 1.0f / static_cast<float>(std::max(quality_.shadow_size, 1));
  // As far off the surface as the filter reaches, whatever the size of the scene.
  const float texel_m = 2.0f * shadow_radius(frame) * texel;
  const float bias_m = 0.002f + 1.5f * texel_m;
  u.shadow = Vec4(texel, bias_m, static_cast<float>(quality_.shadow_taps), 0.0f);
  const std::size_t blobs = std::min(frame.contact_blobs.size(), kMaxBlobs);
  std::copy_n(frame.contact_blobs.begin(), blobs, u.blobs);
  u.counts[0] = static_cast<std::int32_t>(blobs);
  glNamedBufferSubData(uniforms_.id(), 0, sizeof u, &u);

  // All palettes in one buffer; each draw knows where its own begins.
  palettes_.clear();
  palette_offsets_.clear();
  for (const MeshInstance& m : frame.meshes) {
    palette_offsets_.push_back(static_cast<int>(palettes_.size() / 3));
    for (const Mat4& bone : m.palette)
      for (int row = 0; row < 3; ++row)
        palettes_.push_back(Vec4(bone[0][row], bone[1][row], bone[2][row], bone[3][row]));
  }
  assert(palettes_.size() <= 3 * kMaxPaletteBones);
  glNamedBufferSubData(palette_.id(), 0, static_cast<GLsizeiptr>(palettes_.size() * sizeof(Vec4)),
                       palettes_.data());

  sorted_solids_.assign(frame.solids.begin(), frame.solids.end());
  const auto translucent = std::stable_partition(sorted_solids_.begin(), sorted_solids_.end(),
                                                 [](const Solid& s) { return s.color.a >= 1.0f; });
  num_opaque_ = static_cast<std::size_t>(translucent - sorted_solids_.begin());
  num_translucent_ = sorted_solids_.size() - num_opaque_;
  const std::size_t solid_bytes = sorted_solids_.size() * sizeof(Solid);
  reserve(solids_, std::max(solid_bytes, sizeof(Solid)), solid_capacity_);
  glNamedBufferSubData(solids_.id(), 0, static_cast<GLsizeiptr>(solid_bytes),
                       sorted_solids_.data());
}

void SceneRenderer::draw_shadow_map(const SceneFrame& frame) {
  glBindFramebuffer(GL_FRAMEBUFFER, shadow_target_.id());
  glViewport(0, 0, shadow_size_, shadow_size_);
  glClear(GL_DEPTH_BUFFER_BIT);
  glEnable(GL_DEPTH_TEST);
  glEnable(GL_POLYGON_OFFSET_FILL);
  glPolygonOffset(1.5f, 2.0f);
  glUseProgram(mesh_shadow_.id());
  for (std::size_t i = 0; i < frame.meshes.size(); ++i) {
    const GpuMesh& mesh = *frame.meshes[i].mesh;
    glUniform1i(0, palette_offsets_[i]);
    glBindVertexArray(mesh.vertex_array());
    glDrawElements(GL_TRIANGLES, static_cast<GLsizei>(mesh.num_indices()), GL_UNSIGNED_INT,
                   nullptr);
  }
  if (num_opaque_ > 0) {
    glUseProgram(solid_shadow_.id());
    glBindVertexArray(solid_array_.id());
    glDrawElementsInstanced(GL_TRIANGLES, num_sphere_indices_, GL_UNSIGNED_SHORT, nullptr,
                            static_cast<GLsizei>(num_opaque_));
  }
  glDisable(GL_POLYGON_OFFSET_FILL);
}

void SceneRenderer::draw_surroundings(const SceneFrame& frame, const Mat4& view_projection,
                                      int height, const PixelRect& area) {
  const bool from_above = frame.camera.position().y >= 0.0f;
  glBindVertexArray(empty_array_.id());
  glDepthFunc(GL_LEQUAL);
  // The background only above what the floor is sure to cover.
  const int horizon = std::max(horizon_row(frame, view_projection, height), area.y);
  if (horizon < area.y + area.height) {
    glScissor(area.x, horizon, area.width, area.y + area.height - horizon);
    glUseProgram(background_.id());
    glDrawArrays(GL_TRIANGLES, 0, 3);
    glScissor(area.x, area.y, area.width, area.height);
  }
  glUseProgram(ground_.id());
  if (!from_above) glEnable(GL_BLEND);
  glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
  if (from_above) {
    glEnable(GL_BLEND);
    glBlendFunc(GL_ZERO, GL_SRC_COLOR);
    glEnable(GL_POLYGON_OFFSET_FILL);
    glPolygonOffset(-1.0f, -4.0f);
    glUseProgram(ground_shadow_.id());
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    glDisable(GL_POLYGON_OFFSET_FILL);
    glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  }
  glDisable(GL_BLEND);
  glDepthFunc(GL_LESS);
}

void SceneRenderer::draw_bodies(const SceneFrame& frame) {
  glUseProgram(mesh_.id());
  for (std::size_t i = 0; i < frame.meshes.size(); ++i) {
    const MeshInstance& instance = frame.meshes[i];
    glUniform1i(0, palette_offsets_[i]);
    glBindVertexArray(instance.mesh->vertex_array());
    for (const GpuMesh::Part& part : instance.mesh->parts()) {
      const Vec4 color = part.base_color * instance.tint;
      glUniform4fv(1, 1, &color.x);
      glBindTextureUnit(1, part.texture != 0 ? part.texture : white_.id());
      glDrawElements(GL_TRIANGLES, part.num_indices, GL_UNSIGNED_INT,
                     reinterpret_cast<const void*>(part.byte_offset));
    }
  }
  if (num_opaque_ > 0) {
    glUseProgram(solid_.id());
    glBindVertexArray(solid_array_.id());
    glDrawElementsInstanced(GL_TRIANGLES, num_sphere_indices_, GL_UNSIGNED_SHORT, nullptr,
                            static_cast<GLsizei>(num_opaque_));
  }
}

void SceneRenderer::draw_translucent() {
  if (num_translucent_ == 0) return;
  glUseProgram(solid_.id());
  glBindVertexArray(solid_array_.id());
  glEnable(GL_BLEND);
  glEnable(GL_CULL_FACE);
  glDepthMask(GL_FALSE);
  glDrawElementsInstancedBaseInstance(GL_TRIANGLES, num_sphere_indices_, GL_UNSIGNED_SHORT, nullptr,
                                      static_cast<GLsizei>(num_translucent_),
                                      static_cast<GLuint>(num_opaque_));
  glDepthMask(GL_TRUE);
  glDisable(GL_CULL_FACE);
  glDisable(GL_BLEND);
}

void SceneRenderer::render(const SceneFrame& frame, GLuint target, int width, int height,
                           PixelRect view) {
  if (width < 1 || height < 1) return;
  if (quality_.under_panels || view.empty()) view = {0, 0, width, height};
  resize(width, height);
  upload(frame, width, height);

  glBindBufferBase(GL_UNIFORM_BUFFER, kFrameBinding, uniforms_.id());
  glBindBufferBase(GL_UNIFORM_BUFFER, kPaletteBinding, palette_.id());
  glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  glDisable(GL_BLEND);
  glDisable(GL_SCISSOR_TEST);
  glDisable(GL_CULL_FACE);
  glDepthFunc(GL_LESS);
  glDepthMask(GL_TRUE);
  glPolygonMode(GL_FRONT_AND_BACK, GL_FILL);
  draw_shadow_map(frame);
  glBindTextureUnit(0, shadow_map_.id());

  glBindFramebuffer(GL_FRAMEBUFFER, target);
  glViewport(0, 0, width, height);
  if (!quality_.under_panels) {
    const Vec3& c = theme::stage().background_horizon;
    glClearColor(c.r, c.g, c.b, 1.0f);
    glClear(GL_COLOR_BUFFER_BIT);
  }
  glEnable(GL_SCISSOR_TEST);
  glScissor(view.x, view.y, view.width, view.height);
  glDisable(GL_DEPTH_TEST);
  const Mat4 view_projection =
      frame.camera.projection(static_cast<float>(width) / static_cast<float>(height)) *
      frame.camera.view();
  draw_surroundings(frame, view_projection, height, view);

  const PixelRect body = covered_pixels(frame, view_projection, width, height, view);
  if (!body.empty() && (!frame.meshes.empty() || !sorted_solids_.empty())) {
    glBindFramebuffer(GL_FRAMEBUFFER, scene_target_.id());
    glScissor(body.x, body.y, body.width, body.height);
    glEnable(GL_DEPTH_TEST);
    // The background covers every pixel, so only depth is cleared.
    glClear(GL_DEPTH_BUFFER_BIT);
    draw_bodies(frame);
    draw_surroundings(frame, view_projection, height, body);
    draw_translucent();
    glDisable(GL_DEPTH_TEST);
    glBindFramebuffer(GL_FRAMEBUFFER, target);
    const GLint x1 = body.x + body.width, y1 = body.y + body.height;
    glBlitNamedFramebuffer(scene_target_.id(), target, body.x, body.y, x1, y1, body.x, body.y, x1,
                           y1, GL_COLOR_BUFFER_BIT, GL_NEAREST);
  }
  glDisable(GL_SCISSOR_TEST);
}

}  // namespace canter::viewer
