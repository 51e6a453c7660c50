#include "viewer/undo.h"

#include <doctest/doctest.h>

namespace canter::test {
namespace {

viewer::State with_speed(float speed) {
  viewer::State state;
  state.selection.document = 0;
  state.timeline.speed = speed;
  return state;
}

TEST_CASE("changes are undone and redone in order") {
  viewer::UndoStack stack;
  int gesture = 0;
  for (const float speed : {1.0f, 2.0f, 3.0f})
    stack.note(viewer::choices_of(with_speed(speed)), ++gesture);
  REQUIRE(stack.depth() == 2);
  CHECK(stack.undo()->speed == 2.0f);
  CHECK(stack.undo()->speed == 1.0f);
  CHECK(!stack.undo().has_value());
  CHECK(stack.redo()->speed == 2.0f);
  // What is done after an undo replaces what was undone.
  stack.note(viewer::choices_of(with_speed(9.0f)), ++gesture);
  CHECK(!stack.redo().has_value());
  CHECK(stack.undo()->speed == 2.0f);
}

TEST_CASE("a drag is one change, and what is no choice is none") {
  viewer::UndoStack stack;
  stack.note(viewer::choices_of(with_speed(1.0f)), 1);
  for (const float speed : {1.1f, 1.2f, 1.3f}) stack.note(viewer::choices_of(with_speed(speed)), 2);
  CHECK(stack.depth() == 1);
  CHECK(stack.undo()->speed == 1.0f);

  viewer::State state = with_speed(1.0f);
  state.timeline.time_s = 0.7;
  state.view.panels = false;
  state.view.tab = viewer::Tab::frame;
  stack.note(viewer::choices_of(state), 3);
  CHECK(stack.depth() == 0);
  CHECK(stack.redo_depth() == 1);
}

TEST_CASE(
    "what was there before the first file is nothing to go back to, and the stack is bounded") {
  viewer::UndoStack stack;
  stack.note(viewer::choices_of(viewer::State()), 0);
  stack.note(viewer::choices_of(with_speed(1.0f)), 1);
  CHECK(stack.depth() == 0);
  for (int i = 0; i < 1000; ++i)
    stack.note(viewer::choices_of(with_speed(static_cast<float>(i % 2))), i + 2);
  CHECK(stack.depth() == 200);
  stack.reset(viewer::choices_of(with_speed(5.0f)));
  CHECK(!stack.undo().has_value());
}

TEST_CASE("what follows from a choice by itself is part of it") {
  viewer::UndoStack stack;
  stack.note(viewer::choices_of(with_speed(1.0f)), 1);
  stack.note(viewer::choices_of(with_speed(2.0f)), 2);
  stack.absorb(viewer::choices_of(with_speed(2.5f)));
  stack.note(viewer::choices_of(with_speed(2.5f)), 3);
  CHECK(stack.depth() == 1);
  CHECK(stack.undo()->speed == 1.0f);
  CHECK(stack.redo()->speed == 2.5f);
}

}  // namespace
}  // namespace canter::test
