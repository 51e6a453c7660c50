#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canter/nn/graph.h"
#include "canter/nn/tensor.h"

namespace canter::nn {

/// A graph built from an architecture file and weights.
struct Architecture {
  Graph graph;
  /// Tensors no layer asked for, by name. Usually a sign that a layer is missing; PyTorch's
  /// num_batches_tracked are left out.
  std::vector<std::string> unused;
};

/// Builds the graph an architecture file describes (docs/architecture_file.md): a JSON list of
/// layers in PyTorch's terms, or operators in ONNX's, with the tensors they use.
/// @param json     the file's text
/// @param tensors  the weights; those used move into the graph. f16, bf16 and f64 weights of layers
///                 become f32, which is what they are computed in
/// @param source   name of the file in messages
/// Errors name the layer: bad_format (not JSON, an unknown key), bad_value (a tensor that is absent
/// or of another shape), unsupported (a layer type, with those there are).
Result<Architecture> read_architecture(std::string_view json, TensorMap tensors,
                                       std::string_view source = "architecture");

/// The architecture file of any graph, in ONNX's terms: one layer per node. Reads back to the same
/// graph with the graph's initialisers as the weights. The nodes must be in order (see validate).
/// Tensors in attributes (Constant) are added to `tensors` under names of their own.
std::string write_architecture(const Graph& graph, TensorMap& tensors);

}  // namespace canter::nn
