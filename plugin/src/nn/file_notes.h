#pragma once

#include <string>
#include <string_view>

#include "canter/nn/weights.h"

namespace canter::nn::detail {

/// Adds a note for every tensor that holds NaN or infinite values.
void note_non_finite(WeightFile& file);

/// `error` with the name of the data before its message.
Error named(std::string_view source, Error error);

}  // namespace canter::nn::detail
