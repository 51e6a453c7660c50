#include "canter/nn/architecture.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "nn/layer_builder.h"
#include "nn/operator_json.h"
#include "nn/printable.h"

namespace canter::nn {
namespace detail {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
constexpr int kMaxJsonDepth = 24;
constexpr int kMaxNesting = 8;
constexpr std::int64_t kMaxConstant = std::int64_t{1} << 20;
constexpr int kOpset = 17;

Result<OrderedJson> parse(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return Error{ErrorCode::limit, "more than 64 MB; that is not an architecture file"};
  bool too_deep = false;
  try {
    OrderedJson json =
        OrderedJson::parse(text, [&](int depth, OrderedJson::parse_event_t, OrderedJson&) {
          too_deep = too_deep || depth > kMaxJsonDepth;
          return !too_deep;
        });
    if (too_deep || !json.is_object())
      return Error{ErrorCode::bad_format, too_deep ? "nested too deeply" : "expected an object"};
    return json;
  } catch (const OrderedJson::parse_error& e) {
    const auto at = std::min(e.byte, text.size());
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return Error{ErrorCode::bad_format, "line " + std::to_string(line) + ": not valid JSON"};
  } catch (const OrderedJson::out_of_range& e) {
    return Error{ErrorCode::bad_value, std::string("a number is out of range (") + e.what() + ")"};
  }
}

const LayerType* find_type(const std::string& name) {
  for (const auto layers : {dense_layers(), activation_layers(), conv_layers(), recurrent_layers(),
                            attention_layers(), shape_layers(), math_layers()})
    for (const LayerType& type : layers)
      if (type.name == name) return &type;
  return nullptr;
}

std::string all_types() {
  std::string names = "residual";
  for (const auto layers : {dense_layers(), activation_layers(), conv_layers(), recurrent_layers(),
                            attention_layers(), shape_layers(), math_layers()})
    for (const LayerType& type : layers) names.append(", ").append(type.name);
  return names;
}

/// Reads one architecture file into a builder.
class ArchitectureReader {
 public:
  explicit ArchitectureReader(TensorMap tensors) : builder_(std::move(tensors)) {
    builder_.graph.opset = kOpset;
  }

  Result<Architecture> read(const OrderedJson& json) {
    LayerSpec file(json, "file");
    const std::int64_t version = file.integer("canter_architecture", 0);
    if (file.ok() && version != kVersion)
      file.fail(ErrorCode::unsupported,
                "\"canter_architecture\" must be 1, the version of the format");
    Graph& graph = builder_.graph;
    graph.name = file.text("name", "");
    graph.producer = file.text("producer", "");
    graph.opset = static_cast<int>(file.integer("opset", kOpset));
    read_domains(file);
    (void)file.text("comment", "");
    file.require("inputs");
    file.require("layers");
    read_inputs(file);
    read_constants(file);
    if (file.ok() && ok()) run_layers(file.raw("layers"), "layer ", 0);
    read_outputs(file);
    if (!ok()) return error();
    file.finish();
    if (!file.ok()) return file.error();
    Architecture made;
    made.unused = builder_.unused();
    made.graph = std::move(builder_.graph);
    if (const Result<void> valid = validate(made.graph); !valid) return valid.error();
    return made;
  }

 private:
  // ---- inputs, constants, outputs

  void read_domains(LayerSpec& file) {
    const OrderedJson& domains = file.raw("domains");
    if (domains.is_null()) return;
    for (const auto& [domain, version] : domains.items()) {
      if (!version.is_number_integer()) return file.fail(ErrorCode::bad_value, "domains: versions");
      builder_.graph.custom_opsets[domain] = version.get<int>();
    }
  }

  void read_inputs(LayerSpec& file) {
    if (!file.ok()) return;
    const OrderedJson& inputs = file.raw("inputs");
    if (!inputs.is_array()) return file.fail(ErrorCode::bad_value, "inputs must be a list");
    for (std::size_t i = 0; i < inputs.size() && ok(); ++i) {
      LayerSpec spec(inputs[i], "input " + std::to_string(i));
      ValueInfo info = read_value(spec);
      if (builder_.is_value(info.name) || builder_.has_tensor(info.name))
        spec.fail(ErrorCode::bad_value, "the name " + printable(info.name) + " is taken");
      keep(spec);
      builder_.set_rank(info.name, info.has_rank ? static_cast<int>(info.dims.size()) : -1);
      if (i == 0) previous_ = info.name;
      builder_.graph.inputs.push_back(std::move(info));
    }
  }

