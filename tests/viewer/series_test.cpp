#include "viewer/ui/series.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace canter::test {
namespace {

using namespace viewer::plot;

TEST_CASE("rolling extents are those of the values themselves") {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> uniform(-5.0f, 5.0f);
  for (const int capacity : {1, 2, 7, 64, 100}) {
    Rolling rolling(capacity);
    std::vector<float> all;
    for (int i = 0; i < 500; ++i) {
      all.push_back(uniform(random));
      rolling.append(all.back());
      const auto first = rolling.first(), size = rolling.size();
      REQUIRE(size == static_cast<std::int64_t>(all.size()));
      REQUIRE(size - first >= std::min<std::int64_t>(size, capacity));
      std::uniform_int_distribution<std::int64_t> place(first, size - 1);
      std::int64_t begin = place(random), end = place(random) + 1;
      if (begin >= end) std::swap(--end, ++begin);
      begin = std::max(begin, first);
      if (begin >= end) continue;
      const Range found = rolling.extent(begin, end);
      const auto [low, high] = std::minmax_element(all.begin() + begin, all.begin() + end);
      CHECK(found.low == *low);
      CHECK(found.high == *high);
    }
  }
}

TEST_CASE("labels are spread apart, no farther than needed, within their bounds") {
  const auto placed = [](std::vector<float> wanted, Range bounds) {
    return spread(wanted, 10.0f, bounds);
  };
  const Range wide{-1000.0f, 1000.0f};
  CHECK(placed({}, wide).empty());
  CHECK(placed({0.0f, 50.0f}, wide) == std::vector<float>{0.0f, 50.0f});
  CHECK(placed({4.0f, 0.0f}, wide) == std::vector<float>{7.0f, -3.0f});
  CHECK(placed({5.0f, 5.0f, 5.0f}, wide) == std::vector<float>{-5.0f, 5.0f, 15.0f});
  CHECK(placed({0.0f, 1.0f}, {0.0f, 40.0f}) == std::vector<float>{0.0f, 10.0f});
  CHECK(placed({39.0f, 40.0f}, {0.0f, 40.0f}) == std::vector<float>{30.0f, 40.0f});
  CHECK(placed({1.0f, 2.0f, 3.0f}, {0.0f, 10.0f}) == std::vector<float>{-5.0f, 5.0f, 15.0f});

  // Of all placements that keep them apart this is the nearest: none drawn at random is nearer.
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0.0f, 60.0f);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<float> wanted(6);
    for (float& w : wanted) w = uniform(random);
    const std::vector<float> found = spread(wanted, 10.0f, {0.0f, 60.0f});
    const auto cost = [&](const std::vector<float>& at) {
      float sum = 0.0f;
      for (std::size_t i = 0; i < at.size(); ++i) sum += (at[i] - wanted[i]) * (at[i] - wanted[i]);
      return sum;
    };
    std::vector<float> sorted = found;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 1; i < sorted.size(); ++i)
      CHECK(sorted[i] - sorted[i - 1] >= doctest::Approx(10.0f).epsilon(1e-4));
    CHECK(sorted.front() >= -1e-3f);
    CHECK(sorted.back() <= 60.001f);
    for (int other = 0; other < 50; ++other) {
      std::vector<float> shift(6);
      for (float& s : shift) s = uniform(random);
      CHECK(cost(spread(shift, 10.0f, {0.0f, 60.0f})) >= cost(found) - 1e-2f);
    }
  }
}

TEST_CASE("rolling extents of nothing, of what is gone and of NaN") {
  Rolling rolling(4);
  CHECK(rolling.extent(0, 10).high == 0.0f);
  for (const float v : {9.0f, 1.0f, 2.0f, 3.0f, 4.0f}) rolling.append(v);
  CHECK(rolling.first() == 1);
  CHECK(rolling.extent(0, 5).high == 4.0f);
  CHECK(rolling.extent(0, 1).high == 0.0f);
  rolling.append(std::numeric_limits<float>::quiet_NaN());
  CHECK(rolling.extent(2, 6).low == 0.0f);
  CHECK(rolling.at(5) == 0.0f);
}

TEST_CASE("values between samples are interpolated and clamped") {
  const std::vector<float> values = {0.0f, 2.0f, 6.0f};
  CHECK(value_at(values, 0.25f) == 1.0f);
  CHECK(value_at(values, 0.75f) == 4.0f);
  CHECK(value_at(values, 7.0f) == 6.0f);
  CHECK(value_at(values, -1.0f) == 0.0f);
  CHECK(value_at({}, 0.5f) == 0.0f);
}

