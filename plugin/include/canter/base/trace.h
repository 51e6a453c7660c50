#pragma once

#include <chrono>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace canter {

/// Where the time of a frame goes: one row of durations per frame, one column per stage, kept for
/// the last `history` frames. Memory is taken at construction; recording never allocates.
/// One thread records; copy the rows out to read elsewhere.
class Trace {
 public:
  struct Stats {
    double p50_us = 0, p95_us = 0, p99_us = 0, max_us = 0;
  };

  /// @param stage_names  must outlive the trace (string literals)
  explicit Trace(std::span<const char* const> stage_names, int history = 1200,
                 std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  int num_stages() const { return static_cast<int>(names_.size()); }
  const char* stage_name(int stage) const { return names_[static_cast<std::size_t>(stage)]; }
  /// Frames recorded since construction; the last min(num_frames, history) are kept.
  std::int64_t num_frames() const { return num_frames_; }
  int history() const { return history_; }
  int num_kept() const { return static_cast<int>(num_frames_ < history_ ? num_frames_ : history_); }

  /// Opens the row of the next frame; its stages start at zero.
  void begin_frame();
  /// Adds to the stage of the open frame. A stage entered twice counts the sum.
  void add_ns(int stage, std::int64_t ns);
  /// Closes the row.
  void end_frame();

  /// Duration in µs of `stage` in the frame `age` frames back (0: the last closed one).
  float at_us(int stage, int age) const;
  /// Sum of all stages of that frame, µs.
  float total_us(int age) const;
  /// Percentiles over the kept frames; stage -1 is the sum of all. O(n log n) over the history,
  /// uses scratch taken at construction. Nearest-rank percentiles.
  Stats stats(int stage) const;

  /// Measures its own lifetime into one stage.
  class Scope {
   public:
    Scope(Trace* trace, int stage) : trace_(trace), stage_(stage) {
      if (trace_ != nullptr) start_ = std::chrono::steady_clock::now();
    }
    ~Scope() {
      if (trace_ == nullptr) return;
      const auto elapsed = std::chrono::steady_clock::now() - start_;
      trace_->add_ns(stage_, std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Trace* trace_;
    int stage_;
    std::chrono::steady_clock::time_point start_;
  };

 private:
  std::size_t row(int age) const;

  std::pmr::vector<const char*> names_;
  int history_;
  std::int64_t num_frames_ = 0;
  std::pmr::vector<float> rows_us_;  // [history, stages], a ring over frames
  std::pmr::vector<std::int64_t> open_ns_;
  mutable std::pmr::vector<float> scratch_;
};

}  // namespace canter
