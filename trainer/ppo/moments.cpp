#include "trainer/ppo/moments.h"

#include <algorithm>
#include <cmath>

namespace canter::trainer::detail {
namespace {

// What never moves is not blown up to noise: deviations count as at least this.
constexpr double kLeastStd = 0.01;

}  // namespace

void Moments::add(std::span<const float> values) {
  count += 1.0;
  const double share = 1.0 / count;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(values[i]);
    const double from_old = x - mean[i];
    mean[i] += from_old * share;
    squares[i] += from_old * (x - mean[i]);
  }
}

void Moments::merge(const Moments& other) {
  if (other.count == 0.0) return;
  const double total = count + other.count;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double apart = other.mean[i] - mean[i];
    mean[i] += apart * (other.count / total);
    squares[i] += other.squares[i] + apart * apart * (count * other.count / total);
  }
  count = total;
}

void Moments::clear() {
  count = 0.0;
  std::ranges::fill(mean, 0.0);
  std::ranges::fill(squares, 0.0);
}

void merge_ranks(Moments& moments, Collective& collective) {
  if (collective.size() == 1) return;
  const std::size_t size = moments.mean.size();
  std::vector<double> sums(1 + 2 * size);
  sums[0] = moments.count;
  for (std::size_t i = 0; i < size; ++i) sums[1 + i] = moments.count * moments.mean[i];
  collective.sum(std::span(sums).first(1 + size));
  std::vector<double> mean(size);
  for (std::size_t i = 0; i < size; ++i) {
    mean[i] = sums[0] > 0.0 ? sums[1 + i] / sums[0] : 0.0;
    const double apart = moments.mean[i] - mean[i];
    sums[1 + size + i] = moments.squares[i] + moments.count * apart * apart;
  }
  collective.sum(std::span(sums).last(size));
  moments.count = sums[0];
  moments.mean = mean;
  std::copy_n(sums.begin() + static_cast<std::ptrdiff_t>(1 + size), size, moments.squares.begin());
}

Normaliser::Normaliser(std::span<const float> fixed_mean, std::span<const float> fixed_std,
                       float clip)
    : moments_(fixed_mean.size()),
      mean_(fixed_mean.begin(), fixed_mean.end()),
      std_(fixed_std.begin(), fixed_std.end()),
      clip_(clip) {
  for (float& std : std_) {
    fixed_.push_back(std != 0.0f);
    if (std == 0.0f) std = 1.0f;
    scale_.push_back(1.0f / std);
  }
}

void Normaliser::refresh() {
  if (moments_.count < 2.0) return;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    if (fixed_[i] != 0) continue;
    const double deviation = std::sqrt(moments_.squares[i] / moments_.count);
    mean_[i] = static_cast<float>(moments_.mean[i]);
    std_[i] = static_cast<float>(std::max(deviation, kLeastStd));
    scale_[i] = 1.0f / std_[i];
  }
}

void Normaliser::apply(std::span<const float> values, std::span<float> out) const {
  for (std::size_t i = 0; i < values.size(); ++i)
    out[i] = std::clamp((values[i] - mean_[i]) * scale_[i], -clip_, clip_);
}

}  // namespace canter::trainer::detail
