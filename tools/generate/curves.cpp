#include "generate/curves.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace canter::generate {

float ease(float u) {
  const float t = std::clamp(u, 0.0f, 1.0f);
  return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f);
}

float ease_between(float a, float b, float t) {
  return ease((t - a) / (b - a));
}

float hill(float u, float peak) {
  if (u <= 0.0f || u >= 1.0f) return 0.0f;
  // u^a (1-u)^b peaks at a / (a + b); the smaller exponent is 2, which keeps the slope at 0.
  const float a = peak < 0.5f ? 2.0f : 2.0f * peak / (1.0f - peak);
  const float b = peak < 0.5f ? 2.0f * (1.0f - peak) / peak : 2.0f;
  return std::pow(u / peak, a) * std::pow((1.0f - u) / (1.0f - peak), b);
}

float cubic(const Motion& from, const Motion& to, float duration, float t) {
  const float u = std::clamp(t / duration, 0.0f, 1.0f);
  const float v = 1.0f - u;
  return from.value * (1.0f + 2.0f * u) * v * v + to.value * u * u * (3.0f - 2.0f * u) +
         duration * u * v * (from.velocity * v - to.velocity * u);
}

float quintic(const Motion& from, const Motion& to, float duration, float t) {
  const float u = std::clamp(t / duration, 0.0f, 1.0f);
  const float u2 = u * u;
  const float u3 = u2 * u;
  const float u4 = u3 * u;
  const float u5 = u4 * u;
  const float d = duration;
  return from.value * (1.0f - 10.0f * u3 + 15.0f * u4 - 6.0f * u5) +
         to.value * (10.0f * u3 - 15.0f * u4 + 6.0f * u5) +
         d * from.velocity * (u - 6.0f * u3 + 8.0f * u4 - 3.0f * u5) +
         d * to.velocity * (-4.0f * u3 + 7.0f * u4 - 3.0f * u5) +
         d * d * from.acceleration * 0.5f * (u2 - 3.0f * u3 + 3.0f * u4 - u5) +
         d * d * to.acceleration * 0.5f * (u3 - 2.0f * u4 + u5);
}

Keys::Keys(std::vector<Key> keys) : keys_(std::move(keys)), slopes_(keys_.size(), 0.0f) {
  assert(!keys_.empty());
  for (std::size_t i = 1; i + 1 < keys_.size(); ++i) {
    const float before = keys_[i].time - keys_[i - 1].time;
    const float after = keys_[i + 1].time - keys_[i].time;
    const float d0 = (keys_[i].value - keys_[i - 1].value) / before;
    const float d1 = (keys_[i + 1].value - keys_[i].value) / after;
    if (d0 * d1 <= 0.0f) continue;
    const float a = (before + 2.0f * after) / (3.0f * (before + after));
    slopes_[i] = d0 * d1 / (a * d1 + (1.0f - a) * d0);
  }
}

float Keys::at(float time) const {
  if (time <= keys_.front().time) return keys_.front().value;
  if (time >= keys_.back().time) return keys_.back().value;
  std::size_t i = 0;
  while (time >= keys_[i + 1].time) ++i;
  return cubic({keys_[i].value, slopes_[i]}, {keys_[i + 1].value, slopes_[i + 1]},
               keys_[i + 1].time - keys_[i].time, time - keys_[i].time);
}

std::vector<float> smoothed(const std::vector<float>& samples, float sigma, bool loop) {
  const int count = static_cast<int>(samples.size());
  const int reach = static_cast<int>(std::ceil(3.0f * sigma));
  const int lap = count - 1;
  std::vector<float> out(samples.size());
  for (int i = 0; i < count; ++i) {
    float sum = 0.0f;
    float weight = 0.0f;
    for (int k = -reach; k <= reach; ++k) {
      const int at = loop ? ((i + k) % lap + lap) % lap : std::clamp(i + k, 0, count - 1);
      const float x = static_cast<float>(k) / sigma;
      const float w = std::exp(-0.5f * x * x);
      sum += w * samples[static_cast<std::size_t>(at)];
      weight += w;
    }
    out[static_cast<std::size_t>(i)] = sum / weight;
  }
  return out;
}

}  // namespace canter::generate
