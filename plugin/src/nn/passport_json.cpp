// A passport inside a model file: a JSON text of names and errors, and the values as tensors.

#include "nn/passport_json.h"

#include <charconv>

#include "nn/layer_spec.h"
#include "nn/printable.h"
#include "nn/replay.h"

namespace canter::nn::detail {
namespace {

std::string place(std::size_t index, const char* what, const std::string& name) {
  return std::string(kPassportPrefix) + std::to_string(index) + "/" + what + "/" + name;
}

std::string hex(std::uint64_t value) {
  char text[17];
  return {text, std::to_chars(text, text + sizeof text, value, 16).ptr};
}

std::uint64_t from_hex(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

// Takes a tensor out of the map.
Result<Tensor> take(TensorMap& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end())
    return Error{ErrorCode::bad_format, "tensor " + printable(name) + " is missing"};
  Tensor tensor = std::move(found->second);
  tensors.erase(found);
  return tensor;
}

Result<Passport::Case> read_case(LayerSpec& spec, std::size_t index, TensorMap& tensors) {
  Passport::Case one;
  for (const std::string& name : spec.texts("inputs")) {
    Result<Tensor> tensor = take(tensors, place(index, "input", name));
    if (!tensor) return tensor.error();
    one.inputs.emplace(name, std::move(*tensor));
  }
  for (const OrderedJson& json : spec.raw("outputs")) {
    LayerSpec about(json, "passport output");
    Passport::Output output;
    output.name = about.text("name", "");
    output.error = about.number("error", 0.0);
    output.error_f32 = about.number("error_f32", 0.0);
    if (!about.ok()) return about.error();
    Result<Tensor> tensor = take(tensors, place(index, "output", output.name));
    if (!tensor) return tensor.error();
    if (tensor->dtype() != DType::f32)
      return Error{ErrorCode::bad_format, "a passport's outputs are f32"};
    output.expected = std::move(*tensor);
    one.outputs.push_back(std::move(output));
  }
  if (!spec.ok()) return spec.error();
  return one;
}

Result<std::vector<Passport::Layer>> read_layers(const OrderedJson& json, TensorMap& tensors) {
  std::vector<Passport::Layer> layers;
  const Result<Tensor> all = take(tensors, std::string(kPassportPrefix) + "layers");
  if (!all) return all.error();
  if (all->dtype() != DType::f32)
    return Error{ErrorCode::bad_format, "a passport's samples are f32"};
  std::span<const float> rest = all->as<float>();
  for (const OrderedJson& item : json) {
    LayerSpec about(item, "passport layer");
    Passport::Layer layer;
    layer.value = about.text("value", "");
    layer.name = about.text("name", "");
    layer.scale = about.number("scale", 0.0);
    layer.error = about.number("error", 0.0);
    const auto count = static_cast<std::uint64_t>(about.integer("samples", 0));
    if (!about.ok()) return about.error();
    if (count > rest.size() || count > kSamples)
      return Error{ErrorCode::truncated, "layer " + printable(layer.name) + " has " +
                                             std::to_string(count) + " samples, but only " +
                                             std::to_string(rest.size()) + " remain"};
    layer.samples.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
    rest = rest.subspan(count);
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

std::string write_passport(const Passport& passport, TensorMap& tensors) {
  OrderedJson json;
  json["version"] = 1;
  json["cases"] = OrderedJson::array();
  for (std::size_t i = 0; i < passport.cases.size(); ++i) {
    const Passport::Case& one = passport.cases[i];
    OrderedJson about = {{"inputs", OrderedJson::array()}, {"outputs", OrderedJson::array()}};
    for (const auto& [name, tensor] : one.inputs) {
      about["inputs"].push_back(name);
      tensors.insert_or_assign(place(i, "input", name), tensor);
    }
    for (const Passport::Output& output : one.outputs) {
      about["outputs"].push_back(
          {{"name", output.name}, {"error", output.error}, {"error_f32", output.error_f32}});
      tensors.insert_or_assign(place(i, "output", output.name), output.expected);
    }
    json["cases"].push_back(std::move(about));
  }
  std::vector<float> samples;
  json["layers"] = OrderedJson::array();
  for (const Passport::Layer& layer : passport.layers) {
    json["layers"].push_back({{"value", layer.value},
                              {"name", layer.name},
                              {"samples", layer.samples.size()},
                              {"scale", layer.scale},
                              {"error", layer.error}});
    samples.insert(samples.end(), layer.samples.begin(), layer.samples.end());
  }
  tensors.insert_or_assign(std::string(kPassportPrefix) + "layers",
                           Tensor::of(Shape({static_cast<std::int64_t>(samples.size())}),
                                      std::span<const float>(samples)));
  json["weights"] = OrderedJson::object();
  for (const auto& [name, hash] : passport.weights) json["weights"][name] = hex(hash);
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

Result<Passport> read_passport(std::string_view text, TensorMap& tensors) {
  const OrderedJson json = OrderedJson::parse(text, nullptr, false);
  LayerSpec file(json, "passport");
  if (file.ok() && file.integer("version", 0) != 1)
    file.fail(ErrorCode::unsupported, "its version is not 1");
  for (const char* key : {"cases", "layers", "weights"}) file.require(key);
  if (!file.ok()) return file.error();
  Passport passport;
  std::size_t index = 0;
  for (const OrderedJson& item : file.raw("cases")) {
    LayerSpec spec(item, "passport case " + std::to_string(index));
    if (!spec.ok()) return spec.error();
    Result<Passport::Case> one = read_case(spec, index++, tensors);
    if (!one) return one.error();
    passport.cases.push_back(std::move(*one));
  }
  Result<std::vector<Passport::Layer>> layers = read_layers(file.raw("layers"), tensors);
  if (!layers) return layers.error();
  passport.layers = std::move(*layers);
  if (file.raw("weights").is_object())
    for (const auto& [name, hash] : file.raw("weights").items())
      if (hash.is_string()) passport.weights[name] = from_hex(hash.get<std::string>());
  return passport;
}

}  // namespace canter::nn::detail
