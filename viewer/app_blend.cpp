#include <algorithm>

#include "viewer/app.h"
#include "viewer/library.h"
#include "viewer/timeline.h"

// The blend bench's commands. What it makes is a document like any other, in one place of the list.

namespace canter::viewer {

void App::apply(const command::BlendFrom&) {
  const Selection& s = state_.selection;
  if (state_.clip() == nullptr) return;
  state_.blend.from = {state_.documents[static_cast<std::size_t>(s.document)], s.clip};
  state_.blend.settings.at_s = static_cast<float>(state_.timeline.time_s);
  start_blend();
}

void App::apply(const command::BlendTo& c) {
  BlendState& blend = state_.blend;
  blend.to_path = c.path;
  blend.error.clear();
  if (!blend.from) apply(command::BlendFrom{});
  const LibraryEntry& entry = find_or_add(state_.browser, c.path);
  if (entry.document >= 0) {
    blend.to = {state_.documents[static_cast<std::size_t>(entry.document)], 0};
    return start_blend();
  }
  blend.to = {};
  targets_.start(c.path, [path = c.path] { return load_document(path); });
}

void App::apply(const command::SetBlend& c) {
  state_.blend.settings = c.settings;
  start_blend();
}

void App::apply(const command::ShowBlend& c) {
  if (state_.blend.result == nullptr) return;
  place_blend();
  const Timeline before = state_.timeline;
  const bool was_shown = state_.document() == state_.blend.result->document.get();
  const auto place =
      std::find(state_.documents.begin(), state_.documents.end(), state_.blend.result->document);
  complain(play(static_cast<int>(place - state_.documents.begin()), c.kind));
  if (!was_shown) return;
  state_.timeline.playing = before.playing;
  seek(state_.timeline, before.time_s);
  step_stage(0.0);
}

void App::start_blend() {
  const BlendState& blend = state_.blend;
  if (!blend.from || !blend.to) return;
  // One at a time: while a slider is dragged the newest settings follow when it is done.
  blend_wanted_ = true;
  if (!blending_.empty()) return;
  blend_wanted_ = false;
  blending_.start(0, [from = blend.from, to = blend.to, settings = blend.settings] {
    return bench_blend(from, to, settings);
  });
}

void App::place_blend() {
  BlendState& blend = state_.blend;
  const DocumentPtr& made = blend.result->document;
  const auto old = std::find(state_.documents.begin(), state_.documents.end(), blend.placed);
  if (blend.placed != nullptr && old != state_.documents.end()) {
    *old = made;
  } else {
    state_.documents.push_back(made);
    find_or_add(state_.browser, kBlendFormat).document =
        static_cast<int>(state_.documents.size()) - 1;
  }
  find_or_add(state_.browser, kBlendFormat).name = made->title;
  blend.placed = made;
}

void App::poll_blend() {
  for (auto& [path, loaded] : targets_.take_finished()) {
    if (path != state_.blend.to_path) continue;
    if (loaded && !(*loaded)->clips.empty()) {
      state_.blend.to = {*loaded, 0};
      start_blend();
    } else {
      state_.blend.error = loaded ? path + ": no motion in it" : loaded.error().message;
    }
  }
  for (auto& [ticket, result] : blending_.take_finished()) {
    BlendState& blend = state_.blend;
    if (!result) {
      blend.error = result.error().message;
      continue;
    }
    blend.error.clear();
    const bool first = blend.placed == nullptr;
    const bool shown = state_.document() != nullptr && state_.document() == blend.placed.get();
    blend.result = std::make_shared<const BlendResult>(std::move(*result));
    place_blend();
    if (first)
      apply(command::ShowBlend{kInertialize});
    else if (shown)
      show_again();
    if (!first) undo_.absorb(choices_of(state_));
  }
  if (blend_wanted_ && blending_.empty()) start_blend();
}

}  // namespace canter::viewer
