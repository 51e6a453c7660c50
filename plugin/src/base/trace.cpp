#include "canter/base/trace.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace canter {

Trace::Trace(std::span<const char* const> stage_names, int history,
             std::pmr::memory_resource* memory)
    : names_(stage_names.begin(), stage_names.end(), memory),
      history_(history),
      rows_us_(memory),
      open_ns_(memory),
      scratch_(memory) {
  assert(history > 0);
  rows_us_.resize(names_.size() * static_cast<std::size_t>(history_));
  open_ns_.resize(names_.size());
  scratch_.resize(static_cast<std::size_t>(history_));
}

void Trace::begin_frame() {
  std::fill(open_ns_.begin(), open_ns_.end(), 0);
}

void Trace::add_ns(int stage, std::int64_t ns) {
  open_ns_[static_cast<std::size_t>(stage)] += ns;
}

void Trace::end_frame() {
  const auto slot = static_cast<std::size_t>(num_frames_ % history_) * names_.size();
  for (std::size_t s = 0; s < names_.size(); ++s)
    rows_us_[slot + s] = static_cast<float>(open_ns_[s]) * 1e-3f;
  ++num_frames_;
}

std::size_t Trace::row(int age) const {
  assert(age >= 0 && age < num_kept());
  return static_cast<std::size_t>((num_frames_ - 1 - age) % history_) * names_.size();
}

float Trace::at_us(int stage, int age) const {
  return rows_us_[row(age) + static_cast<std::size_t>(stage)];
}

float Trace::total_us(int age) const {
  float sum = 0;
  for (std::size_t s = 0; s < names_.size(); ++s) sum += rows_us_[row(age) + s];
  return sum;
}

Trace::Stats Trace::stats(int stage) const {
  const int n = num_kept();
  if (n == 0) return {};
  for (int age = 0; age < n; ++age)
    scratch_[static_cast<std::size_t>(age)] = stage < 0 ? total_us(age) : at_us(stage, age);
  std::sort(scratch_.begin(), scratch_.begin() + n);
  const auto percentile = [&](double p) {
    const int rank = static_cast<int>(std::ceil(p * n)) - 1;
    return static_cast<double>(scratch_[static_cast<std::size_t>(std::clamp(rank, 0, n - 1))]);
  };
  return {percentile(0.50), percentile(0.95), percentile(0.99), percentile(1.0)};
}

}  // namespace canter
