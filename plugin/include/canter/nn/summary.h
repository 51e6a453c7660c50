#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "canter/nn/graph.h"

namespace canter::nn {

/// What a network consists of, for tables.
struct Summary {
  std::map<std::string, int> operators;  ///< how many nodes of each
  std::int64_t parameters = 0;           ///< trained numbers
  std::int64_t parameters_without_biases = 0;
};

/// Parameters are told from other constants by what reads them: the weights and biases of linear,
/// convolutional, recurrent and normalising operators and embeddings count; running statistics,
/// normalisers of inputs and outputs, and other tables do not. Matrices in a MatMul always do.
Summary summarise(const Graph& graph);

/// The same without a graph: by PyTorch's names. Everything that is floating and no running
/// statistic counts.
Summary summarise(const TensorMap& tensors);

}  // namespace canter::nn
