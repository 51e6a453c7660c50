#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "canter/base/result.h"
#include "canter/trainer/collective.h"
#include "canter/trainer/environment.h"
#include "canter/trainer/settings.h"

namespace canter::trainer {

/// What acts: a normaliser and a network, ReLU between its layers. A plain value.
struct Policy {
  struct Layer {
    int in = 0, out = 0;
    std::vector<float> weights;  ///< [in, out] row-major
    std::vector<float> bias;     ///< [out]
  };
  std::vector<float> mean, std;  ///< of the observations
  float observation_clip = 0.0f;
  std::vector<Layer> layers;
  std::int64_t samples = 0;  ///< seen when it was like this
};

/// Episodes without noise from evenly spread starts.
struct Evaluation {
  std::int64_t samples = 0;  ///< of training when it was made
  double reward = 0.0;       ///< rewards over the most steps there are: 1 is perfect to the end
  double life_s = 0.0;       ///< mean length of an episode
  int survived = 0;          ///< episodes that neither failed nor broke
  int starts = 0;
  std::vector<float> rewards;  ///< [starts] of each episode, as `reward`
  std::vector<float> lives_s;  ///< [starts]
};

/// What one iteration did.
struct Iteration {
  std::int64_t iteration = 0;  ///< from 1
  std::int64_t samples = 0;    ///< in all, of all ranks
  double seconds = 0.0;        ///< in all, of all runs this one continues
  double collect_s = 0.0, update_s = 0.0, evaluate_s = 0.0;  ///< of this iteration
  double train_reward = 0.0;                                 ///< mean reward per step, with noise
  double train_life_s = 0.0;  ///< mean length of episodes that ended, with noise; 0 if none did
  int episodes = 0, failures = 0;  ///< that ended; of those, the ones that failed
  /// Episodes whose simulation broke (Ending::broken, numbers not finite). Not among `episodes`:
  /// their samples of this iteration are thrown away, except from the normaliser of observations.
  int broken = 0;
  double actor_loss = 0.0, critic_loss = 0.0, clipped = 0.0, kl = 0.0;
  double actor_gradient = 0.0, critic_gradient = 0.0;  ///< norms before they are held
  double actor_step = 0.0, noise = 0.0;
  double explained = 0.0;  ///< share of the returns' variance that the critic explained
  bool evaluated = false;
  Evaluation evaluation;  ///< the last one made
  bool improved = false;  ///< best_policy() is new
  double best_reward = 0.0;
};

/// PPO on one environment. Not thread-safe; brings Settings::threads - 1 threads of its own.
class Trainer {
 public:
  /// @param environment  must outlive the trainer, which calls it from its threads
  /// @param collective   other processes that learn the same, each on its share of the environments
  ///                     and minibatches; must outlive the trainer
  /// Errors: those of validate(), of the settings and of a process's share of them; bad_value (an
  /// environment without observations or actions).
  static Result<Trainer> make(Environment& environment, const Settings& settings,
                              Collective& collective = alone());
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;
  ~Trainer();

  /// Of this process: its share of the environments and minibatches.
  const Settings& settings() const;
  Collective& collective() const;
  /// Collects, updates and, when it is time, evaluates. The first call only fills the normalisers.
  Iteration iterate();
  /// How far training is: the numbers that outlast an iteration.
  Iteration status() const;
  std::int64_t num_iterations() const;
  /// Evaluates the policy as it is, as iterate() does when it is time, and notes it in `iteration`.
  void evaluate_now(Iteration& iteration);
  /// The policy as it is, and the best one evaluated so far (the same before any evaluation).
  Policy policy() const;
  const Policy& best_policy() const;
  const Evaluation& best_evaluation() const;
  /// Evaluates the policy as it is. Does not change what is learned.
  Evaluation evaluate();

  /// Everything, between two iterations: continuing from it gives the bits of not having stopped.
  std::vector<std::byte> save() const;
  /// Into a trainer made for the same environment and settings (threads may differ).
  /// Errors: truncated, bad_format, unsupported (version); bad_value naming a setting that differs.
  /// A trainer that could not be restored must not be used further.
  Result<void> restore(std::span<const std::byte> bytes, const char* source);
  /// Of everything save() keeps but the clock: equal states, equal futures.
  std::uint64_t state_hash() const;

 private:
  struct State;
  explicit Trainer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace canter::trainer
