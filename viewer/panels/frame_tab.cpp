#include <array>
#include <cstdio>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

constexpr int kMaxStages = 16;
constexpr int kShownFrames = 600;  // ten seconds at 60 Hz

/// How a section writes its times: a host's in microseconds, the window's in milliseconds.
struct Unit {
  const char* name;
  double us;
  int decimals;
};
constexpr Unit kMicroseconds{"\u00b5s", 1.0, 1};
constexpr Unit kMilliseconds{"ms", 1000.0, 2};

/// One of the two groups of stages.
struct Section {
  const char* id;
  const char* title;
  const char* explanation;
  const Trace& trace;
  const Latency& latency;
  bool simulation;
  float budget_us;
  const Unit& unit;
};

int num_stages(const Trace& trace) {
  return std::min(trace.num_stages(), kMaxStages);
}

std::string format(const char* pattern, double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value, unit);
  return text;
}

/// What a frame was made of, for the tooltip.
std::string describe_frame(const Section& s, int age) {
  char text[96];
  std::snprintf(text, sizeof text, "%d frames ago: %.*f %s", age, s.unit.decimals,
                static_cast<double>(s.trace.total_us(age)) / s.unit.us, s.unit.name);
  std::string all = text;
  for (int stage = 0; stage < num_stages(s.trace); ++stage) {
    std::snprintf(text, sizeof text, "\n%s %.*f", s.trace.stage_name(stage), s.unit.decimals,
                  static_cast<double>(s.trace.at_us(stage, age)) / s.unit.us);
    all += text;
  }
  return all + "\nClick: go back to this frame. Dashed: the budget.";
}

void bars(const ui::Context& c, const Section& s, const ui::Rect& area, const Bars& bars,
          plot::Range range) {
  std::array<theme::Color, kMaxStages> colors{};
  for (int i = 0; i < num_stages(s.trace); ++i)
    colors[static_cast<std::size_t>(i)] = theme::stage_color(s.trace.stage_name(i));
  std::vector<int> ages(static_cast<std::size_t>(bars.count()));
  for (int bar = 0; bar < bars.count(); ++bar)
    ages[static_cast<std::size_t>(bar)] = bars.worst_age(s.trace, bar);
  plot::stacked(*ImGui::GetWindowDrawList(), area, ages,
                std::span(colors).first(static_cast<std::size_t>(num_stages(s.trace))), range,
                c.px(1.0f), [&](int stage, int age) { return s.trace.at_us(stage, age); });
}

/// Small triangles above a bar: the worst frame, and the one gone back to.
void pin(const ui::Context& c, const ui::Rect& area, int bar, theme::Color color) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float x = area.max.x - c.px(1.0f) * (static_cast<float>(bar) + 0.5f);
  const float y = area.min.y + c.px(20.0f);
  draw.AddTriangleFilled(ImVec2(x - c.px(4.0f), y), ImVec2(x + c.px(4.0f), y),
                         ImVec2(x, y + c.px(5.0f)), color);
  draw.AddLine(ImVec2(x, y), ImVec2(x, area.max.y), theme::with_alpha(color, 0.5f));
}

/// The bar of the frame that was gone back to; -1 if it is none of these.
int held_bar(const ui::Context& c, const Section& s, const Bars& bars) {
  const auto& held = c.state.held;
  if (held == nullptr || held->from_simulation != s.simulation) return -1;
  const std::int64_t age = s.trace.num_frames() - 1 - held->frame;
  return age < 0 || age >= bars.num_frames ? -1 : static_cast<int>(age) / bars.per_bar;
}

