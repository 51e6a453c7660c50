#pragma once

#include <string>

#include "canter/physics/model.h"

namespace canter::physics::detail {

/// A body and its surroundings in MuJoCo's model language: Y up, metres, radians, one body per
/// joint named like it, ground geometries "ground…", boxes "box0"….
std::string write_mjcf(const BodyDesc& body, const ModelOptions& options);

}  // namespace canter::physics::detail
