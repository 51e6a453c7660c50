#pragma once

#include <map>
#include <string>
#include <vector>

#include "canter/nn/model.h"

namespace canter::nn::detail {

using NamedTensors = std::map<std::string, Tensor>;

/// Every extent of an input that changes, as passports choose them.
struct Extents {
  std::int64_t batch = 1;
  std::int64_t other = 7;
};

/// Input values for a graph: normal, or indices within the tables they look into.
Result<NamedTensors> reference_inputs(const Graph& graph, const Extents& extents,
                                      std::uint32_t seed);

/// The graph with every value made by a node as an output, after its own.
Graph with_all_values(const Graph& graph);

/// Runs a model on named inputs; all outputs of floating type by name.
Result<NamedTensors> replay(const Model& model, const std::map<std::string, Tensor>& inputs);

/// Largest |a - b|; infinite where one of them is not finite or the shapes differ.
double largest_difference(const Tensor& a, const Tensor& b);
double largest_magnitude(const Tensor& a);

/// Up to `kSamples` elements, evenly spread.
inline constexpr std::size_t kSamples = 64;
std::vector<float> samples_of(const Tensor& tensor);

}  // namespace canter::nn::detail
