#pragma once

// Models of the engine out of its own XML. Private to the room.

#include <memory>
#include <string>

#include "canter/base/result.h"
#include "physics/model_data.h"

namespace canter::physics::detail {

using EngineModel = std::unique_ptr<mjModel, DeleteModel>;

/// Compiles a model. The engine would open files that the text names: callers keep such texts away.
/// Errors: what the engine says.
Result<EngineModel> load_engine(const std::string& xml);

}  // namespace canter::physics::detail
