#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "canter/base/trace.h"

namespace canter::viewer {

/// Percentiles of every stage of a trace, kept up to date at the cost of one stage a frame.
class Latency {
 public:
  struct Row {
    const char* name = "";
    int stage = -1;  ///< -1: all
    Trace::Stats stats;
  };

  /// Renews one row; the first call renews all.
  void update(const Trace& trace);
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
  std::size_t next_ = 0;
};

/// Both traces as they were when a frame was gone back to; recording goes on meanwhile.
struct HeldTraces {
  Trace simulation;
  Trace drawing;
  bool from_simulation = true;  ///< which of the two was clicked
  std::int64_t frame = 0;       ///< its number there
};

/// The frames of a trace as bars of one pixel, newest at the right; where frames outnumber pixels
/// the slowest of a pixel is shown.
struct Bars {
  int num_frames = 0;
  int per_bar = 1;

  static Bars of(const Trace& trace, int max_frames, float width_px);
  int count() const { return (num_frames + per_bar - 1) / per_bar; }
  /// Age of the slowest frame of a bar, counted from the right.
  int worst_age(const Trace& trace, int bar) const;
};

/// Age of the slowest of the last frames.
int worst_age(const Trace& trace, int max_frames);

}  // namespace canter::viewer
