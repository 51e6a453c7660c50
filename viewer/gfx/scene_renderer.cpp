#include "viewer/gfx/scene_renderer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "viewer/gfx/program.h"
#include "viewer/ui/theme.h"

namespace canter::viewer {
namespace {

constexpr GLuint kFrameBinding = 0;
constexpr GLuint kPaletteBinding = 1;
constexpr GLint kPaletteOffset = 0;
constexpr GLint kBaseColor = 1;
constexpr const char* kPaletteDefine = "#define MAX_BONES 1365\n";
static_assert(kMaxPaletteBones == 1365);
/// What bodies write where edges are smoothed afterwards, so that they are told from the floor.
constexpr float kBodyAlpha = 0.5f;

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
  std::array<Vec2, 8> shadow_patch;
  Vec4 view_size;
};

struct Wanted {
  GlProgram* program;
  const char* vertex;
  const char* fragment;
  std::string defines;
};

/// All of them or none.
Result<void> link_all(std::span<const Wanted> wanted) {
  std::vector<GlProgram> linked;
  for (const Wanted& w : wanted) {
    Result<GlProgram> program = link_program(w.vertex, w.fragment, w.defines);
    if (!program) return program.error();
    linked.push_back(std::move(program).value());
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) *wanted[i].program = std::move(linked[i]);
  return {};
}

Box casters(const SceneFrame& frame) {
  return {frame.low, frame.high};
}

/// Around bodies, solids, boxes and lines.
Box drawn_box(const SceneFrame& frame) {
  Box box = casters(frame);
  for (const Cuboid& c : frame.cuboids) {
    const Vec3 reach = reach_of(c);
    box.low = glm::min(box.low, Vec3(c.pose[3]) - reach);
    box.high = glm::max(box.high, Vec3(c.pose[3]) + reach);
  }
  for (const std::span<const Line> lines : {frame.lines, frame.lines_over}) {
    for (const Line& l : lines) {
      box.low = glm::min(box.low, glm::min(Vec3(l.end_a), Vec3(l.end_b)));
      box.high = glm::max(box.high, glm::max(Vec3(l.end_a), Vec3(l.end_b)));
    }
  }
  return box;
}

FrameUniforms make_uniforms(const SceneFrame& frame, const Mat4& view_projection,
                            const Quality& quality, int width, int height) {
  const theme::Stage& look = theme::stage();
  FrameUniforms u{};
  u.view_projection = view_projection;
  u.inverse_view_projection = glm::inverse(view_projection);
  u.to_light = Vec4(glm::normalize(look.to_light), 0.0f);
  u.light_view_projection = light_matrix(casters(frame), Vec3(u.to_light), quality.shadow_size);
  u.camera_position = Vec4(frame.camera.position(), 1.0f);
  u.key_color = Vec4(look.key, 0.0f);
  u.sky_color = Vec4(look.sky, 0.0f);
  u.bounce_color = Vec4(look.bounce, 0.0f);
  u.background_top = Vec4(look.background_top, 0.0f);
  u.background_horizon = Vec4(look.background_horizon, 0.0f);
  u.floor_color = Vec4(look.floor, 0.0f);
  const Vec3 size = frame.high - frame.low;
  u.focus = Vec4(frame.focus, std::max(3.2f, 0.8f * std::max({size.x, size.y, size.z})));
  u.shadow_patch = shadow_patch(casters(frame), Vec3(u.to_light));
  const float texel = 1.0f / static_cast<float>(std::max(quality.shadow_size, 1));
  // As far off the surface as the filter reaches, whatever the size of the scene.
  const float texel_m = 2.0f * shadow_radius(casters(frame)) * texel;
  const float bias_m = 0.002f + 1.5f * texel_m;
  u.shadow = Vec4(texel, bias_m, quality.smooth_edges ? kBodyAlpha : 1.0f, 0.0f);
  u.view_size = Vec4(static_cast<float>(width), static_cast<float>(height), 0.0f, 0.0f);
  return u;
}

template <class T>
void append_bytes(std::vector<std::byte>& out, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

GlRenderbuffer make_renderbuffer(GLenum format, int samples, int width, int height) {
  GlRenderbuffer buffer(RenderbufferKind::create());
  // 0 samples is a plain buffer; 1 would ask for the smallest multisampled one.
  glNamedRenderbufferStorageMultisample(buffer.id(), samples > 1 ? samples : 0, format, width,
                                        height);
  return buffer;
}

void set_scissor(const PixelRect& r) {
  glScissor(r.x, r.y, r.width, r.height);
}

void copy_pixels(GLuint from, GLuint to, const PixelRect& r) {
  if (r.empty()) return;
  const GLint x1 = r.x + r.width, y1 = r.y + r.height;
  glBlitNamedFramebuffer(from, to, r.x, r.y, x1, y1, r.x, r.y, x1, y1, GL_COLOR_BUFFER_BIT,
                         GL_NEAREST);
}

}  // namespace

Result<SceneRenderer> SceneRenderer::create() {
  SceneRenderer r;
  const Wanted programs[] = {
      {&r.mesh_shadow_, "frame.glsl palette.glsl skinned_shadow.vert", "depth_only.frag",
       kPaletteDefine},
      {&r.ground_, "frame.glsl ground.vert", "frame.glsl ground.frag", ""},
      {&r.background_, "frame.glsl background.vert", "frame.glsl background.frag", ""},
      {&r.smooth_, "smooth.vert", "smooth.frag", ""},
  };
  if (Result<void> linked = link_all(programs); !linked) return linked.error();
  Result<ShapeBatch> shapes = ShapeBatch::create();
  if (!shapes) return shapes.error();
  r.shapes_ = std::move(shapes).value();

  r.uniforms_ = GlBuffer(BufferKind::create());
  r.palette_ = GlBuffer(BufferKind::create());
  glNamedBufferStorage(r.uniforms_.id(), sizeof(FrameUniforms), nullptr, GL_DYNAMIC_STORAGE_BIT);
  glNamedBufferStorage(r.palette_.id(), 3 * kMaxPaletteBones * sizeof(Vec4), nullptr,
                       GL_DYNAMIC_STORAGE_BIT);
  r.empty_array_ = GlVertexArray(VertexArrayKind::create());
  const auto medium = static_cast<std::size_t>(find_quality("medium"));
  if (Result<void> set = r.set_quality(quality_levels()[medium]); !set) return set.error();
  return r;
}

Result<void> SceneRenderer::link_shadowed(int shadow_taps) {
  const std::string taps = shadow_taps_define(shadow_taps);
  const std::string skinned = taps + kPaletteDefine;
  const char* const kSkinned = "frame.glsl palette.glsl skinned.vert";
  const char* const kMatte = "frame.glsl shadow.glsl matte.glsl mesh.frag";
  const Wanted programs[] = {
      {&mesh_, kSkinned, kMatte, skinned},
      {&mesh_textured_, kSkinned, kMatte, skinned + "#define TEXTURED\n"},
      {&mesh_ghost_, kSkinned, kMatte, skinned + "#define GHOST\n"},
      {&ground_shadow_, "frame.glsl ground_shadow.vert",
       "frame.glsl shadow.glsl ground_shadow.frag", taps},
  };
  if (Result<void> linked = link_all(programs); !linked) return linked;
  return shapes_.set_shadow_taps(shadow_taps);
}

Result<void> SceneRenderer::set_quality(const Quality& quality) {
  if (quality.shadow_taps != shadow_taps_)
    if (Result<void> linked = link_shadowed(quality.shadow_taps); !linked) return linked;
  shadow_taps_ = quality.shadow_taps;
  quality_ = quality;
  return {};
}

void SceneRenderer::resize_shadow_map() {
  if (quality_.shadow_size == shadow_size_) return;
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

void SceneRenderer::resize(int width, int height) {
  GLint max_samples = 1;
  glGetIntegerv(GL_MAX_SAMPLES, &max_samples);
  const int samples = std::clamp(quality_.samples, 1, std::max(max_samples, 1));
  if (width == width_ && height == height_ && samples == samples_) return;
  width_ = width;
  height_ = height;
  samples_ = samples;
  picture_ = GlTexture(TextureKind::create());
  glTextureStorage2D(picture_.id(), 1, GL_RGBA8, width, height);
  glTextureParameteri(picture_.id(), GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTextureParameteri(picture_.id(), GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTextureParameteri(picture_.id(), GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  picture_depth_ = make_renderbuffer(GL_DEPTH_COMPONENT24, 1, width, height);
  picture_target_ = GlFramebuffer(FramebufferKind::create());
  glNamedFramebufferTexture(picture_target_.id(), GL_COLOR_ATTACHMENT0, picture_.id(), 0);
  glNamedFramebufferRenderbuffer(picture_target_.id(), GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER,
                                 picture_depth_.id());
  sampled_color_ = GlRenderbuffer();
  sampled_depth_ = GlRenderbuffer();
  sampled_target_ = GlFramebuffer();
  if (samples == 1) return;
  sampled_color_ = make_renderbuffer(GL_RGBA8, samples, width, height);
  sampled_depth_ = make_renderbuffer(GL_DEPTH_COMPONENT24, samples, width, height);
  sampled_target_ = GlFramebuffer(FramebufferKind::create());
  glNamedFramebufferRenderbuffer(sampled_target_.id(), GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER,
                                 sampled_color_.id());
  glNamedFramebufferRenderbuffer(sampled_target_.id(), GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER,
                                 sampled_depth_.id());
}

void SceneRenderer::prepare(const SceneFrame& frame, const PixelRect& view) {
  view_projection_ =
      frame.camera.projection(static_cast<float>(width_) / static_cast<float>(height_)) *
      frame.camera.view();
  body_ = covered_pixels(drawn_box(frame), view_projection_, width_, height_, view);
  pixel_m2_ = pixel_area_m2(frame.camera, casters(frame), height_);
  const float texel_m =
      2.0f * shadow_radius(casters(frame)) / static_cast<float>(std::max(shadow_size_, 1));
  texel_m2_ = texel_m * texel_m;
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
}

bool SceneRenderer::unchanged(const SceneFrame& frame, const PixelRect& view) {
  key_.clear();
  const FrameUniforms u = make_uniforms(frame, view_projection_, quality_, width_, height_);
  const std::uint64_t numbers[] = {
      frame.revision,
      frame.meshes.size(),
      static_cast<std::uint64_t>(samples_),
      static_cast<std::uint64_t>(quality_.smooth_edges),
      static_cast<std::uint64_t>(quality_.triangle_px * 1000.0f),
      frame.solids.size(),
      frame.cuboids.size(),
      frame.contact_shades.size(),
      frame.lines.size(),
  };
  append_bytes(key_, std::span<const FrameUniforms>(&u, 1));
  append_bytes(key_, std::span<const std::uint64_t>(numbers));
  append_bytes(key_, std::span<const PixelRect>(&view, 1));
  for (const MeshInstance& m : frame.meshes) {
    append_bytes(key_, std::span<const Vec4>(&m.tint, 1));
    key_.push_back(static_cast<std::byte>(m.ghost));
  }
  append_bytes(key_, std::span<const Vec4>(palettes_));
  append_bytes(key_, frame.solids);
  append_bytes(key_, frame.cuboids);
  append_bytes(key_, frame.contact_shades);
  append_bytes(key_, frame.lines);
  append_bytes(key_, frame.lines_over);
  std::swap(key_, last_key_);
  return key_ == last_key_;
}

void SceneRenderer::upload(const SceneFrame& frame) {
  const FrameUniforms u = make_uniforms(frame, view_projection_, quality_, width_, height_);
  glNamedBufferSubData(uniforms_.id(), 0, sizeof u, &u);
  glNamedBufferSubData(palette_.id(), 0, static_cast<GLsizeiptr>(palettes_.size() * sizeof(Vec4)),
                       palettes_.data());
  shapes_.upload(frame);
}

void SceneRenderer::draw_shadow_map(const SceneFrame& frame) {
  glBindFramebuffer(GL_FRAMEBUFFER, shadow_target_.id());
  glViewport(0, 0, shadow_size_, shadow_size_);
  glDisable(GL_SCISSOR_TEST);
  glClear(GL_DEPTH_BUFFER_BIT);
  glEnable(GL_DEPTH_TEST);
  glEnable(GL_POLYGON_OFFSET_FILL);
  glPolygonOffset(1.5f, 2.0f);
  glUseProgram(mesh_shadow_.id());
  // A shadow of few texels needs few triangles.
  constexpr float kTriangle_texels = 5.0f;
  for (std::size_t i = 0; i < frame.meshes.size(); ++i) {
    const MeshInstance& instance = frame.meshes[i];
    if (instance.ghost) continue;
    const GpuMesh::Level& level =
        instance.mesh->level(quality_.triangle_px > 0.0f ? kTriangle_texels * texel_m2_ : 0.0f);
    if (instance.mesh->closed()) glEnable(GL_CULL_FACE);
    glUniform1i(kPaletteOffset, palette_offsets_[i]);
    glBindVertexArray(instance.mesh->vertex_array());
    glDrawElementsBaseVertex(GL_TRIANGLES, level.num_indices, GL_UNSIGNED_INT,
                             reinterpret_cast<const void*>(level.byte_offset), level.base_vertex);
    glDisable(GL_CULL_FACE);
  }
  shapes_.draw_shadows();
  glDisable(GL_POLYGON_OFFSET_FILL);
}

void SceneRenderer::draw_bodies(const SceneFrame& frame) {
  for (std::size_t i = 0; i < frame.meshes.size(); ++i) {
    const MeshInstance& instance = frame.meshes[i];
    if (instance.ghost) continue;
    const GpuMesh::Level& level = instance.mesh->level(quality_.triangle_px * pixel_m2_);
    if (instance.mesh->closed()) glEnable(GL_CULL_FACE);
    glBindVertexArray(instance.mesh->vertex_array());
    for (const GpuMesh::Part& part : level.parts) {
      glUseProgram(part.texture != 0 ? mesh_textured_.id() : mesh_.id());
      const Vec4 color = part.base_color * instance.tint;
      glUniform1i(kPaletteOffset, palette_offsets_[i]);
      glUniform4fv(kBaseColor, 1, &color.x);
      if (part.texture != 0) glBindTextureUnit(1, part.texture);
      glDrawElementsBaseVertex(GL_TRIANGLES, part.num_indices, GL_UNSIGNED_INT,
                               reinterpret_cast<const void*>(part.byte_offset), level.base_vertex);
    }
    glDisable(GL_CULL_FACE);
  }
  shapes_.draw_opaque();
}

void SceneRenderer::draw_surroundings(const SceneFrame& frame, const PixelRect& area, bool depth) {
  const bool from_above = frame.camera.position().y >= 0.0f;
  glBindVertexArray(empty_array_.id());
  glDepthFunc(GL_LEQUAL);
  set_scissor(area);
  // The background only above what the floor is sure to cover.
  const int horizon = std::max(horizon_row(frame.camera, view_projection_, height_), area.y);
  if (horizon < area.y + area.height) {
    set_scissor({area.x, horizon, area.width, area.y + area.height - horizon});
    glUseProgram(background_.id());
    glDrawArrays(GL_TRIANGLES, 0, 3);
    set_scissor(area);
  }
  glUseProgram(ground_.id());
  glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ZERO, GL_ONE);
  if (!from_above) glEnable(GL_BLEND);
  glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
  if (from_above) {
    glEnable(GL_BLEND);
    glBlendFunc(GL_ZERO, GL_SRC_COLOR);
    if (depth) {
      glEnable(GL_POLYGON_OFFSET_FILL);
      glPolygonOffset(-1.0f, -4.0f);
    }
    glUseProgram(ground_shadow_.id());
    glDrawArrays(GL_TRIANGLE_FAN, 0, 8);
    shapes_.draw_contact_shades();
    glDisable(GL_POLYGON_OFFSET_FILL);
  }
  glDisable(GL_BLEND);
  glDepthFunc(GL_LESS);
}

void SceneRenderer::draw_ghost(const MeshInstance& ghost, int palette_offset) {
  const GpuMesh::Level& level = ghost.mesh->level(quality_.triangle_px * pixel_m2_);
  glBindVertexArray(ghost.mesh->vertex_array());
  glUseProgram(mesh_ghost_.id());
  glUniform1i(kPaletteOffset, palette_offset);
  glUniform4fv(kBaseColor, 1, &ghost.tint.x);
  const auto draw = [&]() {
    glDrawElementsBaseVertex(GL_TRIANGLES, level.num_indices, GL_UNSIGNED_INT,
                             reinterpret_cast<const void*>(level.byte_offset), level.base_vertex);
  };
  // Its nearest surface first as depth alone, so that an arm does not shine through the chest.
  glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
  draw();
  glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
  glEnable(GL_BLEND);
  glDepthFunc(GL_LEQUAL);
  draw();
  glDepthFunc(GL_LESS);
  glDisable(GL_BLEND);
}

void SceneRenderer::draw_translucent(const SceneFrame& frame) {
  // Alpha of the picture stays what bodies made it: smoothing looks there.
  glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ZERO, GL_ONE);
  for (std::size_t i = 0; i < frame.meshes.size(); ++i)
    if (frame.meshes[i].ghost) draw_ghost(frame.meshes[i], palette_offsets_[i]);
  shapes_.draw_translucent();
}

void SceneRenderer::draw_picture(const SceneFrame& frame, const PixelRect& view) {
  glBindBufferBase(GL_UNIFORM_BUFFER, kFrameBinding, uniforms_.id());
  glBindBufferBase(GL_UNIFORM_BUFFER, kPaletteBinding, palette_.id());
  draw_shadow_map(frame);
  glBindTextureUnit(0, shadow_map_.id());

  const bool something = !body_.empty() && (!frame.meshes.empty() || !shapes_.empty());
  const bool sampled = samples_ > 1;
  glEnable(GL_SCISSOR_TEST);
  glViewport(0, 0, width_, height_);
  glBindFramebuffer(GL_FRAMEBUFFER, picture_target_.id());
  set_scissor(view);
  if (sampled || !something) {
    glDisable(GL_DEPTH_TEST);
    draw_surroundings(frame, view, false);
    if (!something) return;
    glBindFramebuffer(GL_FRAMEBUFFER, sampled_target_.id());
  }
  // The background covers every pixel, so only depth is cleared.
  const PixelRect& area = sampled ? body_ : view;
  set_scissor(area);
  glEnable(GL_DEPTH_TEST);
  glClear(GL_DEPTH_BUFFER_BIT);
  set_scissor(body_);
  draw_bodies(frame);
  draw_surroundings(frame, area, true);
  set_scissor(body_);
  draw_translucent(frame);
  glDisable(GL_DEPTH_TEST);
  if (sampled) copy_pixels(sampled_target_.id(), picture_target_.id(), body_);
}

void SceneRenderer::present(GLuint target, const PixelRect& view) {
  glDisable(GL_SCISSOR_TEST);
  glBindFramebuffer(GL_FRAMEBUFFER, target);
  glViewport(0, 0, width_, height_);
  if (!quality_.under_panels) {
    const Vec3& c = theme::stage().background_horizon;
    glClearColor(c.r, c.g, c.b, 1.0f);
    glClear(GL_COLOR_BUFFER_BIT);
  }
  copy_pixels(picture_target_.id(), target, view);
  if (!quality_.smooth_edges || body_.empty()) return;
  glEnable(GL_SCISSOR_TEST);
  set_scissor(body_);
  glBindTextureUnit(0, picture_.id());
  glUseProgram(smooth_.id());
  glBindVertexArray(empty_array_.id());
  glDrawArrays(GL_TRIANGLES, 0, 3);
  glDisable(GL_SCISSOR_TEST);
}

void SceneRenderer::render(const SceneFrame& frame, GLuint target, int width, int height,
                           PixelRect view) {
  if (width < 1 || height < 1) return;
  if (quality_.under_panels || view.empty()) view = {0, 0, width, height};
  resize(width, height);
  resize_shadow_map();
  prepare(frame, view);
  glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  glDisable(GL_BLEND);
  glDisable(GL_DEPTH_TEST);
  glDisable(GL_CULL_FACE);
  glDepthFunc(GL_LESS);
  glDepthMask(GL_TRUE);
  glPolygonMode(GL_FRONT_AND_BACK, GL_FILL);
  if (!unchanged(frame, view)) {
    upload(frame);
    draw_picture(frame, view);
    ++num_drawn_;
  }
  present(target, view);
}

}  // namespace canter::viewer
