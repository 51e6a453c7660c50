#include <algorithm>

#include "viewer/app.h"
#include "viewer/library.h"

// The application's files: what is opened, and clips carried over to other skeletons.

namespace canter::viewer {

Result<void> App::open_initial_files() {
  load_networks();
  // Motions without a mesh play on the character that ships; without one they play as bones.
  const std::vector<LibraryEntry>& characters = state_.browser.back().entries;
  if (!characters.empty()) {
    const std::string path = characters.front().path;
    if (Result<DocumentPtr> character = load_document(path); character && (*character)->mesh) {
      default_character_ = *character;
      state_.documents.push_back(default_character_);
      find_or_add(state_.browser, path).document = 0;
    } else if (!character) {
      report_error("The character that ships could not be opened", character.error().message);
    }
  }
  std::vector<std::string> paths = options_.files;
  if (std::ranges::all_of(paths, is_model_path)) {
    // What ships: the walk, or else the first clip, or else the character alone.
    for (const LibraryGroup& group : state_.browser) {
      const std::vector<LibraryEntry>& entries = group.entries;
      const auto walk = std::find_if(entries.begin(), entries.end(),
                                     [](const LibraryEntry& e) { return e.name == "walk"; });
      const bool motion = !std::ranges::all_of(paths, is_model_path);
      if (!motion && !entries.empty())
        paths.push_back(walk != entries.end() ? walk->path : entries[0].path);
    }
  }
  for (const std::string& path : paths) {
    if (!options_.headless) {
      start_loading(path);
      continue;
    }
    if (Result<void> opened = open(path); !opened) return opened;
  }
  return options_.clip.empty() ? Result<void>() : choose_clip(options_.clip);
}

Result<void> App::open(const std::string& path) {
  if (is_model_path(path)) return finish_model(path, load_model_document(path));
  patient_ = true;
  Result<void> opened = finish_loading(path, load_document(path));
  patient_ = false;
  return opened;
}

Result<void> App::choose_clip(const std::string& name) {
  const Document* document = state_.document();
  const std::size_t count = document == nullptr ? 0 : document->clips.size();
  for (std::size_t i = 0; i < count; ++i)
    if (document->clips[i].name == name || std::to_string(i) == name)
      return play(state_.selection.document, static_cast<int>(i));
  return Error{ErrorCode::bad_value, (document == nullptr ? "nothing open" : document->path) +
                                         ": no clip '" + name + "'; it has " +
                                         std::to_string(count)};
}

void App::start_loading(const std::string& path) {
  LibraryEntry& entry = find_or_add(state_.browser, path);
  if (entry.loading) return;
  entry.loading = true;
  entry.error.clear();
  if (is_model_path(path)) return start_loading_model(path);
  loading_.start({path, std::chrono::steady_clock::now()}, [path] { return open_document(path); });
}

void App::poll_loading() {
  poll_models();
  for (auto& [job, opened] : loading_.take_finished()) {
    const std::string path = job.path;
    Result<DocumentPtr> document =
        opened ? Result<DocumentPtr>(opened->document) : Result<DocumentPtr>(opened.error());
    if (Result<void> finished = finish_loading(path, std::move(document)); !finished) {
      report_error("Could not open " + path.substr(path.find_last_of('/') + 1),
                   finished.error().message);
      continue;
    }
    const std::chrono::duration<float, std::milli> took =
        std::chrono::steady_clock::now() - job.asked;
    state_.opened_ms = took.count();
    if (opened->rest != nullptr)
      completing_.start({opened->document, nullptr},
                        [all = *opened, path] { return complete_document(all, path); });
  }
}

void App::poll_completing() {
  for (auto& [job, whole] : completing_.take_finished()) {
    if (whole)
      adopt({job.preliminary, *whole});
    else
      report_error("Could not prepare all of " + job.preliminary->title, whole.error().message);
  }
}

void App::adopt(const Completing& done) {
  const Performance& shown = stage_.performance();
  if (shown.motion != done.preliminary || shown.retargeted == nullptr)
    return replace_document(done.preliminary, done.whole);
  // It changes places when it has been carried over too: nobody sees the seam.
  adopting_.push_back(done);
  start_carrying({done.whole, shown.clip, shown.body});
}

void App::replace_document(const DocumentPtr& old, const DocumentPtr& document) {
  for (std::size_t i = 0; i < state_.documents.size(); ++i) {
    if (state_.documents[i] != old) continue;
    state_.documents[i] = document;
    if (state_.selection.document == static_cast<int>(i)) show_again();
    undo_.absorb(choices_of(state_));
  }
}

Result<void> App::finish_loading(const std::string& path, Result<DocumentPtr> loaded) {
  LibraryEntry& entry = find_or_add(state_.browser, path);
  entry.loading = false;
  if (!loaded) {
    entry.error = loaded.error().message;
    return loaded.error();
  }
  if (entry.document >= 0) {
    // Opened again: it takes the place of what was read before.
    state_.documents[static_cast<std::size_t>(entry.document)] = std::move(loaded).value();
    undo_.reset(choices_of(state_));
  } else {
    state_.documents.push_back(std::move(loaded).value());
    entry.document = static_cast<int>(state_.documents.size()) - 1;
  }
  const int index = entry.document;
  const Document& document = *state_.documents[static_cast<std::size_t>(index)];
  // A file of one character is something to play on; everything else plays.
  if (document.clips.empty() && document.mesh.has_value() && state_.clip() != nullptr) {
    state_.selection.character = index;
    if (Result<void> shown = show(); !shown) return shown;
    frame_character();
    return {};
  }
  return play(index, 0);
}

Result<RetargetedPtr> App::carried(const DocumentPtr& motion, int clip, const DocumentPtr& body) {
  for (const RetargetedPtr& known : carried_)
    if (known->motion == motion && known->clip == clip && known->body == body) return known;
  if (patient_ || (options_.headless && !scripted())) return retarget_clip(motion, clip, body);
  start_carrying({motion, clip, body});
  return RetargetedPtr();
}

void App::start_carrying(const Carrying& wanted) {
  if (carrying_.contains([&](const Carrying& c) { return c == wanted; })) return;
  carrying_.start(wanted,
                  [wanted] { return retarget_clip(wanted.motion, wanted.clip, wanted.body); });
}

void App::poll_carrying() {
  for (auto& [done, result] : carrying_.take_finished()) finish_carrying(done, std::move(result));
}

void App::finish_carrying(const Carrying& done, Result<RetargetedPtr> result) {
  constexpr std::size_t kKept = 8;
  if (result) {
    if (carried_.size() >= kKept) carried_.erase(carried_.begin());
    carried_.push_back(*result);
  }
  for (std::size_t i = 0; i < adopting_.size(); ++i) {
    if (adopting_[i].whole != done.motion) continue;
    const Completing ready = adopting_[i];
    adopting_.erase(adopting_.begin() + static_cast<std::ptrdiff_t>(i));
    return replace_document(ready.preliminary, ready.whole);
  }
  const Selection& s = state_.selection;
  const bool wanted = s.document >= 0 && s.clip == done.clip && motion_on_stage() == done.motion &&
                      wanted_body() == done.body;
  if (!result) {
    // Bones say enough unless this character was asked for.
    if (wanted && s.character >= 0)
      report_error("Could not play on " + done.body->title, result.error().message);
    return;
  }
  if (!wanted) return;
  if (Result<void> shown = perform({done.motion, done.clip, done.body, *result}); !shown)
    report_error("Could not play on " + done.body->title, shown.error().message);
  else
    frame_character();
}

}  // namespace canter::viewer
