#include "canter/nn/summary.h"

#include <algorithm>
#include <set>

namespace canter::nn {
namespace {

bool is_floating(const Tensor& tensor) {
  return tensor.dtype() == DType::f32 || tensor.dtype() == DType::f64 ||
         tensor.dtype() == DType::f16 || tensor.dtype() == DType::bf16;
}

/// Operators whose inputs at these places are trained; -1: none.
struct Trained {
  std::string_view op;
  int weights[2];
  int bias;
};

constexpr Trained kTrained[] = {
    {"Gemm", {1, -1}, 2},
    {"Conv", {1, -1}, 2},
    {"ConvTranspose", {1, -1}, 2},
    {"LSTM", {1, 2}, 3},
    {"GRU", {1, 2}, 3},
    {"RNN", {1, 2}, 3},
    {"BatchNormalization", {1, -1}, 2},
    {"InstanceNormalization", {1, -1}, 2},
    {"LayerNormalization", {1, -1}, 2},
    {"GroupNormalization", {1, -1}, 2},
    {"PRelu", {1, -1}, -1},
    {"MatMul", {0, 1}, -1},
};

class Counter {
 public:
  explicit Counter(const Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes)
      for (const std::string& output : node.outputs) makers_[output] = &node;
  }

  Summary count() {
    for (const Node& node : graph_.nodes) {
      ++summary_.operators[node.op];
      for (const Trained& trained : kTrained) {
        if (trained.op != node.op) continue;
        for (const int place : trained.weights) add(node, place, false);
        add(node, trained.bias, true);
      }
      if (node.op == "Gather") add_table(node);
      if (node.op == "Add" || node.op == "Mul") add_apart(node);
    }
    return summary_;
  }

 private:
  // The constant behind a value, also where it is only turned or cast first; null if there is none.
  const std::pair<const std::string, Tensor>* constant(const Node& node, int place) const {
    if (place < 0 || place >= static_cast<int>(node.inputs.size())) return nullptr;
    const std::string* name = &node.inputs[static_cast<std::size_t>(place)];
    for (int steps = 0; steps < 4; ++steps) {
      const auto found = graph_.initialisers.find(*name);
      if (found != graph_.initialisers.end()) return is_floating(found->second) ? &*found : nullptr;
      const Node* maker = maker_of(*name);
      if (maker == nullptr || maker->inputs.empty() ||
          (maker->op != "Transpose" && maker->op != "Cast" && maker->op != "Identity"))
        return nullptr;
      name = &maker->inputs[0];
    }
    return nullptr;
  }

  const Node* maker_of(const std::string& value) const {
    const auto found = makers_.find(value);
    return found == makers_.end() ? nullptr : found->second;
  }

  void add(const Node& node, int place, bool bias) {
    const auto* weight = constant(node, place);
    if (weight == nullptr || !seen_.insert(weight->first).second) return;
    const auto elements = static_cast<std::int64_t>(weight->second.num_elements());
    summary_.parameters += elements;
    if (!bias) summary_.parameters_without_biases += elements;
  }

  void add_table(const Node& node) {
    const auto* table = constant(node, 0);
    if (table != nullptr && table->second.shape().rank() >= 2) add(node, 0, false);
  }

  // Biases behind a MatMul, and scale and shift behind a norm written out as arithmetic
  // (… Div by a Sqrt, Mul, Add).
  void add_apart(const Node& node) {
    if (node.inputs.size() != 2) return;
    for (const int place : {0, 1}) {
      const auto* weight = constant(node, place);
      const Node* other = maker_of(node.inputs[static_cast<std::size_t>(1 - place)]);
      if (weight == nullptr || weight->second.num_elements() < 2 || other == nullptr) continue;
      if (node.op == "Add" && (other->op == "MatMul" || scaled_norms_.contains(other)))
        add(node, place, true);
      if (node.op == "Mul" && is_norm(*other)) {
        add(node, place, false);
        scaled_norms_.insert(&node);
      }
    }
  }

  bool is_norm(const Node& node) const {
    if (node.op != "Div" || node.inputs.size() != 2) return false;
    const Node* below = maker_of(node.inputs[1]);
    return below != nullptr && below->op == "Sqrt";
  }

  const Graph& graph_;
  std::map<std::string, const Node*> makers_;
  std::set<std::string> seen_;
  std::set<const Node*> scaled_norms_;
  Summary summary_;
};

}  // namespace

Summary summarise(const Graph& graph) {
  return Counter(graph).count();
}

Summary summarise(const TensorMap& tensors) {
  Summary summary;
  for (const auto& [name, tensor] : tensors) {
    const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
    if (!is_floating(tensor) || last.starts_with("running_")) continue;
    const auto elements = static_cast<std::int64_t>(tensor.num_elements());
    summary.parameters += elements;
    if (last.find("bias") == std::string_view::npos) summary.parameters_without_biases += elements;
  }
  return summary;
}

}  // namespace canter::nn
