#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "canter/base/memory.h"
#include "canter/trainer/environment.h"
#include "canter/trainer/settings.h"
#include "trainer/nn/mlp.h"
#include "trainer/ppo/advantages.h"
#include "trainer/ppo/moments.h"
#include "trainer/ppo/starts.h"
#include "trainer/ppo/thread_pool.h"

namespace canter::trainer::detail {

/// One running episode. Plain data; its environment state lies beside it.
struct Slot {
  Random random;
  double start = 0.0;
  std::int64_t steps = 0;
  std::int64_t running = 0;  ///< 0: to be reset before its next step
};

/// All running episodes: what a checkpoint keeps of collecting.
struct Slots {
  std::vector<Slot> slots;
  Block states;  ///< [environments][state_pitch]
  std::size_t state_bytes = 0, state_pitch = 0;

  Slots() = default;
  Slots(int count, std::size_t bytes_of_state, std::uint64_t seed, int rank);
  std::span<std::byte> state(std::size_t i) {
    return states.bytes().subspan(i * state_pitch, state_bytes);
  }
};

/// Samples of one iteration, environment by environment: sample = environment * steps + step.
struct Samples {
  int count = 0, steps = 0, actions = 0;
  std::size_t row_bytes = 0;  ///< of a normalised observation in the networks' precision
  Block observations;         ///< [count][row_bytes]
  std::vector<float> action;  ///< [count][actions]
  std::vector<float> noise;   ///< [count][actions] standard normal
  std::vector<float> reward, value, next_value, advantage;  ///< [count]
  std::vector<Next> next;                                   ///< [count]
  /// [count] 1: of an episode that broke. Nothing is learned from it.
  std::vector<std::uint8_t> thrown_away;

  Samples() = default;
  Samples(const Settings& settings, const Environment& environment);
  std::byte* row(std::size_t sample) { return observations.data() + sample * row_bytes; }
  std::span<float> action_of(std::size_t sample);
  std::span<float> noise_of(std::size_t sample);
};

/// An observation whose value is wanted beside those of the samples: where an episode was cut.
struct Beyond {
  std::size_t sample = 0;              ///< it comes after this one
  std::vector<std::byte> observation;  ///< as a row of Samples
};

/// What a group of environments did in one rollout, and the memory it needs for it.
struct Group {
  MlpPass pass;
  std::vector<float> observation;  ///< one, scratch
  Moments moments;                 ///< of the raw observations
  std::vector<Beyond> beyond;
  Starts::Note starts;
  double reward_sum = 0.0, ended_steps = 0.0;
  int episodes = 0, failures = 0;   ///< that ended; of those, the ones that failed
  int broken = 0, thrown_away = 0;  ///< episodes whose simulation broke; samples of theirs

  Group(const Settings& settings, const Environment& environment, const MlpShape& actor);
  void begin_rollout();
};

/// What collecting reads. All of it stays as it is meanwhile.
struct Collecting {
  const Settings& settings;
  Environment& environment;
  const Weights& actor;
  const Normaliser& normaliser;
  const Starts& starts;
  std::span<const float> deviation;  ///< [actions] of the noise
};

/// Steps one group of environments through a whole rollout.
void collect(const Collecting& c, int group_index, int worker, Slots& slots, Group& group,
             Samples& samples);

}  // namespace canter::trainer::detail
