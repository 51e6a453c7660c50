#include <SDL.h>
#include <imgui.h>

#include "viewer/app.h"
#include "viewer/keys.h"

namespace canter::viewer {

void App::handle_event(const SDL_Event& event) {
  switch (event.type) {
    case SDL_QUIT:
      commands_.push_back(command::Quit{});
      break;
    case SDL_DROPFILE:
      commands_.push_back(command::OpenFile{event.drop.file});
      SDL_free(event.drop.file);
      break;
    case SDL_KEYDOWN:
      handle_key(event.key.keysym.sym, event.key.keysym.mod, event.key.repeat != 0);
      break;
    default:
      handle_gamepad_event(event, gamepad_);
      break;
  }
}

void App::handle_key(int code, unsigned modifiers, bool repeated) {
  if (ImGui::GetIO().WantTextInput) return;
  // Alt belongs to the desktop.
  if ((modifiers & (KMOD_ALT | KMOD_GUI)) != 0) return;
  const std::optional<Command> command =
      key_command(state_, code, (modifiers & KMOD_SHIFT) != 0, (modifiers & KMOD_CTRL) != 0);
  // Holding a key repeats steps, nothing else.
  const bool repeats = command && std::holds_alternative<command::StepFrames>(*command);
  if (command && (!repeated || repeats)) commands_.push_back(*command);
}

void App::feed_pointer() {
  ImGuiIO& io = ImGui::GetIO();
  io.DeltaTime = 1.0f / 60.0f;
  io.MousePos = ImVec2(pointer_.x, pointer_.y);
  io.MouseDown[ImGuiMouseButton_Left] = pointer_.left;
  io.MouseWheel = std::exchange(pointer_.wheel, 0.0f);
  io.AddInputCharactersUTF8(std::exchange(pointer_.text, {}).c_str());
}

namespace {

/// Where the mouse is, in normalised device coordinates.
Vec2 cursor_of(const ImGuiIO& io) {
  return {2.0f * io.MousePos.x / io.DisplaySize.x - 1.0f,
          1.0f - 2.0f * io.MousePos.y / io.DisplaySize.y};
}

}  // namespace

// With the push tool a left drag that begins on the body pulls it. True while it does.
bool App::pull_body() {
  const BodyPanel& body = state_.body;
  const ImGuiIO& io = ImGui::GetIO();
  std::optional<Hold> hold = body.hold;
  Ray ray = state_.camera.ray(cursor_of(io), io.DisplaySize.x / io.DisplaySize.y);
  ray.origin -= stage_.body_shift();
  if (body.pulls && !hold && !io.KeyShift && ImGui::IsMouseClicked(ImGuiMouseButton_Left))
    hold = take_hold(body.view, state_.camera, ray);
  if (!hold) return false;
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left) || body.view.task == nullptr) {
    commands_.push_back(command::Pull{});
    return false;
  }
  pull(body.view, state_.camera, ray, *hold);
  commands_.push_back(command::Pull{hold});
  return true;
}

void App::handle_mouse() {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.DisplaySize.y < 1.0f) return;
  if ((state_.body.hold || !io.WantCaptureMouse) && pull_body()) return;
  if (io.WantCaptureMouse) return;
  Camera& camera = state_.camera;
  const Vec2 moved(io.MouseDelta.x, io.MouseDelta.y);
  const bool left = ImGui::IsMouseDown(ImGuiMouseButton_Left);
  const bool middle = ImGui::IsMouseDown(ImGuiMouseButton_Middle);
  if (middle || (left && io.KeyShift))
    camera.pan(moved, io.DisplaySize.y);
  else if (left)
    camera.orbit(moved, io.DisplaySize.y);
  if (io.MouseWheel != 0.0f)
    camera.zoom(io.MouseWheel, cursor_of(io), io.DisplaySize.x / io.DisplaySize.y);
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
    commands_.push_back(command::FrameCharacter{});
}

}  // namespace canter::viewer
