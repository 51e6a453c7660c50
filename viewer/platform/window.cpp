#include "viewer/platform/window.h"

#include <SDL.h>
#include <glad/gl.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace canter::viewer {

struct Window::State {
  SDL_Window* window = nullptr;
  SDL_GLContext context = nullptr;
  bool headless = false;
  bool vsync = true;
  bool lost = false;
  int width = 0, height = 0;  ///< of an invisible window; SDL's has at least a pixel
  bool video = false;
  std::string renderer;

  /// Errors: no OpenGL 4.5.
  Result<void> make_context();

  ~State() {
    if (context != nullptr) SDL_GL_DeleteContext(context);
    if (window != nullptr) SDL_DestroyWindow(window);
    if (video) SDL_QuitSubSystem(SDL_INIT_VIDEO | SDL_INIT_GAMECONTROLLER);
  }
};

Result<void> Window::State::make_context() {
  // A context that says when it was lost, where there are such; else one that does not.
  for (const bool robust : {true, false}) {
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_FLAGS, robust ? SDL_GL_CONTEXT_ROBUST_ACCESS_FLAG : 0);
    SDL_GL_SetAttribute(
        SDL_GL_CONTEXT_RESET_NOTIFICATION,
        robust ? SDL_GL_CONTEXT_RESET_LOSE_CONTEXT : SDL_GL_CONTEXT_RESET_NO_NOTIFICATION);
    if (window != nullptr && context == nullptr) context = SDL_GL_CreateContext(window);
  }
  if (context == nullptr) {
    return Error{ErrorCode::unsupported,
                 std::string("the viewer needs OpenGL 4.5, which could not be had: ") +
                     SDL_GetError() +
                     ". Mesa's software renderer has it: "
                     "apt-get install libgl1-mesa-dri libegl1"};
  }
  const int version = gladLoadGL(reinterpret_cast<GLADloadfunc>(SDL_GL_GetProcAddress));
  const auto* name = version != 0 ? glGetString(GL_RENDERER) : nullptr;
  renderer = name != nullptr ? reinterpret_cast<const char*>(name) : "unknown";
  if (GLAD_VERSION_MAJOR(version) * 10 + GLAD_VERSION_MINOR(version) < 45) {
    return Error{ErrorCode::unsupported,
                 "the viewer needs OpenGL 4.5, but " + renderer + " has " +
                     std::to_string(GLAD_VERSION_MAJOR(version)) + "." +
                     std::to_string(GLAD_VERSION_MINOR(version)) +
                     "; LIBGL_ALWAYS_SOFTWARE=1 uses Mesa's software renderer instead"};
  }
  // Late frames tear rather than wait for another refresh; where that is not offered, wait.
  if (!vsync)
    SDL_GL_SetSwapInterval(0);
  else if (SDL_GL_SetSwapInterval(-1) != 0)
    SDL_GL_SetSwapInterval(1);
  return {};
}

Window::Window(std::unique_ptr<State> state) : state_(std::move(state)) {}
Window::Window(Window&&) noexcept = default;
Window& Window::operator=(Window&&) noexcept = default;
Window::~Window() = default;

Result<Window> Window::create(const Desc& desc) {
  auto state = std::make_unique<State>();
  state->headless = desc.headless;
  state->vsync = desc.vsync && !desc.headless;
  state->width = desc.width;
  state->height = desc.height;
  // SDL's offscreen driver draws to an EGL pixel buffer: no display server is needed.
  if (desc.headless) SDL_SetHint(SDL_HINT_VIDEODRIVER, "offscreen");
  SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
  if (SDL_InitSubSystem(SDL_INIT_VIDEO | SDL_INIT_GAMECONTROLLER) != 0) {
    return Error{ErrorCode::io, std::string("cannot open a window: ") + SDL_GetError() +
                                    (desc.headless ? "" : "; without a display use --headless")};
  }
  state->video = true;

  SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 4);
  SDL_GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 5);
  SDL_GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK, SDL_GL_CONTEXT_PROFILE_CORE);
  SDL_GL_SetAttribute(SDL_GL_DOUBLEBUFFER, 1);
  // The scene has depth and multisampling of its own.
  SDL_GL_SetAttribute(SDL_GL_DEPTH_SIZE, 0);
  const Uint32 flags =
      SDL_WINDOW_OPENGL | (desc.headless ? SDL_WINDOW_HIDDEN : SDL_WINDOW_RESIZABLE);
  state->window = SDL_CreateWindow(desc.title.c_str(), SDL_WINDOWPOS_CENTERED,
                                   SDL_WINDOWPOS_CENTERED, desc.width, desc.height, flags);
  if (Result<void> made = state->make_context(); !made) return made.error();
  return Window(std::move(state));
}

bool Window::lost() const {
  return state_->lost || glGetGraphicsResetStatus() != GL_NO_ERROR;
}

void Window::lose() {
  state_->lost = true;
}

Result<void> Window::renew() {
  SDL_GL_DeleteContext(state_->context);
  state_->context = nullptr;
  state_->lost = false;
  return state_->make_context();
}

SDL_Window* Window::handle() const {
  return state_->window;
}
void* Window::gl_context() const {
  return state_->context;
}
bool Window::headless() const {
  return state_->headless;
}
const std::string& Window::renderer() const {
  return state_->renderer;
}

namespace {

void read_size(SDL_Window* window, int& width, int& height) {
  width = height = 0;
  if ((SDL_GetWindowFlags(window) & SDL_WINDOW_MINIMIZED) == 0)
    SDL_GL_GetDrawableSize(window, &width, &height);
}

}  // namespace

int Window::width() const {
  if (state_->headless) return state_->width;
  int w = 0, h = 0;
  read_size(state_->window, w, h);
  return w;
}

int Window::height() const {
  if (state_->headless) return state_->height;
  int w = 0, h = 0;
  read_size(state_->window, w, h);
  return h;
}

void Window::resize(int width, int height) {
  state_->width = width;
  state_->height = height;
  if (state_->headless) return;
  if (width == 0 || height == 0) return SDL_MinimizeWindow(state_->window);
  SDL_RestoreWindow(state_->window);
  SDL_SetWindowSize(state_->window, width, height);
}

float Window::display_scale() const {
  float dots_per_inch = 96.0f;
  const int display = SDL_GetWindowDisplayIndex(state_->window);
  if (headless() || display < 0 ||
      SDL_GetDisplayDPI(display, nullptr, &dots_per_inch, nullptr) != 0)
    return 1.0f;
  return std::clamp(std::round(dots_per_inch / 96.0f * 4.0f) / 4.0f, 1.0f, 3.0f);
}

bool Window::software_renderer() const {
  const std::string_view name = state_->renderer;
  return name.find("llvmpipe") != name.npos || name.find("softpipe") != name.npos ||
         name.find("SwiftShader") != name.npos;
}

void Window::present() {
  if (headless())
    glFinish();
  else
    SDL_GL_SwapWindow(state_->window);
}

}  // namespace canter::viewer
