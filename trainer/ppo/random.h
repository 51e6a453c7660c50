#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace canter::trainer::detail {

/// A small generator of random numbers that is plain data: xoshiro256+ (Blackman and Vigna 2018),
/// seeded through SplitMix64. Equal seeds and streams give equal numbers.
struct Random {
  std::uint64_t state[4] = {1, 2, 3, 4};

  Random() = default;
  /// @param stream  tells generators of one seed apart
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t x = seed ^ (stream * 0xd1342543de82ef95ull + 0x2545f4914f6cdd1dull);
    for (std::uint64_t& word : state) {
      x += 0x9e3779b97f4a7c15ull;
      std::uint64_t z = x;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
      z = (z ^ z >> 27) * 0x94d049bb133111ebull;
      word = z ^ z >> 31;
    }
  }

  std::uint64_t bits() {
    const std::uint64_t result = state[0] + state[3];
    const std::uint64_t t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = state[3] << 45 | state[3] >> 19;
    return result;
  }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Uniform in [0, count).
  std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>((bits() >> 32) * count >> 32);
  }
  /// Two independent standard normal numbers (Box and Muller 1958).
  void normal_pair(float& a, float& b) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    a = static_cast<float>(radius * std::cos(angle));
    b = static_cast<float>(radius * std::sin(angle));
  }
};

}  // namespace canter::trainer::detail
