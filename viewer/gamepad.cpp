#include "viewer/gamepad.h"

#include <SDL.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

namespace canter::viewer {
namespace {

constexpr float kDeadZone = 0.15f;

struct ButtonEntry {
  const char* name;
  SDL_GameControllerButton sdl;
  GamepadState::Button button;
};
constexpr ButtonEntry kButtons[] = {
    {"play", SDL_CONTROLLER_BUTTON_A, GamepadState::play},
    {"reverse", SDL_CONTROLLER_BUTTON_B, GamepadState::reverse},
    {"loop", SDL_CONTROLLER_BUTTON_X, GamepadState::loop},
    {"frame_character", SDL_CONTROLLER_BUTTON_Y, GamepadState::frame_character},
    {"back", SDL_CONTROLLER_BUTTON_DPAD_LEFT, GamepadState::back},
    {"on", SDL_CONTROLLER_BUTTON_DPAD_RIGHT, GamepadState::on},
};

struct AxisEntry {
  const char* name;
  SDL_GameControllerAxis sdl;
  float sign;  ///< SDL's sticks grow downwards
  GamepadState::Axis axis;
};
constexpr AxisEntry kAxes[] = {
    {"pan_x", SDL_CONTROLLER_AXIS_LEFTX, 1.0f, GamepadState::pan_x},
    {"pan_y", SDL_CONTROLLER_AXIS_LEFTY, -1.0f, GamepadState::pan_y},
    {"orbit_x", SDL_CONTROLLER_AXIS_RIGHTX, 1.0f, GamepadState::orbit_x},
    {"orbit_y", SDL_CONTROLLER_AXIS_RIGHTY, -1.0f, GamepadState::orbit_y},
    {"scrub_back", SDL_CONTROLLER_AXIS_TRIGGERLEFT, 1.0f, GamepadState::scrub_back},
    {"scrub_on", SDL_CONTROLLER_AXIS_TRIGGERRIGHT, 1.0f, GamepadState::scrub_on},
};

/// 0 within the dead zone, then evenly to 1.
float lively(float value) {
  const float magnitude = std::max(std::abs(value) - kDeadZone, 0.0f) / (1.0f - kDeadZone);
  return std::copysign(std::min(magnitude, 1.0f), value);
}

}  // namespace

bool set_control(GamepadState& pad, std::string_view name, float value) {
  for (const ButtonEntry& entry : kButtons) {
    if (name != entry.name) continue;
    pad.pressed[entry.button] = value != 0.0f;
    return true;
  }
  for (const AxisEntry& entry : kAxes) {
    if (name != entry.name) continue;
    pad.axes[entry.axis] = std::clamp(value, -1.0f, 1.0f);
    return true;
  }
  return false;
}

void handle_gamepad_event(const SDL_Event& event, GamepadState& pad) {
  switch (event.type) {
    case SDL_CONTROLLERDEVICEADDED:
      SDL_GameControllerOpen(event.cdevice.which);
      break;
    case SDL_CONTROLLERDEVICEREMOVED:
      // Nobody holds the sticks any more.
      SDL_GameControllerClose(SDL_GameControllerFromInstanceID(event.cdevice.which));
      pad = GamepadState();
      break;
    case SDL_CONTROLLERBUTTONDOWN:
      for (const ButtonEntry& entry : kButtons)
        if (event.cbutton.button == entry.sdl) pad.pressed[entry.button] = true;
      break;
    case SDL_CONTROLLERAXISMOTION:
      for (const AxisEntry& entry : kAxes)
        if (event.caxis.axis == entry.sdl)
          pad.axes[entry.axis] = entry.sign * static_cast<float>(event.caxis.value) / 32767.0f;
      break;
    default:
      break;
  }
}

void apply_gamepad(GamepadState& pad, double dt_s, State& state, Commands& commands) {
  const Timeline& timeline = state.timeline;
  const auto pressed = [&](GamepadState::Button button) {
    return std::exchange(pad.pressed[button], false);
  };
  if (pressed(GamepadState::play)) commands.push_back(command::TogglePlay{});
  if (pressed(GamepadState::reverse)) commands.push_back(command::SetSpeed{-timeline.speed});
  if (pressed(GamepadState::loop)) commands.push_back(command::SetLoop{!timeline.loop});
  if (pressed(GamepadState::frame_character)) commands.push_back(command::FrameCharacter{});
  if (pressed(GamepadState::back)) commands.push_back(command::StepFrames{-1});
  if (pressed(GamepadState::on)) commands.push_back(command::StepFrames{1});

  const float scrub =
      lively(pad.axes[GamepadState::scrub_on]) - lively(pad.axes[GamepadState::scrub_back]);
  if (scrub != 0.0f)
    commands.push_back(command::Seek{timeline.time_s + dt_s * static_cast<double>(scrub)});

  // Pixels per second of a window 1000 pixels high, as a steady hand drags.
  constexpr float kHeight_px = 1000.0f;
  const float step_px = 600.0f * static_cast<float>(dt_s);
  const Vec2 orbit(lively(pad.axes[GamepadState::orbit_x]),
                   -lively(pad.axes[GamepadState::orbit_y]));
  const Vec2 pan(lively(pad.axes[GamepadState::pan_x]), -lively(pad.axes[GamepadState::pan_y]));
  if (orbit != Vec2(0.0f)) state.camera.orbit(-orbit * step_px, kHeight_px);
  if (pan != Vec2(0.0f)) state.camera.pan(-pan * step_px, kHeight_px);
}

}  // namespace canter::viewer
