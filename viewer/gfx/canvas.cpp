#include "viewer/gfx/canvas.h"

#include <algorithm>

namespace canter::viewer {

void Canvas::bind(int width, int height) {
  const bool resized = width != width_ || height != height_;
  width_ = width;
  height_ = height;
  if (offscreen_ && (resized || !framebuffer_)) {
    color_ = GlTexture(TextureKind::create());
    glTextureStorage2D(color_.id(), 1, GL_RGBA8, std::max(width, 1), std::max(height, 1));
    framebuffer_ = GlFramebuffer(FramebufferKind::create());
    glNamedFramebufferTexture(framebuffer_.id(), GL_COLOR_ATTACHMENT0, color_.id(), 0);
  }
  glBindFramebuffer(GL_FRAMEBUFFER, id());
}

Image Canvas::read() const {
  Image image{width_, height_, {}};
  const auto row = static_cast<std::size_t>(width_) * 4;
  image.rgba.resize(row * static_cast<std::size_t>(height_));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glBindFramebuffer(GL_READ_FRAMEBUFFER, id());
  glReadPixels(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE, image.rgba.data());
  // OpenGL's rows come from the bottom.
  for (std::size_t top = 0, bottom = static_cast<std::size_t>(height_); top + 1 < bottom--; ++top)
    std::swap_ranges(image.rgba.begin() + static_cast<std::ptrdiff_t>(top * row),
                     image.rgba.begin() + static_cast<std::ptrdiff_t>((top + 1) * row),
                     image.rgba.begin() + static_cast<std::ptrdiff_t>(bottom * row));
  return image;
}

}  // namespace canter::viewer
