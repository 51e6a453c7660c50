#pragma once

#include <memory>
#include <string>

#include "canter/base/result.h"

struct SDL_Window;

namespace canter::viewer {

/// A window, or an invisible surface of a fixed size, with an OpenGL 4.5 core context.
/// Loads the OpenGL functions. One at a time; main thread.
class Window {
 public:
  struct Desc {
    std::string title = "Canter";
    int width = 1600;
    int height = 900;
    bool headless = false;  ///< needs no display
    bool vsync = true;
  };

  /// Errors: no display (the message says how to run without), no OpenGL 4.5.
  static Result<Window> create(const Desc& desc);

  Window(Window&&) noexcept;
  Window& operator=(Window&&) noexcept;
  ~Window();

  SDL_Window* handle() const;
  void* gl_context() const;
  bool headless() const;
  /// Size of what is drawn to, pixels; 0 while minimised.
  int width() const;
  int height() const;
  /// Sizes what is drawn to; a side of 0 is a minimised window.
  void resize(int width, int height);
  /// The display's scale from its dots per inch: 1, 1.25, 1.5 … 3.
  float display_scale() const;
  /// What draws: "llvmpipe (LLVM 15.0.6, 256 bits)".
  const std::string& renderer() const;
  /// Whether pixels are made by the processor: quality starts lower then.
  bool software_renderer() const;

  /// Whether the graphics card was reset and with it everything on it is gone.
  bool lost() const;
  /// Behaves from now on as if that had happened: for tests.
  void lose();
  /// A new context in place of a lost one: nothing is on the card any more. Errors as create().
  Result<void> renew();

  /// Shows the drawn frame; headless: waits until it is drawn.
  void present();

 private:
  struct State;
  explicit Window(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace canter::viewer
