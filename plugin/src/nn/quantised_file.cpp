#include "nn/quantised_file.h"

#include <algorithm>
#include <cmath>

#include "nn/op_support.h"
#include "nn/printable.h"

namespace canter::nn::detail {

namespace {

Channels channels_in(const Node& node, std::size_t input) {
  if (!node.domain.empty()) return Channels::none;
  const bool recurrent = node.op == "LSTM" || node.op == "GRU" || node.op == "RNN";
  if (recurrent && (input == 1 || input == 2)) return Channels::rows;
  if (node.op == "Transpose" && node.integers("perm") == std::vector<std::int64_t>{1, 0})
    return Channels::first;  // on its way to MatMul
  if (input != 1) return Channels::none;
  if (node.op == "Conv") return Channels::first;
  if (node.op == "MatMul") return Channels::last;
  if (node.op == "Gemm") return node.integer("transB", 0) != 0 ? Channels::first : Channels::last;
  return Channels::none;
}

// [4, 1, 1] for the first axis of three.
Shape shape_of_scales(const Shape& shape, Channels channels) {
  Shape scales;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool last = axis == shape.rank() - 1;
    const bool own = channels == Channels::rows    ? !last
                     : channels == Channels::first ? axis == 0
                                                   : last;
    scales.push_back(own ? shape[axis] : 1);
  }
  return scales;
}

// Calls body(element, scale) for every element and the index of its scale.
template <class Body>
void for_each_scaled(const Shape& shape, const Shape& scales, Body body) {
  const Strides steps = broadcast_strides(scales, shape);
  std::int64_t at[Shape::kMaxRank] = {};
  const std::int64_t count = shape.num_elements();
  std::int64_t scale = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    body(static_cast<std::size_t>(i), static_cast<std::size_t>(scale));
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      scale += steps.step[axis];
      if (++at[axis] < shape[axis]) break;
      scale -= steps.step[axis] * shape[axis];
      at[axis] = 0;
    }
  }
}

Result<Tensor> widened(const std::string& name, const Tensor& integers, const Tensor& scales) {
  const auto fits = broadcast_shapes(integers.shape(), scales.shape());
  if (integers.dtype() != DType::i8 || scales.dtype() != DType::f32 || !fits ||
      *fits != integers.shape() || integers.shape().rank() != scales.shape().rank())
    return bad_value("tensor " + printable(name) + " of type " +
                     std::string(dtype_name(integers.dtype())) + " and shape " +
                     integers.shape().text() + " has scales of type " +
                     std::string(dtype_name(scales.dtype())) + " and shape " +
                     scales.shape().text() + "; expected i8, and f32 that fits it");
  auto wide = Tensor::make(DType::f32, integers.shape());
  if (!wide) return wide.error();
  const auto from = integers.as<std::int8_t>();
  const auto by = scales.as<float>();
  const auto to = wide->as<float>();
  for_each_scaled(integers.shape(), scales.shape(), [&](std::size_t i, std::size_t s) {
    to[i] = static_cast<float>(from[i]) * by[s];
  });
  return wide;
}

}  // namespace

std::map<std::string, Channels, std::less<>> channels_of_weights(const Graph& graph) {
  std::map<std::string, Channels, std::less<>> found;
  for (const Node& node : graph.nodes)
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (!graph.initialisers.contains(node.inputs[i])) continue;
      const Channels channels = channels_in(node, i);
      const auto [at, is_new] = found.emplace(node.inputs[i], channels);
      // Two layers that read one tensor differently have no scales in common.
      if (!is_new && at->second != channels) at->second = Channels::none;
    }
  return found;
}

void quantise(TensorMap& tensors, const std::string& name, Channels channels) {
  Tensor& tensor = tensors.at(name);
  const Tensor wide = convert(tensor.view(), DType::f32);
  const auto from = wide.as<float>();
  if (!std::ranges::all_of(from, [](float x) { return std::isfinite(x); })) return;
  const Shape& shape = wide.shape();
  Tensor scales = Tensor::make(DType::f32, shape_of_scales(shape, channels)).value();
  const auto by = scales.as<float>();
  for_each_scaled(shape, scales.shape(), [&](std::size_t i, std::size_t s) {
    by[s] = std::max(by[s], std::abs(from[i]));
  });
  // The largest of a channel becomes 127, as when a layer is compiled.
  for (float& scale : by) scale /= 127.0f;
  Tensor integers = Tensor::make(DType::i8, shape).value();
  const auto to = integers.as<std::int8_t>();
  for_each_scaled(shape, scales.shape(), [&](std::size_t i, std::size_t s) {
    const float q = by[s] > 0.0f ? std::nearbyint(from[i] / by[s]) : 0.0f;
    to[i] = static_cast<std::int8_t>(std::clamp(q, -127.0f, 127.0f));
  });
  tensor = std::move(integers);
  tensors.insert_or_assign(std::string(kScalePrefix) + name, std::move(scales));
}

Result<void> dequantise(TensorMap& tensors) {
  for (auto at = tensors.lower_bound(kScalePrefix);
       at != tensors.end() && at->first.starts_with(kScalePrefix);) {
    const auto integers = tensors.find(at->first.substr(kScalePrefix.size()));
    if (integers == tensors.end()) {
      ++at;  // a tensor of that name, nothing more
      continue;
    }
    Result<Tensor> wide = widened(integers->first, integers->second, at->second);
    if (!wide) return wide.error();
    integers->second = std::move(*wide);
    at = tensors.erase(at);
  }
  return {};
}

}  // namespace canter::nn::detail
