#include "viewer/panels/panels.h"

namespace canter::viewer::panels {

void notices(const ui::Context& c, const ui::Rect& view) {
  float bottom = view.max.y - c.px(16.0f);
  const float width = std::min(c.px(520.0f), view.width() - c.px(32.0f));
  if (width < c.px(120.0f)) return;
  const float left = view.min.x + 0.5f * (view.width() - width);
  for (std::size_t i = c.state.notices.size(); i-- > 0;) {
    const Notice& notice = c.state.notices[i];
    const float wrap = width - c.px(60.0f);
    const float text_height =
        c.fonts.small->CalcTextSizeA(c.fonts.small->FontSize, 1e9f, wrap, notice.text.c_str()).y;
    const float height = text_height + c.px(44.0f);
    const ui::Rect card{{left, bottom - height}, {left + width, bottom}};
    ImGui::PushID(static_cast<int>(i));
    const std::string id = "notice." + std::to_string(i);
    ui::begin_panel(c, id.c_str(), card, c.px(16.0f), c.px(8.0f));
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const theme::Color color = notice.error ? theme::kOver : theme::kFine;
    draw.AddRectFilled(card.min, ImVec2(card.min.x + c.px(4.0f), card.max.y), color);
    ui::text_at(draw, c.fonts.strong, ImVec2(card.min.x + c.px(16.0f), card.min.y + c.px(8.0f)),
                color, ui::fit(c.fonts.strong, notice.title, wrap));
    draw.AddText(c.fonts.small, c.fonts.small->FontSize,
                 ImVec2(card.min.x + c.px(16.0f), card.min.y + c.px(32.0f)), theme::kText,
                 notice.text.c_str(), nullptr, wrap);
    ImGui::SetCursorScreenPos(ImVec2(card.max.x - c.px(36.0f), card.min.y + c.px(6.0f)));
    if (ui::icon_button(c, (id + ".dismiss").c_str(), ui::Icon::close, "Dismiss"))
      c.commands.push_back(command::DismissNotice{i});
    ui::end_panel();
    ImGui::PopID();
    bottom -= height + c.px(8.0f);
  }
}

}  // namespace canter::viewer::panels
