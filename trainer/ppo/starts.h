#pragma once

#include <array>
#include <cstdint>

#include "trainer/ppo/random.h"

namespace canter::trainer::detail {

/// Where episodes start: anywhere, or for a share of them more often where life has been short.
class Starts {
 public:
  static constexpr int kBins = 32;

  /// A start in [0, 1). Reads the state of the last update(), so threads may draw side by side.
  /// @param hard_share  share of the draws that prefer hard starts
  double draw(double hard_share, Random& random) const;

  /// Notes how long an episode lived, as a share of the longest.
  struct Note {
    std::array<double, kBins> life{};
    std::array<double, kBins> count{};
    void add(double start, double life_share);
  };
  void update(const Note& note);

  /// Mean share of life by bin, forgetting slowly; 0 where nothing is known.
  const std::array<double, kBins>& life() const { return life_; }

 private:
  std::array<double, kBins> life_{};
  std::array<double, kBins> known_{};  ///< episodes behind the mean, with forgetting
};

}  // namespace canter::trainer::detail
