#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "viewer/state.h"

namespace canter::viewer {

/// What was chosen and can be taken back, as plain data that is copied and compared as a whole.
/// Where the cursor is and which panels are open is no choice in this sense.
struct Choices {
  std::vector<DocumentPtr> documents;  ///< a repaired file is another document in its place
  Selection selection;
  double in_s = 0.0;
  double out_s = 0.0;
  float speed = 1.0f;
  bool loop = true;
  ViewSettings view;  ///< without what only opens and closes panels
  float budget_us = 0.0f;
  BlendSettings blend;

  bool operator==(const Choices&) const = default;
};

Choices choices_of(const State& state);

/// One stack for everything: the choices before each change.
class UndoStack {
 public:
  /// Call once a frame with the present choices. Changes within one gesture (a drag) undo as one.
  void note(const Choices& now, int gesture);
  /// The choices to go back (forth) to, if any; they count as noted.
  std::optional<Choices> undo();
  std::optional<Choices> redo();
  /// Takes what followed from an earlier choice, later and by itself, as part of it.
  void absorb(const Choices& now);
  /// Forgets everything, e.g. because a document was closed; the present choices are these.
  void reset(const Choices& now);

  std::size_t depth() const { return past_.size(); }
  std::size_t redo_depth() const { return future_.size(); }

 private:
  std::optional<Choices> move(std::vector<Choices>& from, std::vector<Choices>& to);

  std::optional<Choices> noted_;
  std::vector<Choices> past_, future_;
  int gesture_ = -1;
};

}  // namespace canter::viewer
