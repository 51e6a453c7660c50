#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

std::string centimetres(float metres) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f cm", 100.0 * static_cast<double>(metres));
  return text;
}

void chooser(const ui::Context& c) {
  ui::heading(c, "Beside the clip");
  for (const ComparisonName& name : comparison_names()) {
    if (name.kind == Comparison::partner) continue;
    const std::string id = std::string("compare.") + name.id;
    const bool chosen = c.state.selection.comparison == name.kind;
    if (ui::wide_button(c, {id.c_str(), name.title, name.effect}, chosen) && !chosen)
      c.commands.push_back(command::Compare{name.kind});
  }
  ui::heading(c, "Or beside another clip");
  const Selection& s = c.state.selection;
  const bool chosen = s.comparison == Comparison::partner && s.partner >= 0;
  if (const auto path = clip_choices(
          c, "compare.clip",
          chosen ? c.state.documents[static_cast<std::size_t>(s.partner)]->path : std::string(),
          "This clip stands beside, and stays abreast"))
    c.commands.push_back(command::BesideClip{*path});
  if (c.state.phase.networks == nullptr || c.state.compared == nullptr) return;
  if (const auto on = ui::toggle(c,
                                 {"compare.in_phase", "In phase",
                                  "What stands beside keeps step by its phase, faster or slower"},
                                 s.in_phase, false))
    c.commands.push_back(command::KeepStep{*on});
}

/// Mean and greatest difference over the clip; shares time with the tracks.
void curves(const ui::Context& c, const Difference& difference) {
  const float width = ImGui::GetContentRegionAvail().x, height = c.px(72.0f);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ui::Rect area{min, {min.x + width, min.y + height}};
  const ui::Rect inside{{area.min.x, area.min.y + c.px(16.0f)}, {area.max.x, area.max.y - 2.0f}};
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  const float highest = *std::max_element(difference.max_m.begin(), difference.max_m.end());
  const plot::Range range{0.0f, plot::nice_ceiling(std::max(highest, 1e-5f))};
  plot::curve(draw, inside, difference.max_m, range, theme::kSeries[5], c.px(1.25f));
  plot::curve(draw, inside, difference.mean_m, range, theme::kSeries[3], c.px(1.5f), true);
  ui::text_at(draw, c.fonts.small_number, ImVec2(area.min.x + c.px(6.0f), area.min.y + c.px(3.0f)),
              theme::kQuiet, "0 to " + centimetres(range.high));

  ImGui::InvisibleButton("compare.curves", ImVec2(width, height));
  const Timeline& p = c.state.timeline;
  const float at =
      std::clamp((ImGui::GetIO().MousePos.x - min.x) / std::max(width, 1.0f), 0.0f, 1.0f);
  const double time_s = static_cast<double>(at) * p.duration_s;
  if (ImGui::IsItemActive()) c.commands.push_back(command::Seek{time_s});
  if (ImGui::IsItemHovered()) c.commands.push_back(command::Hover{time_s});
  c.widgets.add({"compare.curves", area, true, false, area});
  if (p.duration_s <= 0.0) return;
  const auto fraction = [&](double t) { return static_cast<float>(t / p.duration_s); };
  if (c.state.hover_s.has_value()) {
    const float shown = fraction(*c.state.hover_s);
    plot::cursor(draw, inside, shown, theme::with_alpha(theme::kText, 0.4f), c.px(1.0f));
    std::vector<plot::Mark> marks;
    for (const auto& [values, color] : {std::pair{&difference.max_m, theme::kSeries[5]},
                                        std::pair{&difference.mean_m, theme::kSeries[3]}}) {
      const float value = plot::value_at(*values, shown);
      marks.push_back({value, color, centimetres(value)});
    }
    plot::value_marks(draw, c.fonts.small_number, inside, shown, marks, range);
  }
  plot::cursor(draw, inside, fraction(p.time_s), theme::kAccent, c.px(2.0f));
}

/// The joints that differ most now, as bars.
void joints(const ui::Context& c, const Difference& difference, const Skeleton& skeleton) {
  const std::span<const float> now =
      difference.at(c.state.timeline.time_s, c.state.timeline.rate_hz);
  std::vector<int> order(now.size());
  std::iota(order.begin(), order.end(), 0);
  constexpr std::size_t kShown = 6;
  const std::size_t count = std::min(kShown, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](int a, int b) {
                      return now[static_cast<std::size_t>(a)] > now[static_cast<std::size_t>(b)];
                    });
  const float full = std::max(c.state.view.difference_m, 1e-6f);
  for (std::size_t i = 0; i < count; ++i) {
    const float value = now[static_cast<std::size_t>(order[i])];
    if (value < 0.0f) continue;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const std::array<float, 3> rgb = plot::heat_rgb(0.25f + 0.75f * value / full);
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(at.x, at.y + c.px(18.0f)),
        ImVec2(at.x + std::min(value / full, 1.0f) * width, at.y + c.px(20.0f)),
        ImGui::ColorConvertFloat4ToU32(ImVec4(rgb[0], rgb[1], rgb[2], 1.0f)));
    ui::row(c, std::string(skeleton.name(order[i])).c_str(), centimetres(value).c_str());
  }
}

void numbers(const ui::Context& c, const Difference& difference, const Skeleton& skeleton) {
  const auto worst =
      static_cast<std::size_t>(std::max_element(difference.max_m.begin(), difference.max_m.end()) -
                               difference.max_m.begin());
  const float mean = std::accumulate(difference.mean_m.begin(), difference.mean_m.end(), 0.0f) /
                     static_cast<float>(difference.num_frames());
  ui::row(c, "mean over the clip", centimetres(mean).c_str());
  ui::row(c, "greatest", centimetres(difference.max_m[worst]).c_str());
  const double time_s = static_cast<double>(worst) / static_cast<double>(c.state.timeline.rate_hz);
  char text[96];
  std::snprintf(text, sizeof text, "Go to the greatest, %.2f s", time_s);
  if (ui::wide_button(c,
                      {"compare.worst", text, "Moves the cursor to the frame that differs most"}))
    c.commands.push_back(command::Seek{time_s});
  ui::heading(c, "Joints, now");
  joints(c, difference, skeleton);
}

}  // namespace

void compare_tab(const ui::Context& c) {
  chooser(c);
  const ComparedPtr& compared = c.state.compared;
  if (compared == nullptr) {
    ui::paragraph(c,
                  c.state.clip() == nullptr
                      ? "Open a motion, then choose what stands beside it."
                      : "Choose what stands beside the clip; the distance between their joints is "
                        "drawn here, in the tracks and on the bones.");
    return;
  }
  ui::heading(c, "Distance between joints");
  ui::paragraph(c, "Against the clip " + compared->title +
                       (compared->alignment.relative ? ", measured from the hips." : "."));
  if (compared->difference.num_frames() == 0) return;
  curves(c, compared->difference);
  const Document& shown =
      compared->retargeted != nullptr ? *compared->retargeted->body : *compared->motion;
  numbers(c, compared->difference, shown.skeleton);
}

}  // namespace canter::viewer::panels
