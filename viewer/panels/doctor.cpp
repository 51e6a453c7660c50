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

void measures(const ui::Context& c, const Document& old, const Document& now, std::size_t clip) {
  const DocumentClip &before = old.clips[clip], &after = now.clips[clip];
  const auto slide = [](const DocumentClip& d) {
    return 100.0 * static_cast<double>(d.tracks.foot_slide_m_s);
  };
  const Measure all[] = {
      {"Height", "m", 2, static_cast<double>(old.height_m), static_cast<double>(now.height_m)},
      {"Ground", "cm", 1, lowest_contact_cm(before), lowest_contact_cm(after)},
      {"Foot slide", "cm/s", 1, slide(before), slide(after)},
      {"Frames", "", 0, before.clip.num_frames() * 1.0, after.clip.num_frames() * 1.0},
      {"Rate", "Hz", 2, static_cast<double>(before.clip.rate_hz()),
       static_cast<double>(after.clip.rate_hz())},
  };
  for (const Measure& m : all) {
    const auto number = [&](double value) {
      char text[32];
      std::snprintf(text, sizeof text, "%.*f", m.decimals, value);
      return std::string(text);
    };
    const std::string was = number(m.before), is = number(m.after);
    const std::string unit = *m.unit == '\0' ? "" : std::string(" ") + m.unit;
    const std::string text = (was == is ? is : ui::change(c, was, is)) + unit;
    ui::row(c, m.name, text.c_str(), was == is ? theme::kQuiet : theme::kText);
  }
}

/// Whether the preview adds this fix to those the file has.
bool is_previewed(const State& state, const std::string& code) {
  const std::optional<importer::Recipe>& candidate = state.doctor.candidate;
  return candidate.has_value() && !candidate->fixes.empty() && candidate->fixes.back() == code &&
         candidate->fixes.size() > state.document()->recipe.fixes.size();
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
    const bool previewed = is_previewed(c.state, f.code);
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

/// The clip in numbers, "before" and "after" where there are two to compare. Takes the same room
/// either way, so that a preview that arrives moves nothing below it from under the mouse.
void numbers(const ui::Context& c, const Document& before, const Document& after) {
  const bool two = &before != &after;
  const auto index = static_cast<std::size_t>(std::max(c.state.selection.clip, 0));
  ui::heading(c, !two                                   ? "As it is"
                 : c.state.doctor.candidate.has_value() ? "What it would do"
                                                        : "What was done");
  if (two) {
    constexpr const char* kSides[] = {"before", "after"};
    const int side = c.state.doctor.show_before ? 0 : 1;
    if (const auto chosen = ui::choice(c, {"doctor.side", "In the view", "Which of the two plays"},
                                       kSides, side, 1))
      c.commands.push_back(command::ShowBefore{*chosen == 0});
  } else {
    ui::row(c, "In the view", "the clip", theme::kQuiet);
    ImGui::Dummy(ImVec2(0.0f, c.px(6.0f)));  // a choice is so much higher
  }
  if (index < before.clips.size() && index < after.clips.size()) measures(c, before, after, index);
}

/// How long a unit of the file is, for files that cannot say it.
void unit(const ui::Context& c, const Document& document) {
  if (!importer::takes_unit(document.format)) return;
  struct Unit {
    const char* name;
    float metres;
  };
  constexpr Unit kUnits[] = {{"m", 1.0f},   {"dm", 0.1f},   {"in", 0.0254f},
                             {"cm", 0.01f}, {"mm", 0.001f}, {"CMU", 0.0254f / 0.45f}};
  constexpr std::size_t kCount = std::size(kUnits);
  const auto index_of = [&](float unit_m) {
    for (std::size_t i = 0; i < kCount; ++i)
      if (std::abs(unit_m - kUnits[i].metres) < 1e-3f * unit_m) return static_cast<int>(i);
    return -1;
  };
  const char* words[kCount];
  for (std::size_t i = 0; i < kCount; ++i) words[i] = kUnits[i].name;
  const DoctorState& doctor = c.state.doctor;
  const Document& original = document.unrepaired != nullptr ? *document.unrepaired : document;
  const Document& shown = doctor.preview != nullptr ? *doctor.preview : document;
  if (const auto chosen = ui::choice(
          c,
          {"doctor.unit", "One unit is",
           "How long one unit of the file is; a BVH does not say it and a height near 1.7 m is "
           "assumed. CMU is 1/0.45 inch. Choosing previews; other fixes are judged anew"},
          words, index_of(shown.unit_m), index_of(original.unit_m)))
    c.commands.push_back(command::PreviewUnit{kUnits[static_cast<std::size_t>(*chosen)].metres});
  if (doctor.preview != nullptr && doctor.preview->unit_m != document.unit_m &&
      ui::wide_button(c,
                      {"doctor.unit.apply", "Keep this unit",
                       "Reads the file with it; the recipe remembers it (Ctrl Z takes it back)"},
                      true))
    c.commands.push_back(command::ApplyPreview{});
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
  const bool untouched = document.recipe == importer::Recipe();
  if (document.recipe_beside && untouched &&
      ui::wide_button(c,
                      {"doctor.replay", "Apply the recipe beside the file",
                       "A recipe was saved for this file; does again what it says"},
                      true))
    c.commands.push_back(command::ReplayRecipe{});
  if (untouched) return;
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
  const Document* before = c.state.doctor.preview != nullptr ? document
                           : document->unrepaired != nullptr ? document->unrepaired.get()
                                                             : document;
  numbers(c, *before, *after);
  unit(c, *document);
  if (document->findings.empty()) ui::paragraph(c, "Nothing unusual was found.");
  ImGui::Dummy(ImVec2(0.0f, c.px(4.0f)));
  // What can be done first, then what was done, then what is only worth knowing.
  for (const auto state :
       {importer::FixState::available, importer::FixState::applied, importer::FixState::none})
    for (const importer::Finding& f : document->findings)
      if (f.state == state) finding(c, f);
  actions(c, *document);
  const float needed = head + ImGui::GetCursorPosY() + c.px(16.0f);
  ImGui::EndChild();
  ui::end_panel();
  if (std::abs(needed - c.state.doctor_height) > 0.5f)
    c.commands.push_back(command::SizeDoctor{needed});
}

}  // namespace canter::viewer::panels
