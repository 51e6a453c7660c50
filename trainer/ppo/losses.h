#pragma once

#include <span>

namespace canter::trainer::detail {

/// Sums over samples, to be divided by their number.
struct LossSums {
  double loss = 0.0;
  double kl = 0.0;       ///< actor: divergence of the new distribution from the collecting one
  double clipped = 0.0;  ///< actor: samples whose gradient the clip cut
};

/// One sample of the actor: fixed deviations, so that likelihoods differ by the means alone.
struct ActorSample {
  std::span<const float> mean;    ///< [actions] what the network says now
  std::span<const float> action;  ///< [actions] what was done
  std::span<const float> noise;   ///< [actions] (action - mean then) / deviation
  float advantage = 0.0f;         ///< normalised
};

/// PPO's clipped objective, to be made small: -min(ρ A, clip(ρ, 1 ± ε) A).
/// (Schulman et al. 2017, eq. 7)
/// @param deviation  [actions] of the noise
/// @param weight     the gradient is multiplied by it: 1 / samples of the minibatch
/// @param gradient   [actions] out: d loss / d mean
void actor_loss(const ActorSample& sample, std::span<const float> deviation, float ratio_clip,
                float weight, std::span<float> gradient, LossSums& sums);

}  // namespace canter::trainer::detail
