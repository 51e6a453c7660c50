#include "viewer/ui/series.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

namespace canter::viewer::plot {
namespace {

Range join(Range a, Range b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

float finite(float value) {
  return std::isfinite(value) ? value : 0.0f;
}

}  // namespace

float nice_ceiling(float value) {
  if (!(value > 0.0f) || !std::isfinite(value)) return 1.0f;
  const float power = std::pow(10.0f, std::floor(std::log10(value)));
  for (const float step : {1.0f, 2.0f, 2.5f, 5.0f})
    if (value <= step * power * 1.0001f) return step * power;
  return 10.0f * power;
}

int decimals_of(float step) {
  int decimals = 1;
  for (float scaled = 10.0f * step; decimals < 3; ++decimals, scaled *= 10.0f)
    if (std::abs(scaled - std::round(scaled)) < 1e-3f * scaled) break;
  return decimals;
}

std::vector<float> spread(std::span<const float> wanted, float spacing, Range bounds) {
  const std::size_t count = wanted.size();
  std::vector<float> placed(count);
  if (count == 0) return placed;
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  const float needed = spacing * static_cast<float>(count - 1);
  const float missing = std::max(needed - (bounds.high - bounds.low), 0.0f);
  const float low = bounds.low - 0.5f * missing, high = bounds.high + 0.5f * missing;

  // With each label's share of the spacing taken off, "apart" becomes "not descending": neighbours
  // that descend share their mean (pool adjacent violators).
  struct Pool {
    float sum;
    std::size_t size;
    float mean() const { return sum / static_cast<float>(size); }
  };
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < count; ++i) {
    pools.push_back({wanted[order[i]] - spacing * static_cast<float>(i), 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().size += last.size;
    }
  }
  std::size_t i = 0;
  for (const Pool& pool : pools) {
    const float at = std::clamp(pool.mean(), low, std::max(low, high - needed));
    for (std::size_t k = 0; k < pool.size; ++k, ++i)
      placed[order[i]] = at + spacing * static_cast<float>(i);
  }
  return placed;
}

float value_at(std::span<const float> values, float fraction) {
  if (values.empty()) return 0.0f;
  const float at = std::clamp(finite(fraction), 0.0f, 1.0f) * static_cast<float>(values.size() - 1);
  const auto i = static_cast<std::size_t>(at);
  if (i + 1 >= values.size()) return values.back();
  return values[i] + (values[i + 1] - values[i]) * (at - static_cast<float>(i));
}

Rolling::Rolling(int capacity)
    : capacity_(static_cast<std::int64_t>(
          std::bit_ceil(static_cast<std::uint64_t>(std::max(capacity, 1))))) {
  for (std::int64_t blocks = capacity_; blocks >= 1; blocks /= 2)
    levels_.push_back({std::vector<Range>(static_cast<std::size_t>(blocks), Range{0.0f, 0.0f})});
}

Rolling::Rolling(std::span<const float> values) : Rolling(static_cast<int>(values.size())) {
  for (const float value : values) append(value);
}

void Rolling::append(float value) {
  value = finite(value);
  std::int64_t block = size_;
  Range extent{value, value};
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    std::vector<Range>& blocks = levels_[level].blocks;
    Range& stored = blocks[static_cast<std::size_t>(block) % blocks.size()];
    // The first value of a block replaces what an older block left in its place.
    const std::int64_t first_of_block = block << level;
    stored = size_ == first_of_block ? extent : join(stored, extent);
    block /= 2;
  }
  ++size_;
}

float Rolling::at(std::int64_t index) const {
  const std::vector<Range>& values = levels_[0].blocks;
  return values[static_cast<std::size_t>(index) % values.size()].low;
}

Range Rolling::extent(std::int64_t begin, std::int64_t end) const {
  begin = std::max(begin, first());
  end = std::min(end, size_);
  if (begin >= end) return {0.0f, 0.0f};
  Range result{at(begin), at(begin)};
  // The largest aligned blocks that fit, from the left.
  while (begin < end) {
    std::size_t level = 0;
    while (level + 1 < levels_.size()) {
      const std::int64_t next = std::int64_t{1} << (level + 1);
      if (begin % next != 0 || begin + next > end) break;
      ++level;
    }
    const std::vector<Range>& blocks = levels_[level].blocks;
    result = join(result, blocks[static_cast<std::size_t>(begin >> level) % blocks.size()]);
    begin += std::int64_t{1} << level;
  }
  return result;
}

Band band_of(std::span<float> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto rank = [&](double share) {
    const double at = std::ceil(share * static_cast<double>(values.size())) - 1.0;
    return values[static_cast<std::size_t>(std::max(at, 0.0))];
  };
  return {rank(0.05), rank(0.5), rank(0.95)};
}

void bands(std::span<const float> values, std::span<Band> out) {
  std::vector<float> scratch;
  for (std::size_t column = 0; column < out.size(); ++column) {
    const std::size_t begin = column * values.size() / out.size();
    const std::size_t end =
        std::max((column + 1) * values.size() / out.size(), std::min(begin + 1, values.size()));
    scratch.assign(values.begin() + static_cast<std::ptrdiff_t>(begin),
                   values.begin() + static_cast<std::ptrdiff_t>(end));
    out[column] = band_of(scratch);
  }
}

void heat(std::span<const float> values, float full, std::span<float> out) {
  for (std::size_t cell = 0; cell < out.size(); ++cell) {
    const std::size_t begin = cell * values.size() / out.size();
    const std::size_t end =
        std::max((cell + 1) * values.size() / out.size(), std::min(begin + 1, values.size()));
    float greatest = 0.0f;
    for (std::size_t i = begin; i < end; ++i) greatest = std::max(greatest, finite(values[i]));
    out[cell] = full > 0.0f ? std::clamp(greatest / full, 0.0f, 1.0f) : 0.0f;
  }
}

std::array<float, 3> heat_rgb(float amount) {
  // Even steps of lightness from the panels' dark through plum and orange to pale yellow.
  constexpr std::array<std::array<float, 3>, 5> kStops = {{{0.13f, 0.15f, 0.18f},
                                                           {0.34f, 0.18f, 0.38f},
                                                           {0.72f, 0.26f, 0.33f},
                                                           {0.93f, 0.52f, 0.24f},
                                                           {0.98f, 0.90f, 0.58f}}};
  const float at = std::clamp(finite(amount), 0.0f, 1.0f) * static_cast<float>(kStops.size() - 1);
  const std::size_t i = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
  const float t = at - static_cast<float>(i);
  std::array<float, 3> rgb{};
  for (std::size_t c = 0; c < 3; ++c) rgb[c] = std::lerp(kStops[i][c], kStops[i + 1][c], t);
  return rgb;
}

std::array<float, 2> dial_point(float phase, float amplitude) {
  const float angle = 2.0f * std::numbers::pi_v<float> * finite(phase);
  return {amplitude * std::sin(angle), -amplitude * std::cos(angle)};
}

float dial_phase(float x, float y) {
  const float phase = std::atan2(finite(x), -finite(y)) / (2.0f * std::numbers::pi_v<float>);
  const float wrapped = phase - std::floor(phase);
  return wrapped < 1.0f ? wrapped : 0.0f;
}

Fit fit(std::span<const Point> points, float least, float margin) {
  if (points.empty()) return {{}, least};
  Point low = points.front(), high = points.front();
  for (const Point& p : points) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const float reach = 0.5f * std::max(high.x - low.x, high.y - low.y);
  return {{0.5f * (low.x + high.x), 0.5f * (low.y + high.y)},
          std::max((1.0f + margin) * reach, least)};
}

}  // namespace canter::viewer::plot
