#include <algorithm>
#include <cstring>
#include <iterator>

#include "viewer/keys.h"
#include "viewer/panels/panels.h"

namespace canter::viewer::panels {
namespace {

struct Gesture {
  const char* label;
  const char* effect;
};

constexpr Gesture kMouse[] = {
    {"Left drag", "orbit"},          {"Middle drag", "pan (or Shift and left drag)"},
    {"Wheel", "zoom to the cursor"}, {"Double click", "frame the character"},
    {"Drop a file", "open it"},
};

void line(const ui::Context& c, float x, float y, const char* label, const char* effect) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ui::text_at(draw, c.fonts.small_number, ImVec2(x + c.px(96.0f), y + c.px(1.0f)), theme::kText,
              label, 1.0f);
  ui::text_at(draw, c.fonts.small, ImVec2(x + c.px(112.0f), y), theme::kQuiet, effect);
}

}  // namespace

void help(const ui::Context& c, const ui::Rect& view) {
  const float width = c.px(640.0f);
  const auto in_time = std::count_if(keys().begin(), keys().end(), [](const Key& key) {
    return std::strcmp(key.group, "Time") == 0;
  });
  const auto rows = std::max(in_time, std::ssize(keys()) - in_time + 1 + std::ssize(kMouse));
  // Closer together where the view is low.
  const float around = c.px(60.0f);
  const float step = std::min(c.px(22.0f), (view.height() - around) / static_cast<float>(rows));
  const float height = around + step * static_cast<float>(rows);
  const float left = view.min.x + 0.5f * (view.width() - width);
  const float top = std::max(view.min.y, view.min.y + 0.5f * (view.height() - height));
  const ui::Rect card{{left, top}, {left + width, top + height}};
  ui::begin_panel(c, "help", card, 0.0f, 0.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRect(card.min, card.max, theme::kLine, c.px(theme::kRound));
  float y_of[2] = {card.min.y + c.px(48.0f), card.min.y + c.px(48.0f)};
  const float x_of[2] = {card.min.x + c.px(16.0f), card.min.x + c.px(336.0f)};
  const char* const titles[2] = {"Time", "View"};
  for (int column = 0; column < 2; ++column) {
    ui::text_at(draw, c.fonts.strong, ImVec2(x_of[column] + c.px(112.0f), card.min.y + c.px(16.0f)),
                theme::kText, titles[column]);
  }
  for (const Key& key : keys()) {
    const int column = std::strcmp(key.group, "Time") == 0 ? 0 : 1;
    line(c, x_of[column], y_of[column], key.label, key.effect);
    y_of[column] += step;
  }
  y_of[1] += step;
  for (const Gesture& gesture : kMouse) {
    line(c, x_of[1], y_of[1], gesture.label, gesture.effect);
    y_of[1] += step;
  }
  ui::end_panel();
}

void welcome(const ui::Context& c, const ui::Rect& view) {
  ImDrawList& draw = *ImGui::GetBackgroundDrawList();
  const float x = view.min.x + 0.5f * view.width();
  const float y = view.min.y + 0.42f * view.height();
  ui::text_at(draw, c.fonts.strong, ImVec2(x, y), theme::kText, "Drop a motion or a character here",
              0.5f);
  ui::text_at(draw, c.fonts.small, ImVec2(x, y + c.px(28.0f)), theme::kQuiet,
              "BVH, FBX, glTF, Collada, DeepMimic or .clip. Press ? for the keys.", 0.5f);
}

}  // namespace canter::viewer::panels
