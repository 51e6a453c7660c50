#include <array>
#include <cstdio>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

constexpr int kMaxStages = 16;

/// How a section writes its times: a host's in microseconds, the window's in milliseconds.
struct Unit {
  const char* name;
  double us;
};
constexpr Unit kMicroseconds{"us", 1.0};
constexpr Unit kMilliseconds{"ms", 1000.0};

int num_stages(const Trace& trace) {
  return std::min(trace.num_stages(), kMaxStages);
}

void history(const ui::Context& c, const Trace& trace, float budget_us, const Unit& unit) {
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(88.0f);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ui::Rect area{min, {min.x + width, min.y + height}};
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  constexpr int kShownFrames = 600;  // ten seconds at 60 Hz
  const int bars = std::min(trace.num_kept(), kShownFrames);
  float worst_us = 0.0f;
  int worst_age = 0;
  for (int age = 0; age < bars; ++age) {
    if (trace.total_us(age) <= worst_us) continue;
    worst_us = trace.total_us(age);
    worst_age = age;
  }
  const plot::Range range{0.0f, plot::nice_ceiling(worst_us)};
  std::array<theme::Color, kMaxStages> colors{};
  for (int s = 0; s < num_stages(trace); ++s)
    colors[static_cast<std::size_t>(s)] = theme::stage_color(trace.stage_name(s));
  plot::stacked(draw, area, bars,
                std::span(colors).first(static_cast<std::size_t>(num_stages(trace))), range,
                [&](int stage, int age) { return trace.at_us(stage, age); });
  if (budget_us > 0.0f) plot::level(draw, area, budget_us, range, theme::kOver);

  char text[64];
  std::snprintf(text, sizeof text, "%g %s", static_cast<double>(range.high) / unit.us, unit.name);
  ui::text_at(draw, c.fonts.small_number, ImVec2(area.min.x + c.px(6.0f), area.min.y + c.px(4.0f)),
              theme::kQuiet, text);
  std::snprintf(text, sizeof text, "worst %.1f %s, %d frames ago",
                static_cast<double>(worst_us) / unit.us, unit.name, worst_age);
  ui::text_at(draw, c.fonts.small_number, ImVec2(area.max.x - c.px(6.0f), area.min.y + c.px(4.0f)),
              theme::kQuiet, text, 1.0f);
  ImGui::Dummy(ImVec2(width, height));
  ui::tooltip(c,
              "Every frame as a bar, newest at the right, one colour per stage (the table "
              "below names them). Dashed: the budget, where it is in range.");
}

void table_row(const ui::Context& c, const char* name, theme::Color color, const Trace::Stats& s,
               const Unit& unit, bool strong) {
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(22.0f);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ImFont* font = c.fonts.small_number;
  const float y = at.y + 0.5f * (height - font->FontSize);
  draw.AddRectFilled(ImVec2(at.x, at.y + c.px(7.0f)), ImVec2(at.x + c.px(8.0f), at.y + c.px(15.0f)),
                     color, c.px(2.0f));
  ui::text_at(draw, c.fonts.small,
              ImVec2(at.x + c.px(16.0f), at.y + 0.5f * (height - c.fonts.small->FontSize)),
              strong ? theme::kText : theme::kQuiet, name);
  const double values[] = {s.p50_us, s.p95_us, s.p99_us, s.max_us};
  const float column = c.px(52.0f);
  for (int i = 0; i < 4; ++i) {
    char text[32];
    std::snprintf(text, sizeof text, unit.us > 1.0 ? "%.2f" : "%.1f", values[i] / unit.us);
    ui::text_at(draw, font, ImVec2(at.x + width - static_cast<float>(3 - i) * column, y),
                i == 0 || strong ? theme::kText : theme::kQuiet, text, 1.0f);
  }
  ImGui::Dummy(ImVec2(width, height - ImGui::GetStyle().ItemSpacing.y));
}

void table_header(const ui::Context& c, const Unit& unit) {
  const float width = ImGui::GetContentRegionAvail().x;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const char* const titles[] = {"p50", "p95", "p99", "max"};
  for (int i = 0; i < 4; ++i)
    ui::text_at(draw, c.fonts.small_number,
                ImVec2(at.x + width - static_cast<float>(3 - i) * c.px(52.0f), at.y), theme::kFaint,
                titles[i], 1.0f);
  ui::text_at(draw, c.fonts.small, at, theme::kFaint, std::string("stage, ") + unit.name);
  ImGui::Dummy(ImVec2(width, c.px(14.0f)));
}

void section(const ui::Context& c, const char* title, const char* explanation, const Trace& trace,
             float budget_us, const Unit& unit) {
  ui::heading(c, title);
  ui::paragraph(c, explanation);
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  history(c, trace, budget_us, unit);
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  table_header(c, unit);
  for (int s = 0; s < num_stages(trace); ++s)
    table_row(c, trace.stage_name(s), theme::stage_color(trace.stage_name(s)), trace.stats(s), unit,
              false);
  table_row(c, "all", theme::kText, trace.stats(-1), unit, true);
}

}  // namespace

void frame_tab(const ui::Context& c) {
  if (!c.state.view.timings) {
    ui::paragraph(c,
                  "Measured times are left out of this image, so that equal input gives equal "
                  "images. --timings shows them; --report writes them.");
    return;
  }
  if (c.state.simulation != nullptr && c.state.simulation->num_kept() > 0)
    section(c, "Simulation", "What a host pays per frame.", *c.state.simulation, c.state.budget_us,
            kMicroseconds);
  if (c.state.drawing != nullptr && c.state.drawing->num_kept() > 0)
    section(c, "Drawing", "What this window adds.", *c.state.drawing, 0.0f, kMilliseconds);
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  ui::paragraph(c, c.state.renderer + ", quality " + c.state.quality);
}

}  // namespace canter::viewer::panels
