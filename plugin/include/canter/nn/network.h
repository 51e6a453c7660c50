#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/nn/model_file.h"

namespace canter::nn {

/// A file of any format before it is a graph: what can be converted.
struct ModelSource {
  std::string format;  ///< "onnx", "canter", "safetensors", "npz", "npy", "pytorch", "torchscript"
  /// Architecture file; for ONNX, the graph in these terms. Empty for weights alone.
  std::string architecture;
  TensorMap tensors;                     ///< under the names of the file
  Precision precision = Precision::f32;  ///< what a file of Canter's asks for
  TextMap provenance;                    ///< of a file of Canter's
  std::optional<Passport> passport;      ///< of a file of Canter's
  std::vector<std::string> notes;        ///< what the user should know, one sentence each
};

/// Reads a file, its format told by content: ONNX, Canter's own, or weights (see weights.h).
/// @param source        name of the data in messages; ".onnx" at its end means ONNX in any case
/// @param architecture  text of the architecture file, for weights; empty: none
/// Errors: those of the readers; bad_value, where a file that has its graph gets another one.
Result<ModelSource> load_source(std::span<const std::byte> bytes, std::string_view source,
                                std::string_view architecture = {});

/// A network ready to be compiled.
struct Network {
  Graph graph;
  std::string format;                    ///< as in ModelSource
  Precision precision = Precision::f32;  ///< what a file of Canter's asks for
  std::vector<std::string> notes;
};

/// Reads a network as load_source does, without keeping what only a conversion needs.
/// @param architecture_source  name of the architecture file in messages
/// Errors: also those of read_architecture; unsupported, where there is no graph, with advice.
Result<Network> load_network(std::span<const std::byte> bytes, std::string_view source,
                             std::string_view architecture = {},
                             std::string_view architecture_source = "architecture");

}  // namespace canter::nn
