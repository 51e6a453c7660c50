#pragma once

// Weights as files of precision i8 hold them: integers of one byte, and a scale for every output
// channel in a tensor of its own (docs/model_file.md).

#include <map>
#include <string>
#include <string_view>

#include "canter/nn/graph.h"

namespace canter::nn::detail {

/// The scales of tensor NAME are the tensor "scale/NAME": f32, of its rank, 1 where one scale
/// serves the whole axis.
inline constexpr std::string_view kScalePrefix = "scale/";

/// Along which axes the channels of a layer's weights lie.
enum class Channels : std::uint8_t {
  none,   ///< not the weights of a layer that runs in i8
  first,  ///< the first axis: Conv, Gemm with transB
  last,   ///< the last: MatMul, Gemm
  rows,   ///< all but the last: recurrent layers
};
/// Of every initialiser that layers of the graph read as weights.
std::map<std::string, Channels, std::less<>> channels_of_weights(const Graph& graph);

/// Puts integers and scales in the place of tensor `name`. Does nothing where it is not finite.
void quantise(TensorMap& tensors, const std::string& name, Channels channels);
/// Puts f32 in the place of every tensor that has scales, and drops these. Errors: bad_value
/// (scales that do not fit their tensor).
Result<void> dequantise(TensorMap& tensors);

}  // namespace canter::nn::detail
