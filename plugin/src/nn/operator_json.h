#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nn/layer_builder.h"

namespace canter::nn::detail {

/// Tensors that were attributes of nodes begin with this: tables, not weights.
inline constexpr std::string_view kConstantPrefix = "constant/";

/// Adds the node an {"op": …} layer describes, in ONNX's terms.
void run_operator(LayerBuilder& builder, LayerSpec& spec);

/// A node as an {"op": …} layer. Tensors in attributes move to `tensors`.
OrderedJson to_json(const Node& node, TensorMap& tensors);
/// An input or output.
OrderedJson to_json(const ValueInfo& info);

std::optional<DType> dtype_from(std::string_view name);
/// All names, for messages.
std::string dtype_names();

}  // namespace canter::nn::detail
