#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

std::string format(const char* pattern, float value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, static_cast<double>(value));
  return text;
}

void settings(const ui::Context& c) {
  static const BlendSettings kDefault;
  const BlendState& blend = c.state.blend;
  BlendSettings s = blend.settings;
  const float from_s = blend.from ? blend.from.get().clip.duration_s() : 1.0f;
  if (const auto v = ui::slider(
          c, {"blend.at", "At", "Time of the first clip at which the transition begins"}, s.at_s,
          {0.0f, std::max(from_s, 0.1f), std::min(kDefault.at_s, from_s), "s", 2}))
    s.at_s = *v;
  if (const auto v =
          ui::slider(c, {"blend.duration", "Takes", "How long the transition takes"}, s.duration_s,
                     {kMinBlend_s, kMaxBlend_s, kDefault.duration_s, "s", 2}))
    s.duration_s = *v;
  if (const auto v = ui::toggle(c,
                                {"blend.sync", "Sync by contacts",
                                 "Starts the second clip where its feet do what the first's do"},
                                s.sync, kDefault.sync))
    s.sync = *v;
  if (!s.sync) {
    const float to_s = blend.to ? blend.to.get().clip.duration_s() : 1.0f;
    if (const auto v = ui::slider(c, {"blend.start", "Starts at", "Time of the second clip"},
                                  s.start_s, {0.0f, std::max(to_s, 0.1f), 0.0f, "s", 2}))
      s.start_s = *v;
  }
  if (!(s == blend.settings)) c.commands.push_back(command::SetBlend{s});
}

/// Both clips' places in the stride as hands, right strikes as ticks.
void strides(const ui::Context& c, const BlendResult& result) {
  const float radius = c.px(32.0f);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 middle(at.x + radius + c.px(4.0f), at.y + radius + c.px(4.0f));
  const theme::Color colors[2] = {theme::kReference, theme::kAccent};
  std::vector<plot::Hand> hands;
  std::vector<plot::Tick> ticks = {{0.0f, theme::kLeft}};
  for (std::size_t i = 0; i < 2; ++i) {
    if (result.phase[i].has_value()) hands.push_back({*result.phase[i], 0.9f, colors[i]});
    if (result.right_strike[i].has_value())
      ticks.push_back({*result.right_strike[i], theme::kRight});
  }
  plot::dial(*ImGui::GetWindowDrawList(), middle, radius, hands, ticks);
  const ImVec2 size(2.0f * radius + c.px(8.0f), 2.0f * radius + c.px(8.0f));
  ImGui::InvisibleButton("blend.dial", size);
  ui::mark(
      c, "blend.dial",
      "Where in the stride each clip is when the transition begins: one turn from one strike of "
      "the left foot to the next. Ticks: strikes, left blue, right orange");
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const BlendState& blend = c.state.blend;
  const char* const names[2] = {blend.from.get().name.c_str(), blend.to.get().name.c_str()};
  for (std::size_t i = 0; i < 2; ++i) {
    const float y = at.y + c.px(16.0f) + c.px(24.0f) * static_cast<float>(i);
    const std::string phase =
        result.phase[i].has_value() ? format("%.2f", *result.phase[i]) : "no stride";
    ui::text_at(draw, c.fonts.small, ImVec2(at.x + size.x + c.px(12.0f), y), colors[i],
                ui::fit(c.fonts.small, names[i], c.px(120.0f)));
    ui::text_at(draw, c.fonts.small_number, ImVec2(at.x + ImGui::GetContentRegionAvail().x, y),
                theme::kText, phase, 1.0f);
  }
}

theme::Color slide_color(float slide_m_s, float own_m_s) {
  if (slide_m_s < own_m_s + 0.05f) return theme::kFine;
  return slide_m_s < own_m_s + 0.3f ? theme::kContact : theme::kOver;
}

void outcome(const ui::Context& c, const BlendResult& result) {
  ui::heading(c, "Stride");
  strides(c, result);
  ui::heading(c, "Foot slide while it blends");
  for (int kind = 0; kind < kNumBlendKinds; ++kind) {
    const float slide = result.foot_slide_m_s[static_cast<std::size_t>(kind)];
    ui::row(c, kBlendNames[static_cast<std::size_t>(kind)],
            format("%.1f cm/s", 100.0f * slide).c_str(), slide_color(slide, result.own_slide_m_s));
  }
  ui::row(c, "the clips themselves", format("%.1f cm/s", 100.0f * result.own_slide_m_s).c_str(),
          theme::kQuiet);
  ui::row(c, "second clip starts at", format("%.2f s", result.start_s).c_str(), theme::kQuiet);
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  const bool on_stage =
      c.state.document() != nullptr && c.state.document() == result.document.get();
  const int shown = on_stage ? c.state.selection.clip : -1;
  constexpr const char* kIds[] = {"blend.show.crossfade", "blend.show.inertialized"};
  for (int kind = 0; kind < kNumBlendKinds; ++kind) {
    if (ui::text_button(c, kIds[kind], kBlendNames[static_cast<std::size_t>(kind)],
                        "Show this transition; the time stays", shown == kind))
      c.commands.push_back(command::ShowBlend{kind});
    ImGui::SameLine(0.0f, c.px(4.0f));
  }
  const bool beside = on_stage && c.state.selection.comparison == Comparison::sibling;
  if (ui::text_button(c, "blend.beside", "both", "Both side by side; the Compare tab measures",
                      beside)) {
    if (!on_stage) c.commands.push_back(command::ShowBlend{kInertialize});
    c.commands.push_back(command::Compare{beside ? Comparison::none : Comparison::sibling});
  }
}

}  // namespace

void blend_tab(const ui::Context& c) {
  const BlendState& blend = c.state.blend;
  ui::heading(c, "From");
  const bool is_blend = c.state.document() != nullptr && c.state.document()->format == kBlendFormat;
  ui::row(c, blend.from ? blend.from.get().name.c_str() : "nothing chosen",
          blend.from ? format("%.2f s", blend.from.get().clip.duration_s()).c_str() : "");
  if (c.state.clip() != nullptr && !is_blend &&
      ui::wide_button(c,
                      {"blend.from", "Take the clip that plays",
                       "The transition begins in the clip on stage, at its time"},
                      !blend.from))
    c.commands.push_back(command::BlendFrom{});
  ui::heading(c, "To");
  if (const auto path = clip_choices(c, "blend.to", blend.to_path, "Blend into this clip"))
    c.commands.push_back(command::BlendTo{*path});
  if (!blend.from || blend.to_path.empty()) {
    ui::paragraph(c,
                  "Take a clip, then choose the one it goes over into. Both a crossfade and an "
                  "inertialized transition are played and measured.");
    return;
  }
  ui::heading(c, "Transition");
  settings(c);
  if (!blend.error.empty()) ui::paragraph(c, blend.error, theme::kOver);
  if (blend.result != nullptr) outcome(c, *blend.result);
}

}  // namespace canter::viewer::panels
