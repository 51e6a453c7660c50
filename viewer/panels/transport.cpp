#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "canter/world/character.h"
#include "viewer/panels/panels.h"
#include "viewer/timeline.h"
#include "viewer/ui/controls.h"

namespace canter::viewer::panels {
namespace {

std::string clock(double time_s) {
  const int minutes = static_cast<int>(time_s / 60.0);
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%06.3f", minutes, time_s - 60.0 * minutes);
  return text;
}

/// The row of buttons; each goes on where the last ended.
struct Row {
  const ui::Context& c;

  void icon(const char* id, ui::Icon icon, const char* tip, const Command& command,
            bool active = false) const {
    if (ui::icon_button(c, id, icon, tip, active)) c.commands.push_back(command);
    space(4.0f);
  }
  void words(const char* id, const char* label, const char* tip, const Command& command,
             bool active = false) const {
    if (ui::text_button(c, id, label, tip, active)) c.commands.push_back(command);
    space(2.0f);
  }
  void space(float design_pixels) const { ImGui::SameLine(0.0f, c.px(design_pixels)); }
};

void time_buttons(const Row& row, const Timeline& p) {
  row.icon("transport.first", ui::Icon::first, "To the in point (Home)", command::Seek{p.in_s});
  row.icon("transport.previous", ui::Icon::previous, "One frame back (Left; with Shift ten)",
           command::StepFrames{-1});
  row.icon("transport.play", p.playing ? ui::Icon::pause : ui::Icon::play, "Play or pause (Space)",
           command::TogglePlay{}, p.playing);
  row.icon("transport.next", ui::Icon::next, "One frame on (Right; with Shift ten)",
           command::StepFrames{1});
  row.icon("transport.last", ui::Icon::last, "To the out point (End)", command::Seek{p.out_s});
  row.space(8.0f);
  const bool cut = p.in_s > 0.0 || p.out_s < p.duration_s;
  row.words("transport.in", "[", "In point here: what plays begins at the cursor ([)",
            command::SetRange{p.time_s, p.time_s < p.out_s ? p.out_s : p.duration_s}, p.in_s > 0.0);
  row.words("transport.out", "]", "Out point here: what plays ends at the cursor (])",
            command::SetRange{p.time_s > p.in_s ? p.in_s : 0.0, p.time_s}, p.out_s < p.duration_s);
  if (cut)
    row.words("transport.whole", "whole", "Play the whole clip again (Backspace)",
              command::SetRange{0.0, p.duration_s});
}

void speed_buttons(const Row& row, const Timeline& p) {
  struct Step {
    const char* id;
    const char* label;
    float speed;
  };
  constexpr std::array<Step, 5> kSteps = {{{"transport.speed_10", "0.1", 0.1f},
                                           {"transport.speed_25", "0.25", 0.25f},
                                           {"transport.speed_50", "0.5", 0.5f},
                                           {"transport.speed_100", "1", 1.0f},
                                           {"transport.speed_200", "2", 2.0f}}};
  const float sign = p.speed < 0.0f ? -1.0f : 1.0f;
  for (const Step& step : kSteps)
    row.words(step.id, step.label, "Speed as a factor of the recorded one (keys 1 to 5)",
              command::SetSpeed{sign * step.speed},
              std::abs(std::abs(p.speed) - step.speed) < 1e-4f);
  row.space(6.0f);
  row.words("transport.reverse", "reverse", "Play backwards (R)", command::SetSpeed{-p.speed},
            p.speed < 0.0f);
}

/// Any speed from -5 to 5, in what is left between the buttons and the time.
void speed_slider(const ui::Context& c, float right) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = c.px(132.0f);
  if (at.x + c.px(8.0f) + width > right) return;
  ImGui::SetCursorScreenPos(ImVec2(at.x + c.px(8.0f), at.y + c.px(1.0f)));
  if (const auto speed = ui::slider(
          c, {"transport.speed", "speed", "Factor of the recorded speed; negative plays backwards"},
          c.state.timeline.speed, {-kMaxSpeed, kMaxSpeed, 1.0f, "x", 2}, width))
    c.commands.push_back(command::SetSpeed{*speed});
}

/// Time and frame at the right end, where they do not move. Returns where they begin.
float readout(const ui::Context& c, const ui::Rect& area) {
  const Timeline& p = c.state.timeline;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ImFont* large = c.fonts.large_number;
  ImFont* number = c.fonts.number;
  const float base = area.min.y + c.px(20.0f);
  const auto width = [](ImFont* font, const char* text) {
    return font->CalcTextSizeA(font->FontSize, 1e9f, 0.0f, text).x;
  };
  float x = area.max.x - c.px(16.0f);
  char text[64];
  const int last = std::max(p.num_frames - 1, 0);
  std::snprintf(text, sizeof text, "frame %d / %d", current_frame(p), last);
  ui::text_at(draw, number, ImVec2(x, base - 0.5f * number->FontSize), theme::kQuiet, text, 1.0f);
  std::snprintf(text, sizeof text, "frame %d / %d", last, last);
  x -= width(number, text) + c.px(24.0f);
  const std::string total = " / " + clock(p.duration_s);
  ui::text_at(draw, number, ImVec2(x, base - 0.5f * number->FontSize), theme::kQuiet, total, 1.0f);
  x -= width(number, total.c_str());
  ui::text_at(draw, large, ImVec2(x, base - 0.5f * large->FontSize - c.px(1.0f)), theme::kText,
              clock(p.time_s), 1.0f);
  return x - width(large, "00:00.000") - c.px(16.0f);
}

void controls(const ui::Context& c, const ui::Rect& area) {
  const Timeline& p = c.state.timeline;
  const Row row{c};
  const float right = readout(c, area);
  ImGui::SetCursorScreenPos(ImVec2(area.min.x + c.px(16.0f), area.min.y + c.px(6.0f)));
  time_buttons(row, p);
  row.space(8.0f);
  row.icon("transport.loop", ui::Icon::loop, "Loop (L)", command::SetLoop{!p.loop}, p.loop);
  row.space(8.0f);
  // What has no place in a narrow window is left to the keys.
  constexpr float kSpeeds = 216.0f;
  if (ImGui::GetItemRectMax().x + c.px(12.0f + kSpeeds) > right) return;
  speed_buttons(row, p);
  speed_slider(c, right - c.px(104.0f));
  if (right - ImGui::GetItemRectMax().x > c.px(112.0f))
    seam_note(c, ImVec2(ImGui::GetItemRectMax().x + c.px(16.0f), area.min.y + c.px(20.0f)));
}

}  // namespace

void transport(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "transport", area, 0.0f, 0.0f);
  ImGui::GetWindowDrawList()->AddLine(ImVec2(area.min.x, area.min.y + 0.5f),
                                      ImVec2(area.max.x, area.min.y + 0.5f), theme::kLine);
  controls(c, area);
  tracks(c, area);
  ui::end_panel();
}

}  // namespace canter::viewer::panels