void history(const ui::Context& c, const Section& s) {
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(96.0f);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ui::Rect area{min, {min.x + width, min.y + height}};
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  const int worst = worst_age(s.trace, kShownFrames);
  const float worst_us = s.trace.total_us(worst);
  // The bars leave the words above them free.
  const ui::Rect inside{{area.min.x, area.min.y + c.px(26.0f)}, area.max};
  const plot::Range range{0.0f, plot::nice_ceiling(worst_us)};
  const Bars layout = Bars::of(s.trace, kShownFrames, width / c.px(1.0f));
  bars(c, s, inside, layout, range);
  if (s.budget_us > 0.0f) plot::level(draw, inside, s.budget_us, range, theme::kOver);
  pin(c, area, worst / layout.per_bar, theme::kOver);
  if (const int bar = held_bar(c, s, layout); bar >= 0) pin(c, area, bar, theme::kAccent);

  ImFont* font = c.fonts.small_number;
  ui::text_at(draw, font, ImVec2(area.min.x + c.px(6.0f), area.min.y + c.px(4.0f)), theme::kQuiet,
              format("0 to %g %s", static_cast<double>(range.high) / s.unit.us, s.unit.name));
  const std::string note =
      format("worst %.1f %s", static_cast<double>(worst_us) / s.unit.us, s.unit.name) + ", " +
      std::to_string(worst) + " ago";
  ui::text_at(draw, font, ImVec2(area.max.x - c.px(6.0f), area.min.y + c.px(4.0f)), theme::kQuiet,
              note, 1.0f);

  const std::string id = std::string("frame.") + s.id;
  const bool clicked = ImGui::InvisibleButton(id.c_str(), ImVec2(width, height));
  const int under = static_cast<int>((area.max.x - ImGui::GetIO().MousePos.x) / c.px(1.0f));
  const bool on_bar = ImGui::IsItemHovered() && under >= 0 && under < layout.count();
  const int age = on_bar ? layout.worst_age(s.trace, under) : worst;
  ui::mark(c, id, describe_frame(s, age).c_str());
  if (clicked && on_bar)
    c.commands.push_back(command::GoToFrame{s.simulation, s.trace.num_frames() - 1 - age});
}

/// Median and the middle nine tenths of every fifth of a second.
void spread(const ui::Context& c, const Section& s) {
  constexpr std::size_t kColumns = 50;
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(28.0f);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ui::Rect area{min, {min.x + width, min.y + height}};
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  const int kept = std::min(s.trace.num_kept(), kShownFrames);
  std::array<float, kShownFrames> totals{};
  for (int i = 0; i < kept; ++i)
    totals[static_cast<std::size_t>(i)] = s.trace.total_us(kept - 1 - i);
  std::array<plot::Band, kColumns> bands{};
  const std::size_t columns = std::clamp<std::size_t>(
      static_cast<std::size_t>(kept) * kColumns / kShownFrames, 1, kColumns);
  plot::bands(std::span(totals).first(static_cast<std::size_t>(kept)),
              std::span(bands).first(columns));
  float highest = 0.0f;
  for (std::size_t i = 0; i < columns; ++i) highest = std::max(highest, bands[i].high);
  const plot::Range range{0.0f, plot::nice_ceiling(highest)};
  const float shown = width * static_cast<float>(columns) / static_cast<float>(kColumns);
  const ui::Rect inside{{area.max.x - shown, area.min.y + c.px(2.0f)},
                        {area.max.x, area.max.y - c.px(2.0f)}};
  plot::band(draw, inside, std::span(bands).first(columns), range, theme::kReference, c.px(1.25f));
  if (s.budget_us > 0.0f) plot::level(draw, inside, s.budget_us, range, theme::kOver);
  const std::string id = std::string("frame.") + s.id + ".spread";
  ImGui::InvisibleButton(id.c_str(), ImVec2(width, height));
  ui::mark(c, id,
           "The sum of all stages: the median of every fifth of a second, and around it "
           "where nine tenths of its frames lie");
}

void sparkline(const ui::Context& c, const Section& s, int stage, const ui::Rect& area,
               theme::Color color) {
  std::array<float, 120> values{};
  const int kept = std::min(s.trace.num_kept(), static_cast<int>(values.size()));
  float worst = 0.0f;
  for (int i = 0; i < kept; ++i) {
    const float v = stage < 0 ? s.trace.total_us(i) : s.trace.at_us(stage, i);
    values[static_cast<std::size_t>(kept - 1 - i)] = v;
    worst = std::max(worst, v);
  }
  plot::curve(*ImGui::GetWindowDrawList(), area,
              std::span(values).first(static_cast<std::size_t>(kept)),
              {0.0f, std::max(worst, 1e-3f)}, color, c.px(1.0f));
}

