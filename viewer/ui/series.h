#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// The numbers behind plots: no drawing, no ImGui.
namespace canter::viewer::plot {

/// A value range.
struct Range {
  float low = 0.0f;
  float high = 1.0f;
};

/// The largest "nice" number (1, 2, 2.5 or 5 times a power of ten) that is at least `value`.
float nice_ceiling(float value);

/// Decimals, at least one and at most three, that tell the multiples of a nice number apart.
int decimals_of(float step);

/// Where to write labels that belong at `wanted`, in any order, so that they are `spacing` apart
/// and within `bounds`: as near as that allows (least squares), in their order, the first of equals
/// first. Moves continuously with `wanted` while the order stays. Bounds that are too small for all
/// grow evenly.
std::vector<float> spread(std::span<const float> wanted, float spacing, Range bounds);

/// The value at a fraction of the way through evenly spaced values, by linear interpolation; 0
/// without values. Clamped.
float value_at(std::span<const float> values, float fraction);

/// The last `capacity` values of a series and, without looking at them all again, the least and
/// greatest of any stretch: what a plot of any length shows per pixel column. Append O(log n)
/// amortised O(1); extent O(log n). Memory is taken at construction. NaN counts as 0.
class Rolling {
 public:
  /// @param capacity  rounded up to a power of two
  explicit Rolling(int capacity);
  explicit Rolling(std::span<const float> values);

  void append(float value);
  /// Values appended since construction; those from first() to here are kept.
  std::int64_t size() const { return size_; }
  std::int64_t first() const { return size_ > capacity_ ? size_ - capacity_ : 0; }
  float at(std::int64_t index) const;
  /// Least and greatest of [begin, end), cut to what is kept; {0, 0} of nothing.
  Range extent(std::int64_t begin, std::int64_t end) const;

 private:
  struct Level {
    std::vector<Range> blocks;  ///< ring: block i of 2^level values at i modulo size
  };

  std::int64_t capacity_ = 1;
  std::int64_t size_ = 0;
  std::vector<Level> levels_;
};

/// Of many measurements of one thing: where most of them lie.
struct Band {
  float low = 0.0f;     ///< 5th percentile
  float middle = 0.0f;  ///< median
  float high = 0.0f;    ///< 95th percentile
};

/// Nearest-rank percentiles of the values, which are reordered; zeros without values.
Band band_of(std::span<float> values);

/// A band per column of an evenly spaced series: what a history looks like from afar.
/// @param out  one band per column
void bands(std::span<const float> values, std::span<Band> out);

/// The greatest value of every cell of a heat strip with `cells` cells, scaled so that `full`
/// becomes 1. @param out  [cells]
void heat(std::span<const float> values, float full, std::span<float> out);

/// A colour of a ramp from dark to bright that stays in order for colour-blind eyes and in grey.
/// @param amount  clamped to [0, 1]
std::array<float, 3> heat_rgb(float amount);

/// A place on a dial: phase 0 is at the top and grows clockwise; the amplitude is the radius.
/// x right, y down, in units of the dial's radius.
std::array<float, 2> dial_point(float phase, float amplitude);

/// The phase of a direction from a dial's middle, in [0, 1): what dial_point() makes a place of.
/// Without a direction 0.
float dial_phase(float x, float y);

/// A point of the plane.
struct Point {
  float x = 0.0f, y = 0.0f;
};

/// How points of the plane are drawn into a square without changing their shape.
struct Fit {
  Point middle;
  float reach = 1.0f;  ///< half the side of the square that holds them all
  /// In [-1, 1] for points within; y grows downwards.
  Point operator()(Point p) const { return {(p.x - middle.x) / reach, (middle.y - p.y) / reach}; }
};
/// The smallest square around the points, widened by a share; of no points or one spot, around it.
/// @param least  the reach is no smaller than this, so that what hardly moves looks so
Fit fit(std::span<const Point> points, float least, float margin = 0.1f);

}  // namespace canter::viewer::plot
