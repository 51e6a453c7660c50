#include <algorithm>
#include <cmath>
#include <cstdio>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"

namespace canter::viewer::panels {
namespace {

theme::Color state_color(importer::FixState state) {
  switch (state) {
    case importer::FixState::applied:
      return theme::kFine;
    case importer::FixState::available:
      return theme::kContact;
    case importer::FixState::none:
      return theme::kQuiet;
  }
  return theme::kQuiet;
}

// Of the card, in design pixels.
constexpr float kWidth = 344.0f;
constexpr float kMargin = 16.0f;

/// A number of the clip before and after the fixes.
struct Measure {
  const char* name;
  const char* unit;
  int decimals;
  double before, after;
};

double lowest_contact_cm(const DocumentClip& clip) {
  return 100.0 * static_cast<double>(clip.tracks.contacts.ground_m);
}

void measures(const ui::Context& c, const DocumentClip& before, const DocumentClip& after) {
  const auto slide = [](const DocumentClip& d) {
    return 100.0 * static_cast<double>(d.tracks.foot_slide_m_s);
  };
  const Measure all[] = {
      {"Ground", "cm", 1, lowest_contact_cm(before), lowest_contact_cm(after)},
      {"Foot slide", "cm/s", 1, slide(before), slide(after)},
      {"Frames", "", 0, before.clip.num_frames() * 1.0, after.clip.num_frames() * 1.0},
      {"Rate", "Hz", 2, static_cast<double>(before.clip.rate_hz()),
       static_cast<double>(after.clip.rate_hz())},
  };
  for (const Measure& m : all) {
    char text[64];
    const bool same = std::abs(m.before - m.after) < 0.5 * std::pow(10.0, -m.decimals);
    if (same)
      std::snprintf(text, sizeof text, "%.*f %s", m.decimals, m.before, m.unit);
    else
      std::snprintf(text, sizeof text, "%.*f > %.*f %s", m.decimals, m.before, m.decimals, m.after,
                    m.unit);
    ui::row(c, m.name, text, same ? theme::kQuiet : theme::kText);
  }
}

/// A finding with its evidence, and for what can be fixed the buttons.
void finding(const ui::Context& c, const importer::Finding& f) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 top = ImGui::GetCursorScreenPos();
  ImGui::Indent(c.px(12.0f));
  ui::paragraph(c, f.message, theme::kText);
  if (!f.evidence.empty()) ui::paragraph(c, f.evidence);
  if (!f.fix.empty()) ui::paragraph(c, f.fix, state_color(f.state));
  if (f.state == importer::FixState::available) {
    const std::string preview = "doctor.preview." + f.code, apply = "doctor.apply." + f.code;
    const bool previewed = c.state.doctor.candidate == f.code;
    if (ui::text_button(c, preview.c_str(), "preview",
                        "Show what the fix would do; nothing is changed yet", previewed))
      c.commands.push_back(command::PreviewFix{previewed ? std::string() : f.code});
    ImGui::SameLine(0.0f, c.px(4.0f));
    if (ui::text_button(c, apply.c_str(), "apply", "Apply the fix (Ctrl Z takes it back)"))
      c.commands.push_back(command::ApplyFix{f.code});
  }
  ImGui::Unindent(c.px(12.0f));
  const float bottom = ImGui::GetCursorScreenPos().y - c.px(4.0f);
  draw.AddRectFilled(ImVec2(top.x, top.y + c.px(2.0f)), ImVec2(top.x + c.px(3.0f), bottom),
                     state_color(f.state), c.px(1.5f));
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
}

/// "before" and "after", where there are two to compare.
void before_after(const ui::Context& c, const Document& before, const Document& after) {
  const auto index = static_cast<std::size_t>(std::max(c.state.selection.clip, 0));
  ui::heading(c, c.state.doctor.candidate.empty() ? "What the fixes did" : "What the fix would do");
  constexpr const char* kSides[] = {"before", "after"};
  const int side = c.state.doctor.show_before ? 0 : 1;
  if (const auto chosen =
          ui::choice(c, {"doctor.side", "In the view", "Which of the two plays"}, kSides, side, 1))
    c.commands.push_back(command::ShowBefore{*chosen == 0});
  if (index < before.clips.size() && index < after.clips.size())
    measures(c, before.clips[index], after.clips[index]);
}

void actions(const ui::Context& c, const Document& document) {
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  const auto available = std::count_if(
      document.findings.begin(), document.findings.end(),
      [](const importer::Finding& f) { return f.state == importer::FixState::available; });
  if (available > 1 &&
      ui::wide_button(c, {"doctor.apply_all", "Apply every fix", "Applies all fixes in turn"},
                      true))
    c.commands.push_back(command::ApplyFix{});
  if (document.recipe_beside && document.recipe.fixes.empty() &&
      ui::wide_button(c,
                      {"doctor.replay", "Apply the recipe beside the file",
                       "A recipe was saved for this file; does again what it says"},
                      true))
    c.commands.push_back(command::ReplayRecipe{});
  if (document.recipe.fixes.empty()) return;
  if (ui::wide_button(c, {"doctor.save", "Save the recipe",
                          "Writes the applied fixes beside the file, for canter clip convert "
                          "--recipe and for the next time"}))
    c.commands.push_back(command::SaveRecipe{});
}

}  // namespace

