#pragma once

#include <memory>
#include <string>

#include "canter/mimic/task.h"
#include "canter/nn/model_file.h"
#include "canter/trainer/environment.h"
#include "canter/trainer/settings.h"
#include "canter/trainer/trainer.h"

namespace canter::trainer {

/// A clip to imitate as something to learn. The trainer cuts episodes itself, so the task's own
/// time limit must not be shorter than Settings::episode_steps.
std::unique_ptr<Environment> make_mimic_environment(mimic::Task task);

/// The recipe of docs/train.md for a task: what make_mimic_environment needs to be learned in
/// minutes.
Settings mimic_settings(const mimic::Task& task);

/// A policy as a network file that mimic::Policy reads: normaliser, clip, layers, a passport.
/// @param provenance  of the file; "mimic" holds what mimic::write_policy_info makes
/// Errors: those of nn::make_model_file.
Result<nn::ModelFile> make_policy_file(const Policy& policy, nn::Precision precision,
                                       nn::TextMap provenance);

}  // namespace canter::trainer
