#pragma once

#include "canter/physics/simulate.h"
#include "physics/scratch_data.h"

namespace canter::physics::detail {

/// Asks every driven joint for its torque (Scratch::Data::law) and applies it. The engine's
/// positions and velocities must be those of the step's beginning, its mass matrix complete.
void apply_law(const ModelData& model, const Drive& drive, Scratch::Data& scratch);

/// Solves for accelerations, and again with weaker joints while a joint applies more than its
/// limit. Fills `torque`, and of the report `saturated` and `num_solves`.
void solve_within_limits(const ModelData& model, Scratch::Data& scratch, SimulateReport& report);

}  // namespace canter::physics::detail
