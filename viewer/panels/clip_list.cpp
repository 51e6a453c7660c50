#include <cstdio>

#include "viewer/panels/panels.h"

namespace canter::viewer::panels {
namespace {

struct RowStyle {
  float indent = 0.0f;
  theme::Color color = theme::kText;
  bool selected = false;
  std::string note;  ///< quiet, at the right end
};

/// One line of the list; true if clicked.
bool list_row(const ui::Context& c, const char* label, const RowStyle& style) {
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = c.px(28.0f);
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max(min.x + width, min.y + height);
  const bool clicked = ImGui::InvisibleButton("row", ImVec2(width, height));
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  if (style.selected)
    draw.AddRectFilled(min, max, theme::with_alpha(theme::kAccent, 0.16f), c.px(theme::kRound));
  else if (ImGui::IsItemHovered())
    draw.AddRectFilled(min, max, theme::kHovered, c.px(theme::kRound));
  if (style.selected)
    draw.AddRectFilled(min, ImVec2(min.x + c.px(3.0f), max.y), theme::kAccent, c.px(1.5f));

  ImFont* note_font = c.fonts.small_number;
  float note_width = 0.0f;
  if (!style.note.empty()) {
    note_width = note_font->CalcTextSizeA(note_font->FontSize, 1e9f, 0.0f, style.note.c_str()).x;
    ui::text_at(draw, note_font,
                ImVec2(max.x - c.px(8.0f), min.y + 0.5f * (height - note_font->FontSize)),
                theme::kQuiet, style.note, 1.0f);
  }
  ImFont* font = style.indent > 0.0f ? c.fonts.small : c.fonts.text;
  const float left = min.x + c.px(12.0f) + style.indent;
  ui::text_at(draw, font, ImVec2(left, min.y + 0.5f * (height - font->FontSize)), style.color,
              ui::fit(font, label, max.x - left - note_width - c.px(16.0f)));
  return clicked;
}

std::string duration_note(const DocumentClip& clip) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(clip.clip.duration_s()));
  return text;
}

/// The clips of an open file with more than one.
void clips_of(const ui::Context& c, int document_index, const Document& document) {
  for (int i = 0; i < static_cast<int>(document.clips.size()); ++i) {
    const DocumentClip& clip = document.clips[static_cast<std::size_t>(i)];
    ImGui::PushID(i);
    const bool selected =
        c.state.selection.document == document_index && c.state.selection.clip == i;
    if (list_row(
            c, clip.name.c_str(),
            {c.px(12.0f), selected ? theme::kText : theme::kQuiet, selected, duration_note(clip)}))
      c.commands.push_back(command::PlayClip{document_index, i});
    ui::mark(c, "clips." + document.title + "." + std::to_string(i), clip.name.c_str());
    ImGui::PopID();
  }
}

void entry(const ui::Context& c, const LibraryEntry& e) {
  const Document* document =
      e.document < 0 ? nullptr : c.state.documents[static_cast<std::size_t>(e.document)].get();
  RowStyle style;
  const bool several = document != nullptr && document->clips.size() > 1;
  const bool on_stage = document != nullptr && c.state.selection.document == e.document;
  style.selected = on_stage && !several;
  if (e.loading) style.note = "opening";
  if (!e.error.empty()) {
    style.color = theme::kOver;
    style.note = "failed";
  } else if (document != nullptr && document->clips.size() == 1) {
    style.note = duration_note(document->clips[0]);
  } else if (document != nullptr && document->clips.empty()) {
    style.note = c.state.worn == document ? "shown" : "character";
  }
  const bool clicked = list_row(c, e.name.c_str(), style);
  const std::string id = "clips." + e.name;
  ui::mark(c, id, e.error.empty() ? e.path.c_str() : e.error.c_str());
  if (clicked) {
    if (document == nullptr)
      c.commands.push_back(command::OpenFile{e.path});
    else if (document->clips.empty())
      c.commands.push_back(command::ShowOn{e.document});
    else
      c.commands.push_back(command::PlayClip{e.document, 0});
  }
  if (several) clips_of(c, e.document, *document);
}

}  // namespace

void clip_list(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "clips", area, c.px(8.0f), c.px(4.0f));
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddLine(ImVec2(area.max.x - 0.5f, area.min.y), ImVec2(area.max.x - 0.5f, area.max.y),
               theme::kLine);
  const float hint = c.px(44.0f);
  ImGui::BeginChild("clips.list", ImVec2(0.0f, std::max(area.height() - hint, 1.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(c.px(8.0f), c.px(2.0f)));
  for (std::size_t g = 0; g < c.state.library.size(); ++g) {
    const LibraryGroup& group = c.state.library[g];
    if (group.entries.empty()) continue;
    ImGui::PushID(static_cast<int>(g));
    ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
    ImGui::Indent(c.px(12.0f));
    ui::paragraph(c, group.title);
    ImGui::Unindent(c.px(12.0f));
    for (std::size_t i = 0; i < group.entries.size(); ++i) {
      ImGui::PushID(static_cast<int>(i));
      entry(c, group.entries[i]);
      ImGui::PopID();
    }
    ImGui::PopID();
  }
  ImGui::PopStyleVar();
  ImGui::EndChild();
  ui::text_at(draw, c.fonts.small,
              ImVec2(area.min.x + c.px(20.0f), area.max.y - c.px(12.0f) - c.fonts.small->FontSize),
              theme::kFaint, "Drop a file to open it");
  ui::end_panel();
}

}  // namespace canter::viewer::panels
