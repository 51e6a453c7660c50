#include "viewer/latency.h"

#include <algorithm>
#include <cmath>

namespace canter::viewer {

void Latency::update(const Trace& trace) {
  if (trace.num_kept() == 0) return;
  if (rows_.empty()) {
    for (int s = 0; s < trace.num_stages(); ++s) rows_.push_back({trace.stage_name(s), s, {}});
    rows_.push_back({"all", -1, {}});
    for (Row& row : rows_) row.stats = trace.stats(row.stage);
    return;
  }
  Row& row = rows_[next_];
  row.stats = trace.stats(row.stage);
  next_ = (next_ + 1) % rows_.size();
}

Bars Bars::of(const Trace& trace, int max_frames, float width_px) {
  Bars bars;
  bars.num_frames = std::min(trace.num_kept(), max_frames);
  const int columns = std::max(1, static_cast<int>(width_px));
  // By the whole history, so that bars do not change their meaning while it fills.
  bars.per_bar = std::max(1, (max_frames + columns - 1) / columns);
  return bars;
}

int Bars::worst_age(const Trace& trace, int bar) const {
  int worst = std::min(bar * per_bar, std::max(num_frames - 1, 0));
  for (int age = worst; age < std::min(num_frames, (bar + 1) * per_bar); ++age)
    if (trace.total_us(age) > trace.total_us(worst)) worst = age;
  return worst;
}

int worst_age(const Trace& trace, int max_frames) {
  int worst = 0;
  for (int age = 1; age < std::min(trace.num_kept(), max_frames); ++age)
    if (trace.total_us(age) > trace.total_us(worst)) worst = age;
  return worst;
}

}  // namespace canter::viewer