float doctor_card(const State& state, const ui::Rect& view) {
  const float covered = (kWidth + kMargin) * state.view.scale;
  const bool fits = view.width() >= covered + kMargin * state.view.scale &&
                    view.height() >= 160.0f * state.view.scale;
  return state.doctor.open && state.document() != nullptr && fits ? covered : 0.0f;
}

void doctor(const ui::Context& c, const ui::Rect& view) {
  if (doctor_card(c.state, view) == 0.0f) return;
  const Document* document = c.state.document();
  const float width = c.px(kWidth), margin = c.px(kMargin);
  const float height = std::min(c.state.doctor_height + c.px(4.0f), view.height() - 2.0f * margin);
  const ui::Rect card{{view.max.x - margin - width, view.min.y + margin},
                      {view.max.x - margin, view.min.y + margin + std::max(height, c.px(120.0f))}};
  ui::begin_panel(c, "doctor", card, margin, c.px(8.0f));
  ImGui::GetWindowDrawList()->AddRect(card.min, card.max, theme::kLine, c.px(theme::kRound));
  const float top = ImGui::GetCursorPosY();
  ui::heading(c, "Import Doctor");
  ImGui::SetCursorScreenPos(ImVec2(card.max.x - c.px(36.0f), card.min.y + c.px(8.0f)));
  if (ui::icon_button(c, "doctor.close", ui::Icon::close, "Close; the Clip tab opens it again"))
    c.commands.push_back(command::OpenDoctor{false});
  ImGui::SetCursorPosY(top + c.px(32.0f));
  ui::paragraph(c, ui::fit(c.fonts.small, document->title, width - 2.0f * margin));
  const float head = ImGui::GetCursorPosY();
  ImGui::BeginChild("doctor.body", ImVec2(0.0f, std::max(card.height() - head - c.px(8.0f), 1.0f)));
  const Document* after =
      c.state.doctor.preview != nullptr ? c.state.doctor.preview.get() : document;
  const Document* before =
      c.state.doctor.preview != nullptr ? document : document->unrepaired.get();
  if (before != nullptr) before_after(c, *before, *after);
  if (document->findings.empty()) ui::paragraph(c, "Nothing unusual was found.");
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  for (const importer::Finding& f : document->findings) finding(c, f);
  actions(c, *document);
  const float needed = head + ImGui::GetCursorPosY() + c.px(16.0f);
  ImGui::EndChild();
  ui::end_panel();
  if (std::abs(needed - c.state.doctor_height) > 0.5f)
    c.commands.push_back(command::SizeDoctor{needed});
}

}  // namespace canter::viewer::panels
