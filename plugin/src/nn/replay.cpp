#include "nn/replay.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <set>

namespace canter::nn::detail {
namespace {

// Box and Muller 1958; std::normal_distribution differs between libraries.
float normal(std::mt19937& random) {
  const auto uniform = [&] { return (static_cast<double>(random() >> 8) + 0.5) * 0x1p-24; };
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  return static_cast<float>(radius * std::cos(2.0 * std::numbers::pi * uniform()));
}

// Rows of the smallest table an index input looks into; 2 where it looks into none.
std::int64_t index_limit(const Graph& graph, const std::string& input) {
  std::set<std::string> same = {input};  // what only reshapes or casts the input
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  for (const Node& node : graph.nodes) {
    const bool moves = node.op == "Cast" || node.op == "Reshape" || node.op == "Unsqueeze" ||
                       node.op == "Squeeze" || node.op == "Transpose" || node.op == "Identity";
    if (moves && !node.inputs.empty() && same.contains(node.inputs[0]))
      same.insert(node.outputs.begin(), node.outputs.end());
    if (node.op != "Gather" || node.inputs.size() < 2 || !same.contains(node.inputs[1])) continue;
    const auto table = graph.initialisers.find(node.inputs[0]);
    if (table == graph.initialisers.end() || table->second.shape().rank() == 0) continue;
    limit = std::min(limit, table->second.shape()[0]);
  }
  return limit == std::numeric_limits<std::int64_t>::max() ? 2 : std::max<std::int64_t>(limit, 1);
}

// The name of the extent that counts examples: the first input's first, where it changes.
std::string batch_symbol(const Graph& graph) {
  if (graph.inputs.empty() || graph.inputs[0].dims.empty()) return {};
  return graph.inputs[0].dims[0].dynamic() ? graph.inputs[0].dims[0].symbol : std::string();
}

Shape shape_of(const ValueInfo& info, const std::string& batch, const Extents& extents) {
  Shape shape;
  for (std::size_t axis = 0; axis < info.dims.size(); ++axis) {
    const Dim& dim = info.dims[axis];
    const bool counts = dim.symbol.empty() ? axis == 0 : dim.symbol == batch;
    shape.push_back(!dim.dynamic() ? dim.size : counts ? extents.batch : extents.other);
  }
  return shape;
}

void fill(Tensor& tensor, std::int64_t limit, std::mt19937& random) {
  if (tensor.dtype() == DType::boolean) limit = 2;
  Result<Tensor> values = Tensor::make(DType::f32, tensor.shape());
  const bool floating = tensor.dtype() == DType::f32 || tensor.dtype() == DType::f16 ||
                        tensor.dtype() == DType::bf16 || tensor.dtype() == DType::f64;
  for (float& x : values->as<float>())
    x = floating ? normal(random)
                 : static_cast<float>(random() % static_cast<std::uint64_t>(
                                                     std::min<std::int64_t>(limit, 1 << 20)));
  tensor = convert(values->view(), tensor.dtype());
}

}  // namespace

Result<NamedTensors> reference_inputs(const Graph& graph, const Extents& extents,
                                      std::uint32_t seed) {
  constexpr std::size_t kMostBytes = std::size_t{64} << 20;
  NamedTensors inputs;
  std::mt19937 random(seed);
  for (const ValueInfo& info : graph.inputs) {
    if (!info.has_rank)
      return Error{ErrorCode::unsupported,
                   "input '" + info.name + "' has no shape; a passport needs one"};
    const Shape shape = shape_of(info, batch_symbol(graph), extents);
    const Result<std::size_t> bytes = checked_size_bytes(info.dtype, shape);
    if (!bytes || *bytes > kMostBytes)
      return Error{ErrorCode::limit, "input '" + info.name + "' of shape " + shape.text() +
                                         " is too large for a passport"};
    Result<Tensor> tensor = Tensor::make(info.dtype, shape);
    if (!tensor) return tensor.error();
    fill(*tensor, index_limit(graph, info.name), random);
    inputs.emplace(info.name, std::move(*tensor));
  }
  return inputs;
}

Graph with_all_values(const Graph& graph) {
  Graph all = graph;
  std::set<std::string> known;
  for (const ValueInfo& output : all.outputs) known.insert(output.name);
  for (const Node& node : graph.nodes)
    for (const std::string& output : node.outputs) {
      if (output.empty() || !known.insert(output).second) continue;
      ValueInfo info;
      info.name = output;
      info.has_rank = false;
      all.outputs.push_back(std::move(info));
    }
  return all;
}

Result<NamedTensors> replay(const Model& model, const std::map<std::string, Tensor>& inputs) {
  std::vector<Tensor> tensors;
  std::vector<ConstTensorView> views;
  for (const ValueInfo& input : model.inputs()) {
    const auto found = inputs.find(input.name);
    if (found == inputs.end())
      return Error{ErrorCode::bad_value,
                   "there are no reference values of input '" + input.name + "'"};
    tensors.push_back(convert(found->second.view(), input.dtype));
  }
  for (const Tensor& tensor : tensors) views.push_back(tensor.view());
  Workspace workspace(model);
  if (const Result<void> ran = run(workspace, views); !ran) return ran.error();
  NamedTensors outputs;
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    const ConstTensorView view = workspace.output(static_cast<int>(i));
    const bool floating = view.dtype == DType::f32 || view.dtype == DType::f64 ||
                          view.dtype == DType::f16 || view.dtype == DType::bf16;
    if (floating) outputs.emplace(model.outputs()[i].name, convert(view, DType::f32));
  }
  return outputs;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  const auto x = a.as<float>();
  const auto y = b.as<float>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i]))
      return std::numeric_limits<double>::infinity();
    worst = std::max(worst, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  }
  return worst;
}

double largest_magnitude(const Tensor& a) {
  double worst = 0.0;
  for (const float x : a.as<float>()) worst = std::max(worst, std::abs(static_cast<double>(x)));
  return worst;
}

std::vector<float> samples_of(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  const std::size_t count = std::min(values.size(), kSamples);
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = values[i * values.size() / count];
  return samples;
}

}  // namespace canter::nn::detail
