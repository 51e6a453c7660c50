#include <algorithm>

#include "viewer/app.h"
#include "viewer/library.h"

// The application's list of files: folders, browsing, closing.

namespace canter::viewer {

void App::show_folder(const std::string& folder) {
  for (LibraryGroup& group : state_.browser)
    if (group.folder == folder) return;
  LibraryGroup group = scan_folder(folder);
  if (group.entries.empty() && group.folders.empty())
    return report_error("Nothing to play there", folder + " holds no motion or character file");
  // After what was opened, before what ships.
  state_.browser.insert(state_.browser.begin() + 1, std::move(group));
}

void App::apply(const command::AddFolder& c) {
  show_folder(c.path);
}

void App::apply(const command::RemoveFolder& c) {
  std::erase_if(state_.browser, [&](const LibraryGroup& group) {
    return !group.folder.empty() && group.folder == c.path;
  });
}

void App::apply(const command::Filter& c) {
  state_.filter = c.text;
  state_.browsed = is_path(c.text) ? scan_folder(expand_home(c.text)) : LibraryGroup();
}

void App::apply(const command::CloseFile& c) {
  const int closed = c.document;
  if (closed < 0 || closed >= static_cast<int>(state_.documents.size())) return;
  const DocumentPtr document = state_.documents[static_cast<std::size_t>(closed)];
  Selection& s = state_.selection;
  if (s.document == closed) {
    // Something else must stand on stage first: the newest other motion, or else any file.
    int next = -1;
    for (int i = 0; i < static_cast<int>(state_.documents.size()); ++i) {
      if (i == closed) continue;
      const bool has_clips = !state_.documents[static_cast<std::size_t>(i)]->clips.empty();
      const bool next_has =
          next >= 0 && !state_.documents[static_cast<std::size_t>(next)]->clips.empty();
      if (next < 0 || has_clips || !next_has) next = i;
    }
    if (next < 0) return report_error("The last file stays", "There is nothing else to show.");
    if (s.character == closed) s.character = -1;
    if (const Result<void> played = play(next, 0); !played) return complain(played);
  } else if (s.character == closed) {
    s.character = -1;
    complain(show());
  }
  if (s.partner == closed) {
    s.partner = -1;
    if (s.comparison == Comparison::partner) apply(command::Compare{Comparison::none});
  }
  forget_document(closed);
}

void App::forget_document(int closed) {
  const DocumentPtr document = state_.documents[static_cast<std::size_t>(closed)];
  state_.documents.erase(state_.documents.begin() + closed);
  const auto renumber = [&](int& index) {
    if (index > closed) --index;
  };
  renumber(state_.selection.document);
  renumber(state_.selection.character);
  renumber(state_.selection.partner);
  for (LibraryGroup& group : state_.browser) {
    for (LibraryEntry& entry : group.entries)
      if (entry.document == closed)
        entry.document = -1;
      else
        renumber(entry.document);
  }
  std::erase_if(state_.browser.front().entries,
                [](const LibraryEntry& e) { return e.document < 0 && !e.loading; });
  std::erase_if(carried_, [&](const RetargetedPtr& known) {
    return known->motion == document || known->body == document;
  });
  std::erase_if(phased_, [&](const Phased& known) { return known.subject.motion == document; });
  if (state_.blend.placed == document) state_.blend.placed.reset();
  // Neither undo nor the history can go back to a file that is gone.
  undo_.reset(choices_of(state_));
  rewind_ = Rewind(kRewindFrames);
  state_.held.reset();
}

}  // namespace canter::viewer
