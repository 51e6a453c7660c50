#pragma once

#include <memory>

#include "canter/mimic/policy.h"
#include "canter/mimic/task.h"
#include "canter/trainer/environment.h"
#include "canter/trainer/settings.h"
#include "canter/trainer/trainer.h"

namespace canter::trainer {

/// What makes life harder, so that policies stand more: in training and in its evaluations, which
/// choose the best policy; what a start brings is the same every time.
struct Hardships {
  /// Pushes on the root, in a random direction over the ground, from 0 to this; 0: none.
  float push_n = 0.0f;
  double push_s = 0.2;        ///< how long one lasts
  double push_every_s = 2.0;  ///< mean time between two
};

/// How far the root may be from the reference where it is pushed, m: TaskOptions' own limit would
/// end episodes that come back.
inline constexpr float kPushedRootDistance_m = 2.0f;

/// A clip to imitate as something to learn.
std::unique_ptr<Environment> make_mimic_environment(mimic::Task task,
                                                    const Hardships& hardships = {});

/// The recipe of docs/train.md for a task: what makes it learned in minutes.
Settings mimic_settings(const mimic::Task& task);

/// A policy as mimic::write_policy takes it: views of `policy`.
mimic::ActorWeights actor_weights(const Policy& policy);

}  // namespace canter::trainer
