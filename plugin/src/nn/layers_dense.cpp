// Layers of an architecture file: linear, embedding, norms and normalisers.

#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

Names linear(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string weight = tensor_name(builder, spec, "weight");
  const std::string bias = tensor_name(builder, spec, "bias", true);
  return {builder.linear(inputs[0], builder.weight(weight),
                         bias.empty() ? bias : builder.weight(bias))};
}

Names embedding(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string weight = builder.weight(tensor_name(builder, spec, "weight"));
  return {builder.emit("Gather", {weight, inputs[0]}, builder.rank(inputs[0]) + 1)};
}

Names batchnorm(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  Names values = {inputs[0]};
  for (const char* key : {"weight", "bias", "running_mean", "running_var"})
    values.push_back(builder.weight(tensor_name(builder, spec, key)));
  return {builder.emit("BatchNormalization", std::move(values), builder.rank(inputs[0]), "",
                       {{"epsilon", static_cast<float>(spec.number("eps", 1e-5))}})};
}

Names layernorm(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string weight = builder.weight(tensor_name(builder, spec, "weight"));
  const std::string bias = tensor_name(builder, spec, "bias", true);
  return {builder.layer_norm(inputs[0], weight, bias.empty() ? bias : builder.weight(bias),
                             spec.number("eps", 1e-5))};
}

Names normalise(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string mean = builder.weight(tensor_name(builder, spec, "mean"));
  const std::string deviation = builder.weight(tensor_name(builder, spec, "std"));
  const int rank = builder.rank(inputs[0]);
  const std::string centred = builder.emit("Sub", {inputs[0], mean}, rank, "centre");
  return {builder.emit("Div", {centred, deviation}, rank)};
}

Names denormalise(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string mean = builder.weight(tensor_name(builder, spec, "mean"));
  const std::string deviation = builder.weight(tensor_name(builder, spec, "std"));
  const int rank = builder.rank(inputs[0]);
  const std::string scaled = builder.emit("Mul", {inputs[0], deviation}, rank, "scale");
  return {builder.emit("Add", {scaled, mean}, rank)};
}

constexpr LayerType kTypes[] = {
    {"linear", linear},       {"embedding", embedding}, {"batchnorm", batchnorm},
    {"layernorm", layernorm}, {"normalise", normalise}, {"denormalise", denormalise},
};

}  // namespace

std::span<const LayerType> dense_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
