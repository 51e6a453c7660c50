#include "viewer/ui/plot.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace canter::viewer::plot {
namespace {

float y_of(const ui::Rect& area, float value, Range range) {
  const float span = std::max(range.high - range.low, 1e-9f);
  const float t = std::clamp((value - range.low) / span, 0.0f, 1.0f);
  return area.max.y - t * area.height();
}

}  // namespace

void curve(ImDrawList& draw, const ui::Rect& area, std::span<const float> values, Range range,
           theme::Color color, float thickness, bool filled) {
  if (values.size() < 2 || area.width() < 2.0f) return;
  const float last = static_cast<float>(values.size() - 1);
  const auto columns = static_cast<std::size_t>(area.width());
  if (filled) {
    // Columns instead of a polygon: a curve is not convex, which is all ImGui fills.
    for (std::size_t x = 0; x < columns; ++x) {
      const float at = (static_cast<float>(x) + 0.5f) / static_cast<float>(columns) * last;
      const auto i = std::min(static_cast<std::size_t>(at), values.size() - 2);
      const float v = values[i] + (values[i + 1] - values[i]) * (at - static_cast<float>(i));
      const float left = area.min.x + static_cast<float>(x);
      draw.AddRectFilled(ImVec2(left, y_of(area, v, range)), ImVec2(left + 1.0f, area.max.y),
                         theme::with_alpha(color, 0.16f));
    }
  }
  if (values.size() <= 2 * columns) {
    for (std::size_t i = 0; i < values.size(); ++i)
      draw.PathLineTo(ImVec2(area.min.x + static_cast<float>(i) / last * area.width(),
                             y_of(area, values[i], range)));
    draw.PathStroke(color, 0, thickness);
    return;
  }
  for (std::size_t x = 0; x < columns; ++x) {
    const std::size_t begin = x * values.size() / columns;
    const std::size_t end = std::max(begin + 1, (x + 1) * values.size() / columns);
    const auto [low, high] =
        std::minmax_element(values.begin() + static_cast<std::ptrdiff_t>(begin),
                            values.begin() + static_cast<std::ptrdiff_t>(end));
    const float left = area.min.x + static_cast<float>(x);
    draw.AddRectFilled(ImVec2(left, y_of(area, *high, range) - 0.5f * thickness),
                       ImVec2(left + 1.0f, y_of(area, *low, range) + 0.5f * thickness), color);
  }
}

void curve(ImDrawList& draw, const ui::Rect& area, const Rolling& values, Range range,
           theme::Color color, float thickness) {
  const std::int64_t first = values.first(), count = values.size() - first;
  const auto columns = static_cast<std::int64_t>(area.width());
  if (count < 2 || columns < 2) return;
  if (count <= 2 * columns) {
    for (std::int64_t i = 0; i < count; ++i)
      draw.PathLineTo(
          ImVec2(area.min.x + static_cast<float>(i) / static_cast<float>(count - 1) * area.width(),
                 y_of(area, values.at(first + i), range)));
    draw.PathStroke(color, 0, thickness);
    return;
  }
  for (std::int64_t x = 0; x < columns; ++x) {
    // One value of overlap joins the columns where the curve is steep.
    const Range extent =
        values.extent(first + x * count / columns, first + (x + 1) * count / columns + 1);
    const float left = area.min.x + static_cast<float>(x);
    draw.AddRectFilled(ImVec2(left, y_of(area, extent.high, range) - 0.5f * thickness),
                       ImVec2(left + 1.0f, y_of(area, extent.low, range) + 0.5f * thickness),
                       color);
  }
}

void band(ImDrawList& draw, const ui::Rect& area, std::span<const Band> bands, Range range,
          theme::Color color, float thickness) {
  if (bands.empty()) return;
  const float width = area.width() / static_cast<float>(bands.size());
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const float left = area.min.x + static_cast<float>(i) * width;
    draw.AddRectFilled(ImVec2(left, y_of(area, bands[i].high, range)),
                       ImVec2(left + width, y_of(area, bands[i].low, range)),
                       theme::with_alpha(color, 0.25f));
  }
  for (std::size_t i = 0; i < bands.size(); ++i)
    draw.PathLineTo(ImVec2(area.min.x + (static_cast<float>(i) + 0.5f) * width,
                           y_of(area, bands[i].middle, range)));
  draw.PathStroke(color, 0, thickness);
}

void heat_strip(ImDrawList& draw, const ui::Rect& area, std::span<const float> amounts) {
  const float width = area.width() / static_cast<float>(std::max<std::size_t>(amounts.size(), 1));
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    const std::array<float, 3> rgb = heat_rgb(amounts[i]);
    const float left = area.min.x + static_cast<float>(i) * width;
    draw.AddRectFilled(ImVec2(left, area.min.y), ImVec2(left + width, area.max.y),
                       ImGui::ColorConvertFloat4ToU32(ImVec4(rgb[0], rgb[1], rgb[2], 1.0f)));
  }
}

