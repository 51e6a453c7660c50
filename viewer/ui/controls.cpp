#include "viewer/ui/controls.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace canter::viewer::ui {
namespace {

constexpr float kRowHeight = 26.0f;

/// The row's item, which takes the mouse.
struct RowItem {
  ImVec2 min, max;
  bool clicked = false;
  bool held = false;
  bool hovered = false;
  bool reset = false;  ///< double-clicked
};

RowItem begin_row(const Context& c, const char* id, float width = 0.0f) {
  RowItem row;
  row.min = ImGui::GetCursorScreenPos();
  if (width <= 0.0f) width = ImGui::GetContentRegionAvail().x;
  const ImVec2 size(std::max(width, 1.0f), c.px(kRowHeight));
  row.max = ImVec2(row.min.x + size.x, row.min.y + size.y);
  row.clicked = ImGui::InvisibleButton(id, size);
  row.held = ImGui::IsItemActive();
  row.hovered = ImGui::IsItemHovered();
  row.reset = row.hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left);
  return row;
}

/// Label at the left, with a dot before it while the value is not the default.
void label(const Context& c, const RowItem& row, const char* text, bool changed, float inset) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float middle = 0.5f * (row.min.y + row.max.y);
  if (changed)
    draw.AddCircleFilled(ImVec2(row.min.x - c.px(8.0f), middle), c.px(2.5f), theme::kAccent, 12);
  text_at(draw, c.fonts.small, ImVec2(row.min.x + inset, middle - 0.5f * c.fonts.small->FontSize),
          theme::kText, text);
}

std::string number(float value, const NumberRange& range) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f %s", range.decimals, static_cast<double>(value),
                range.unit);
  return text;
}

}  // namespace

std::optional<bool> toggle(const Context& c, const Control& control, bool value, bool fallback) {
  const RowItem row = begin_row(c, control.id);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  if (row.hovered)
    draw.AddRectFilled(ImVec2(row.min.x - c.px(4.0f), row.min.y),
                       ImVec2(row.max.x + c.px(4.0f), row.max.y), theme::kRaised,
                       c.px(theme::kRound));
  label(c, row, control.label, value != fallback, 0.0f);
  const float middle = 0.5f * (row.min.y + row.max.y);
  const float radius = c.px(7.0f);
  const ImVec2 left(row.max.x - c.px(28.0f), middle - radius), right(row.max.x, middle + radius);
  draw.AddRectFilled(left, right, value ? theme::with_alpha(theme::kAccent, 0.55f) : theme::kLine,
                     radius);
  draw.AddCircleFilled(ImVec2(value ? right.x - radius : left.x + radius, middle), c.px(5.0f),
                       value ? theme::kText : theme::kQuiet, 16);
  const std::string tip = std::string(control.tip) + ". Default: " + (fallback ? "on" : "off") +
                          "; a double click resets it.";
  mark(c, control.id, tip.c_str(), value != fallback);
  if (!row.clicked) return std::nullopt;
  return ImGui::GetIO().MouseClickedLastCount[ImGuiMouseButton_Left] > 1 ? fallback : !value;
}

std::optional<float> slider(const Context& c, const Control& control, float value,
                            const NumberRange& range, float width) {
  const RowItem row = begin_row(c, control.id, width);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 low(row.min.x, row.min.y + c.px(2.0f)), high(row.max.x, row.max.y - c.px(2.0f));
  const float t = std::clamp((value - range.low) / (range.high - range.low), 0.0f, 1.0f);
  draw.AddRectFilled(low, high, row.hovered || row.held ? theme::kHovered : theme::kRaised,
                     c.px(theme::kRound));
  const float x = low.x + t * (high.x - low.x);
  draw.AddRectFilled(low, ImVec2(x, high.y), theme::with_alpha(theme::kAccent, 0.18f),
                     c.px(theme::kRound));
  draw.AddRectFilled(ImVec2(x - c.px(1.0f), low.y), ImVec2(x + c.px(1.0f), high.y), theme::kAccent);
  const float step = std::pow(10.0f, static_cast<float>(-range.decimals));
  const bool changed = std::abs(value - range.fallback) > 0.5f * step;
  label(c, row, control.label, changed, c.px(8.0f));
  ImFont* font = c.fonts.small_number;
  text_at(draw, font,
          ImVec2(row.max.x - c.px(8.0f), 0.5f * (row.min.y + row.max.y) - 0.5f * font->FontSize),
          theme::kText, number(value, range), 1.0f);
  const std::string tip = std::string(control.tip) + ". " + number(range.low, range) + " to " +
                          number(range.high, range) + ", default " + number(range.fallback, range) +
                          "; a double click resets it.";
  mark(c, control.id, tip.c_str(), changed);
  if (row.reset) return range.fallback;
  // A click that does not move is half of a double click and changes nothing.
  if (!row.held || !ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1.0f)) return std::nullopt;
  const float at = (ImGui::GetIO().MousePos.x - row.min.x) / (row.max.x - row.min.x);
  const float wanted = range.low + std::clamp(at, 0.0f, 1.0f) * (range.high - range.low);
  const float rounded = std::clamp(std::round(wanted / step) * step, range.low, range.high);
  return rounded != value ? std::optional(rounded) : std::nullopt;
}

