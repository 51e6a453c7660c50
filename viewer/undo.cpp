#include "viewer/undo.h"

#include <utility>

namespace canter::viewer {
namespace {

constexpr std::size_t kDepth = 200;

}  // namespace

Choices choices_of(const State& state) {
  Choices c;
  c.documents = state.documents;
  // What the blend bench made follows from its settings.
  for (DocumentPtr& document : c.documents)
    if (document == state.blend.placed) document = nullptr;
  c.selection = state.selection;
  c.in_s = state.timeline.in_s;
  c.out_s = state.timeline.out_s;
  c.speed = state.timeline.speed;
  c.loop = state.timeline.loop;
  c.view = state.view;
  c.budget_us = state.budget_us;
  c.blend = state.blend.settings;
  // Opening panels is no change that anyone wants to take back.
  const ViewSettings neutral;
  c.view.panels = neutral.panels;
  c.view.help = neutral.help;
  c.view.timings = neutral.timings;
  c.view.tab = neutral.tab;
  c.view.scale = neutral.scale;
  return c;
}

void UndoStack::note(const Choices& now, int gesture) {
  if (noted_ == now) return;
  // What was there before anything was opened is nothing to go back to.
  const bool first = !noted_.has_value() || noted_->selection.document < 0;
  if (!first && gesture != gesture_) {
    if (past_.size() >= kDepth) past_.erase(past_.begin());
    past_.push_back(std::move(*noted_));
    gesture_ = gesture;
  }
  if (!first) future_.clear();
  noted_ = now;
}

std::optional<Choices> UndoStack::move(std::vector<Choices>& from, std::vector<Choices>& to) {
  if (from.empty() || !noted_.has_value()) return std::nullopt;
  to.push_back(std::move(*noted_));
  noted_ = std::move(from.back());
  from.pop_back();
  gesture_ = -1;
  return noted_;
}

std::optional<Choices> UndoStack::undo() {
  return move(past_, future_);
}

std::optional<Choices> UndoStack::redo() {
  return move(future_, past_);
}

void UndoStack::absorb(const Choices& now) {
  if (noted_.has_value()) noted_ = now;
}

void UndoStack::reset(const Choices& now) {
  past_.clear();
  future_.clear();
  noted_ = now;
}

}  // namespace canter::viewer
