#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "canter/trainer/collective.h"

namespace canter::trainer::detail {

/// Mean and variance of many numbers at once, in f64 (Welford 1962; merged as Chan, Golub and
/// LeVeque 1979).
struct Moments {
  double count = 0.0;
  std::vector<double> mean;
  std::vector<double> squares;  ///< sums of squared distances from the mean

  explicit Moments(std::size_t size = 0) : mean(size), squares(size) {}
  void add(std::span<const float> values);
  void merge(const Moments& other);
  void clear();
};

/// Merges the moments of all processes into those of each.
void merge_ranks(Moments& moments, Collective& collective);

/// Brings observations to mean 0 and deviation 1.
class Normaliser {
 public:
  Normaliser() = default;
  /// @param fixed_mean, fixed_std  of what is given and not learned: where the deviation is not 0
  Normaliser(std::span<const float> fixed_mean, std::span<const float> fixed_std, float clip);

  Moments& moments() { return moments_; }
  const Moments& moments() const { return moments_; }
  /// Takes over what moments() say by now.
  void refresh();
  /// @param out  may be `values`
  void apply(std::span<const float> values, std::span<float> out) const;
  std::span<const float> mean() const { return mean_; }
  std::span<const float> std() const { return std_; }
  float clip() const { return clip_; }

 private:
  Moments moments_;
  std::vector<float> mean_, std_, scale_;
  std::vector<char> fixed_;
  float clip_ = 0.0f;
};

}  // namespace canter::trainer::detail