std::optional<int> choice(const Context& c, const Control& control,
                          std::span<const char* const> words, int value, int fallback) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool changed = value != fallback;
  const RowItem row{at, ImVec2(at.x, at.y + c.px(kRowHeight)), false, false, false, false};
  label(c, row, control.label, changed, 0.0f);
  float width = 0.0f;
  for (const char* word : words)
    width += std::round(c.fonts.small->CalcTextSizeA(c.fonts.small->FontSize, 1e9f, 0.0f, word).x +
                        c.px(16.0f));
  width += c.px(2.0f) * static_cast<float>(words.size() - 1);
  ImGui::SetCursorScreenPos(
      ImVec2(at.x + std::max(ImGui::GetContentRegionAvail().x - width, 0.0f), at.y));
  std::optional<int> chosen;
  std::string tip = control.tip;
  if (fallback >= 0)
    tip += std::string(". Default: ") + words[static_cast<std::size_t>(fallback)] +
           "; a double click resets it.";
  for (int i = 0; i < static_cast<int>(words.size()); ++i) {
    const char* word = words[static_cast<std::size_t>(i)];
    const std::string id = std::string(control.id) + "." + word;
    if (i > 0) ImGui::SameLine(0.0f, c.px(2.0f));
    if (text_button(c, id.c_str(), word, tip.c_str(), i == value)) chosen = i;
    if (fallback >= 0 && ImGui::IsItemHovered() &&
        ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
      chosen = fallback;
  }
  const Rect all{at, ImGui::GetItemRectMax()};
  c.widgets.add({control.id, all, true, changed, all});
  return chosen == value ? std::nullopt : chosen;
}

std::optional<int> tabs(const Context& c, std::span<const Control> all, int open) {
  constexpr int kMostInRow = 5;
  const int count = static_cast<int>(all.size());
  const int rows = (count + kMostInRow - 1) / kMostInRow;
  const int columns = (count + rows - 1) / std::max(rows, 1);
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float gap = c.px(2.0f), height = c.px(24.0f);
  const float pitch = (ImGui::GetContentRegionAvail().x + gap) / static_cast<float>(columns);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  std::optional<int> chosen;
  for (int i = 0; i < count; ++i) {
    const Control& tab = all[static_cast<std::size_t>(i)];
    const float left = std::round(from.x + pitch * static_cast<float>(i % columns));
    const float right = std::round(from.x + pitch * static_cast<float>(i % columns + 1) - gap);
    const float top = from.y + (height + gap) * static_cast<float>(i / columns);
    ImGui::SetCursorScreenPos(ImVec2(left, top));
    if (ImGui::InvisibleButton(tab.id, ImVec2(right - left, height))) chosen = i;
    const theme::Color surface = ImGui::IsItemHovered() ? theme::kHovered : theme::kRaised;
    draw.AddRectFilled(ImVec2(left, top), ImVec2(right, top + height),
                       i == open ? theme::with_alpha(theme::kAccent, 0.2f) : surface,
                       c.px(theme::kRound));
    text_at(draw, c.fonts.small,
            ImVec2(0.5f * (left + right), top + 0.5f * (height - c.fonts.small->FontSize)),
            i == open ? theme::kAccent : theme::kText, tab.label, 0.5f);
    mark(c, tab.id, tab.tip);
  }
  return chosen;
}

bool wide_button(const Context& c, const Control& control, bool lit) {
  const RowItem row = begin_row(c, control.id);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const theme::Color surface = lit ? theme::with_alpha(theme::kAccent, row.hovered ? 0.28f : 0.2f)
                                   : (row.hovered ? theme::kHovered : theme::kRaised);
  draw.AddRectFilled(row.min, row.max, surface, c.px(theme::kRound));
  text_at(draw, c.fonts.small,
          ImVec2(0.5f * (row.min.x + row.max.x),
                 0.5f * (row.min.y + row.max.y - c.fonts.small->FontSize)),
          lit ? theme::kAccent : theme::kText, control.label, 0.5f);
  mark(c, control.id, control.tip);
  return row.clicked;
}

}  // namespace canter::viewer::ui
