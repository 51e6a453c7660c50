#include "trainer/ppo/losses.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace canter::trainer::detail {
namespace {

// Ratios beyond e^±this are not told apart: clipped long before, and finite.
constexpr float kMostLogRatio = 20.0f;

}  // namespace

void actor_loss(const ActorSample& sample, std::span<const float> deviation, float ratio_clip,
                float weight, std::span<float> gradient, LossSums& sums) {
  float log_ratio = 0.0f, divergence = 0.0f;
  for (std::size_t j = 0; j < gradient.size(); ++j) {
    const float noise = (sample.action[j] - sample.mean[j]) / deviation[j];
    log_ratio += 0.5f * (sample.noise[j] * sample.noise[j] - noise * noise);
    divergence += 0.5f * (noise - sample.noise[j]) * (noise - sample.noise[j]);
    gradient[j] = noise / deviation[j];  // d log likelihood / d mean
  }
  const float ratio = std::exp(std::clamp(log_ratio, -kMostLogRatio, kMostLogRatio));
  const float held = std::clamp(ratio, 1.0f - ratio_clip, 1.0f + ratio_clip);
  const float objective = std::min(ratio * sample.advantage, held * sample.advantage);
  const bool cut = held * sample.advantage < ratio * sample.advantage;
  const float factor = cut ? 0.0f : -weight * ratio * sample.advantage;
  for (float& g : gradient) g *= factor;
  sums.loss -= static_cast<double>(objective);
  sums.kl += static_cast<double>(divergence);
  sums.clipped += cut ? 1.0 : 0.0;
}

}  // namespace canter::trainer::detail
