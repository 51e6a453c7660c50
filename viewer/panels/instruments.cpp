#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

constexpr float kWidth = 196.0f, kRow = 16.0f, kHistory = 44.0f, kHead = 24.0f;
constexpr int kBars = 88;  // a second and a half
constexpr float kBar = 2.0f;

int num_stages(const State& state) {
  return state.simulation == nullptr ? 0 : state.simulation->num_stages();
}

ui::Rect card(const ui::Context& c, const ui::Rect& view) {
  const float gap = c.px(theme::kGutter);
  const ImVec2 min(view.min.x + gap, view.min.y + gap);
  return {min,
          {min.x + c.px(kWidth),
           min.y + c.px(kHead + kHistory + kRow * static_cast<float>(num_stages(c.state) + 1) +
                        12.0f)}};
}

/// The last frames as bars, a colour a stage, under the budget.
void bars(const ui::Context& c, const ui::Rect& area) {
  const Trace& trace = *c.state.simulation;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  if (!c.state.view.timings) return;
  std::vector<theme::Color> colors;
  for (int stage = 0; stage < trace.num_stages(); ++stage)
    colors.push_back(theme::stage_color(trace.stage_name(stage)));
  std::vector<int> ages(static_cast<std::size_t>(std::min(trace.num_kept(), kBars)));
  float worst = 1.0f;
  for (std::size_t i = 0; i < ages.size(); ++i) {
    ages[i] = static_cast<int>(i);
    worst = std::max(worst, trace.total_us(ages[i]));
  }
  const plot::Range range{0.0f, plot::nice_ceiling(worst)};
  plot::stacked(draw, area, ages, colors, range, c.px(kBar),
                [&](int stage, int age) { return trace.at_us(stage, age); });
  plot::level(draw, area, c.state.budget_us, range, theme::kOver);
}

void row(const ui::Context& c, const Latency::Row& row, ImVec2 at, float width) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const bool sum = row.stage < 0;
  const float middle = at.y + 0.5f * c.px(kRow);
  if (!sum)
    draw.AddRectFilled(ImVec2(at.x, middle - c.px(3.0f)),
                       ImVec2(at.x + c.px(6.0f), middle + c.px(3.0f)), theme::stage_color(row.name),
                       c.px(1.5f));
  ui::text_at(draw, c.fonts.small,
              ImVec2(at.x + c.px(sum ? 0.0f : 12.0f), middle - 0.5f * c.fonts.small->FontSize),
              sum ? theme::kText : theme::kQuiet, row.name);
  if (!c.state.view.timings) return;
  // A policy acts in every other frame: the median of its stages would be nothing.
  const double values[2] = {row.stats.p95_us, row.stats.p99_us};
  ImFont* font = c.fonts.small_number;
  for (int i = 0; i < 2; ++i) {
    char text[32];
    std::snprintf(text, sizeof text, values[i] < 100.0 ? "%.1f" : "%.0f", values[i]);
    ui::text_at(draw, font,
                ImVec2(at.x + width - c.px(i == 0 ? 52.0f : 0.0f), middle - 0.5f * font->FontSize),
                i == 0 ? theme::kText : theme::kQuiet, text, 1.0f);
  }
}

}  // namespace

float instruments_card(const State& state, const ui::Rect& view) {
  const float width = (kWidth + theme::kGutter) * state.view.scale;
  return state.view.instruments && num_stages(state) > 0 && view.width() > 2.5f * width ? width
                                                                                        : 0.0f;
}

void instruments(const ui::Context& c, const ui::Rect& view) {
  if (instruments_card(c.state, view) == 0.0f) return;
  const ui::Rect area = card(c, view);
  ui::begin_panel(c, "instruments", area, 0.0f, 0.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float left = area.min.x + c.px(10.0f), width = area.width() - c.px(20.0f);
  ImFont* font = c.fonts.small_number;
  ui::text_at(draw, c.fonts.small, ImVec2(left, area.min.y + c.px(6.0f)), theme::kText,
              "One step, \u00b5s");
  ui::text_at(draw, font, ImVec2(left + width - c.px(52.0f), area.min.y + c.px(7.0f)),
              theme::kFaint, "p95", 1.0f);
  ui::text_at(draw, font, ImVec2(left + width, area.min.y + c.px(7.0f)), theme::kFaint, "p99",
              1.0f);
  float y = area.min.y + c.px(kHead);
  for (const Latency::Row& stage : c.state.simulation_latency.rows()) {
    row(c, stage, ImVec2(left, y), width);
    y += c.px(kRow);
  }
  y += c.px(4.0f);
  bars(c, {{left, y}, {left + width, y + c.px(kHistory)}});
  ImGui::SetCursorScreenPos(area.min);
  if (ImGui::InvisibleButton("instruments.open", ImVec2(area.width(), area.height())))
    c.commands.push_back(command::SetTab{Tab::frame});
  ui::mark(c, "instruments.open",
           "What a host pays for this frame, stage by stage: every line is a stage of the one "
           "step. Below, the last frames. Click: the Frame tab; I hides this");
  ui::end_panel();
}

}  // namespace canter::viewer::panels
