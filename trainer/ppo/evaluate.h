#pragma once

#include "canter/trainer/trainer.h"
#include "trainer/nn/mlp.h"
#include "trainer/ppo/moments.h"
#include "trainer/ppo/thread_pool.h"

namespace canter::trainer::detail {

/// Runs episodes without noise, from evenly spread starts, each to its end or to
/// Settings::evaluation_steps.
Evaluation evaluate(const Settings& settings, Environment& environment, const Weights& actor,
                    const Normaliser& normaliser, ThreadPool& pool);

}  // namespace canter::trainer::detail
