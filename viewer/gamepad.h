#pragma once

#include <array>
#include <string_view>

#include "viewer/commands.h"

union SDL_Event;

namespace canter::viewer {

/// A gamepad as it is held this frame. Sticks in [-1, 1], right and up positive; triggers in
/// [0, 1]. Plain data.
struct GamepadState {
  enum Button { play, reverse, loop, frame_character, back, on, num_buttons };
  enum Axis { pan_x, pan_y, orbit_x, orbit_y, scrub_back, scrub_on, num_axes };

  std::array<bool, num_buttons> pressed{};  ///< went down since the last frame
  std::array<float, num_axes> axes{};
};

/// Sets a control by the name scripts use ("play", "orbit_x" …); false if there is none.
bool set_control(GamepadState& pad, std::string_view name, float value);

/// Follows SDL's controller events: opens what is plugged in, keeps the state.
void handle_gamepad_event(const SDL_Event& event, GamepadState& pad);

/// What the gamepad asks for after `dt_s`; clears what was pressed. The sticks move the camera,
/// triggers scrub (full: as recorded), buttons play, reverse, loop, step.
void apply_gamepad(GamepadState& pad, double dt_s, State& state, Commands& commands);

}  // namespace canter::viewer
