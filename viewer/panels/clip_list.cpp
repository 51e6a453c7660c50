#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"

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

/// The small cross at the right end of a row under the mouse; true if clicked.
bool close_button(const ui::Context& c, const std::string& id, const char* tip) {
  const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
  const ImVec2 after = ImGui::GetCursorScreenPos();
  const float side = high.y - low.y;
  ImGui::SetItemAllowOverlap();
  ImGui::SetCursorScreenPos(ImVec2(high.x - side, low.y));
  const bool clicked = ImGui::InvisibleButton(id.c_str(), ImVec2(side, side));
  const bool hovered = ImGui::IsItemHovered();
  ui::mark(c, id, tip);
  if (hovered || ImGui::IsMouseHoveringRect(low, high)) {
    const float r = c.px(4.0f), x = high.x - 0.5f * side, y = 0.5f * (low.y + high.y);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(ImVec2(high.x - side, low.y), high, theme::kHovered, c.px(theme::kRound));
    const theme::Color color = hovered ? theme::kText : theme::kQuiet;
    draw.AddLine(ImVec2(x - r, y - r), ImVec2(x + r, y + r), color, c.px(1.25f));
    draw.AddLine(ImVec2(x - r, y + r), ImVec2(x + r, y - r), color, c.px(1.25f));
  }
  ImGui::SetCursorScreenPos(after);
  return clicked;
}

RowStyle style_of(const ui::Context& c, const LibraryEntry& e, const Document* document) {
  RowStyle style;
  const bool several = document != nullptr && document->clips.size() > 1;
  style.selected = document != nullptr && c.state.selection.document == e.document && !several;
  if (e.loading) style.note = "opening";
  if (!e.error.empty()) {
    style.color = theme::kOver;
    style.note = "failed";
  } else if (document != nullptr && document->clips.size() == 1) {
    style.note = duration_note(document->clips[0]);
  } else if (document != nullptr && document->clips.empty()) {
    style.note = c.state.worn == document ? "shown" : "character";
  }
  return style;
}

void entry(const ui::Context& c, const LibraryEntry& e) {
  const Document* document =
      e.document < 0 ? nullptr : c.state.documents[static_cast<std::size_t>(e.document)].get();
  const bool clicked = list_row(c, e.name.c_str(), style_of(c, e, document));
  const std::string id = "clips." + e.name;
  ui::mark(c, id, e.error.empty() ? e.path.c_str() : e.error.c_str());
  const bool closed =
      document != nullptr && close_button(c, id + ".close", "Close the file: frees its memory");
  if (closed) {
    c.commands.push_back(command::CloseFile{e.document});
  } else if (clicked) {
    if (document == nullptr)
      c.commands.push_back(command::OpenFile{e.path});
    else if (document->clips.empty())
      c.commands.push_back(command::ShowOn{e.document});
    else
      c.commands.push_back(command::PlayClip{e.document, 0});
  }
  if (document != nullptr && document->clips.size() > 1) clips_of(c, e.document, *document);
}

/// Whether a name has the typed letters, whatever their case.
bool passes(const std::string& name, const std::string& filter) {
  const auto equal = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(name.begin(), name.end(), filter.begin(), filter.end(), equal) != name.end();
}

void group_title(const ui::Context& c, const LibraryGroup& group) {
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  if (group.folder.empty()) {
    ImGui::Indent(c.px(12.0f));
    ui::paragraph(c, group.title);
    ImGui::Unindent(c.px(12.0f));
    return;
  }
  list_row(c, group.title.c_str(), {1.0f, theme::kQuiet, false, {}});
  const std::string id = "clips.folder." + group.title;
  ui::mark(c, id, group.folder.c_str());
  if (close_button(c, id + ".remove", "Take this folder off the list"))
    c.commands.push_back(command::RemoveFolder{group.folder});
}

void group(const ui::Context& c, const LibraryGroup& group, const std::string& filter) {
  const auto shown = [&](const LibraryEntry& e) { return passes(e.name, filter); };
  if (std::none_of(group.entries.begin(), group.entries.end(), shown) && group.folder.empty())
    return;
  ImGui::PushID(group.folder.empty() ? group.title.c_str() : group.folder.c_str());
  group_title(c, group);
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (!shown(group.entries[i])) continue;
    ImGui::PushID(static_cast<int>(i));
    entry(c, group.entries[i]);
    ImGui::PopID();
  }
  ImGui::PopID();
}

/// A row that goes to another folder.
void folder_row(const ui::Context& c, const std::string& name, const std::string& path) {
  ImGui::PushID(name.c_str());
  if (list_row(c, name.c_str(), {1.0f, theme::kReference, false, "folder"}))
    c.commands.push_back(command::Filter{path});
  ui::mark(c, "clips.browse." + name, path.c_str());
  ImGui::PopID();
}

/// The folder whose path is typed above: its folders and files.
void browser(const ui::Context& c) {
  const LibraryGroup& here = c.state.browsed;
  std::string base = c.state.filter;
  while (base.size() > 1 && base.back() == '/') base.pop_back();
  if (ui::wide_button(c, {"clips.keep", "Keep this folder in the list",
                          "Shows its files here from now on, also the next time"}))
    c.commands.push_back(command::AddFolder{here.folder});
  const std::size_t slash = base.find_last_of('/');
  if (slash != std::string::npos && base != "/")
    folder_row(c, "..", slash == 0 ? "/" : base.substr(0, slash));
  for (const std::string& name : here.folders)
    folder_row(c, name, (base == "/" ? "" : base) + "/" + name);
  for (std::size_t i = 0; i < here.entries.size(); ++i) {
    const LibraryEntry& e = here.entries[i];
    ImGui::PushID(static_cast<int>(i));
    if (list_row(c, e.name.c_str(), {})) c.commands.push_back(command::OpenFile{e.path});
    ui::mark(c, "clips.browse." + e.name, e.path.c_str());
    ImGui::PopID();
  }
  if (here.entries.empty() && here.folders.empty())
    ui::paragraph(c, "There is no motion or character file here.");
}

void filter_field(const ui::Context& c) {
  char text[512];
  std::snprintf(text, sizeof text, "%s", c.state.filter.c_str());
  ImGui::PushFont(c.fonts.small);
  ImGui::SetNextItemWidth(-1.0f);
  if (ImGui::InputTextWithHint("clips.filter", "Filter, or a folder's path", text, sizeof text))
    c.commands.push_back(command::Filter{text});
  ImGui::PopFont();
  ui::mark(
      c, "clips.filter",
      "Shows files with these letters in their names. A path (/…, ~/…, ./…) shows that folder");
}

}  // namespace

void clip_list(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "clips", area, c.px(8.0f), c.px(8.0f));
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddLine(ImVec2(area.max.x - 0.5f, area.min.y), ImVec2(area.max.x - 0.5f, area.max.y),
               theme::kLine);
  filter_field(c);
  const float hint = c.px(84.0f);
  ImGui::BeginChild("clips.list", ImVec2(0.0f, std::max(area.height() - hint, 1.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(c.px(8.0f), c.px(2.0f)));
  if (!c.state.browsed.folder.empty())
    browser(c);
  else
    for (const LibraryGroup& g : c.state.browser) group(c, g, c.state.filter);
  ImGui::PopStyleVar();
  ImGui::EndChild();
  ui::text_at(draw, c.fonts.small,
              ImVec2(area.min.x + c.px(20.0f), area.max.y - c.px(12.0f) - c.fonts.small->FontSize),
              theme::kFaint, "Drop a file or folder here");
  ui::end_panel();
}

}  // namespace canter::viewer::panels