TEST_CASE("bands are nearest-rank percentiles, per column") {
  std::vector<float> values(100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(99 - i);
  std::vector<float> scratch = values;
  const Band band = band_of(scratch);
  CHECK(band.low == 4.0f);
  CHECK(band.middle == 49.0f);
  CHECK(band.high == 94.0f);
  std::vector<Band> columns(2);
  bands(values, columns);
  CHECK(columns[0].middle == 74.0f);
  CHECK(columns[1].middle == 24.0f);
  // More columns than values: each value is its own band.
  std::vector<Band> many(7);
  const std::vector<float> two = {1.0f, 3.0f};
  bands(two, many);
  CHECK(many.front().middle == 1.0f);
  CHECK(many.back().middle == 3.0f);
  bands({}, many);
  CHECK(many[3].high == 0.0f);
}

TEST_CASE("a heat strip keeps the greatest of every cell") {
  const std::vector<float> values = {0.0f, 1.0f, 4.0f, 2.0f, 0.0f, 9.0f};
  std::vector<float> cells(3);
  heat(values, 4.0f, cells);
  CHECK(cells == std::vector<float>{0.25f, 1.0f, 1.0f});
  // Brighter is more, in every step.
  float last = -1.0f;
  for (int i = 0; i <= 32; ++i) {
    const auto rgb = heat_rgb(static_cast<float>(i) / 32.0f);
    const float light = 0.2126f * rgb[0] + 0.7152f * rgb[1] + 0.0722f * rgb[2];
    CHECK(light > last);
    last = light;
  }
}

TEST_CASE("a dial starts at the top and runs clockwise") {
  const auto near = [](std::array<float, 2> p, float x, float y) {
    return std::abs(p[0] - x) < 1e-6f && std::abs(p[1] - y) < 1e-6f;
  };
  CHECK(near(dial_point(0.0f, 1.0f), 0.0f, -1.0f));
  CHECK(near(dial_point(0.25f, 1.0f), 1.0f, 0.0f));
  CHECK(near(dial_point(0.5f, 0.5f), 0.0f, 0.5f));
  CHECK(near(dial_point(1.0f, 1.0f), 0.0f, -1.0f));
}

TEST_CASE("the phase of a place on a dial is the one that leads there") {
  for (const float phase : {0.0f, 0.1f, 0.25f, 0.5f, 0.75f, 0.999f}) {
    const auto [x, y] = dial_point(phase, 0.3f);
    CHECK(dial_phase(x, y) == doctest::Approx(phase).epsilon(1e-4));
  }
  CHECK(dial_phase(0.0f, 0.0f) < 1.0f);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isfinite(dial_phase(nan, nan)));
  // Just before the top, which rounds to a whole turn, is still within [0, 1).
  CHECK(dial_phase(-1e-9f, -1.0f) < 1.0f);
}

TEST_CASE("points are fitted into a square as they are") {
  const std::vector<Point> points = {{1.0f, 2.0f}, {5.0f, 2.0f}, {3.0f, 3.0f}};
  const Fit square = fit(points, 0.01f, 0.0f);
  CHECK(square(points[0]).x == doctest::Approx(-1.0f));
  CHECK(square(points[1]).x == doctest::Approx(1.0f));
  // Upwards is upwards, and half as far as the points are wide.
  CHECK(square(points[0]).y == doctest::Approx(0.25f));
  CHECK(square(points[2]).y == doctest::Approx(-0.25f));
  CHECK(fit({}, 0.5f).reach == 0.5f);
  // What hardly moves does not fill the square.
  CHECK(fit(std::vector<Point>{{0.0f, 0.0f}, {0.001f, 0.0f}}, 0.5f).reach == 0.5f);
}

TEST_CASE("labels of an axis show what tells them apart") {
  for (const auto& [step, decimals] : {std::pair{5.0f, 1},
                                       {1.0f, 1},
                                       {0.5f, 1},
                                       {0.2f, 1},
                                       {2.5f, 1},
                                       {0.25f, 2},
                                       {0.05f, 2},
                                       {0.025f, 3},
                                       {0.001f, 3}})
    CHECK_MESSAGE(decimals_of(step) == decimals, step);
}

TEST_CASE("nice ceilings") {
  CHECK(nice_ceiling(0.7f) == doctest::Approx(1.0));
  CHECK(nice_ceiling(2.1f) == doctest::Approx(2.5));
  CHECK(nice_ceiling(2.0f) == doctest::Approx(2.0));
  CHECK(nice_ceiling(600.0f) == doctest::Approx(1000.0));
  CHECK(nice_ceiling(-1.0f) == 1.0f);
}

}  // namespace
}  // namespace canter::test
