#include "viewer/panels/panels.h"

namespace canter::viewer::panels {

void joint_names(const ui::Context& c, std::span<const JointLabel> labels) {
  ImDrawList& draw = *ImGui::GetBackgroundDrawList();
  ImFont* font = c.fonts.small;
  const theme::Color shade = theme::rgb(0x0E1014, 0.85f);
  const float gap = c.px(4.0f);
  for (const JointLabel& label : labels) {
    const ImVec2 joint(label.joint_at.x, label.joint_at.y), end(label.at.x, label.at.y);
    draw.AddLine(joint, end, theme::with_alpha(theme::kQuiet, 0.6f), 1.0f);
    draw.AddCircleFilled(joint, c.px(2.5f), shade, 12);
    draw.AddCircleFilled(joint, c.px(1.5f), theme::kText, 12);
  }
  for (const JointLabel& label : labels) {
    const ImVec2 at(label.at.x + (label.ends ? -gap : gap), label.at.y - 0.5f * font->FontSize);
    const float align = label.ends ? 1.0f : 0.0f;
    // A dark twin below keeps it readable over a pale body.
    ui::text_at(draw, font, ImVec2(at.x + 1.0f, at.y + 1.0f), shade, label.name, align);
    ui::text_at(draw, font, at, theme::kText, label.name, align);
  }
}

}  // namespace canter::viewer::panels
