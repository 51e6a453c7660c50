#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"

namespace canter::viewer::panels {
namespace {

struct TabEntry {
  ui::Control tab;
  void (*draw)(const ui::Context&);
};

/// In the order of `Tab`.
constexpr TabEntry kTabs[kNumTabs] = {
    {{"inspector.clip", "Clip", "What is in the file, and what the import noticed"}, clip_tab},
    {{"inspector.compare", "Compare", "Two characters side by side, and how they differ"},
     compare_tab},
    {{"inspector.blend", "Blend", "From one clip to another, two ways, measured"}, blend_tab},
    {{"inspector.body", "Body", "Muscles instead of clips: simulate, push, train"}, body_tab},
    {{"inspector.phase", "Phase", "Where in its cycle a motion is, and by whose word"}, phase_tab},
    {{"inspector.model", "Model", "The network: its passport, layers and times"}, model_tab},
    {{"inspector.view", "View", "What the view shows, and how finely"}, view_tab},
    {{"inspector.frame", "Frame", "Where the time of a frame goes"}, frame_tab},
};

}  // namespace

std::optional<Tab> tab_named(std::string_view name) {
  for (int i = 0; i < kNumTabs; ++i)
    if (std::string_view(kTabs[i].tab.id).substr(std::string_view("inspector.").size()) == name)
      return static_cast<Tab>(i);
  return std::nullopt;
}

void inspector(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "inspector", area, c.px(16.0f), c.px(8.0f));
  ImGui::GetWindowDrawList()->AddLine(ImVec2(area.min.x + 0.5f, area.min.y),
                                      ImVec2(area.min.x + 0.5f, area.max.y), theme::kLine);
  ui::Control tabs[kNumTabs];
  for (int i = 0; i < kNumTabs; ++i) tabs[i] = kTabs[i].tab;
  const int open = static_cast<int>(c.state.view.tab);
  if (const auto chosen = ui::tabs(c, tabs, open))
    c.commands.push_back(command::SetTab{static_cast<Tab>(*chosen)});
  ImGui::BeginChild("inspector.body");
  kTabs[open].draw(c);
  ImGui::EndChild();
  ui::end_panel();
}

}  // namespace canter::viewer::panels
