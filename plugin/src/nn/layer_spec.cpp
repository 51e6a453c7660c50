#include "nn/layer_spec.h"

#include "nn/printable.h"

namespace canter::nn::detail {
namespace {

bool is_integer(const OrderedJson& value) {
  return value.is_number_integer();
}

bool all_of(const OrderedJson& list, bool (*test)(const OrderedJson&)) {
  if (!list.is_array()) return false;
  for (const OrderedJson& item : list)
    if (!test(item)) return false;
  return true;
}

const OrderedJson kNothing;

}  // namespace

LayerSpec::LayerSpec(const OrderedJson& json, std::string where)
    : json_(json), where_(std::move(where)) {
  if (!json.is_object()) fail(ErrorCode::bad_format, "expected an object in braces");
}

template <class Test>
const OrderedJson* LayerSpec::find(const std::string& key, const char* expected, Test test) {
  asked_.insert(key);
  if (!ok() || !json_.contains(key)) return nullptr;
  const OrderedJson& value = json_[key];
  if (test(value)) return &value;
  fail(ErrorCode::bad_value, printable(key) + " must be " + expected);
  return nullptr;
}

std::string LayerSpec::text(const std::string& key, const std::string& otherwise) {
  const auto* value = find(key, "a text", [](const OrderedJson& v) { return v.is_string(); });
  return value == nullptr ? otherwise : value->get<std::string>();
}

std::int64_t LayerSpec::integer(const std::string& key, std::int64_t otherwise) {
  const auto* value = find(key, "a whole number", is_integer);
  return value == nullptr ? otherwise : value->get<std::int64_t>();
}

double LayerSpec::number(const std::string& key, double otherwise) {
  const auto* value = find(key, "a number", [](const OrderedJson& v) { return v.is_number(); });
  return value == nullptr ? otherwise : value->get<double>();
}

bool LayerSpec::flag(const std::string& key, bool otherwise) {
  const auto* value =
      find(key, "true or false", [](const OrderedJson& v) { return v.is_boolean(); });
  return value == nullptr ? otherwise : value->get<bool>();
}

std::vector<std::int64_t> LayerSpec::integers(const std::string& key,
                                              const std::vector<std::int64_t>& otherwise,
                                              std::size_t count) {
  const auto* value = find(key, "a whole number or a list of them", [&](const OrderedJson& v) {
    return is_integer(v) ||
           (all_of(v, is_integer) && (count == 0 || v.size() == count || v.size() == 2 * count));
  });
  if (value == nullptr) return otherwise;
  if (is_integer(*value))
    return std::vector<std::int64_t>(std::max<std::size_t>(count, 1), value->get<std::int64_t>());
  return value->get<std::vector<std::int64_t>>();
}

std::vector<double> LayerSpec::numbers(const std::string& key) {
  const auto* value = find(key, "a list of numbers", [](const OrderedJson& v) {
    return all_of(v, [](const OrderedJson& x) { return x.is_number(); });
  });
  return value == nullptr ? std::vector<double>{} : value->get<std::vector<double>>();
}

std::vector<std::string> LayerSpec::texts(const std::string& key) {
  const auto* value = find(key, "a text or a list of texts", [](const OrderedJson& v) {
    return v.is_string() || all_of(v, [](const OrderedJson& x) { return x.is_string(); });
  });
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get<std::string>()};
  return value->get<std::vector<std::string>>();
}

const OrderedJson& LayerSpec::raw(const std::string& key) {
  const auto* value = find(key, "", [](const OrderedJson&) { return true; });
  return value == nullptr ? kNothing : *value;
}

void LayerSpec::require(const std::string& key) {
  if (ok() && !has(key)) fail(ErrorCode::bad_format, "needs the key " + printable(key));
}

void LayerSpec::fail(ErrorCode code, const std::string& message) {
  if (ok()) error_ = {code, where_ + ": " + message};
}

void LayerSpec::finish() {
  if (!ok()) return;
  for (const auto& [key, value] : json_.items())
    if (!asked_.contains(key)) {
      std::string known;
      for (const std::string& name : asked_) known += (known.empty() ? "" : ", ") + name;
      return fail(ErrorCode::bad_format,
                  "unknown key " + printable(key) + "; known here: " + known);
    }
}

}  // namespace canter::nn::detail
