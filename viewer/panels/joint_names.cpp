#include "viewer/panels/panels.h"

namespace canter::viewer::panels {

void joint_names(const ui::Context& c, std::span<const JointLabel> labels) {
  ImDrawList& draw = *ImGui::GetBackgroundDrawList();
  ImFont* font = c.fonts.small;
  const float gap = c.px(6.0f);
  for (const JointLabel& label : labels) {
    const ImVec2 at(label.at.x + gap, label.at.y - 0.5f * font->FontSize);
    // A dark twin below keeps it readable over a pale body.
    ui::text_at(draw, font, ImVec2(at.x + 1.0f, at.y + 1.0f), theme::rgb(0x0E1014, 0.85f),
                label.name);
    ui::text_at(draw, font, at, theme::kText, label.name);
  }
}

}  // namespace canter::viewer::panels
