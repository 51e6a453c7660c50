#pragma once

#include "canter/nn/operator.h"

namespace canter::nn::detail {

/// Domain of the operators that fusion makes; no file names them.
inline constexpr const char* kCanterDomain = "canter";

// Each family of built-in operators, in a file op_<family>.cpp.
void add_elementwise(OperatorSet& set);
void add_shape_operators(OperatorSet& set);
void add_movement(OperatorSet& set);
void add_linear(OperatorSet& set);
void add_convolution(OperatorSet& set);
void add_pooling(OperatorSet& set);
void add_normalisation(OperatorSet& set);
void add_reductions(OperatorSet& set);
void add_recurrent(OperatorSet& set);

}  // namespace canter::nn::detail
