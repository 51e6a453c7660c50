#include "nn/layer_builder.h"

#include <algorithm>
#include <utility>

#include "nn/printable.h"

namespace canter::nn::detail {
namespace {

constexpr std::size_t kMinConstantBytes = std::size_t{64} << 20;
constexpr std::size_t kMostConstants = 4;  // times the weights

bool is_floating(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

}  // namespace

LayerBuilder::LayerBuilder(TensorMap tensors) : tensors_(std::move(tensors)) {
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : tensors_) bytes += tensor.num_elements() * sizeof(float);
  most_constant_bytes_ = std::max(kMinConstantBytes, kMostConstants * bytes);
}

void LayerBuilder::begin_layer(const std::string& name, const std::string& where) {
  layer_ = name;
  where_ = where;
  first_node_ = graph.nodes.size();
}

int LayerBuilder::rank(const std::string& value) const {
  const auto found = ranks_.find(value);
  return found == ranks_.end() ? -1 : found->second;
}

void LayerBuilder::set_rank(const std::string& value, int rank) {
  ranks_[value] = rank;
}

std::string LayerBuilder::resolve(const std::string& name) {
  if (is_value(name) || graph.initialisers.contains(name)) return name;
  if (has_tensor(name)) return weight(name);
  fail(ErrorCode::bad_value, "no earlier layer and no tensor is called " + printable(name));
  return name;
}

bool LayerBuilder::has_tensor(const std::string& name) const {
  return tensors_.contains(name);
}

Tensor* LayerBuilder::find_tensor(const std::string& name) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    fail(ErrorCode::bad_value, "no tensor is called " + printable(name));
    return nullptr;
  }
  used_[name] = true;
  return &found->second;
}

std::string LayerBuilder::weight(const std::string& name) {
  if (graph.initialisers.contains(name)) return name;
  Tensor* tensor = find_tensor(name);
  if (tensor == nullptr) return name;
  if (is_floating(tensor->dtype()) && tensor->dtype() != DType::f32)
    *tensor = convert(tensor->view(), DType::f32);
  return move_to_graph(name, *tensor);
}

Tensor LayerBuilder::weight_tensor(const std::string& name) {
  const auto moved = graph.initialisers.find(name);
  if (moved != graph.initialisers.end()) return convert(moved->second.view(), DType::f32);
  const Tensor* tensor = find_tensor(name);
  return tensor == nullptr ? Tensor() : convert(tensor->view(), DType::f32);
}

std::string LayerBuilder::tensor_as_stored(const std::string& name) {
  if (graph.initialisers.contains(name)) return name;
  Tensor* tensor = find_tensor(name);
  return tensor == nullptr ? name : move_to_graph(name, *tensor);
}

// The name stays among the tensors, its elements do not: a network is not kept twice.
std::string LayerBuilder::move_to_graph(const std::string& name, Tensor& tensor) {
  ranks_[name] = tensor.shape().rank();
  graph.initialisers.emplace(name, std::exchange(tensor, Tensor()));
  return name;
}

std::string LayerBuilder::constant(Tensor tensor, const std::string& what) {
  const std::string name = unique(layer_ + "/" + what);
  named_constant(name, std::move(tensor));
  return name;
}

void LayerBuilder::named_constant(const std::string& name, Tensor tensor) {
  constant_bytes_ += tensor.size_bytes();
  if (constant_bytes_ > most_constant_bytes_)
    return fail(ErrorCode::limit, "constants and rearranged weights take more than " +
                                      std::to_string(most_constant_bytes_) + " bytes");
  ranks_[name] = tensor.shape().rank();
  graph.initialisers.emplace(name, std::move(tensor));
}

std::string LayerBuilder::indices(std::span<const std::int64_t> values) {
  return constant(Tensor::of(Shape({static_cast<std::int64_t>(values.size())}), values), "indices");
}

std::string LayerBuilder::unique(const std::string& base) {
  std::string name = base;
  for (int i = 2; ranks_.contains(name); ++i) name = base + "_" + std::to_string(i);
  return name;
}

std::string LayerBuilder::emit(const std::string& op, Names inputs, int rank,
                               const std::string& part, std::vector<Attribute> attributes) {
  const std::string output =
      emit_many(op, std::move(inputs), 1, part, std::move(attributes)).front();
  ranks_[output] = rank;
  return output;
}

