// Layers of an architecture file: multi-head attention (Vaswani et al. 2017, section 3.2) and the
// transformer encoder layer (section 3.1, norms after or before), with PyTorch's tensors.

#include <cmath>

#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

struct Heads {
  std::string prefix;  // of the tensors
  std::string part;    // of the nodes' names; may be empty
  std::int64_t count = 1;
  bool causal = false;
};

std::string part(const Heads& heads, const char* what) {
  return heads.part.empty() ? what : heads.part + "/" + what;
}

// Rows [begin, begin + count) of a tensor as a weight of its own.
std::string rows(LayerBuilder& builder, const std::string& name, std::int64_t begin,
                 std::int64_t count) {
  const Tensor whole = builder.weight_tensor(name);
  if (!builder.ok() || whole.shape().rank() == 0 || whole.shape()[0] < begin + count) return name;
  Shape shape = whole.shape();
  shape[0] = count;
  const std::size_t row = whole.size_bytes() / static_cast<std::size_t>(whole.shape()[0]);
  return builder.constant(
      Tensor::copy_of(
          {DType::f32, shape, whole.bytes().data() + static_cast<std::size_t>(begin) * row}),
      name.substr(name.rfind('.') + 1));
}

// Query, key and value [batch, time, width].
Names project(LayerBuilder& builder, const Heads& heads, const Names& inputs, std::int64_t width) {
  const std::string weight = heads.prefix + ".in_proj_weight";
  const std::string bias = heads.prefix + ".in_proj_bias";
  const bool biased = builder.has_tensor(bias);
  if (inputs.size() == 1) {
    const std::string all =
        builder.linear(inputs[0], builder.weight(weight), biased ? builder.weight(bias) : "",
                       part(heads, "in_proj"));
    const std::int64_t widths[] = {width, width, width};
    const Names split = builder.emit_many("Split", {all, builder.indices(widths)}, 3,
                                          part(heads, "split"), {{"axis", std::int64_t{-1}}});
    for (const std::string& name : split) builder.set_rank(name, 3);
    return split;
  }
  Names projected;
  const char* const names[] = {"query", "key", "value"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto begin = static_cast<std::int64_t>(i) * width;
    projected.push_back(builder.linear(inputs[i], rows(builder, weight, begin, width),
                                       biased ? rows(builder, bias, begin, width) : "",
                                       part(heads, names[i])));
  }
  return projected;
}

// 0 where a step may look, minus infinity at the steps after it: [time, time], by the number of
// steps of `like` [batch, time, width].
std::string causal_mask(LayerBuilder& builder, const Heads& heads, const std::string& like) {
  const std::string shape = builder.emit("Shape", {like}, 1, part(heads, "shape"));
  const std::int64_t one[] = {1};
  const std::string time =
      builder.emit("Gather", {shape, builder.indices(one)}, 1, part(heads, "time"));
  const std::string square =
      builder.emit("Concat", {time, time}, 1, part(heads, "square"), {{"axis", std::int64_t{0}}});
  const std::string full = builder.emit("ConstantOfShape", {square}, 2, part(heads, "blocked"),
                                        {{"value", Tensor::of<float>({1}, {-INFINITY})}});
  const std::string first = builder.constant(Tensor::of<std::int64_t>({}, {1}), "diagonal");
  return builder.emit("Trilu", {full, first}, 2, part(heads, "mask"), {{"upper", std::int64_t{1}}});
}

/// Output and attention weights [batch, heads, time, time] of inputs [batch, time, width].
Names attend(LayerBuilder& builder, LayerSpec& spec, const Heads& heads, const Names& inputs) {
  const Tensor& out = builder.graph.initialisers[builder.weight(heads.prefix + ".out_proj.weight")];
  if (!builder.ok()) return {inputs[0], inputs[0]};
  const std::int64_t width = out.shape().rank() == 2 ? out.shape()[0] : 0;
  if (heads.count < 1 || width < 1 || width % heads.count != 0) {
    spec.fail(ErrorCode::bad_value, "a width of " + std::to_string(width) +
                                        " does not divide into " + std::to_string(heads.count) +
                                        " heads");
    return {inputs[0], inputs[0]};
  }
  const std::int64_t head = width / heads.count;
  const Names projected = project(builder, heads, inputs, width);
  const auto split = [&](const std::string& value, const std::vector<std::int64_t>& perm,
                         const char* what) {
    return builder.transpose(builder.reshape(value, {0, -1, heads.count, head}, part(heads, what)),
                             perm, part(heads, what));
  };
  const std::string scaled = builder.emit(
      "Mul", {projected[0], builder.scalar(1.0f / std::sqrt(static_cast<float>(head)))}, 3,
      part(heads, "scale"));
  const std::string q = split(scaled, {0, 2, 1, 3}, "q");
  const std::string k = split(projected[1], {0, 2, 3, 1}, "k");
  const std::string v = split(projected[2], {0, 2, 1, 3}, "v");
  std::string scores = builder.emit("MatMul", {q, k}, 4, part(heads, "scores"));
  if (heads.causal)
    scores = builder.emit("Add", {scores, causal_mask(builder, heads, inputs[0])}, 4,
                          part(heads, "masked"));
  const std::string weights =
      builder.emit("Softmax", {scores}, 4, part(heads, "softmax"), {{"axis", std::int64_t{-1}}});
  const std::string mixed = builder.emit("MatMul", {weights, v}, 4, part(heads, "mixed"));
  const std::string turned = builder.transpose(mixed, {0, 2, 1, 3}, part(heads, "turned"));
  const std::string joined = builder.reshape(turned, {0, -1, width}, part(heads, "joined"));
  const std::string bias = heads.prefix + ".out_proj.bias";
  return {builder.linear(joined, builder.weight(heads.prefix + ".out_proj.weight"),
                         builder.has_tensor(bias) ? builder.weight(bias) : "", heads.part),
          weights};
}

