#include <array>
#include <cstdio>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

/// "0.04 / 2.0 ms" and the last frames as a sparkline, from the right end of the bar.
void budget(const ui::Context& c, const ui::Rect& area) {
  const Trace* trace = c.state.simulation;
  if (trace == nullptr || !c.state.view.timings || trace->num_kept() == 0) return;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ui::Rect spark{{area.max.x - c.px(112.0f), area.min.y + c.px(8.0f)},
                       {area.max.x - c.px(12.0f), area.max.y - c.px(8.0f)}};
  std::array<float, 120> values{};
  const int kept = std::min(trace->num_kept(), static_cast<int>(values.size()));
  float worst = 0.0f;
  for (int i = 0; i < kept; ++i) {
    values[static_cast<std::size_t>(kept - 1 - i)] = trace->total_us(i);
    worst = std::max(worst, trace->total_us(i));
  }
  plot::curve(draw, spark, std::span(values).first(static_cast<std::size_t>(kept)),
              {0.0f, plot::nice_ceiling(worst)}, theme::kQuiet, c.px(1.25f), true);

  const double p50_us = trace->stats(-1).p50_us;
  const bool over = p50_us > static_cast<double>(c.state.budget_us);
  char text[48];
  std::snprintf(text, sizeof text, "%.3f / %.1f ms", p50_us / 1000.0,
                static_cast<double>(c.state.budget_us) / 1000.0);
  ImFont* font = c.fonts.number;
  ui::text_at(
      draw, font,
      ImVec2(spark.min.x - c.px(12.0f), area.min.y + 0.5f * (area.height() - font->FontSize)),
      over ? theme::kOver : theme::kText, text, 1.0f);
  ImGui::SetCursorScreenPos(ImVec2(spark.min.x - c.px(140.0f), area.min.y));
  if (ImGui::InvisibleButton("top.budget", ImVec2(c.px(240.0f), area.height())))
    c.commands.push_back(command::SetTab{Tab::frame});
  ui::mark(c, "top.budget",
           "Median cost of a frame to a host (sampling to skinning matrices, milliseconds), "
           "against the budget. The curve: the last 120 frames. Click: every stage.");
}

/// What is being written, as a button that stops it.
void recording(const ui::Context& c, const ui::Rect& area, float x) {
  if (c.state.recording.empty()) return;
  ImGui::SetCursorScreenPos(ImVec2(x, area.min.y + c.px(4.0f)));
  const std::string label =
      "recording " + c.state.recording.substr(c.state.recording.find_last_of('/') + 1);
  if (ui::text_button(c, "top.recording", ui::fit(c.fonts.small, label, c.px(240.0f)).c_str(),
                      "Stop the recording (Shift F12)", true))
    c.commands.push_back(command::Record{{}, true});
}

}  // namespace

void top_bar(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "top", area, 0.0f, 0.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddLine(ImVec2(area.min.x, area.max.y - 0.5f), ImVec2(area.max.x, area.max.y - 0.5f),
               theme::kLine);
  const auto centred = [&](ImFont* font) {
    return area.min.y + 0.5f * (area.height() - font->FontSize);
  };
  float x = area.min.x + c.px(16.0f);
  const auto put = [&](ImFont* font, theme::Color color, const std::string& text) {
    ui::text_at(draw, font, ImVec2(x, centred(font)), color, text);
    x += font->CalcTextSizeA(font->FontSize, 1e9f, 0.0f, text.c_str()).x + c.px(16.0f);
  };
  put(c.fonts.strong, theme::kAccent, "Canter");
  if (const Document* document = c.state.document(); document != nullptr) {
    const DocumentClip* clip = c.state.clip();
    put(c.fonts.strong, theme::kText, ui::fit(c.fonts.strong, document->title, c.px(280.0f)));
    if (clip != nullptr && document->clips.size() > 1)
      put(c.fonts.text, theme::kText, ui::fit(c.fonts.text, clip->name, c.px(220.0f)));
    put(c.fonts.small, theme::kQuiet, c.state.shown_on);
  } else {
    put(c.fonts.small, theme::kQuiet, "nothing open");
  }
  recording(c, area, x);
  budget(c, area);
  ui::end_panel();
}

}  // namespace canter::viewer::panels
