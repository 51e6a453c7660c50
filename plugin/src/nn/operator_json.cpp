#include "nn/operator_json.h"

#include "nn/printable.h"

namespace canter::nn::detail {
namespace {

// {"tensor": name} for tensors, lists and scalars as JSON has them; a number with a point or an
// exponent is a float.
Attribute read_attribute(LayerBuilder& builder, LayerSpec& spec, const std::string& name,
                         const OrderedJson& json) {
  const auto bad = [&] {
    spec.fail(ErrorCode::bad_value, "attribute " + printable(name) + " has no type of ONNX's");
    return Attribute{name, std::int64_t{0}};
  };
  if (json.is_number_integer()) return {name, json.get<std::int64_t>()};
  if (json.is_number_float()) return {name, json.get<float>()};
  if (json.is_string()) return {name, json.get<std::string>()};
  if (json.is_object()) {
    if (!json.contains("tensor") || !json["tensor"].is_string()) return bad();
    const auto tensor = json["tensor"].get<std::string>();
    builder.tensor_as_stored(tensor);
    const auto found = builder.graph.initialisers.find(tensor);
    if (found == builder.graph.initialisers.end()) return bad();
    return {name, found->second};
  }
  if (!json.is_array()) return bad();
  bool integers = true, numbers = true, texts = true;
  for (const OrderedJson& item : json) {
    integers = integers && item.is_number_integer();
    numbers = numbers && item.is_number();
    texts = texts && item.is_string();
  }
  if (integers) return {name, json.get<std::vector<std::int64_t>>()};
  if (numbers) return {name, json.get<std::vector<float>>()};
  if (texts) return {name, json.get<std::vector<std::string>>()};
  return bad();
}

OrderedJson write_attribute(const Node& node, const Attribute& attribute, TensorMap& tensors) {
  return std::visit(
      [&](const auto& value) -> OrderedJson {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Tensor>) {
          const std::string name =
              std::string(kConstantPrefix) + node.outputs.front() + "/" + attribute.name;
          tensors.insert_or_assign(name, value);
          return {{"tensor", name}};
        } else if constexpr (std::is_same_v<Value, float>) {
          return static_cast<double>(value);
        } else if constexpr (std::is_same_v<Value, std::vector<float>>) {
          return std::vector<double>(value.begin(), value.end());
        } else {
          return value;
        }
      },
      attribute.value);
}

}  // namespace

void run_operator(LayerBuilder& builder, LayerSpec& spec) {
  Node node;
  node.op = spec.text("op", "");
  node.domain = spec.text("domain", "");
  node.name = spec.text("name", "");
  node.inputs = spec.texts("inputs");
  node.outputs = spec.texts("outputs");
  if (node.outputs.empty()) spec.fail(ErrorCode::bad_format, "needs \"outputs\"");
  builder.begin_layer(node.name, spec.where() + " (" + node.op + ")");
  for (const std::string& input : node.inputs)
    if (!input.empty() && !builder.is_value(input)) builder.tensor_as_stored(input);
  const OrderedJson& attributes = spec.raw("attributes");
  if (!attributes.is_null() && !attributes.is_object())
    spec.fail(ErrorCode::bad_value, "\"attributes\" must be an object");
  if (spec.ok() && builder.ok() && attributes.is_object())
    for (const auto& [name, json] : attributes.items())
      node.attributes.push_back(read_attribute(builder, spec, name, json));
  for (const std::string& output : node.outputs)
    if (!output.empty()) builder.set_rank(output, -1);
  builder.graph.nodes.push_back(std::move(node));
}

OrderedJson to_json(const Node& node, TensorMap& tensors) {
  OrderedJson json;
  json["op"] = node.op;
  if (!node.domain.empty()) json["domain"] = node.domain;
  if (!node.name.empty()) json["name"] = node.name;
  json["inputs"] = node.inputs;
  json["outputs"] = node.outputs;
  for (const Attribute& attribute : node.attributes)
    json["attributes"][attribute.name] = write_attribute(node, attribute, tensors);
  return json;
}

OrderedJson to_json(const ValueInfo& info) {
  OrderedJson json;
  json["name"] = info.name;
  json["dtype"] = dtype_name(info.dtype);
  if (!info.has_rank) {
    json["shape"] = nullptr;
    return json;
  }
  json["shape"] = OrderedJson::array();
  for (const Dim& dim : info.dims)
    if (dim.dynamic())
      json["shape"].push_back(dim.symbol);
    else
      json["shape"].push_back(dim.size);
  return json;
}

}  // namespace canter::nn::detail