void dial(ImDrawList& draw, ImVec2 middle, float radius, std::span<const Hand> hands,
          std::span<const Tick> ticks) {
  const auto place = [&](float phase, float amplitude) {
    const std::array<float, 2> p = dial_point(phase, amplitude);
    return ImVec2(middle.x + radius * p[0], middle.y + radius * p[1]);
  };
  draw.AddCircleFilled(middle, radius, theme::kRaised, 48);
  draw.AddCircle(middle, radius, theme::kLine, 48, std::max(1.0f, 0.03f * radius));
  for (const Tick& tick : ticks)
    draw.AddLine(place(tick.phase, 0.8f), place(tick.phase, 1.0f), tick.color,
                 std::max(2.0f, 0.06f * radius));
  for (std::size_t i = 0; i < hands.size(); ++i) {
    const Hand& hand = hands[i];
    const float ring = radius * (kDialArc + kDialArcStep * static_cast<float>(i));
    if (hand.ahead > 0.0f) {
      constexpr float kTurn = 2.0f * std::numbers::pi_v<float>;
      const float from = kTurn * (hand.phase - 0.25f);
      draw.PathArcTo(middle, ring, from, from + kTurn * std::min(hand.ahead, 1.0f), 32);
      draw.PathStroke(hand.color, 0, std::max(1.5f, 0.06f * radius));
    }
    draw.AddLine(middle, place(hand.phase, hand.amplitude), hand.color,
                 std::max(1.5f, 0.05f * radius));
    draw.AddCircleFilled(place(hand.phase, hand.amplitude), 0.08f * radius, hand.color, 16);
  }
}

ImVec2 place(const ui::Rect& area, const Fit& fit, Point point) {
  const float half = 0.5f * std::min(area.width(), area.height());
  const Point at = fit(point);
  return {0.5f * (area.min.x + area.max.x) + half * at.x,
          0.5f * (area.min.y + area.max.y) + half * at.y};
}

void path(ImDrawList& draw, const ui::Rect& area, std::span<const Point> points, const Fit& fit,
          bool closed, theme::Color color, float thickness) {
  for (const Point& p : points) draw.PathLineTo(place(area, fit, p));
  draw.PathStroke(color, closed ? ImDrawFlags_Closed : ImDrawFlags_None, thickness);
}

void trace(ImDrawList& draw, const ui::Rect& area, std::span<const Point> points, const Fit& fit,
           theme::Color color, float thickness) {
  if (points.empty()) return;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const float age = static_cast<float>(i) / static_cast<float>(points.size());
    draw.AddLine(place(area, fit, points[i - 1]), place(area, fit, points[i]),
                 theme::with_alpha(color, age * age), thickness);
  }
  draw.AddCircleFilled(place(area, fit, points.back()), 2.5f * thickness, color, 16);
}

void value_marks(ImDrawList& draw, ImFont* font, const ui::Rect& area, float fraction,
                 std::span<const Mark> marks, Range range) {
  constexpr float kGap_px = 8.0f, kPadding_px = 3.0f;
  const float line = font->FontSize + 2.0f;
  const float x = area.min.x + fraction * area.width();
  std::vector<float> dots;
  float width = 0.0f;
  for (const Mark& mark : marks) {
    dots.push_back(y_of(area, mark.value, range));
    width = std::max(width, font->CalcTextSizeA(font->FontSize, 1e9f, 0.0f, mark.text.c_str()).x);
  }
  const std::vector<float> middles =
      spread(dots, line, {area.min.y + 0.5f * line, area.max.y - 0.5f * line});
  const bool left = x + width + kGap_px + kPadding_px > area.max.x;
  const float edge = left ? x - kGap_px - width : x + kGap_px;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const ImVec2 corner(edge, middles[i] - 0.5f * font->FontSize);
    draw.AddRectFilled(ImVec2(edge - kPadding_px, corner.y - 1.0f),
                       ImVec2(edge + width + kPadding_px, corner.y + font->FontSize + 1.0f),
                       theme::with_alpha(theme::kRaised, 0.9f), 2.0f);
    if (std::abs(middles[i] - dots[i]) > 0.5f * line)
      draw.AddLine(ImVec2(x, dots[i]),
                   ImVec2(left ? edge + width + kPadding_px : edge - kPadding_px, middles[i]),
                   theme::with_alpha(marks[i].color, 0.7f), 1.0f);
    ui::text_at(draw, font, ImVec2(edge + width, corner.y), marks[i].color, marks[i].text, 1.0f);
  }
  for (std::size_t i = 0; i < marks.size(); ++i)
    draw.AddCircleFilled(ImVec2(x, dots[i]), 3.0f, marks[i].color, 12);
}

void level(ImDrawList& draw, const ui::Rect& area, float value, Range range, theme::Color color) {
  if (value < range.low || value > range.high) return;
  const float y = std::round(y_of(area, value, range)) + 0.5f;
  for (float x = area.min.x; x < area.max.x; x += 8.0f)
    draw.AddLine(ImVec2(x, y), ImVec2(std::min(x + 4.0f, area.max.x), y), color);
}

void cursor(ImDrawList& draw, const ui::Rect& area, float fraction, theme::Color color,
            float thickness) {
  const float x = std::round(area.min.x + std::clamp(fraction, 0.0f, 1.0f) * area.width());
  draw.AddRectFilled(ImVec2(x - 0.5f * thickness, area.min.y),
                     ImVec2(x + 0.5f * thickness, area.max.y), color);
}

void stacked(ImDrawList& draw, const ui::Rect& area, std::span<const int> ages,
             std::span<const theme::Color> colors, Range range, float width,
             const std::function<float(int series, int age)>& value) {
  for (std::size_t bar = 0; bar < ages.size(); ++bar) {
    const float right = area.max.x - width * static_cast<float>(bar);
    float sum = 0.0f;
    for (int s = 0; s < static_cast<int>(colors.size()); ++s) {
      const float v = value(s, ages[bar]);
      if (v <= 0.0f) continue;
      draw.AddRectFilled(ImVec2(right - width, y_of(area, sum + v, range)),
                         ImVec2(right, y_of(area, sum, range)),
                         colors[static_cast<std::size_t>(s)]);
      sum += v;
    }
  }
}

}  // namespace canter::viewer::plot