  ValueInfo read_value(LayerSpec& spec) {
    spec.require("name");
    spec.require("shape");
    ValueInfo info;
    info.name = spec.text("name", "");
    const std::optional<DType> dtype = dtype_from(spec.text("dtype", "f32"));
    if (!dtype) spec.fail(ErrorCode::bad_value, "dtype must be one of " + dtype_names());
    info.dtype = dtype.value_or(DType::f32);
    info.has_rank = !spec.raw("shape").is_null();
    if (info.has_rank) info.dims = read_dims(spec);
    spec.finish();
    keep(spec);
    return info;
  }

  static std::vector<Dim> read_dims(LayerSpec& spec) {
    const OrderedJson& shape = spec.raw("shape");
    std::vector<Dim> dims;
    if (!shape.is_array() || shape.size() > Shape::kMaxRank) {
      spec.fail(ErrorCode::bad_value, "shape must be a list of numbers and names, at most 8");
      return dims;
    }
    for (const OrderedJson& extent : shape) {
      if (extent.is_string()) {
        dims.push_back({-1, extent.get<std::string>()});
      } else if (extent.is_number_integer() && extent.get<std::int64_t>() >= 0) {
        dims.push_back({extent.get<std::int64_t>(), ""});
      } else {
        spec.fail(ErrorCode::bad_value, "an extent is a whole number or a name: " + extent.dump());
      }
    }
    return dims;
  }

  // "constants": {"args": {"linspace": [-1, 1, 121]}, "k": {"values": [1, 2], "dtype": "i64"}}
  void read_constants(LayerSpec& file) {
    const OrderedJson& constants = file.raw("constants");
    if (constants.is_null() || !file.ok()) return;
    for (const auto& [name, json] : constants.items()) {
      LayerSpec spec(json, "constant " + printable(name));
      if (builder_.is_value(name) || builder_.has_tensor(name))
        spec.fail(ErrorCode::bad_value, "the name is taken");
      std::optional<Tensor> tensor = read_constant(spec);
      spec.finish();
      keep(spec);
      if (!ok() || !tensor) return;
      builder_.named_constant(name, std::move(*tensor));
    }
  }

  static std::optional<Tensor> read_constant(LayerSpec& spec) {
    std::vector<double> values = spec.numbers("linspace");
    const bool spaced = spec.has("linspace");
    if (spaced) {
      if (values.size() != 3 || !(values[2] >= 2.0) ||
          values[2] > static_cast<double>(kMaxConstant)) {
        spec.fail(ErrorCode::bad_value, "linspace must be [first, last, number of values]");
        return std::nullopt;
      }
      values = linspace(values[0], values[1], static_cast<std::size_t>(values[2]));
    } else {
      values = spec.numbers("values");
    }
    const auto count = static_cast<std::int64_t>(values.size());
    const std::vector<std::int64_t> dims = spec.integers("shape", {count});
    const Result<Shape> shape = Shape::make(dims);
    const std::optional<DType> dtype = dtype_from(spec.text("dtype", "f32"));
    if (!shape || shape->num_elements() != count || !dtype) {
      spec.fail(ErrorCode::bad_value,
                "shape and dtype must fit the " + std::to_string(count) + " values");
      return std::nullopt;
    }
    return convert(Tensor::of(*shape, std::span<const double>(values)).view(), *dtype);
  }

  static std::vector<double> linspace(double first, double last, std::size_t count) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i)
      values[i] = first + (last - first) * static_cast<double>(i) / static_cast<double>(count - 1);
    return values;
  }

  // Names, or objects like those of the inputs; without any, what the last layer makes.
  void read_outputs(LayerSpec& file) {
    if (!file.ok() || !ok()) return;
    OrderedJson outputs = file.raw("outputs");
    if (outputs.is_null()) outputs = OrderedJson::array({previous_});
    if (!outputs.is_array()) return file.fail(ErrorCode::bad_value, "outputs must be a list");
    for (std::size_t i = 0; i < outputs.size() && ok(); ++i) {
      ValueInfo info;
      if (outputs[i].is_string()) {
        info.name = outputs[i].get<std::string>();
        const int rank = builder_.rank(info.name);
        info.has_rank = rank >= 0;
        info.dims.resize(static_cast<std::size_t>(std::max(rank, 0)));
      } else {
        LayerSpec spec(outputs[i], "output " + std::to_string(i));
        info = read_value(spec);
      }
      if (!builder_.is_value(info.name))
        return file.fail(ErrorCode::bad_value, "outputs: no layer makes " + printable(info.name));
      builder_.graph.outputs.push_back(std::move(info));
    }
  }

  // ---- layers

  void run_layers(const OrderedJson& layers, const std::string& prefix, int nesting) {
    if (!layers.is_array() || nesting > kMaxNesting) {
      error_ = {ErrorCode::bad_format,
                nesting > kMaxNesting ? prefix + ": nested too deeply" : "layers must be a list"};
      return;
    }
    for (std::size_t i = 0; i < layers.size() && ok(); ++i)
      run_layer(layers[i], prefix + std::to_string(i), nesting);
  }