Names LayerBuilder::emit_many(const std::string& op, Names inputs, std::size_t outputs,
                              const std::string& part, std::vector<Attribute> attributes) {
  Node node;
  node.op = op;
  node.name = part.empty() ? layer_ : layer_ + "/" + part;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (std::size_t i = 0; i < outputs; ++i) {
    node.outputs.push_back(unique(node.name + (i == 0 ? "" : "." + std::to_string(i))));
    ranks_[node.outputs.back()] = -1;
  }
  graph.nodes.push_back(node);
  return node.outputs;
}

std::string LayerBuilder::transpose(const std::string& value, const std::vector<std::int64_t>& perm,
                                    const std::string& part) {
  return emit("Transpose", {value}, static_cast<int>(perm.size()), part, {{"perm", perm}});
}

std::string LayerBuilder::reshape(const std::string& value, const std::vector<std::int64_t>& shape,
                                  const std::string& part) {
  return emit("Reshape", {value, indices(shape)}, static_cast<int>(shape.size()), part);
}

std::string LayerBuilder::linear(const std::string& x, const std::string& weight,
                                 const std::string& bias, const std::string& part) {
  if (rank(x) == 2) {
    Names inputs = {x, weight};
    if (!bias.empty()) inputs.push_back(bias);
    return emit("Gemm", std::move(inputs), 2, part, {{"transB", std::int64_t{1}}});
  }
  const auto name = [&](const char* what) { return part.empty() ? what : part + "/" + what; };
  const std::string turned = transpose(weight, {1, 0}, name("weight"));
  const bool biased = !bias.empty();
  const std::string y = emit("MatMul", {x, turned}, rank(x), biased ? name("matmul") : part);
  return biased ? emit("Add", {y, bias}, rank(x), part) : y;
}

std::string LayerBuilder::layer_norm(const std::string& x, const std::string& weight,
                                     const std::string& bias, double eps, const std::string& part) {
  Names inputs = {x, weight};
  if (!bias.empty()) inputs.push_back(bias);
  const std::int64_t axis = -std::max(rank(weight), 1);
  return emit("LayerNormalization", std::move(inputs), rank(x), part,
              {{"axis", axis}, {"epsilon", static_cast<float>(eps)}});
}

void LayerBuilder::rename_outputs(const Names& from, const Names& to) {
  for (std::size_t i = 0; i < from.size() && i < to.size() && ok(); ++i) {
    if (from[i] == to[i]) continue;
    if (is_value(to[i]) || has_tensor(to[i]))
      return fail(ErrorCode::bad_value, "the name " + printable(to[i]) + " is taken");
    bool made_here = false;
    for (std::size_t n = first_node_; n < graph.nodes.size(); ++n) {
      for (std::string& name : graph.nodes[n].outputs) {
        made_here = made_here || name == from[i];
        if (name == from[i]) name = to[i];
      }
      for (std::string& name : graph.nodes[n].inputs)
        if (made_here && name == from[i]) name = to[i];
    }
    ranks_[to[i]] = rank(from[i]);
    if (made_here) {
      ranks_.erase(from[i]);
      continue;
    }
    const std::string copy = emit("Identity", {from[i]}, rank(from[i]));
    ranks_.erase(copy);
    graph.nodes.back().outputs = {to[i]};
  }
}

std::vector<std::string> LayerBuilder::unused() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors_)
    if (!used_.contains(name) && !name.ends_with("num_batches_tracked")) names.push_back(name);
  return names;
}

void LayerBuilder::fail(ErrorCode code, const std::string& message) {
  if (ok()) error_ = {code, where_ + ": " + message};
}

std::string tensor_name(const LayerBuilder& builder, LayerSpec& spec, const std::string& key,
                        bool optional) {
  const std::string prefix = spec.text("tensors", "");
  const bool left_out = optional && spec.has(key) && spec.raw(key).is_boolean();
  if (left_out) return {};
  if (spec.has(key)) return spec.text(key, "");
  (void)spec.text(key, "");  // a key that may be given
  if (prefix.empty()) {
    if (!optional) spec.fail(ErrorCode::bad_format, "needs \"tensors\" or \"" + key + "\"");
    return {};
  }
  const std::string name = prefix + "." + key;
  return optional && !builder.has_tensor(name) ? std::string() : name;
}

}  // namespace canter::nn::detail
