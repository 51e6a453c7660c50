#include "viewer/panels/panels.h"

namespace canter::viewer::panels {
namespace {

struct TabEntry {
  Tab tab;
  const char* id;
  const char* label;
  const char* tooltip;
  void (*draw)(const ui::Context&);
};

constexpr TabEntry kTabs[] = {
    {Tab::clip, "inspector.clip", "Clip", "What is in the file, and what the import noticed",
     clip_tab},
    {Tab::compare, "inspector.compare", "Compare",
     "Two characters side by side, and how they differ", compare_tab},
    {Tab::blend, "inspector.blend", "Blend", "From one clip to another, two ways, measured",
     blend_tab},
    {Tab::model, "inspector.model", "Model", "The network: its passport, layers and times",
     model_tab},
    {Tab::view, "inspector.view", "View", "What the view shows, and how finely", view_tab},
    {Tab::frame, "inspector.frame", "Frame", "Where the time of a frame goes", frame_tab},
};

}  // namespace

std::optional<Tab> tab_named(std::string_view name) {
  for (const TabEntry& tab : kTabs)
    if (std::string_view(tab.id).substr(std::string_view("inspector.").size()) == name)
      return tab.tab;
  return std::nullopt;
}

void inspector(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "inspector", area, c.px(16.0f), c.px(8.0f));
  ImGui::GetWindowDrawList()->AddLine(ImVec2(area.min.x + 0.5f, area.min.y),
                                      ImVec2(area.min.x + 0.5f, area.max.y), theme::kLine);
  for (const TabEntry& tab : kTabs) {
    if (ui::text_button(c, tab.id, tab.label, tab.tooltip, c.state.view.tab == tab.tab))
      c.commands.push_back(command::SetTab{tab.tab});
    ImGui::SameLine(0.0f, c.px(1.0f));
  }
  ImGui::NewLine();
  ImGui::BeginChild("inspector.body");
  for (const TabEntry& tab : kTabs)
    if (c.state.view.tab == tab.tab) tab.draw(c);
  ImGui::EndChild();
  ui::end_panel();
}

}  // namespace canter::viewer::panels
