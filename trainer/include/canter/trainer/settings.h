#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "canter/base/result.h"
#include "canter/nn/model.h"

namespace canter::trainer {

/// Everything that decides what is learned; equal settings and environments give equal bits, with
/// any number of threads. PPO as Schulman et al. 2017 (clipped objective) with generalised
/// advantages (Schulman et al. 2016), actor and critic apart, noise that does not learn.
struct Settings {
  std::uint64_t seed = 1;

  // Networks
  std::vector<int> hidden = {512, 256};          ///< units of the hidden layers of actor and critic
  nn::Precision precision = nn::Precision::f32;  ///< f32 or bf16 (f32 master weights)

  // Collecting
  int environments = 256;  ///< episodes that run side by side
  int group = 32;          ///< environments stepped as one batch, by one thread
  int steps = 32;          ///< of each environment between two updates
  /// Episodes are cut here, which is no failure: values go on. Short ones keep the hard starts in
  /// sight once the easy ones live for ever.
  int episode_steps = 100;
  float noise_first = 0.2f;  ///< standard deviation of the exploration noise, in units of actions
  float noise_last = 0.05f;  ///< … after noise_samples; linear in between
  std::int64_t noise_samples = 1'000'000;
  float observation_clip = 5.0f;  ///< normalised observations are held within ± this
  /// Share of episodes that start where life is short instead of anywhere; in [0, 1).
  float hard_starts = 0.0f;

  // Updating
  int epochs = 5;        ///< times each sample is used
  int minibatch = 1024;  ///< samples per step of the optimiser
  int shards = 2;        ///< parts of a minibatch that threads take: 2 * shards threads can update
  float discount = 0.95f;         ///< γ
  float advantage_decay = 0.95f;  ///< λ
  float ratio_clip = 0.2f;        ///< ε of PPO
  float advantage_clip = 4.0f;    ///< normalised advantages are held within ± this
  float actor_step = 1e-4f;       ///< Adam's step size to begin with; then it follows kl_target
  float critic_step = 5e-4f;
  float kl_target = 0.04f;     ///< divergence from the collecting policy at the end of an update
  float gradient_norm = 1.0f;  ///< longer gradients are scaled down to this, per network

  // Evaluating: without noise, from evenly spread starts
  std::int64_t evaluate_every = 65'536;  ///< samples
  int evaluation_starts = 16;
  int evaluation_steps = 600;

  /// Threads that collect and update. Not part of the result.
  int threads = 1;

  /// Samples of one iteration.
  int samples_per_iteration() const { return environments * steps; }
};

/// Errors: bad_value naming the setting, what was found and what is expected; unsupported
/// (a precision this processor does not multiply in).
Result<void> validate(const Settings& settings);

/// "name=value" lines of everything that decides the result (not `threads`).
std::string describe(const Settings& settings);

/// Changes one setting by its name. Lists are written with commas: hidden=1024,512.
/// Errors: bad_value (no such setting, with those there are; not a value of its kind). The range is
/// validate()'s business.
Result<void> change(Settings& settings, std::string_view name, std::string_view value);

/// The fastest precision of this processor's matrix products: bf16 or f32.
nn::Precision fastest_precision();

}  // namespace canter::trainer
