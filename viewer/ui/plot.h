#pragma once

#include <functional>
#include <span>
#include <string>

#include "viewer/ui/series.h"
#include "viewer/ui/ui.h"

/// Plots on ImDrawList: what the transport and the inspector draw with.
namespace canter::viewer::plot {

/// A curve over the whole width, however many values: each pixel column shows the least and the
/// greatest of the values that fall on it.
void curve(ImDrawList& draw, const ui::Rect& area, std::span<const float> values, Range range,
           theme::Color color, float thickness, bool filled = false);

/// The same of a long series whose extents are known: each column costs O(log n).
void curve(ImDrawList& draw, const ui::Rect& area, const Rolling& values, Range range,
           theme::Color color, float thickness);

/// Where most of many values lie, as a band around their median, over the whole width.
void band(ImDrawList& draw, const ui::Rect& area, std::span<const Band> bands, Range range,
          theme::Color color, float thickness);

/// Cells side by side, each coloured by its amount in [0, 1].
void heat_strip(ImDrawList& draw, const ui::Rect& area, std::span<const float> amounts);

/// A hand of a dial: the angle is the phase, the length the amplitude.
struct Hand {
  float phase = 0.0f;
  float amplitude = 1.0f;
  theme::Color color = theme::kAccent;
  float ahead = 0.0f;  ///< cycles: an arc around the dial runs this far ahead of the hand
};
/// A tick at the rim: when in the cycle something happens.
struct Tick {
  float phase = 0.0f;
  theme::Color color = theme::kContact;
};
/// Radius of the arcs of a dial's hands, from the first hand on, in radii of the dial.
inline constexpr float kDialArc = 1.1f, kDialArcStep = 0.11f;
/// A round dial of cycles: 0 at the top, clockwise. Later hands lie over earlier ones; arcs lie
/// outside the dial, each hand's in a ring of its own.
void dial(ImDrawList& draw, ImVec2 middle, float radius, std::span<const Hand> hands,
          std::span<const Tick> ticks);

/// A closed or open path in the plane, y upwards, in the square at the middle of the area.
void path(ImDrawList& draw, const ui::Rect& area, std::span<const Point> points, const Fit& fit,
          bool closed, theme::Color color, float thickness);
/// The way that ends now, which fades towards its beginning, and a dot at its end.
void trace(ImDrawList& draw, const ui::Rect& area, std::span<const Point> points, const Fit& fit,
           theme::Color color, float thickness);
/// Where a point of the plane lies in that square.
ImVec2 place(const ui::Rect& area, const Fit& fit, Point point);

/// What hovering shows of a curve.
struct Mark {
  float value = 0.0f;
  theme::Color color = theme::kText;
  std::string text;
};
/// Dots on curves with their values beside them, at a fraction of the width. Values that would
/// overlap stand one above the other, joined to their dots by a line where that is far.
void value_marks(ImDrawList& draw, ImFont* font, const ui::Rect& area, float fraction,
                 std::span<const Mark> marks, Range range);

/// Horizontal line at a value, for budgets and limits; nothing if the value is out of range.
void level(ImDrawList& draw, const ui::Rect& area, float value, Range range, theme::Color color);

/// Vertical line at a fraction of the width: the time cursor.
void cursor(ImDrawList& draw, const ui::Rect& area, float fraction, theme::Color color,
            float thickness);

/// Stacked bars of a width in pixels, the first at the right end. `value(series, age)` is asked for
/// the ages of the bars.
void stacked(ImDrawList& draw, const ui::Rect& area, std::span<const int> ages,
             std::span<const theme::Color> colors, Range range, float width,
             const std::function<float(int series, int age)>& value);

}  // namespace canter::viewer::plot
