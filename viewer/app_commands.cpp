#include <algorithm>
#include <filesystem>

#include "viewer/app.h"
#include "viewer/timeline.h"

// What the application does when panels, keys or scripts ask for it.

namespace canter::viewer {

void App::report_error(const std::string& title, const std::string& text) {
  constexpr std::size_t kMaxNotices = 3;
  if (state_.notices.size() >= kMaxNotices) state_.notices.erase(state_.notices.begin());
  state_.notices.push_back({true, title, text});
}

Result<void> App::play(int document, int clip) {
  state_.doctor.preview.reset();
  state_.doctor.candidate.reset();
  state_.doctor.show_before = false;
  const Selection before = state_.selection;
  const Document& next = *state_.documents[static_cast<std::size_t>(document)];
  if (clip >= static_cast<int>(next.clips.size())) clip = -1;
  state_.selection.document = document;
  state_.selection.clip = next.clips.empty() ? -1 : clip;
  // A character without a motion stays the one to play on when a motion comes.
  if (before.clip < 0 && before.document >= 0 && before.document != document &&
      state_.documents[static_cast<std::size_t>(before.document)]->mesh.has_value())
    state_.selection.character = before.document;
  const Timeline timeline_before = state_.timeline;
  if (state_.clip() != nullptr)
    start_clip(state_.timeline, state_.clip()->clip);
  else
    state_.timeline = Timeline{};
  if (options_.time_s.has_value()) {
    seek(state_.timeline, *options_.time_s);
    state_.timeline.playing = false;
  }
  if (Result<void> shown = show(); !shown) {
    state_.selection = before;
    state_.timeline = timeline_before;
    return shown;
  }
  if (before.document != document) {
    frame_character();
    offer_doctor();
  }
  state_.camera.target += Vec3(1, 0, 1) * (stage_.root_position() - state_.camera.target);
  followed_ = stage_.root_position();
  return {};
}

DocumentPtr App::wanted_body() const {
  const Selection& s = state_.selection;
  if (s.character >= 0) return state_.documents[static_cast<std::size_t>(s.character)];
  const DocumentPtr& motion = state_.documents[static_cast<std::size_t>(s.document)];
  return motion->mesh.has_value() ? motion : default_character_;
}

Result<void> App::perform(const Performance& performance) {
  Performance dressed = performance;
  if (default_character_ != nullptr && same_joints(*default_character_, *performance.motion))
    dressed.source_body = default_character_;
  if (Result<void> shown = stage_.show(dressed); !shown) return shown;
  forget_body();
  state_.retargeted = performance.retargeted;
  state_.worn = performance.body.get();
  if (performance.body == nullptr)
    state_.shown_on = "bare bones";
  else if (performance.retargeted != nullptr)
    state_.shown_on = "retargeted to " + performance.body->title;
  else if (performance.body != performance.motion)
    state_.shown_on = "on " + performance.body->title;
  else
    state_.shown_on = state_.clip() != nullptr ? "on its own mesh" : "in its rest pose";
  read_phases();
  // A clip that has no such counterpart is shown alone.
  if (const Result<void> compared = update_comparison(); !compared) stage_.set_compared(nullptr);
  step_stage(0.0);
  return {};
}

Result<void> App::update_comparison() {
  const Performance& shown = stage_.performance();
  state_.compared = nullptr;
  state_.difference_m.clear();
  Result<ComparedPtr> compared = ComparedPtr();
  if (state_.selection.comparison != Comparison::none && shown.clip >= 0)
    compared = compare(state_.selection.comparison, shown.motion, shown.clip, shown.retargeted,
                       partner(), step_in_phase());
  stage_.set_compared(compared ? *compared : nullptr);
  state_.compared = stage_.compared();
  read_partner_phases();
  if (!compared) return compared.error();
  if (state_.compared != nullptr) state_.difference_m = state_.compared->difference.mean_m;
  return {};
}

Result<void> App::show() {
  const Selection& s = state_.selection;
  if (s.document < 0) return {};
  Performance performance;
  performance.motion = motion_on_stage();
  performance.clip = s.clip;
  const DocumentPtr& motion = performance.motion;
  if (motion->mesh.has_value()) performance.body = motion;
  const DocumentPtr body = wanted_body();
  if (body == nullptr || body == motion) return perform(performance);
  if (same_joints(*body, *motion)) {
    performance.body = body;
    return perform(performance);
  }
  if (s.clip < 0) return perform(performance);
  // Another skeleton: carry the clip over. With a window that happens aside, and what can be shown
  // at once is shown meanwhile.
  Result<RetargetedPtr> ready = carried(motion, s.clip, body);
  if (ready && *ready != nullptr) {
    performance.body = body;
    performance.retargeted = *ready;
  } else if (!ready && s.character >= 0) {
    return ready.error();
  }
  return perform(performance);
}

void App::apply_commands() {
  // A command may ask for another one; those wait for the next frame.
  Commands commands;
  commands.swap(commands_);
  state_.hover_s.reset();
  for (const Command& command : commands) std::visit([this](const auto& c) { apply(c); }, command);
}

void App::complain(const Result<void>& result) {
  if (!result) report_error("That did not work", result.error().message);
}

void App::apply(const command::OpenFile& c) {
  std::error_code ignored;
  if (std::filesystem::is_directory(c.path, ignored)) return show_folder(c.path);
  start_loading(c.path);
}

void App::apply(const command::PlayClip& c) {
  complain(play(c.document, c.clip));
}

void App::apply(const command::ShowOn& c) {
  if (state_.clip() == nullptr) return complain(play(c.document, -1));
  state_.selection.character = c.document;
  complain(show());
  frame_character();
}

void App::apply(const command::TogglePlay&) {
  toggle_play(state_.timeline);
  state_.held.reset();
}

void App::apply(const command::Seek& c) {
  state_.timeline.playing = false;
  seek(state_.timeline, c.time_s);
  if (stage_.has_body()) apply(command::ResetBody{});
}

void App::apply(const command::Hover& c) {
  state_.hover_s = c.time_s;
}

void App::apply(const command::GoToFrame& c) {
  const Moment* moment = rewind_.find(c.simulation, c.frame);
  const Selection& s = state_.selection;
  if (moment == nullptr || moment->selection.document >= static_cast<int>(state_.documents.size()))
    return report_error("That frame is gone", "Only the last ten seconds are kept.");
  // Looking back again looks at the same histories.
  const HeldTraces* held = state_.held.get();
  state_.held = std::make_shared<const HeldTraces>(
      HeldTraces{held != nullptr ? held->simulation : *state_.simulation,
                 held != nullptr ? held->drawing : *state_.drawing, c.simulation, c.frame});
  const Moment there = *moment;
  if (!(s == there.selection)) {
    state_.selection = there.selection;
    complain(show());
  }
  state_.timeline = there.timeline;
  state_.timeline.playing = false;
  restore_world(there, stage_.world());
}

void App::apply(const command::StepFrames& c) {
  if (stage_.has_body() && c.frames > 0) {
    state_.timeline.playing = false;
    stage_.step(state_.timeline.time_s, 0,
                static_cast<double>(c.frames) / static_cast<double>(state_.timeline.rate_hz));
    return;
  }
  step_frames(state_.timeline, c.frames);
  if (stage_.has_body()) apply(command::ResetBody{});
}

void App::apply(const command::SetSpeed& c) {
  state_.timeline.speed = std::clamp(c.speed, -kMaxSpeed, kMaxSpeed);
}

void App::apply(const command::SetLoop& c) {
  state_.timeline.loop = c.loop;
}

void App::apply(const command::SetRange& c) {
  set_range(state_.timeline, c.in_s, c.out_s);
}

void App::apply(const command::ResetTimeline&) {
  set_range(state_.timeline, 0.0, state_.timeline.duration_s);
  state_.timeline.speed = 1.0f;
}

void App::apply(const command::SetTab& c) {
  state_.view.tab = c.tab;
}

void App::apply(const command::Compare& c) {
  const Comparison before = state_.selection.comparison;
  state_.selection.comparison = c.with;
  if (const Result<void> compared = update_comparison(); !compared) {
    state_.selection.comparison = before;
    complain(update_comparison());
    report_error("Nothing to compare with", compared.error().message);
  }
  step_stage(0.0);
  frame_character();
}

void App::apply(const command::SetFlag& c) {
  state_.view.*c.flag = c.value;
}

void App::apply(const command::SetNumber& c) {
  state_.view.*c.number = c.value;
}

void App::apply(const command::SetQuality& c) {
  set_quality(c.name);
}

void App::apply(const command::SetBudget& c) {
  state_.budget_us = std::clamp(c.us, kMinBudget_us, kMaxBudget_us);
}

void App::apply(const command::Undo&) {
  restore(undo_.undo());
}

void App::apply(const command::Redo&) {
  restore(undo_.redo());
}

void App::restore(const std::optional<Choices>& choices) {
  if (!choices.has_value()) return;
  for (std::size_t i = 0; i < std::min(choices->documents.size(), state_.documents.size()); ++i)
    if (choices->documents[i] != nullptr) state_.documents[i] = choices->documents[i];
  const Timeline before = state_.timeline;
  state_.selection = choices->selection;
  // Another clip starts over; the same one, repaired or not, goes on where it was.
  if (state_.clip() != nullptr &&
      state_.clip()->clip.duration_s() != static_cast<float>(state_.timeline.duration_s))
    start_clip(state_.timeline, state_.clip()->clip);
  complain(show());
  state_.timeline.playing = before.playing;
  set_range(state_.timeline, choices->in_s, choices->out_s);
  state_.timeline.speed = choices->speed;
  state_.timeline.loop = choices->loop;
  // What the choices leave open stays as it is.
  ViewSettings view = choices->view;
  view.panels = state_.view.panels;
  view.help = state_.view.help;
  view.timings = state_.view.timings;
  view.tab = state_.view.tab;
  view.scale = state_.view.scale;
  state_.view = view;
  read_phases();
  state_.budget_us = choices->budget_us;
  if (!(state_.blend.settings == choices->blend)) apply(command::SetBlend{choices->blend});
}

void App::apply(const command::DismissHint&) {
  state_.hint = false;
}

void App::apply(const command::FrameCharacter&) {
  frame_character();
}

void App::apply(const command::DismissNotice& c) {
  if (c.index < state_.notices.size())
    state_.notices.erase(state_.notices.begin() + static_cast<std::ptrdiff_t>(c.index));
}

void App::apply(const command::Quit&) {
  quit_ = true;
}

}  // namespace canter::viewer
