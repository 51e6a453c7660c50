#pragma once

#include "viewer/gfx/gl_objects.h"
#include "viewer/gfx/image.h"

namespace canter::viewer {

/// What the frame is drawn to: the window, or without one a texture that can take any size.
class Canvas {
 public:
  /// @param offscreen  false: the window's own framebuffer
  explicit Canvas(bool offscreen) : offscreen_(offscreen) {}

  /// Makes it the target of drawing, at this size in pixels.
  void bind(int width, int height);
  /// 0 for the window.
  GLuint id() const { return framebuffer_.id(); }
  /// What was drawn; waits for it.
  Image read() const;

 private:
  bool offscreen_ = false;
  int width_ = 0;
  int height_ = 0;
  GlTexture color_;
  GlFramebuffer framebuffer_;
};

}  // namespace canter::viewer
