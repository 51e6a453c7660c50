#pragma once

#include <cstdint>
#include <span>

namespace canter::trainer::detail {

/// What follows a sample.
enum class Next : std::uint8_t {
  same_episode,  ///< the next sample of the same environment
  nothing,       ///< the episode failed or is over: no value beyond
  cut,           ///< the episode was cut, or the rollout ends: its value goes on, advantages do not
};

/// Generalised advantages of the consecutive samples of one environment:
///   δ = r + γ V(next) - V,   A = δ + γ λ A(next)       (Schulman et al. 2016, eq. 11 and 16)
/// @param next_values  V of the state after each sample; read where `next` is not `nothing`
/// @param advantages   out
void generalised_advantages(std::span<const float> rewards, std::span<const float> values,
                            std::span<const float> next_values, std::span<const Next> next,
                            float discount, float decay, std::span<float> advantages);

}  // namespace canter::trainer::detail
