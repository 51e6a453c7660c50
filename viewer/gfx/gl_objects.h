#pragma once

#include <glad/gl.h>

#include <utility>

namespace canter::viewer {

/// Owns one OpenGL object; the context must be current where it dies.
template <class Kind>
class GlObject {
 public:
  GlObject() = default;
  explicit GlObject(GLuint id) : id_(id) {}
  GlObject(GlObject&& other) noexcept : id_(std::exchange(other.id_, 0u)) {}
  GlObject& operator=(GlObject&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~GlObject() {
    if (id_ != 0) Kind::destroy(id_);
  }
  GLuint id() const { return id_; }
  explicit operator bool() const { return id_ != 0; }

 private:
  GLuint id_ = 0;
};

struct BufferKind {
  static GLuint create() {
    GLuint id = 0;
    glCreateBuffers(1, &id);
    return id;
  }
  static void destroy(GLuint id) { glDeleteBuffers(1, &id); }
};
struct VertexArrayKind {
  static GLuint create() {
    GLuint id = 0;
    glCreateVertexArrays(1, &id);
    return id;
  }
  static void destroy(GLuint id) { glDeleteVertexArrays(1, &id); }
};
struct FramebufferKind {
  static GLuint create() {
    GLuint id = 0;
    glCreateFramebuffers(1, &id);
    return id;
  }
  static void destroy(GLuint id) { glDeleteFramebuffers(1, &id); }
};
struct RenderbufferKind {
  static GLuint create() {
    GLuint id = 0;
    glCreateRenderbuffers(1, &id);
    return id;
  }
  static void destroy(GLuint id) { glDeleteRenderbuffers(1, &id); }
};
struct TextureKind {
  static GLuint create(GLenum target = GL_TEXTURE_2D) {
    GLuint id = 0;
    glCreateTextures(target, 1, &id);
    return id;
  }
  static void destroy(GLuint id) { glDeleteTextures(1, &id); }
};
struct ProgramKind {
  static void destroy(GLuint id) { glDeleteProgram(id); }
};

using GlBuffer = GlObject<BufferKind>;
using GlVertexArray = GlObject<VertexArrayKind>;
using GlFramebuffer = GlObject<FramebufferKind>;
using GlRenderbuffer = GlObject<RenderbufferKind>;
using GlTexture = GlObject<TextureKind>;
using GlProgram = GlObject<ProgramKind>;

}  // namespace canter::viewer