constexpr float kColumn = 44.0f;

void table_row(const ui::Context& c, const Section& s, const Latency::Row& row) {
  const bool strong = row.stage < 0;
  const theme::Color color = strong ? theme::kText : theme::stage_color(row.name);
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(22.0f);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ImFont* font = c.fonts.small_number;
  const float y = at.y + 0.5f * (height - font->FontSize);
  draw.AddRectFilled(ImVec2(at.x, at.y + c.px(7.0f)), ImVec2(at.x + c.px(8.0f), at.y + c.px(15.0f)),
                     color, c.px(2.0f));
  ui::text_at(draw, c.fonts.small,
              ImVec2(at.x + c.px(14.0f), at.y + 0.5f * (height - c.fonts.small->FontSize)),
              strong ? theme::kText : theme::kQuiet, row.name);
  sparkline(c, s, row.stage,
            {{at.x + c.px(72.0f), at.y + c.px(5.0f)}, {at.x + c.px(106.0f), at.y + c.px(17.0f)}},
            color);
  const double values[] = {row.stats.p50_us, row.stats.p95_us, row.stats.p99_us, row.stats.max_us};
  for (int i = 0; i < 4; ++i) {
    char text[32];
    // Three figures are what the column has room for.
    const double shown = values[i] / s.unit.us;
    std::snprintf(text, sizeof text, "%.*f",
                  shown >= 100.0  ? 0
                  : shown >= 10.0 ? 1
                                  : s.unit.decimals,
                  shown);
    ui::text_at(draw, font, ImVec2(at.x + width - static_cast<float>(3 - i) * c.px(kColumn), y),
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
                ImVec2(at.x + width - static_cast<float>(3 - i) * c.px(kColumn), at.y),
                theme::kFaint, titles[i], 1.0f);
  ui::text_at(draw, c.fonts.small, at, theme::kFaint, std::string("stage, ") + unit.name);
  ImGui::Dummy(ImVec2(width, c.px(14.0f)));
}

void section(const ui::Context& c, const Section& s) {
  ui::heading(c, s.title);
  ui::paragraph(c, s.explanation);
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  history(c, s);
  spread(c, s);
  table_header(c, s.unit);
  for (const Latency::Row& row : s.latency.rows()) table_row(c, s, row);
}

void held_note(const ui::Context& c) {
  if (c.state.held == nullptr) return;
  ui::paragraph(c, "Gone back to a frame; the histories stand still until it plays on.",
                theme::kAccent);
  if (ui::text_button(c, "frame.live", "play on", "Leave this frame and play on (Space)", true))
    c.commands.push_back(command::TogglePlay{});
}

}  // namespace

void frame_tab(const ui::Context& c) {
  if (!c.state.view.timings) {
    ui::paragraph(c,
                  "Measured times are left out of this image, so that equal input gives equal "
                  "images. --timings shows them; --report writes them.");
    return;
  }
  held_note(c);
  const auto& held = c.state.held;
  const Trace* simulation = held != nullptr ? &held->simulation : c.state.simulation;
  const Trace* drawing = held != nullptr ? &held->drawing : c.state.drawing;
  if (simulation != nullptr && simulation->num_kept() > 0)
    section(c, {"simulation", "Simulation", "What a host pays per frame.", *simulation,
                c.state.simulation_latency, true, c.state.budget_us, kMicroseconds});
  if (drawing != nullptr && drawing->num_kept() > 0)
    section(c, {"drawing", "Drawing", "What this window adds.", *drawing, c.state.drawing_latency,
                false, 0.0f, kMilliseconds});
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  ui::paragraph(c, c.state.renderer + ", quality " + c.state.quality);
}

}  // namespace canter::viewer::panels
