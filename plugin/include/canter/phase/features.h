#pragma once

#include <span>
#include <vector>

#include "canter/anim/raw_clip.h"
#include "canter/phase/body.h"
#include "canter/phase/filter.h"

namespace canter::phase {

/// How motion becomes numbers (Starke, Mason and Komura 2022; their public exporter's cut-off).
struct FeatureSettings {
  float rate_hz = 60.0f;    ///< clips are resampled to it
  float cutoff_hz = 3.25f;  ///< of the low-pass, run twice; 0: none
  bool causal = false;      ///< both passes forward, as live; otherwise zero phase
  int margin = 60;          ///< rows before the first and after the last frame of the clip
};

/// Velocities of root-local points over a clip: row f is frame f - margin at `rate_hz`. Before the
/// start and after the end a loop goes on; other clips repeat their first and last row.
struct Features {
  float rate_hz = 60.0f;
  int margin = 0;
  int frames = 0;             ///< of the clip at rate_hz
  float duration_s = 0.0f;    ///< of the clip
  int dims = 0;               ///< 3 points, x y z of each
  std::vector<float> values;  ///< [frames + 2 margin, dims] m/s, scaled to a leg of 0.85 m
  /// [frames, dims] the points themselves, root-local, metres, scaled likewise.
  std::vector<float> points;

  std::span<const float> row(int r) const {
    const auto width = static_cast<std::size_t>(dims);
    return std::span(values).subspan(static_cast<std::size_t>(r) * width, width);
  }
  /// Rows of the window of `length` centred on frame f: contiguous, [length, dims].
  std::span<const float> window(int f, int length) const {
    const auto width = static_cast<std::size_t>(dims);
    return std::span(values).subspan(static_cast<std::size_t>(f + margin - length / 2) * width,
                                     static_cast<std::size_t>(length) * width);
  }
};

/// Features of a clip: (R(i)^-1 x(i) - R(i-1)^-1 x(i-1)) / dt of every point, low-passed.
/// A clip of one frame stands still: all rows 0. Errors: what validate() refuses; a rate that is
/// not above 0, a negative margin; more than 2^24 frames (limit).
Result<Features> motion_features(const Skeleton& skeleton, const Body& body, const RawClip& clip,
                                 const FeatureSettings& settings = {});

/// The same for motion as it comes. State is plain floats in memory of the caller: copying them is
/// the snapshot.
class FeatureStream {
 public:
  /// Ticks of the network that one pose may bring: a longer gap is a cut, and the body counts as
  /// having stood still in it.
  static constexpr int kMostTicks = 16;

  FeatureStream() = default;
  FeatureStream(const Body& body, const FeatureSettings& settings)
      : dims_(3 * body.num_points()),
        rate_hz_(settings.rate_hz),
        low_pass_(butterworth(settings.cutoff_hz, settings.rate_hz)) {}

  int dims() const { return dims_; }
  float rate_hz() const { return rate_hz_; }
  const LowPass& low_pass() const { return low_pass_; }
  /// Floats of one character's state; all zeros before the first pose.
  std::size_t state_size() const { return kHeader + 6 * static_cast<std::size_t>(dims_); }

  /// Takes the pose shown now, `dt_s` after the one before, and writes the rows of every tick of
  /// the network since. NaN in a pose: its points stay where they were. dt_s that is negative or
  /// not finite counts as 0.
  /// @param rows  [kMostTicks, dims] out
  /// @return rows written
  /// No allocation.
  int push(const Body& body, std::span<const Mat4> models, double dt_s, std::span<float> state,
           std::span<float> rows) const;

  /// [dims] the points as of the last tick, root-local, metres, scaled.
  std::span<const float> tick_points(std::span<const float> state) const {
    return state.subspan(kHeader + static_cast<std::size_t>(dims_),
                         static_cast<std::size_t>(dims_));
  }
  /// Whether these could be a state of this stream: what is false must not be pushed into.
  bool is_sound(std::span<const float> state) const;

  /// Seconds since the last tick.
  static float since_tick_s(std::span<const float> state) { return state[kSince]; }

 private:
  // State: the header, then [dims] each of points at the last pose, points at the last tick and two
  // passes of two filter memories.
  enum : std::size_t { kStarted, kSince, kHeading, kReserved, kHeader };

  // Both passes of the low-pass over one row.
  void smooth(std::span<float> memory, std::span<float> row) const;

  int dims_ = 0;
  float rate_hz_ = 60.0f;
  LowPass low_pass_;
};

}  // namespace canter::phase
