#include "viewer/ui/plot.h"

#include <algorithm>
#include <cmath>

namespace canter::viewer::plot {
namespace {

float y_of(const ui::Rect& area, float value, Range range) {
  const float span = std::max(range.high - range.low, 1e-9f);
  const float t = std::clamp((value - range.low) / span, 0.0f, 1.0f);
  return area.max.y - t * area.height();
}

}  // namespace

float nice_ceiling(float value) {
  if (!(value > 0.0f) || !std::isfinite(value)) return 1.0f;
  const float power = std::pow(10.0f, std::floor(std::log10(value)));
  for (const float step : {1.0f, 2.0f, 2.5f, 5.0f})
    if (value <= step * power * 1.0001f) return step * power;
  return 10.0f * power;
}

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

void stacked(ImDrawList& draw, const ui::Rect& area, int num_bars,
             std::span<const theme::Color> colors, Range range,
             const std::function<float(int series, int age)>& value) {
  // One bar per pixel at most; where frames outnumber pixels the slowest of a pixel is shown.
  const int columns = std::max(1, static_cast<int>(area.width()));
  const int per_column = std::max(1, (num_bars + columns - 1) / columns);
  const int shown = (num_bars + per_column - 1) / per_column;
  for (int column = 0; column < shown; ++column) {
    int worst_age = column * per_column;
    float worst = -1.0f;
    for (int age = column * per_column; age < std::min(num_bars, (column + 1) * per_column);
         ++age) {
      float sum = 0.0f;
      for (int s = 0; s < static_cast<int>(colors.size()); ++s) sum += value(s, age);
      if (sum > worst) {
        worst = sum;
        worst_age = age;
      }
    }
    const float right = area.max.x - static_cast<float>(column);
    float sum = 0.0f;
    for (int s = 0; s < static_cast<int>(colors.size()); ++s) {
      const float v = value(s, worst_age);
      if (v <= 0.0f) continue;
      draw.AddRectFilled(ImVec2(right - 1.0f, y_of(area, sum + v, range)),
                         ImVec2(right, y_of(area, sum, range)),
                         colors[static_cast<std::size_t>(s)]);
      sum += v;
    }
  }
}

}  // namespace canter::viewer::plot
