#include "viewer/ui/ui.h"

#include <algorithm>
#include <cmath>

namespace canter::viewer::ui {
namespace {

float text_width(ImFont* font, std::string_view text) {
  return font->CalcTextSizeA(font->FontSize, 1e9f, 0.0f, text.data(), text.data() + text.size()).x;
}

/// Icons in a box of side 2 around the middle, so that they need no icon font.
void draw_icon(ImDrawList& draw, Icon icon, ImVec2 middle, float size, theme::Color color) {
  const auto at = [&](float x, float y) {
    return ImVec2(middle.x + x * size, middle.y + y * size);
  };
  const float line = std::max(1.0f, size * 0.3f);
  const auto triangle = [&](float x, float direction) {
    // Clockwise on screen either way: the anti-aliasing fringe goes outwards.
    if (direction > 0.0f)
      draw.AddTriangleFilled(at(x, -0.8f), at(x + 1.2f, 0.0f), at(x, 0.8f), color);
    else
      draw.AddTriangleFilled(at(x, -0.8f), at(x, 0.8f), at(x - 1.2f, 0.0f), color);
  };
  const auto bar = [&](float x, float width) {
    draw.AddRectFilled(at(x - 0.5f * width, -0.8f), at(x + 0.5f * width, 0.8f), color);
  };
  switch (icon) {
    case Icon::play:
      triangle(-0.5f, 1.0f);
      break;
    case Icon::pause:
      bar(-0.45f, 0.45f);
      bar(0.45f, 0.45f);
      break;
    case Icon::first:
      bar(-0.8f, 0.25f);
      triangle(0.7f, -1.0f);
      break;
    case Icon::last:
      triangle(-0.7f, 1.0f);
      bar(0.8f, 0.25f);
      break;
    case Icon::previous:
      triangle(0.5f, -1.0f);
      break;
    case Icon::next:
      triangle(-0.5f, 1.0f);
      break;
    case Icon::loop: {
      draw.PathArcTo(middle, size * 0.75f, -1.0f, 4.2f, 20);
      draw.PathStroke(color, 0, line);
      const ImVec2 tip(middle.x + size * 0.75f * std::cos(-1.0f),
                       middle.y + size * 0.75f * std::sin(-1.0f));
      draw.AddTriangleFilled(ImVec2(tip.x - size * 0.55f, tip.y - size * 0.2f),
                             ImVec2(tip.x + size * 0.35f, tip.y - size * 0.5f),
                             ImVec2(tip.x + size * 0.2f, tip.y + size * 0.45f), color);
      break;
    }
    case Icon::close:
      draw.AddLine(at(-0.6f, -0.6f), at(0.6f, 0.6f), color, line);
      draw.AddLine(at(-0.6f, 0.6f), at(0.6f, -0.6f), color, line);
      break;
    case Icon::up:
      draw.AddTriangleFilled(at(-0.6f, 0.3f), at(0.0f, -0.5f), at(0.6f, 0.3f), color);
  }
}

theme::Color button_surface(bool active, bool hovered) {
  if (active) return theme::with_alpha(theme::kAccent, hovered ? 0.28f : 0.2f);
  return hovered ? theme::kHovered : theme::kRaised;
}

/// Explains the item that ImGui just laid out once the mouse has rested on it.
void tooltip(const Context& c, std::string_view id, const char* text) {
  if (text == nullptr || *text == '\0' || !ImGui::IsItemHovered()) return;
  if (!c.widgets.rest_on(id, ImGui::GetIO().DeltaTime)) return;
  ImGui::PushFont(c.fonts.small);
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(c.px(320.0f));
  ImGui::TextUnformatted(text);
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
  ImGui::PopFont();
}

}  // namespace

Layout layout(float width, float height, float scale, bool panels, int num_tracks) {
  Layout l;
  l.view = {{0.0f, 0.0f}, {width, height}};
  if (!panels) return l;
  const float top = std::round(theme::kTopBar * scale);
  const float bottom = std::round(
      (theme::kTransportRow + theme::kTrackRow * static_cast<float>(num_tracks) + theme::kGutter) *
      scale);
  // A window too narrow for everything keeps the view and the time.
  const float left = width < 520.0f * scale ? 0.0f : std::round(theme::kLeftPanel * scale);
  const float right = width < 860.0f * scale ? 0.0f : std::round(theme::kRightPanel * scale);
  l.top = {{0.0f, 0.0f}, {width, top}};
  l.bottom = {{0.0f, height - bottom}, {width, height}};
  l.left = {{0.0f, top}, {left, height - bottom}};
  l.right = {{width - right, top}, {width, height - bottom}};
  l.view = {{left, top}, {width - right, height - bottom}};
  return l;
}

void begin_panel(const Context& c, const char* id, const Rect& rect, float padding_x,
                 float padding_y) {
  c.widgets.add({id, rect, true, false, rect});
  ImGui::SetNextWindowPos(rect.min);
  ImGui::SetNextWindowSize(ImVec2(std::max(rect.width(), 1.0f), std::max(rect.height(), 1.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(padding_x, padding_y));
  ImGui::Begin(id, nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoBringToFrontOnFocus);
  ImGui::PopStyleVar();
}

void end_panel() {
  ImGui::End();
}

void mark(const Context& c, std::string_view id, const char* tip, bool changed) {
  const Rect rect{ImGui::GetItemRectMin(), ImGui::GetItemRectMax()};
  if (c.widgets.scroll_to == id) ImGui::SetScrollHereY();
  const ImVec2 low = ImGui::GetWindowDrawList()->GetClipRectMin();
  const ImVec2 high = ImGui::GetWindowDrawList()->GetClipRectMax();
  const Rect shown{{std::max(rect.min.x, low.x), std::max(rect.min.y, low.y)},
                   {std::min(rect.max.x, high.x), std::min(rect.max.y, high.y)}};
  c.widgets.add({std::string(id), rect, tip != nullptr && *tip != '\0', changed, shown});
  tooltip(c, id, tip);
}

bool icon_button(const Context& c, const char* id, Icon icon, const char* tip, bool active) {
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const float side = c.px(28.0f);
  const bool clicked = ImGui::InvisibleButton(id, ImVec2(side, side));
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const bool hovered = ImGui::IsItemHovered();
  draw.AddRectFilled(min, ImVec2(min.x + side, min.y + side), button_surface(active, hovered),
                     c.px(theme::kRound));
  draw_icon(draw, icon, ImVec2(min.x + 0.5f * side, min.y + 0.5f * side), c.px(7.0f),
            active ? theme::kAccent : theme::kText);
  mark(c, id, tip);
  return clicked;
}

bool text_button(const Context& c, const char* id, const char* label, const char* tip,
                 bool active) {
  ImFont* font = c.fonts.small;
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 size(std::round(text_width(font, label) + c.px(16.0f)), c.px(28.0f));
  const bool clicked = ImGui::InvisibleButton(id, size);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(min, ImVec2(min.x + size.x, min.y + size.y),
                     button_surface(active, ImGui::IsItemHovered()), c.px(theme::kRound));
  text_at(draw, font, ImVec2(min.x + 0.5f * size.x, min.y + 0.5f * (size.y - font->FontSize)),
          active ? theme::kAccent : theme::kText, label, 0.5f);
  mark(c, id, tip);
  return clicked;
}

void text_at(ImDrawList& draw, ImFont* font, ImVec2 at, theme::Color color, std::string_view text,
             float align) {
  if (align != 0.0f) at.x -= align * text_width(font, text);
  draw.AddText(font, font->FontSize, ImVec2(std::round(at.x), std::round(at.y)), color, text.data(),
               text.data() + text.size());
}

std::string fit(ImFont* font, std::string_view text, float width) {
  if (text_width(font, text) <= width) return std::string(text);
  const float room = width - text_width(font, "...");
  std::size_t head = text.size() / 2, tail = text.size() - head;
  const auto shorten = [&] {
    return text_width(font, text.substr(0, head)) +
               text_width(font, text.substr(text.size() - tail)) >
           room;
  };
  while (head + tail > 0 && shorten()) (head >= tail ? head : tail) -= 1;
  return std::string(text.substr(0, head)) + "..." + std::string(text.substr(text.size() - tail));
}

void row(const Context& c, const char* label, const char* value, theme::Color color) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(22.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  text_at(draw, c.fonts.small, ImVec2(at.x, at.y + 0.5f * (height - c.fonts.small->FontSize)),
          theme::kQuiet, label);
  ImFont* font = c.fonts.number;
  const float room = width - text_width(c.fonts.small, label) - c.px(8.0f);
  text_at(draw, font, ImVec2(at.x + width, at.y + 0.5f * (height - font->FontSize)), color,
          fit(font, value, room), 1.0f);
  ImGui::Dummy(ImVec2(width, height - ImGui::GetStyle().ItemSpacing.y));
}

std::string change(const Context& c, std::string_view before, std::string_view after) {
  constexpr ImWchar kArrow = 0x2192;
  const bool has_arrow = c.fonts.number->FindGlyphNoFallback(kArrow) != nullptr;
  return std::string(before) + (has_arrow ? " \u2192 " : " > ") + std::string(after);
}

void heading(const Context& c, const char* text) {
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  ImGui::PushFont(c.fonts.strong);
  ImGui::TextUnformatted(text);
  ImGui::PopFont();
}

std::string wrapped(ImFont* font, std::string_view text, float width) {
  std::string out;
  std::size_t line = 0;  // where in `out` the present line begins
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const bool begins = out.size() == line;
    const std::string longer = out.substr(line) + (begins ? "" : " ") + std::string(word);
    if (!begins) {
      const bool fits = text_width(font, longer) <= width;
      out += fits ? ' ' : '\n';
      if (!fits) line = out.size();
    }
    out += word;
    const bool ends_line = end < text.size() && text[end] == '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!ends_line) continue;
    out += '\n';
    line = out.size();
  }
  return out;
}

void paragraph(const Context& c, std::string_view text, theme::Color color) {
  // ImGui would also break behind a dot, and so within numbers.
  const std::string lines = wrapped(c.fonts.small, text, ImGui::GetContentRegionAvail().x);
  text = lines;
  ImGui::PushFont(c.fonts.small);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::PushTextWrapPos(0.0f);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

}  // namespace canter::viewer::ui
