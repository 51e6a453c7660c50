#pragma once

#include <optional>
#include <span>

#include "viewer/ui/ui.h"

/// Controls with a value: each has a label, a tooltip with unit, range and default, a dot while its
/// value is not the default, and a double click that resets it.
namespace canter::viewer::ui {

struct Control {
  const char* id;
  const char* label;
  const char* tip;  ///< what it does; unit, range and default are added
};

/// A switch over the width of the panel. The new value, if it was clicked.
std::optional<bool> toggle(const Context& c, const Control& control, bool value, bool fallback);

struct NumberRange {
  float low, high, fallback;
  const char* unit;
  int decimals;
};
/// A bar to drag, over the width of the panel or so many pixels. The new value while it is dragged.
std::optional<float> slider(const Context& c, const Control& control, float value,
                            const NumberRange& range, float width = 0.0f);

/// One of a few words. The new index, if another was clicked; -1 is none of them.
std::optional<int> choice(const Context& c, const Control& control,
                          std::span<const char* const> words, int value, int fallback);

/// Tabs in rows of up to five over the width of the panel, in full words. The one that was clicked.
std::optional<int> tabs(const Context& c, std::span<const Control> all, int open);

/// A button over the width of the panel, lit if it is what to do next.
bool wide_button(const Context& c, const Control& control, bool lit = false);

}  // namespace canter::viewer::ui
