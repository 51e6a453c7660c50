#pragma once

// The container of a glTF file: JSON, buffers, views and accessors, all bounds checked.

#include <nlohmann/json.hpp>

#include "canter/import/import.h"

namespace canter::importer::detail {

using Json = nlohmann::json;

/// Thrown inside the reader and turned into a Result at its door.
struct GltfError {
  Error error;
};

/// An array of vectors of 1 to 16 numbers, as floats.
struct FloatArray {
  std::vector<float> values;
  int components = 1;
  std::size_t count() const { return values.size() / static_cast<std::size_t>(components); }
  const float* operator[](std::size_t i) const {
    return values.data() + i * static_cast<std::size_t>(components);
  }
};

/// A parsed file. Members throw GltfError, with the place and what was found there.
class GltfDocument {
 public:
  GltfDocument(std::span<const std::byte> bytes, std::string_view name, const Resolver& resolver);

  const Json& json() const { return json_; }
  bool is_binary() const { return is_binary_; }

  /// The array json()[key], or an empty one.
  const Json& list(const char* key) const;
  std::size_t size(const char* key) const { return list(key).size(); }
  /// json()[key][index], which must be an object.
  const Json& item(const char* key, std::size_t index) const;

  /// Optional members of an object, checked for type and range. `where` starts the message.
  double number(const Json& object, const char* key, double fallback,
                const std::string& where) const;
  /// An index into json()[list_key], or -1 if absent.
  int index(const Json& object, const char* key, const char* list_key,
            const std::string& where) const;
  std::size_t count(const Json& object, const char* key, std::size_t fallback,
                    const std::string& where) const;
  std::string text(const Json& object, const char* key) const;
  /// The numbers of an array of exactly `size`, or false if absent.
  bool numbers(const Json& object, const char* key, std::span<float> out,
               const std::string& where) const;

  FloatArray floats(int accessor, int components);
  std::vector<std::uint32_t> integers(int accessor, int components);
  /// Number of elements without reading them.
  std::size_t accessor_count(int accessor) const;

  /// The bytes of a buffer view, or of a URI (data: or through the resolver).
  std::span<const std::byte> view(int buffer_view);
  Result<std::vector<std::byte>> uri(const std::string& uri) const;

  [[noreturn]] void fail(ErrorCode code, const std::string& message) const;

 private:
  struct Elements {
    std::span<const std::byte> bytes;
    std::size_t count = 0;
    std::size_t stride = 0;
    int component_type = 0;
    int components = 0;
    bool normalized = false;
  };

  void parse_binary(std::span<const std::byte> bytes);
  void parse_json(std::string_view text, std::size_t offset);
  std::span<const std::byte> buffer(int index);
  Elements elements(int accessor, int components);
  Elements laid_out(int buffer_view, std::size_t offset, std::size_t count, int component_type,
                    int components, const std::string& where);
  template <class T, class Read>
  std::vector<T> gather(int accessor, int components, Read read);

  std::string name_;
  const Resolver& resolver_;
  Json json_;
  Json empty_list_ = Json::array();
  bool is_binary_ = false;
  std::span<const std::byte> binary_chunk_;
  bool has_binary_chunk_ = false;
  std::vector<std::vector<std::byte>> buffers_;  ///< fetched on first use
  std::vector<char> fetched_;
};

}  // namespace canter::importer::detail
