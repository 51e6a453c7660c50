#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "canter/nn/tensor.h"

namespace canter::nn {

/// One attribute of a node, as ONNX has them (sub-graphs are refused by the reader).
struct Attribute {
  using Value = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                             std::vector<float>, std::vector<std::string>, Tensor>;
  std::string name;
  Value value;
};

/// One operation. Operators and their attributes are those of ONNX, at the graph's opset.
struct Node {
  std::string op;                   ///< operator type: "Gemm", "Conv", "LSTM"
  std::string name;                 ///< for messages; may be empty
  std::string domain;               ///< empty: ONNX's own
  std::vector<std::string> inputs;  ///< names of values; an empty name is an input left out
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;

  /// The attribute of this name; null where there is none.
  const Attribute::Value* find(std::string_view attribute) const;
  /// Its value, or `otherwise` where there is none or it is of another kind.
  std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const;
  float number(std::string_view attribute, float otherwise) const;
  std::string text(std::string_view attribute, std::string_view otherwise) const;
  std::vector<std::int64_t> integers(std::string_view attribute,
                                     std::vector<std::int64_t> otherwise = {}) const;
  void set(std::string attribute, Attribute::Value value);
};

/// An extent of an input or output: a number, or a name for what is known when the network runs.
struct Dim {
  std::int64_t size = -1;  ///< -1: dynamic
  std::string symbol;      ///< name of a dynamic extent; may be empty

  bool dynamic() const { return size < 0; }
};

/// An input or output of a graph.
struct ValueInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<Dim> dims;
  bool has_rank = true;  ///< false: nothing is known of the dims

  /// "[batch, 69, 240]".
  std::string shape_text() const;
};

/// A network as plain data: what a reader of model files makes and `compile` takes. Values are
/// joined by name; normalisers of inputs and outputs are ordinary nodes (Sub, Div, Mul, Add).
struct Graph {
  std::string name;
  std::string producer;
  int opset = 17;                            ///< of ONNX's own operators
  std::map<std::string, int> custom_opsets;  ///< of other domains
  TensorMap initialisers;                    ///< weights and other constants
  std::vector<ValueInfo> inputs;             ///< without the initialisers
  std::vector<ValueInfo> outputs;
  std::vector<Node> nodes;  ///< in any order; `validate` sorts
};

/// Checks what every graph must hold and puts the nodes in an order in which each follows what it
/// reads. Errors name the node: a value nobody makes, one made twice, a cycle, an output missing.
Result<void> validate(Graph& graph);

/// "node 'conv1' (Conv)", or its first output where it has no name. For messages.
std::string describe(const Node& node);

}  // namespace canter::nn
