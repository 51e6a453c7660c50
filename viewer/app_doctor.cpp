#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "canter/import/doctor.h"
#include "viewer/app.h"
#include "viewer/timeline.h"

// The Import Doctor's commands. A repaired file is another document in the place of the first, made
// anew from the file by its recipe, so that undoing is putting the other one back.

namespace canter::viewer {

void App::apply(const command::OpenDoctor& c) {
  state_.doctor.open = c.open;
  state_.doctor.by_itself = false;
  if (c.open) return;
  leave_preview();
  const Document* document = state_.document();
  if (document == nullptr) return;
  // The latest few hundred files are remembered.
  constexpr std::size_t kRemembered = 300;
  std::vector<std::string>& dismissed = state_.doctor.dismissed;
  std::erase(dismissed, document->path);
  dismissed.push_back(document->path);
  if (dismissed.size() > kRemembered) dismissed.erase(dismissed.begin());
}

/// For the file that came on stage: opens the card if a fix waits for a decision that nobody took
/// yet, and closes what opened like that for another file. A picture without hands shows none.
void App::offer_doctor() {
  DoctorState& doctor = state_.doctor;
  if (doctor.open && !doctor.by_itself) return;
  const Document& document = *state_.document();
  const bool waits = std::ranges::any_of(document.findings, importer::needs_decision);
  const bool dismissed = std::ranges::count(doctor.dismissed, document.path) > 0;
  const bool hands = !options_.headless || scripted();
  doctor.open = waits && !dismissed && hands && state_.view.doctor_opens;
  doctor.by_itself = doctor.open;
}

void App::apply(const command::SizeDoctor& c) {
  state_.doctor_height = c.height;
}

void App::leave_preview() {
  const bool shown = state_.doctor.preview != nullptr || state_.doctor.show_before;
  state_.doctor.preview.reset();
  state_.doctor.candidate.reset();
  state_.doctor.show_before = false;
  if (shown) show_again();
}

void App::show_again() {
  const Timeline before = state_.timeline;
  const DocumentPtr shown = stage_.performance().motion;
  complain(show());
  // The same time of a clip that may have become shorter.
  const DocumentPtr motion = motion_on_stage();
  const auto clip = static_cast<std::size_t>(std::max(state_.selection.clip, 0));
  if (motion == nullptr || clip >= motion->clips.size()) return;
  start_clip(state_.timeline, motion->clips[clip].clip);
  state_.timeline.laps = before.laps;
  set_range(state_.timeline, before.in_s,
            before.out_s == before.duration_s ? state_.timeline.duration_s : before.out_s);
  seek(state_.timeline, before.time_s);
  step_stage(0.0);
  // Of another size it may stand outside of what the camera sees.
  if (shown != nullptr && shown->unit_m != motion->unit_m) frame_character();
}

DocumentPtr App::motion_on_stage() const {
  const Selection& s = state_.selection;
  if (s.document < 0) return nullptr;
  const DocumentPtr& document = state_.documents[static_cast<std::size_t>(s.document)];
  const DoctorState& doctor = state_.doctor;
  if (doctor.preview != nullptr) return doctor.show_before ? document : doctor.preview;
  return doctor.show_before && document->unrepaired != nullptr ? document->unrepaired : document;
}

void App::repair(importer::Recipe recipe, Repair::Purpose purpose) {
  const Selection& s = state_.selection;
  if (s.document < 0) return;
  const DocumentPtr document = state_.documents[static_cast<std::size_t>(s.document)];
  const DocumentPtr original = document->unrepaired != nullptr ? document->unrepaired : document;
  repairing_.start({document, std::move(recipe), purpose},
                   [original, r = recipe] { return repair_document(original, r); });
}

void App::poll_repairs() {
  for (auto& [repair, repaired] : repairing_.take_finished()) {
    if (!repaired) {
      report_error("The fix could not be applied", repaired.error().message);
      continue;
    }
    for (std::size_t i = 0; i < state_.documents.size(); ++i) {
      if (state_.documents[i] != repair.document) continue;
      const bool on_stage = state_.selection.document == static_cast<int>(i);
      if (repair.purpose == Repair::preview) {
        // Meanwhile something else may have been asked for.
        if (on_stage && state_.doctor.candidate == repair.recipe) state_.doctor.preview = *repaired;
      } else {
        state_.documents[i] = *repaired;
        state_.doctor.preview.reset();
        state_.doctor.candidate.reset();
        state_.doctor.show_before = false;
      }
      if (on_stage) show_again();
    }
  }
}

void App::preview(importer::Recipe recipe) {
  state_.doctor.candidate = recipe;
  repair(std::move(recipe), Repair::preview);
}

void App::apply(const command::PreviewFix& c) {
  const Document* document = state_.document();
  leave_preview();
  if (document == nullptr || c.code.empty()) return;
  importer::Recipe recipe = document->recipe;
  recipe.fixes.push_back(c.code);
  preview(std::move(recipe));
}

void App::apply(const command::PreviewUnit& c) {
  const Document* document = state_.document();
  leave_preview();
  if (document == nullptr || c.unit_m == document->unit_m) return;
  // Where the body stands and how far it drifts depends on its size: those fixes are chosen anew.
  importer::Recipe recipe;
  const Document& original = document->unrepaired != nullptr ? *document->unrepaired : *document;
  if (c.unit_m != original.unit_m) recipe.unit_m = c.unit_m;
  preview(std::move(recipe));
}

void App::apply(const command::ApplyPreview&) {
  if (state_.doctor.candidate.has_value()) repair(*state_.doctor.candidate, Repair::apply);
}

void App::apply(const command::ApplyFix& c) {
  const Document* document = state_.document();
  if (document == nullptr) return;
  importer::Recipe recipe = document->recipe;
  for (const importer::Finding& f : document->findings)
    if (f.state == importer::FixState::available && (c.code.empty() || f.code == c.code))
      if (std::find(recipe.fixes.begin(), recipe.fixes.end(), f.code) == recipe.fixes.end())
        recipe.fixes.push_back(f.code);
  repair(std::move(recipe), Repair::apply);
}

void App::apply(const command::ReplayRecipe&) {
  const Document* document = state_.document();
  if (document == nullptr) return;
  Result<importer::Recipe> recipe = importer::load_recipe(importer::recipe_path(document->path));
  if (!recipe) return report_error("The recipe could not be read", recipe.error().message);
  repair(std::move(recipe).value(), Repair::apply);
}

void App::apply(const command::SaveRecipe&) {
  const Document* document = state_.document();
  if (document == nullptr) return;
  const std::string path = importer::recipe_path(document->path);
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << importer::write_recipe(document->recipe);
  out.close();
  if (!out) return report_error("The recipe was not saved", path + ": " + std::strerror(errno));
  state_.notices.push_back(
      {false, "Recipe saved", path + "; canter clip convert --recipe does it again."});
}

void App::apply(const command::ShowBefore& c) {
  state_.doctor.show_before = c.before;
  show_again();
}

}  // namespace canter::viewer