  void run_layer(const OrderedJson& json, const std::string& where, int nesting) {
    LayerSpec spec(json, where);
    if (spec.has("op")) {
      run_operator(builder_, spec);
    } else {
      spec.require("type");
      const std::string type = spec.text("type", "");
      if (type == "residual") {
        run_residual(spec, where, nesting);
      } else if (spec.ok()) {
        run_typed(spec, where, type);
      }
    }
    spec.finish();
    keep(spec);
    if (spec.has("op") && ok()) previous_ = builder_.graph.nodes.back().outputs.front();
  }

  void run_typed(LayerSpec& spec, const std::string& where, const std::string& type) {
    const LayerType* known = find_type(type);
    if (known == nullptr)
      return spec.fail(ErrorCode::unsupported,
                       "no layer type " + printable(type) + "; there are " + all_types());
    Names inputs = spec.texts(spec.has("inputs") ? "inputs" : "input");
    if (inputs.empty()) inputs = {previous_};
    const std::string number = where.substr(where.find(' ') + 1);
    const std::string name =
        spec.text("name", spec.has("tensors") ? spec.text("tensors", "") : type + number);
    builder_.begin_layer(name, where + " (" + type + ")");
    for (std::string& input : inputs) input = builder_.resolve(input);
    if (!builder_.ok()) return;
    Names outputs = known->function(builder_, spec, inputs);
    const Names wanted = spec.texts(spec.has("outputs") ? "outputs" : "output");
    if (wanted.size() > outputs.size())
      return spec.fail(ErrorCode::bad_value, "makes " + std::to_string(outputs.size()) +
                                                 " outputs, not " + std::to_string(wanted.size()));
    if (!spec.ok() || !builder_.ok()) return;
    builder_.rename_outputs(outputs, wanted);
    previous_ = wanted.empty() ? outputs.front() : wanted.front();
  }

  // x + layers(x)
  void run_residual(LayerSpec& spec, const std::string& where, int nesting) {
    spec.require("layers");
    if (!spec.ok()) return;
    const Names inputs = spec.texts("input");
    if (!inputs.empty()) previous_ = builder_.resolve(inputs.front());
    const std::string around = previous_;
    run_layers(spec.raw("layers"), where + ".", nesting + 1);
    if (!ok()) return;
    builder_.begin_layer(spec.text("name", "residual" + where.substr(where.find(' ') + 1)), where);
    const std::string sum = builder_.emit("Add", {around, previous_}, builder_.rank(previous_));
    const Names wanted = spec.texts("output");
    builder_.rename_outputs({sum}, wanted);
    previous_ = wanted.empty() ? sum : wanted.front();
  }

  void keep(const LayerSpec& spec) {
    if (ok() && !spec.ok()) error_ = spec.error();
  }
  bool ok() const { return error_.message.empty() && builder_.ok(); }
  const Error& error() const { return error_.message.empty() ? builder_.error() : error_; }

  LayerBuilder builder_;
  std::string previous_;  // what a layer without inputs takes
  Error error_;
};

}  // namespace

std::optional<DType> dtype_from(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i)
    if (dtype_name(static_cast<DType>(i)) == name) return static_cast<DType>(i);
  return std::nullopt;
}

std::string dtype_names() {
  std::string names;
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i)
    names.append(i == 0 ? "" : ", ").append(dtype_name(static_cast<DType>(i)));
  return names;
}

}  // namespace detail

Result<Architecture> read_architecture(std::string_view json, TensorMap tensors,
                                       std::string_view source) {
  const auto named = [&](Error error) {
    error.message = std::string(source) + ": " + error.message;
    return error;
  };
  const Result<detail::OrderedJson> parsed = detail::parse(json);
  if (!parsed) return named(parsed.error());
  Result<Architecture> made = detail::ArchitectureReader(std::move(tensors)).read(*parsed);
  if (!made) return named(made.error());
  return made;
}

std::string write_architecture(const Graph& graph, TensorMap& tensors) {
  using Json = detail::OrderedJson;
  Json json;
  json["canter_architecture"] = detail::kVersion;
  if (!graph.name.empty()) json["name"] = graph.name;
  if (!graph.producer.empty()) json["producer"] = graph.producer;
  json["opset"] = graph.opset;
  for (const auto& [domain, version] : graph.custom_opsets) json["domains"][domain] = version;
  json["inputs"] = Json::array();
  for (const ValueInfo& input : graph.inputs) json["inputs"].push_back(detail::to_json(input));
  json["layers"] = Json::array();
  for (const Node& node : graph.nodes) json["layers"].push_back(detail::to_json(node, tensors));
  json["outputs"] = Json::array();
  for (const ValueInfo& output : graph.outputs) json["outputs"].push_back(detail::to_json(output));
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace canter::nn
