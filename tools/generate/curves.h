#pragma once

#include <vector>

namespace canter::generate {

/// 0 to 1 with zero slope and curvature at both ends; constant outside.
float ease(float u);
/// Where t lies between a and b, 0 to 1, eased.
float ease_between(float a, float b, float t);
/// A hill over [0, 1]: 0 with zero slope at both ends, 1 at `peak`.
float hill(float u, float peak);

/// Value, slope and curvature at one end of a piece.
struct Motion {
  float value = 0.0f;
  float velocity = 0.0f;
  float acceleration = 0.0f;
};
/// The cubic with the given values and velocities at its ends; `duration` > 0.
float cubic(const Motion& from, const Motion& to, float duration, float t);
/// The quintic that meets value, velocity and acceleration at both ends.
float quintic(const Motion& from, const Motion& to, float duration, float t);

/// A curve through keys that overshoots none of them (monotone cubic, Fritsch and Butland 1984);
/// constant before the first and after the last key. Keys in order of time.
class Keys {
 public:
  struct Key {
    float time = 0.0f;
    float value = 0.0f;
  };
  Keys(std::vector<Key> keys);
  float at(float time) const;

 private:
  std::vector<Key> keys_;
  std::vector<float> slopes_;
};

/// Low-pass without delay: a Gaussian of `sigma` samples. A loop's last sample is its first again;
/// other tracks are held constant beyond their ends, where their values stay exact only if flat.
std::vector<float> smoothed(const std::vector<float>& samples, float sigma, bool loop);

}  // namespace canter::generate
