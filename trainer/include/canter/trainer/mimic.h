#pragma once

#include <memory>

#include "canter/mimic/policy.h"
#include "canter/mimic/task.h"
#include "canter/trainer/environment.h"
#include "canter/trainer/settings.h"
#include "canter/trainer/trainer.h"

namespace canter::trainer {

/// What makes life in training harder than in evaluations, so that policies stand more.
struct Hardships {
  /// Pushes on the root, in a random direction over the ground, from 0 to this; 0: none.
  float push_n = 0.0f;
  double push_s = 0.2;        ///< how long one lasts
  double push_every_s = 2.0;  ///< mean time between two
};

/// A clip to imitate as something to learn.
std::unique_ptr<Environment> make_mimic_environment(mimic::Task task,
                                                    const Hardships& hardships = {});

/// The recipe of docs/train.md for a task: what makes it learned in minutes.
Settings mimic_settings(const mimic::Task& task);

/// A policy as mimic::write_policy takes it: views of `policy`.
mimic::ActorWeights actor_weights(const Policy& policy);

}  // namespace canter::trainer
