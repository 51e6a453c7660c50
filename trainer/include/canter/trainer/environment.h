#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace canter::trainer {

/// Whether an episode goes on after a step.
enum class Ending : std::uint8_t {
  running,
  failed,    ///< a fall, or a state that cannot be used: nothing is earned from here on
  finished,  ///< the task is over (the end of a clip that does not loop): likewise
  cut,       ///< the task's own time limit: no failure, what would follow still counts
  broken,    ///< the simulation itself failed: says nothing, so the episode is thrown away
};

struct StepResult {
  float reward = 0.0f;  ///< best in [0, 1]: returns are reported as shares of one per step
  Ending ending = Ending::running;
};

/// A task to be learned. The object is shared by all threads; what changes lies in states, plain
/// blocks of bytes that the trainer owns, copies into checkpoints and brings back bit for bit.
/// Equal states and actions must give equal results on every thread. The trainer ends episodes that
/// take too long itself, and takes numbers that are not finite for a simulation that broke.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual int observation_size() const = 0;
  virtual int action_size() const = 0;
  /// Size of one state: everything that decides the next step.
  virtual std::size_t state_bytes() const = 0;
  /// Seconds of the task per step.
  virtual double step_s() const = 0;
  /// Called before anything else: `worker` below will be in [0, count). Room for scratch memory
  /// per thread.
  virtual void set_workers(int count) = 0;

  /// Begins an episode.
  /// @param start  in [0, 1): where; drawn at random in training, evenly spread in evaluations
  virtual void reset(std::span<std::byte> state, double start, int worker) = 0;
  /// @param action  [action_size()] what the policy wants, unbounded
  virtual StepResult step(std::span<std::byte> state, std::span<const float> action,
                          int worker) = 0;
  /// @param observation  [observation_size()] out, as they are: the trainer normalises
  virtual void observe(std::span<const std::byte> state, std::span<float> observation,
                       int worker) = 0;

  /// Most steps an episode from this start can have before it is `finished`.
  virtual int most_steps(double start) const {
    static_cast<void>(start);
    return std::numeric_limits<int>::max();
  }
  /// Observations whose normaliser is given and not learned: writes mean and deviation there, and
  /// leaves the others alone. None by default.
  virtual void fixed_normaliser(std::span<float> mean, std::span<float> std) const {
    static_cast<void>(mean), static_cast<void>(std);
  }
  /// Exploration noise of each action relative to Settings::noise_first; 1 by default.
  virtual void noise_scale(std::span<float> scale) const { std::ranges::fill(scale, 1.0f); }
};

}  // namespace canter::trainer
