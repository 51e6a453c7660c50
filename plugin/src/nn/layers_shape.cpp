// Layers of an architecture file: what moves elements without computing.

#include <limits>

#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

Names flatten(LayerBuilder& builder, LayerSpec&, const Names& inputs) {
  return {builder.emit("Flatten", {inputs[0]}, 2, "", {{"axis", std::int64_t{1}}})};
}

Names reshape(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("shape");
  return {builder.reshape(inputs[0], spec.integers("shape", {}), "")};
}

Names transpose(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("perm");
  return {builder.transpose(inputs[0], spec.integers("perm", {}), "")};
}

int changed_rank(const LayerBuilder& builder, const std::string& value, int by) {
  const int rank = builder.rank(value);
  return rank < 0 ? rank : rank + by;
}

Names squeeze(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("axis");
  const std::int64_t axis[] = {spec.integer("axis", 0)};
  return {builder.emit("Squeeze", {inputs[0], builder.indices(axis)},
                       changed_rank(builder, inputs[0], -1))};
}

Names unsqueeze(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("axis");
  const std::int64_t axis[] = {spec.integer("axis", 0)};
  return {builder.emit("Unsqueeze", {inputs[0], builder.indices(axis)},
                       changed_rank(builder, inputs[0], 1))};
}

Names slice(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("axis");
  const std::int64_t axis[] = {spec.integer("axis", 0)};
  const std::int64_t start[] = {spec.integer("start", 0)};
  const std::int64_t end[] = {spec.integer("end", std::numeric_limits<std::int64_t>::max())};
  const std::int64_t step[] = {spec.integer("step", 1)};
  return {builder.emit("Slice",
                       {inputs[0], builder.indices(start), builder.indices(end),
                        builder.indices(axis), builder.indices(step)},
                       builder.rank(inputs[0]))};
}

// One index of an axis, which goes away.
Names select(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  spec.require("axis");
  spec.require("index");
  const std::string index =
      builder.constant(Tensor::of<std::int64_t>({}, {spec.integer("index", 0)}), "index");
  return {builder.emit("Gather", {inputs[0], index}, changed_rank(builder, inputs[0], -1), "",
                       {{"axis", spec.integer("axis", 0)}})};
}

Names concat(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return {builder.emit("Concat", inputs, builder.rank(inputs[0]), "",
                       {{"axis", spec.integer("axis", 1)}})};
}

constexpr LayerType kTypes[] = {
    {"flatten", flatten},     {"reshape", reshape}, {"transpose", transpose}, {"squeeze", squeeze},
    {"unsqueeze", unsqueeze}, {"slice", slice},     {"select", select},       {"concat", concat},
};

}  // namespace

std::span<const LayerType> shape_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
