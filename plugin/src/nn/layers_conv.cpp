// Layers of an architecture file: convolution and pooling over one or two axes. Weights are
// PyTorch's [out, in / groups, k…], which are ONNX's.

#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

using Integers = std::vector<std::int64_t>;

// [before…, after…] of equal padding on both sides.
Integers both_sides(const Integers& padding, std::size_t axes) {
  if (padding.size() == 2 * axes && axes > 0) return padding;
  Integers pads = padding;
  pads.insert(pads.end(), padding.begin(), padding.end());
  return pads;
}

// "same" (odd kernels, stride 1) keeps the extents.
Integers read_padding(LayerSpec& spec, const Integers& kernel, const Integers& dilation) {
  const std::size_t axes = kernel.size();
  if (!spec.has("padding") || !spec.raw("padding").is_string())
    return both_sides(spec.integers("padding", Integers(axes, 0), axes), axes);
  Integers before, after;
  if (spec.text("padding", "") != "same")
    spec.fail(ErrorCode::bad_value, "padding must be numbers or \"same\"");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t total = dilation[i] * (kernel[i] - 1);
    before.push_back(total / 2);
    after.push_back(total - total / 2);
  }
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

template <int kAxes>
Names conv(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string weight = builder.weight(tensor_name(builder, spec, "weight"));
  const std::string bias = tensor_name(builder, spec, "bias", true);
  if (!builder.ok()) return inputs;
  const Shape& shape = builder.graph.initialisers.at(weight).shape();
  if (shape.rank() != kAxes + 2) {
    spec.fail(ErrorCode::bad_value, "the weight has shape " + shape.text() + "; " +
                                        std::to_string(kAxes + 2) + " dimensions are expected");
    return inputs;
  }
  const Integers kernel(shape.dims().begin() + 2, shape.dims().end());
  const Integers dilation = spec.integers("dilation", Integers(kAxes, 1), kAxes);
  Names values = {inputs[0], weight};
  if (!bias.empty()) values.push_back(builder.weight(bias));
  return {builder.emit("Conv", std::move(values), kAxes + 2, "",
                       {{"kernel_shape", kernel},
                        {"strides", spec.integers("stride", Integers(kAxes, 1), kAxes)},
                        {"pads", read_padding(spec, kernel, dilation)},
                        {"dilations", dilation},
                        {"group", spec.integer("groups", 1)}})};
}

template <int kAxes>
std::vector<Attribute> pool_attributes(LayerSpec& spec) {
  spec.require("kernel");
  const Integers kernel = spec.integers("kernel", Integers(kAxes, 1), kAxes);
  const Integers padding = spec.integers("padding", Integers(kAxes, 0), kAxes);
  return {{"kernel_shape", kernel},
          {"strides", spec.integers("stride", kernel, kAxes)},
          {"pads", both_sides(padding, kAxes)},
          {"ceil_mode", std::int64_t{spec.flag("ceil_mode", false)}}};
}

template <int kAxes>
Names max_pool(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return {builder.emit("MaxPool", {inputs[0]}, kAxes + 2, "", pool_attributes<kAxes>(spec))};
}

template <int kAxes>
Names avg_pool(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  std::vector<Attribute> attributes = pool_attributes<kAxes>(spec);
  attributes.push_back({"count_include_pad", std::int64_t{spec.flag("count_include_pad", true)}});
  return {builder.emit("AveragePool", {inputs[0]}, kAxes + 2, "", std::move(attributes))};
}

Names global_avg_pool(LayerBuilder& builder, LayerSpec&, const Names& inputs) {
  return {builder.emit("GlobalAveragePool", {inputs[0]}, builder.rank(inputs[0]))};
}

constexpr LayerType kTypes[] = {
    {"conv1d", conv<1>},
    {"conv2d", conv<2>},
    {"max_pool1d", max_pool<1>},
    {"max_pool2d", max_pool<2>},
    {"avg_pool1d", avg_pool<1>},
    {"avg_pool2d", avg_pool<2>},
    {"global_avg_pool", global_avg_pool},
};

}  // namespace

std::span<const LayerType> conv_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