Heads read_heads(LayerSpec& spec) {
  Heads heads;
  spec.require("tensors");
  spec.require("heads");
  heads.prefix = spec.text("tensors", "");
  heads.count = spec.integer("heads", 1);
  heads.causal = spec.flag("causal", false);
  return heads;
}

// Values with the batch first, whatever the layer's own order.
Names batch_first(LayerBuilder& builder, const Names& values, bool already) {
  Names turned;
  for (const std::string& value : values)
    turned.push_back(already ? value : builder.transpose(value, {1, 0, 2}, "batch_first"));
  return turned;
}

Names attention(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  const Heads heads = read_heads(spec);
  const bool already = spec.flag("batch_first", false);
  const bool averaged = spec.flag("average_weights", true);
  if (inputs.size() != 1 && inputs.size() != 3)
    spec.fail(ErrorCode::bad_value, "takes one input, or query, key and value");
  if (!spec.ok()) return inputs;
  Names made = attend(builder, spec, heads, batch_first(builder, inputs, already));
  made[0] = batch_first(builder, {made[0]}, already)[0];
  if (averaged)
    made[1] = builder.emit("ReduceMean", {made[1]}, 3, "weights",
                           {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}});
  return made;
}

std::string feed_forward(LayerBuilder& builder, LayerSpec& spec, const std::string& prefix,
                         const std::string& x) {
  const auto linear = [&](const std::string& value, const std::string& name) {
    const std::string bias = prefix + name + ".bias";
    return builder.linear(value, builder.weight(prefix + name + ".weight"),
                          builder.has_tensor(bias) ? builder.weight(bias) : "", name);
  };
  const std::string hidden = linear(x, "linear1");
  const std::string kind = spec.text("activation", "relu");
  std::string active;
  if (kind == "relu") {
    active = builder.emit("Relu", {hidden}, 3, "relu");
  } else if (kind == "gelu") {
    for (const LayerType& type : activation_layers())
      if (type.name == kind) active = type.function(builder, spec, {hidden}).front();
  } else {
    spec.fail(ErrorCode::bad_value, "activation must be 'relu' or 'gelu'");
  }
  return linear(active, "linear2");
}

Names encoder_layer(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  Heads heads = read_heads(spec);
  const std::string prefix = heads.prefix + ".";
  heads.prefix += ".self_attn";
  heads.part = "self_attn";
  const bool already = spec.flag("batch_first", false);
  const bool norm_first = spec.flag("norm_first", false);
  const double eps = spec.number("eps", 1e-5);
  if (!spec.ok()) return inputs;
  const auto norm = [&](const std::string& value, const std::string& name) {
    const std::string bias = prefix + name + ".bias";
    return builder.layer_norm(value, builder.weight(prefix + name + ".weight"),
                              builder.has_tensor(bias) ? builder.weight(bias) : "", eps, name);
  };
  const auto sum = [&](const std::string& a, const std::string& b, const char* what) {
    return builder.emit("Add", {a, b}, 3, what);
  };
  std::string x = batch_first(builder, {inputs[0]}, already)[0];
  if (norm_first) {
    x = sum(x, attend(builder, spec, heads, {norm(x, "norm1")})[0], "residual1");
    x = sum(x, feed_forward(builder, spec, prefix, norm(x, "norm2")), "residual2");
  } else {
    x = norm(sum(x, attend(builder, spec, heads, {x})[0], "residual1"), "norm1");
    x = norm(sum(x, feed_forward(builder, spec, prefix, x), "residual2"), "norm2");
  }
  return batch_first(builder, {x}, already);
}

constexpr LayerType kTypes[] = {{"attention", attention},
                                {"transformer_encoder_layer", encoder_layer}};

}  // namespace

std::span<const LayerType> attention_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
