#include "viewer/panels/panels.h"

namespace canter::viewer::panels {

void hint(const ui::Context& c, const ui::Rect& view) {
  struct Line {
    const char* hand;
    const char* effect;
  };
  constexpr Line kLines[] = {{"Drag", "look around"},
                             {"Space", "play or pause"},
                             {"Left, Right", "a frame"},
                             {"Drop a file", "play it"},
                             {"?", "all keys"}};
  const float width = c.px(272.0f), step = c.px(22.0f);
  const float height = step * static_cast<float>(std::size(kLines)) + c.px(24.0f);
  if (view.width() < width + c.px(32.0f) || view.height() < height + c.px(32.0f)) return;
  // Instruments lie where it would be.
  const bool below = instruments_card(c.state, view) > 0.0f;
  const ImVec2 min(view.min.x + c.px(16.0f),
                   below ? view.max.y - height - c.px(16.0f) : view.min.y + c.px(16.0f));
  const ui::Rect card{min, {min.x + width, min.y + height}};
  ui::begin_panel(c, "hint", card, 0.0f, 0.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRect(card.min, card.max, theme::kLine, c.px(theme::kRound));
  float y = card.min.y + c.px(12.0f);
  for (const Line& line : kLines) {
    ui::text_at(draw, c.fonts.small_number, ImVec2(card.min.x + c.px(104.0f), y + c.px(1.0f)),
                theme::kAccent, line.hand, 1.0f);
    ui::text_at(draw, c.fonts.small, ImVec2(card.min.x + c.px(120.0f), y), theme::kText,
                line.effect);
    y += step;
  }
  ImGui::SetCursorScreenPos(ImVec2(card.max.x - c.px(34.0f), card.min.y + c.px(6.0f)));
  if (ui::icon_button(c, "hint.dismiss", ui::Icon::close, "Do not show this again"))
    c.commands.push_back(command::DismissHint{});
  ui::end_panel();
}

}  // namespace canter::viewer::panels
