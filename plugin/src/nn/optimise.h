#pragma once

#include "nn/compile_support.h"

namespace canter::nn::detail {

/// Rewrites the graph into fewer and faster operations with the same result within rounding:
/// normalisers and BatchNorm into the weights beside them, MatMul + Add to a layer, layer
/// normalisation and GELU as exported back into one operator, activations into the layer before.
/// The graph is sorted and stays sorted; constants are initialisers.
void optimise(Graph& graph, Precision precision);

}  // namespace canter::nn::detail
