#pragma once

#include <optional>
#include <span>

#include "viewer/commands.h"

namespace canter::viewer {

/// A key of the viewer: the table that the keyboard, the help and the manual share.
struct Key {
  int code = 0;        ///< SDL_Keycode
  bool shift = false;  ///< whether Shift must be held
  const char* label = "";
  const char* group = "";
  const char* effect = "";
  /// What it asks for; nothing if it does not apply now.
  std::optional<Command> (*command)(const State& state) = nullptr;
  bool ctrl = false;  ///< whether Ctrl must be held
};

std::span<const Key> keys();

/// The command of a pressed key.
std::optional<Command> key_command(const State& state, int code, bool shift, bool ctrl = false);

}  // namespace canter::viewer
