#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "canter/base/result.h"

namespace canter::nn::detail {

using OrderedJson = nlohmann::ordered_json;

/// One JSON object of an architecture file, read key by key. The first failure sticks; keys nobody
/// asked for are refused at the end, so that a misspelt one cannot be ignored.
class LayerSpec {
 public:
  /// @param where  "layer 3", for messages
  LayerSpec(const OrderedJson& json, std::string where);

  const std::string& where() const { return where_; }
  bool has(const std::string& key) const { return json_.contains(key); }

  std::string text(const std::string& key, const std::string& otherwise);
  std::int64_t integer(const std::string& key, std::int64_t otherwise);
  double number(const std::string& key, double otherwise);
  bool flag(const std::string& key, bool otherwise);
  /// A list of whole numbers; one number counts as `count` equal ones (0: as itself).
  std::vector<std::int64_t> integers(const std::string& key,
                                     const std::vector<std::int64_t>& otherwise,
                                     std::size_t count = 0);
  std::vector<double> numbers(const std::string& key);
  /// A list of texts; one text counts as a list of it.
  std::vector<std::string> texts(const std::string& key);
  /// Any value, or null.
  const OrderedJson& raw(const std::string& key);
  /// A key whose value is required to be there.
  void require(const std::string& key);

  void fail(ErrorCode code, const std::string& message);
  /// Refuses the keys nobody asked for.
  void finish();
  bool ok() const { return error_.message.empty(); }
  const Error& error() const { return error_; }

 private:
  /// Null where the key is absent; fails where the test does not hold.
  template <class Test>
  const OrderedJson* find(const std::string& key, const char* expected, Test test);

  const OrderedJson& json_;
  std::string where_;
  std::set<std::string> asked_;
  Error error_;
};

}  // namespace canter::nn::detail
