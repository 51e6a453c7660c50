#pragma once

#include <memory>

#include "canter/mimic/policy.h"
#include "canter/mimic/task.h"
#include "canter/trainer/environment.h"
#include "canter/trainer/settings.h"
#include "canter/trainer/trainer.h"

namespace canter::trainer {

/// A clip to imitate as something to learn.
std::unique_ptr<Environment> make_mimic_environment(mimic::Task task);

/// The recipe of docs/train.md for a task: what makes it learned in minutes.
Settings mimic_settings(const mimic::Task& task);

/// A policy as mimic::write_policy takes it: views of `policy`.
mimic::ActorWeights actor_weights(const Policy& policy);

}  // namespace canter::trainer
