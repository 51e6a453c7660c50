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

void App::handle_mouse() {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantCaptureMouse || io.DisplaySize.y < 1.0f) return;
  Camera& camera = state_.camera;
  const Vec2 moved(io.MouseDelta.x, io.MouseDelta.y);
  const bool left = ImGui::IsMouseDown(ImGuiMouseButton_Left);
  const bool middle = ImGui::IsMouseDown(ImGuiMouseButton_Middle);
  if (middle || (left && io.KeyShift))
    camera.pan(moved, io.DisplaySize.y);
  else if (left)
    camera.orbit(moved, io.DisplaySize.y);
  if (io.MouseWheel != 0.0f) {
    const Vec2 cursor(2.0f * io.MousePos.x / io.DisplaySize.x - 1.0f,
                      1.0f - 2.0f * io.MousePos.y / io.DisplaySize.y);
    camera.zoom(io.MouseWheel, cursor, io.DisplaySize.x / io.DisplaySize.y);
  }
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
    commands_.push_back(command::FrameCharacter{});
}

}  // namespace canter::viewer
