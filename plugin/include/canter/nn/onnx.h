#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "canter/nn/graph.h"

namespace canter::nn {

/// Reads an ONNX file: IR versions 3 to 10, opset 7 on, weights inside the file.
/// @param source  name of the data in messages
/// Errors: truncated or bad_format (with the byte offset), unsupported (external data, functions,
/// sub-graphs as in If and Loop, sparse or string tensors, each by name), bad_value, limit.
/// Takes memory of at most a small multiple of `bytes`.
Result<Graph> read_onnx(std::span<const std::byte> bytes, std::string_view source = "onnx");

/// The graph as an ONNX file (IR version 8), weights inside.
std::vector<std::byte> write_onnx(const Graph& graph);

}  // namespace canter::nn
