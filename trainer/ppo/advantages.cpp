#include "trainer/ppo/advantages.h"

#include <cstddef>

namespace canter::trainer::detail {

void generalised_advantages(std::span<const float> rewards, std::span<const float> values,
                            std::span<const float> next_values, std::span<const Next> next,
                            float discount, float decay, std::span<float> advantages) {
  float following = 0.0f;
  for (std::size_t i = rewards.size(); i-- > 0;) {
    const float beyond = next[i] == Next::nothing ? 0.0f : next_values[i];
    const float error = rewards[i] + discount * beyond - values[i];
    const float kept = next[i] == Next::same_episode ? discount * decay * following : 0.0f;
    following = error + kept;
    advantages[i] = following;
  }
}

}  // namespace canter::trainer::detail
