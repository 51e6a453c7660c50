#pragma once

#include <functional>
#include <span>

#include "viewer/ui/ui.h"

/// Plots on ImDrawList: what the transport and the inspector draw with.
namespace canter::viewer::plot {

/// A value range; `include` grows it.
struct Range {
  float low = 0.0f;
  float high = 1.0f;
};

/// The largest "nice" number (1, 2, 2.5 or 5 times a power of ten) that is at least `value`.
float nice_ceiling(float value);

/// A curve over the whole width, however many values: each pixel column shows the least and the
/// greatest of the values that fall on it.
void curve(ImDrawList& draw, const ui::Rect& area, std::span<const float> values, Range range,
           theme::Color color, float thickness, bool filled = false);

/// Horizontal line at a value, for budgets and limits; nothing if the value is out of range.
void level(ImDrawList& draw, const ui::Rect& area, float value, Range range, theme::Color color);

/// Vertical line at a fraction of the width: the time cursor.
void cursor(ImDrawList& draw, const ui::Rect& area, float fraction, theme::Color color,
            float thickness);

/// Stacked bars, newest on the right. `value(series, age)` is asked for `num_bars` ages.
void stacked(ImDrawList& draw, const ui::Rect& area, int num_bars,
             std::span<const theme::Color> colors, Range range,
             const std::function<float(int series, int age)>& value);

}  // namespace canter::viewer::plot
