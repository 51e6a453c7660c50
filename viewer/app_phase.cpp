#include <algorithm>

#include "viewer/app.h"
#include "viewer/library.h"

// Phases: of the clip on stage, of what stands beside it, and of characters as they move.

namespace canter::viewer {

void App::load_networks() {
  Result<PhaseNetworksPtr> networks = load_phase_networks();
  if (!networks) return report_error("No phases", networks.error().message);
  if (const Result<void> used = stage_.use_networks(*networks); !used)
    return report_error("No phases", used.error().message);
  state_.phase.networks = *networks;
}

// Null where there are none, or none yet; then they come later, and read_phases() is called again.
PhasedClipPtr App::phased(const PhaseSubject& subject) {
  const auto known = [&]() {
    return std::find_if(phased_.begin(), phased_.end(),
                        [&](const Phased& p) { return p.subject == subject; });
  };
  if (known() == phased_.end()) {
    const PhaseNetworksPtr networks = state_.phase.networks;
    if (networks == nullptr || subject.motion == nullptr) return nullptr;
    const auto make = [networks, subject] { return phase_clip(*networks, subject); };
    if (!patient_ && (!options_.headless || scripted())) {
      if (!phasing_.contains([&](const PhaseSubject& s) { return s == subject; }))
        phasing_.start(subject, make);
      return nullptr;
    }
    finish_phases(subject, make());
  }
  return known()->clip;
}

void App::finish_phases(const PhaseSubject& subject, Result<PhasedClipPtr> result) {
  constexpr std::size_t kKept = 8;
  if (phased_.size() >= kKept) phased_.erase(phased_.begin());
  phased_.push_back({subject, result ? *result : nullptr, result ? "" : result.error().message});
}

void App::poll_phases() {
  for (auto& [subject, result] : phasing_.take_finished()) {
    finish_phases(subject, std::move(result));
    read_phases();
    if (state_.selection.in_phase && state_.compared != nullptr)
      complain(update_comparison());
    else
      read_partner_phases();
  }
}

void App::read_phases() {
  PhasePanel& panel = state_.phase;
  const Performance& shown = stage_.performance();
  panel.clip = nullptr;
  panel.error.clear();
  panel.history.clear();
  if (shown.motion != nullptr && shown.clip >= 0) {
    const PhaseSubject subject{shown.motion, shown.clip, false};
    panel.clip = phased(subject);
    for (const Phased& known : phased_)
      if (known.subject == subject) panel.error = known.error;
  }
  stage_.read_phases(panel.clip, state_.view.estimator);
}

// Of what stands beside, if anything does.
void App::read_partner_phases() {
  PhasePanel& panel = state_.phase;
  const ComparedPtr& compared = state_.compared;
  panel.partner =
      compared == nullptr
          ? nullptr
          : phased(other_subject(compared->kind, compared->motion, compared->clip, partner()));
  panel.history.clear();
}

// Of this frame: who is shown, and whom it is held against.
void App::follow_phases() {
  PhasePanel& panel = state_.phase;
  const Timeline& t = state_.timeline;
  // Of a whole clip the arcs tell its own speed, also while it stands still.
  const auto of_clip = [&] {
    return panel.clip == nullptr ? PhaseNow() : reading_at(panel.clip->phases->track, t.time_s);
  };
  panel.shown = reading_of(stage_.phase());
  if (panel.shown.mode == phase::Mode::centred) panel.shown = of_clip();
  panel.beside = {};
  panel.shown_as = stage_.has_body() ? "body" : "clip";
  panel.beside_as.clear();
  if (stage_.has_body()) {
    panel.beside = of_clip();
    panel.beside_as = "clip";
  } else if (state_.compared != nullptr) {
    if (panel.partner != nullptr)
      panel.beside = reading_at(panel.partner->phases->track,
                                state_.compared->alignment.other(t.time_s, t.laps).time_s);
    panel.beside_as = state_.compared->kind == Comparison::partner ? "other" : "beside";
  } else if (state_.view.estimator != Estimator::centred && panel.clip != nullptr) {
    panel.beside = of_clip();
    panel.beside_as = "centred";
  }
  if (!t.playing) return panel.history.trail.clear();
  if (panel.clip != nullptr) panel.history.note(panel.shown, panel.beside, panel.clip->projection);
}

ClipRef App::partner() const {
  const int partner = state_.selection.partner;
  return partner < 0 ? ClipRef() : ClipRef{state_.documents[static_cast<std::size_t>(partner)], 0};
}

// How what is to stand beside keeps step; null where it does not, or where its phases still come.
PhaseMapPtr App::step_in_phase() {
  const Selection& s = state_.selection;
  const Performance& shown = stage_.performance();
  if (!s.in_phase || state_.phase.clip == nullptr) return nullptr;
  if (s.comparison == Comparison::partner && !partner()) return nullptr;
  const PhasedClipPtr other =
      phased(other_subject(s.comparison, shown.motion, shown.clip, partner()));
  if (other == nullptr) return nullptr;
  Result<PhaseMapPtr> map = map_phases(state_.phase.clip->phases->track, other->phases->track);
  if (map) return *map;
  state_.selection.in_phase = false;
  report_error("They cannot keep step", map.error().message);
  return nullptr;
}

void App::apply(const command::BesideClip& c) {
  const LibraryEntry& entry = find_or_add(state_.browser, c.path);
  if (entry.document < 0) {
    partners_.start(c.path, [path = c.path] { return load_document(path); });
    return;
  }
  state_.selection.partner = entry.document;
  apply(command::Compare{Comparison::partner});
}

void App::poll_partners() {
  for (auto& [path, loaded] : partners_.take_finished()) {
    LibraryEntry& entry = find_or_add(state_.browser, path);
    if (!loaded || (*loaded)->clips.empty()) {
      entry.error = loaded ? path + ": no motion in it" : loaded.error().message;
      report_error("Could not open " + entry.name, entry.error);
      continue;
    }
    if (entry.document < 0) {
      state_.documents.push_back(*loaded);
      entry.document = static_cast<int>(state_.documents.size()) - 1;
    }
    apply(command::BesideClip{path});
  }
}

void App::apply(const command::KeepStep& c) {
  state_.selection.in_phase = c.in_phase;
  complain(update_comparison());
}

void App::apply(const command::SetEstimator& c) {
  state_.view.estimator = c.estimator;
  read_phases();
}

void App::apply(const command::SeekPhase& c) {
  const PhasedClipPtr& clip = state_.phase.clip;
  if (clip == nullptr || c.channel < 0 || c.channel >= clip->phases->track.channels) return;
  const std::optional<float> time_s = phase::find_phase(clip->phases->track, c.channel, c.phase,
                                                        static_cast<float>(state_.timeline.time_s));
  if (time_s.has_value()) apply(command::Seek{static_cast<double>(*time_s)});
}

}  // namespace canter::viewer
