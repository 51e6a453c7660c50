#include "viewer/panels/panels.h"

namespace canter::viewer::panels {
namespace {

/// One clip of the list; true if clicked.
bool choice_row(const ui::Context& c, const std::string& id, const LibraryEntry& e, bool selected,
                const char* tip) {
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 size(ImGui::GetContentRegionAvail().x, c.px(24.0f));
  const ImVec2 max(min.x + size.x, min.y + size.y);
  const bool clicked = ImGui::InvisibleButton(id.c_str(), size);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  if (selected || ImGui::IsItemHovered())
    draw.AddRectFilled(min, max,
                       selected ? theme::with_alpha(theme::kAccent, 0.16f) : theme::kHovered,
                       c.px(theme::kRound));
  ui::text_at(draw, c.fonts.small,
              ImVec2(min.x + c.px(8.0f), min.y + 0.5f * (size.y - c.fonts.small->FontSize)),
              selected ? theme::kText : theme::kQuiet, ui::fit(c.fonts.small, e.name, size.x));
  ui::mark(c, id, tip);
  return clicked;
}

}  // namespace

std::optional<std::string> clip_choices(const ui::Context& c, const char* id,
                                        const std::string& chosen, const char* tip) {
  std::optional<std::string> clicked;
  ImGui::PushStyleColor(ImGuiCol_ChildBg, theme::kRaised);
  ImGui::BeginChild(id, ImVec2(0.0f, c.px(124.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0.0f, 0.0f));
  const std::vector<LibraryGroup>& library = c.state.browser;
  for (std::size_t g = 0; g < library.size(); ++g) {
    for (std::size_t i = 0; i < library[g].entries.size(); ++i) {
      const LibraryEntry& e = library[g].entries[i];
      const Document* document =
          e.document < 0 ? nullptr : c.state.documents[static_cast<std::size_t>(e.document)].get();
      // Characters have no motion, and a blend is no clip to begin with.
      const bool known_motion = document != nullptr && !document->clips.empty();
      if (document != nullptr && (!known_motion || document->format == kBlendFormat)) continue;
      if (document == nullptr && g + 1 == library.size()) continue;
      ImGui::PushID(static_cast<int>(1000 * g + i));
      if (choice_row(c, std::string(id) + "." + e.name, e, chosen == e.path, tip)) clicked = e.path;
      ImGui::PopID();
    }
  }
  ImGui::PopStyleVar();
  ImGui::EndChild();
  ImGui::PopStyleColor();
  return clicked;
}

}  // namespace canter::viewer::panels
