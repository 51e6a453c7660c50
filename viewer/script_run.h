#pragma once

#include <string>

#include "viewer/commands.h"
#include "viewer/gamepad.h"
#include "viewer/script.h"
#include "viewer/state.h"
#include "viewer/ui/widgets.h"

namespace canter::viewer {

/// The mouse and what is typed, as a script moves them. Plain data.
struct Pointer {
  float x = -1e9f;
  float y = -1e9f;
  bool left = false;
  float wheel = 0.0f;  ///< this frame
  std::string text;    ///< this frame
};

/// What a script drives: the application, frame by frame.
class ScriptHost {
 public:
  virtual ~ScriptHost() = default;
  virtual Result<void> frame(double dt_s) = 0;
  virtual const State& state() const = 0;
  virtual ui::Widgets& widgets() = 0;
  virtual Pointer& pointer() = 0;
  virtual GamepadState& gamepad() = 0;
  /// Whether something loads or is computed aside.
  virtual bool busy() const = 0;
  virtual Result<void> open(const std::string& path) = 0;
  virtual void ask(const Command& command) = 0;
  virtual Result<void> choose_clip(const std::string& name) = 0;
  /// Presses a key by its label; false if there is none.
  virtual bool press(const std::string& label) = 0;
  virtual void resize(int width, int height) = 0;
  /// As if the graphics card had been reset.
  virtual void lose_graphics() = 0;
  /// The last frame; `widget` crops it, empty: all of it.
  virtual Result<void> screenshot(const std::string& path, const std::string& widget) = 0;
  virtual Result<void> report(const std::string& path) = 0;
};

/// Runs a script to its end. Errors name the file, the line and what was found.
Result<void> run_script(const Script& script, ScriptHost& host);

}  // namespace canter::viewer
