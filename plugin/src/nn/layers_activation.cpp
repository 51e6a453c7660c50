// Layers of an architecture file: activations, with PyTorch's defaults.

#include <cmath>
#include <numbers>

#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

template <const char* const& kOp>
Names plain(LayerBuilder& builder, LayerSpec&, const Names& inputs) {
  return {builder.emit(kOp, {inputs[0]}, builder.rank(inputs[0]))};
}

constexpr const char* kRelu = "Relu";
constexpr const char* kTanh = "Tanh";
constexpr const char* kSigmoid = "Sigmoid";
constexpr const char* kSelu = "Selu";
constexpr const char* kSoftplus = "Softplus";
constexpr const char* kIdentity = "Identity";

Names elu(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return {builder.emit("Elu", {inputs[0]}, builder.rank(inputs[0]), "",
                       {{"alpha", static_cast<float>(spec.number("alpha", 1.0))}})};
}

Names leaky_relu(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return {builder.emit("LeakyRelu", {inputs[0]}, builder.rank(inputs[0]), "",
                       {{"alpha", static_cast<float>(spec.number("alpha", 0.01))}})};
}

Names silu(LayerBuilder& builder, LayerSpec&, const Names& inputs) {
  const int rank = builder.rank(inputs[0]);
  const std::string gate = builder.emit("Sigmoid", {inputs[0]}, rank, "sigmoid");
  return {builder.emit("Mul", {inputs[0], gate}, rank)};
}

// x (1 + f) / 2
std::string half_gate(LayerBuilder& builder, const std::string& x, const std::string& f) {
  const int rank = builder.rank(x);
  const std::string gate = builder.emit("Add", {f, builder.scalar(1.0f)}, rank, "gate");
  const std::string gated = builder.emit("Mul", {x, gate}, rank, "gated");
  return builder.emit("Mul", {gated, builder.scalar(0.5f)}, rank);
}

// Hendrycks and Gimpel 2016: exactly by erf, or by tanh.
Names gelu(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const std::string& x = inputs[0];
  const int rank = builder.rank(x);
  const std::string kind = spec.text("approximate", "none");
  if (kind == "none") {
    const std::string scaled =
        builder.emit("Div", {x, builder.scalar(std::numbers::sqrt2_v<float>)}, rank, "scaled");
    return {half_gate(builder, x, builder.emit("Erf", {scaled}, rank, "erf"))};
  }
  if (kind != "tanh") spec.fail(ErrorCode::bad_value, "approximate must be 'none' or 'tanh'");
  const std::string square = builder.emit("Mul", {x, x}, rank, "square");
  const std::string cube = builder.emit("Mul", {square, x}, rank, "cube");
  const std::string bent = builder.emit("Mul", {cube, builder.scalar(0.044715f)}, rank, "bent");
  const std::string sum = builder.emit("Add", {x, bent}, rank, "sum");
  const float factor = std::sqrt(2.0f / std::numbers::pi_v<float>);
  const std::string scaled = builder.emit("Mul", {sum, builder.scalar(factor)}, rank, "scaled");
  return {half_gate(builder, x, builder.emit("Tanh", {scaled}, rank, "tanh"))};
}

Names softmax(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return {builder.emit("Softmax", {inputs[0]}, builder.rank(inputs[0]), "",
                       {{"axis", spec.integer("axis", -1)}})};
}

Names log_softmax(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return {builder.emit("LogSoftmax", {inputs[0]}, builder.rank(inputs[0]), "",
                       {{"axis", spec.integer("axis", -1)}})};
}

Names clip(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("min");
  spec.require("max");
  const std::string low = builder.scalar(static_cast<float>(spec.number("min", 0.0)));
  const std::string high = builder.scalar(static_cast<float>(spec.number("max", 0.0)));
  return {builder.emit("Clip", {inputs[0], low, high}, builder.rank(inputs[0]))};
}

// Nothing is dropped in evaluation.
Names dropout(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  (void)spec.number("p", 0.5);
  return {builder.emit("Identity", {inputs[0]}, builder.rank(inputs[0]))};
}

constexpr LayerType kTypes[] = {
    {"relu", plain<kRelu>}, {"tanh", plain<kTanh>},         {"sigmoid", plain<kSigmoid>},
    {"selu", plain<kSelu>}, {"softplus", plain<kSoftplus>}, {"identity", plain<kIdentity>},
    {"elu", elu},           {"leaky_relu", leaky_relu},     {"silu", silu},
    {"gelu", gelu},         {"softmax", softmax},           {"log_softmax", log_softmax},
    {"clip", clip},         {"dropout", dropout},
};

}  // namespace

std::span<const LayerType> activation_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
