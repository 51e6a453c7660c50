#include "import/gltf_document.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "import/node_scene.h"

namespace canter::importer::detail {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

constexpr std::uint32_t kGlbMagic = 0x46546C67;   // "glTF"
constexpr std::uint32_t kJsonChunk = 0x4E4F534A;  // "JSON"
constexpr std::uint32_t kBinChunk = 0x004E4942;   // "BIN\0"
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 28;
// Elements of an accessor that has no bytes behind it (all zero unless sparse).
constexpr std::size_t kMaxZeroElements = std::size_t{1} << 20;

std::uint32_t read_u32(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t v = 0;
  std::memcpy(&v, bytes.data() + offset, sizeof v);
  return v;
}

std::size_t component_size(int type) {
  switch (type) {
    case 5120:
    case 5121:
      return 1;
    case 5122:
    case 5123:
      return 2;
    case 5125:
    case 5126:
      return 4;
    default:
      return 0;
  }
}

int components_of(const std::string& type) {
  if (type == "SCALAR") return 1;
  if (type == "VEC2") return 2;
  if (type == "VEC3") return 3;
  if (type == "VEC4") return 4;
  if (type == "MAT4") return 16;
  return 0;
}

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// glTF 2.0, section 3.6.2.2: integers that stand for fractions.
float component_as_float(const std::byte* p, int type, bool normalized) {
  switch (type) {
    case 5120: {
      const float v = load<std::int8_t>(p);
      return normalized ? std::max(v / 127.0f, -1.0f) : v;
    }
    case 5121: {
      const float v = load<std::uint8_t>(p);
      return normalized ? v / 255.0f : v;
    }
    case 5122: {
      const float v = load<std::int16_t>(p);
      return normalized ? std::max(v / 32767.0f, -1.0f) : v;
    }
    case 5123: {
      const float v = load<std::uint16_t>(p);
      return normalized ? v / 65535.0f : v;
    }
    case 5125:
      return static_cast<float>(load<std::uint32_t>(p));
    default:
      return load<float>(p);
  }
}

std::uint32_t component_as_integer(const std::byte* p, int type) {
  switch (type) {
    case 5121:
      return load<std::uint8_t>(p);
    case 5123:
      return load<std::uint16_t>(p);
    default:
      return load<std::uint32_t>(p);
  }
}

Result<std::vector<std::byte>> decode_base64(std::string_view text) {
  std::vector<std::byte> out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int num_bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    int v = 0;
    if (c >= 'A' && c <= 'Z')
      v = c - 'A';
    else if (c >= 'a' && c <= 'z')
      v = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
      v = c - '0' + 52;
    else if (c == '+' || c == '-')
      v = 62;
    else if (c == '/' || c == '_')
      v = 63;
    else if (c == '=')
      break;
    else
      return Error{ErrorCode::bad_format,
                   "character " + std::to_string(i) + " of base64 data is not of its alphabet"};
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      out.push_back(static_cast<std::byte>(bits >> num_bits & 0xffu));
    }
  }
  return out;
}

// %20 and its like, as URIs have them.
std::string decode_percent(std::string_view uri) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const bool escape =
        uri[i] == '%' && i + 2 < uri.size() + 0 && digit(uri[i + 1]) >= 0 && digit(uri[i + 2]) >= 0;
    out.push_back(escape ? static_cast<char>(digit(uri[i + 1]) * 16 + digit(uri[i + 2])) : uri[i]);
    if (escape) i += 2;
  }
  return out;
}

}  // namespace

void GltfDocument::fail(ErrorCode code, const std::string& message) const {
  throw GltfError{{code, name_ + ": " + message}};
}

GltfDocument::GltfDocument(std::span<const std::byte> bytes, std::string_view name,
                           const Resolver& resolver)
    : name_(name), resolver_(resolver) {
  if (bytes.size() > kMaxFileBytes)
    fail(ErrorCode::limit, "the file has " + std::to_string(bytes.size()) + " bytes; at most " +
                               std::to_string(kMaxFileBytes) + " are supported");
  is_binary_ = bytes.size() >= 4 && read_u32(bytes, 0) == kGlbMagic;
  if (is_binary_)
    parse_binary(bytes);
  else
    parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 0);

  const Json& asset = json_.contains("asset") ? json_["asset"] : empty_list_;
  const std::string version = asset.is_object() ? text(asset, "version") : "";
  if (version.rfind("2.", 0) != 0)
    fail(version.empty() ? ErrorCode::bad_format : ErrorCode::unsupported,
         "asset.version: found '" + version + "', expected 2.x");
  for (const Json& extension : list("extensionsRequired")) {
    const std::string required = extension.is_string() ? extension.get<std::string>() : "?";
    const bool harmless =
        required.rfind("KHR_materials_", 0) == 0 || required == "KHR_lights_punctual" ||
        required == "KHR_mesh_quantization" || required == "KHR_texture_transform";
    if (!harmless)
      fail(ErrorCode::unsupported,
           "the file requires the extension " + required + ", which is not supported");
  }
  buffers_.resize(size("buffers"));
  fetched_.resize(size("buffers"), 0);
}

// GLB: 12 bytes of header, then chunks of length, type and content.
void GltfDocument::parse_binary(std::span<const std::byte> bytes) {
  if (bytes.size() < 20)
    fail(ErrorCode::truncated,
         "a GLB of " + std::to_string(bytes.size()) + " bytes; its header and first chunk need 20");
  const std::uint32_t version = read_u32(bytes, 4);
  if (version != 2)
    fail(ErrorCode::unsupported, "byte 4: GLB version " + std::to_string(version) + "; expected 2");
  const std::uint32_t length = read_u32(bytes, 8);
  if (length > bytes.size())
    fail(ErrorCode::truncated, "byte 8: the file announces " + std::to_string(length) +
                                   " bytes, but only " + std::to_string(bytes.size()) +
                                   " are there");
  if (length < 20)
    fail(ErrorCode::bad_value,
         "byte 8: the file announces " + std::to_string(length) + " bytes; expected at least 20");
  std::size_t offset = 12;
  for (int chunk = 0; offset + 8 <= length && chunk < 2; ++chunk) {
    const std::uint32_t chunk_length = read_u32(bytes, offset);
    const std::uint32_t type = read_u32(bytes, offset + 4);
    if (chunk_length > length - offset - 8)
      fail(ErrorCode::truncated, "byte " + std::to_string(offset) + ": chunk " +
                                     std::to_string(chunk) + " announces " +
                                     std::to_string(chunk_length) + " bytes, but only " +
                                     std::to_string(length - offset - 8) + " remain");
    const auto content = bytes.subspan(offset + 8, chunk_length);
    if (chunk == 0) {
      if (type != kJsonChunk) fail(ErrorCode::bad_format, "byte 16: the first chunk is not JSON");
      parse_json({reinterpret_cast<const char*>(content.data()), content.size()}, offset + 8);
    } else if (type == kBinChunk) {
      binary_chunk_ = content;
      has_binary_chunk_ = true;
    }
    offset += 8 + (std::size_t{chunk_length} + 3) / 4 * 4;
  }
}

void GltfDocument::parse_json(std::string_view text, std::size_t offset) {
  if (text.size() > kMaxJsonBytes)
    fail(ErrorCode::limit, "the JSON has " + std::to_string(text.size()) + " bytes; at most " +
                               std::to_string(kMaxJsonBytes) + " are supported");
  // A byte-order mark is not JSON, but editors write it.
  if (text.substr(0, 3) == "\xef\xbb\xbf") {
    text.remove_prefix(3);
    offset += 3;
  }
  try {
    json_ = Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& e) {
    std::string reason = e.what();
    if (const std::size_t colon = reason.rfind(": "); colon != std::string::npos)
      reason = reason.substr(colon + 2);
    fail(ErrorCode::bad_format,
         "byte " + std::to_string(offset + e.byte) + ": not JSON: " + reason.substr(0, 200));
  }
  if (!json_.is_object()) fail(ErrorCode::bad_format, "the JSON is not an object");
}

const Json& GltfDocument::list(const char* key) const {
  const auto found = json_.find(key);
  if (found == json_.end()) return empty_list_;
  if (!found->is_array()) fail(ErrorCode::bad_format, std::string(key) + " is not an array");
  return *found;
}

const Json& GltfDocument::item(const char* key, std::size_t index) const {
  const Json& items = list(key);
  if (index >= items.size())
    fail(ErrorCode::bad_value, std::string(key) + "[" + std::to_string(index) +
                                   "] does not exist; there are " + std::to_string(items.size()));
  if (!items[index].is_object())
    fail(ErrorCode::bad_format,
         std::string(key) + "[" + std::to_string(index) + "] is not an object");
  return items[index];
}

double GltfDocument::number(const Json& object, const char* key, double fallback,
                            const std::string& where) const {
  const auto found = object.find(key);
  if (found == object.end()) return fallback;
  if (!found->is_number() || !std::isfinite(found->get<double>()))
    fail(ErrorCode::bad_value, where + "." + key + " is not a finite number");
  return found->get<double>();
}

std::size_t GltfDocument::count(const Json& object, const char* key, std::size_t fallback,
                                const std::string& where) const {
  const double v = number(object, key, static_cast<double>(fallback), where);
  if (v < 0.0 || v > 4294967295.0 || v != std::floor(v))
    fail(ErrorCode::bad_value, where + "." + key + " is no count or offset below 2^32");
  return static_cast<std::size_t>(v);
}

int GltfDocument::index(const Json& object, const char* key, const char* list_key,
                        const std::string& where) const {
  if (!object.contains(key)) return -1;
  const std::size_t i = count(object, key, 0, where);
  if (i >= size(list_key))
    fail(ErrorCode::bad_value, where + "." + key + ": found " + std::to_string(i) +
                                   ", expected an index below " + std::to_string(size(list_key)) +
                                   " (" + list_key + ")");
  return static_cast<int>(i);
}

std::string GltfDocument::text(const Json& object, const char* key) const {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool GltfDocument::numbers(const Json& object, const char* key, std::span<float> out,
                           const std::string& where) const {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  if (!found->is_array() || found->size() != out.size())
    fail(ErrorCode::bad_format,
         where + "." + key + " is not an array of " + std::to_string(out.size()) + " numbers");
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Json& v = (*found)[i];
    if (!v.is_number() || !std::isfinite(static_cast<float>(v.get<double>())))
      fail(ErrorCode::bad_value,
           where + "." + key + "[" + std::to_string(i) + "] is not a finite number");
    out[i] = static_cast<float>(v.get<double>());
  }
  return true;
}

Result<std::vector<std::byte>> GltfDocument::uri(const std::string& uri) const {
  if (uri.rfind("data:", 0) == 0) {
    const std::size_t comma = uri.find(',');
    if (comma == std::string::npos || uri.substr(0, comma).find(";base64") == std::string::npos)
      return Error{ErrorCode::unsupported, "a data URI that is not base64"};
    return decode_base64(std::string_view(uri).substr(comma + 1));
  }
  if (!resolver_)
    return Error{ErrorCode::io,
                 "refers to '" + uri.substr(0, 200) + "', but no way to get other files was given"};
  return resolver_(decode_percent(uri));
}

std::span<const std::byte> GltfDocument::buffer(int index) {
  const std::string where = "buffers[" + std::to_string(index) + "]";
  const Json& object = item("buffers", at(index));
  const std::size_t length = count(object, "byteLength", 0, where);
  std::span<const std::byte> bytes;
  if (object.contains("uri")) {
    if (fetched_[at(index)] == 0) {
      Result<std::vector<std::byte>> got = uri(text(object, "uri"));
      if (!got) fail(got.error().code, where + ": " + got.error().message);
      buffers_[at(index)] = std::move(*got);
      fetched_[at(index)] = 1;
    }
    bytes = buffers_[at(index)];
  } else if (index == 0 && has_binary_chunk_) {
    bytes = binary_chunk_;
  } else {
    fail(ErrorCode::bad_format, where + " has neither a uri nor a binary chunk");
  }
  if (length > bytes.size())
    fail(ErrorCode::truncated, where + ": byteLength is " + std::to_string(length) + ", but only " +
                                   std::to_string(bytes.size()) + " bytes are there");
  return bytes.first(length);
}

std::span<const std::byte> GltfDocument::view(int buffer_view) {
  const std::string where = "bufferViews[" + std::to_string(buffer_view) + "]";
  const Json& object = item("bufferViews", at(buffer_view));
  const int buffer_index = index(object, "buffer", "buffers", where);
  if (buffer_index < 0) fail(ErrorCode::bad_format, where + " names no buffer");
  const std::span<const std::byte> bytes = buffer(buffer_index);
  const std::size_t offset = count(object, "byteOffset", 0, where);
  const std::size_t length = count(object, "byteLength", 0, where);
  if (offset > bytes.size() || length > bytes.size() - offset)
    fail(ErrorCode::bad_value, where + ": bytes " + std::to_string(offset) + " to " +
                                   std::to_string(offset + length) + " of a buffer of " +
                                   std::to_string(bytes.size()));
  return bytes.subspan(offset, length);
}

GltfDocument::Elements GltfDocument::laid_out(int buffer_view, std::size_t offset,
                                              std::size_t num_elements, int component_type,
                                              int components, const std::string& where) {
  Elements e;
  e.count = num_elements;
  e.component_type = component_type;
  e.components = components;
  const std::size_t element_size = component_size(component_type) * at(components);
  const std::span<const std::byte> bytes = view(buffer_view);
  e.stride = count(item("bufferViews", at(buffer_view)), "byteStride", 0, where);
  if (e.stride == 0) e.stride = element_size;
  if (e.stride < element_size)
    fail(ErrorCode::bad_value, where + ": elements of " + std::to_string(element_size) +
                                   " bytes at a stride of " + std::to_string(e.stride));
  if (offset > bytes.size())
    fail(ErrorCode::bad_value, where + ": starts at byte " + std::to_string(offset) +
                                   " of a view of " + std::to_string(bytes.size()));
  const std::size_t room = bytes.size() - offset;
  if (num_elements > 0 &&
      (room < element_size || (num_elements - 1) > (room - element_size) / e.stride))
    fail(ErrorCode::bad_value, where + ": " + std::to_string(num_elements) +
                                   " elements at a stride of " + std::to_string(e.stride) +
                                   " bytes, but only " + std::to_string(room) + " bytes are there");
  e.bytes = bytes.subspan(offset);
  return e;
}

std::size_t GltfDocument::accessor_count(int accessor) const {
  const std::string where = "accessors[" + std::to_string(accessor) + "]";
  return count(item("accessors", at(accessor)), "count", 0, where);
}

GltfDocument::Elements GltfDocument::elements(int accessor, int components) {
  const std::string where = "accessors[" + std::to_string(accessor) + "]";
  const Json& object = item("accessors", at(accessor));
  const int component_type = static_cast<int>(count(object, "componentType", 0, where));
  const std::string type = text(object, "type");
  if (component_size(component_type) == 0)
    fail(ErrorCode::bad_value, where + ".componentType: found " + std::to_string(component_type) +
                                   ", expected 5120, 5121, 5122, 5123, 5125 or 5126");
  if (components_of(type) != components)
    fail(ErrorCode::bad_value, where + ".type: found '" + type + "', expected one of " +
                                   std::to_string(components) + " components");
  const std::size_t num_elements = accessor_count(accessor);
  Elements e;
  if (const int buffer_view = index(object, "bufferView", "bufferViews", where); buffer_view >= 0) {
    e = laid_out(buffer_view, count(object, "byteOffset", 0, where), num_elements, component_type,
                 components, where);
  } else {
    if (num_elements > kMaxZeroElements)
      fail(ErrorCode::limit, where + ": " + std::to_string(num_elements) +
                                 " elements without bytes; at most " +
                                 std::to_string(kMaxZeroElements) + " are supported");
    e.count = num_elements;
    e.component_type = component_type;
    e.components = components;
  }
  const auto normalized = object.find("normalized");
  e.normalized = normalized != object.end() && normalized->is_boolean() && normalized->get<bool>();
  return e;
}

template <class T, class Read>
std::vector<T> GltfDocument::gather(int accessor, int components, Read read) {
  const auto width = at(components);
  const auto copy = [&](const Elements& e, std::size_t from, T* to) {
    const std::byte* p = e.bytes.data() + from * e.stride;
    for (std::size_t c = 0; c < width; ++c)
      to[c] = read(p + c * component_size(e.component_type), e.component_type, e.normalized);
  };
  const Elements e = elements(accessor, components);
  std::vector<T> out(e.count * width, T{});
  if (!e.bytes.empty())
    for (std::size_t i = 0; i < e.count; ++i) copy(e, i, out.data() + i * width);

  // Sparse: some elements replaced.
  const std::string where = "accessors[" + std::to_string(accessor) + "].sparse";
  const Json& object = item("accessors", at(accessor));
  const auto sparse = object.find("sparse");
  if (sparse == object.end()) return out;
  if (!sparse->is_object() || !sparse->contains("indices") || !sparse->contains("values") ||
      !(*sparse)["indices"].is_object() || !(*sparse)["values"].is_object())
    fail(ErrorCode::bad_format, where + " has no indices or no values");
  const Json& at_json = (*sparse)["indices"];
  const Json& values_json = (*sparse)["values"];
  const std::size_t replaced = count(*sparse, "count", 0, where);
  const int index_type = static_cast<int>(count(at_json, "componentType", 0, where));
  const int at_view = index(at_json, "bufferView", "bufferViews", where);
  const int values_view = index(values_json, "bufferView", "bufferViews", where);
  if (at_view < 0 || values_view < 0 ||
      (index_type != 5121 && index_type != 5123 && index_type != 5125))
    fail(ErrorCode::bad_value, where + " has no buffer views or no unsigned indices");
  const Elements indices = laid_out(at_view, count(at_json, "byteOffset", 0, where), replaced,
                                    index_type, 1, where + ".indices");
  Elements values = laid_out(values_view, count(values_json, "byteOffset", 0, where), replaced,
                             e.component_type, components, where + ".values");
  values.normalized = e.normalized;
  for (std::size_t i = 0; i < replaced; ++i) {
    const std::uint32_t target =
        component_as_integer(indices.bytes.data() + i * indices.stride, index_type);
    if (target >= e.count)
      fail(ErrorCode::bad_value, where + ": index " + std::to_string(target) + " of " +
                                     std::to_string(e.count) + " elements");
    copy(values, i, out.data() + target * width);
  }
  return out;
}

FloatArray GltfDocument::floats(int accessor, int components) {
  FloatArray array;
  array.components = components;
  array.values = gather<float>(accessor, components, component_as_float);
  for (std::size_t i = 0; i < array.values.size(); ++i)
    if (!std::isfinite(array.values[i]))
      fail(ErrorCode::bad_value, "accessors[" + std::to_string(accessor) + "]: element " +
                                     std::to_string(i / at(components)) + " is not finite");
  return array;
}

std::vector<std::uint32_t> GltfDocument::integers(int accessor, int components) {
  const std::size_t type = count(item("accessors", at(accessor)), "componentType", 0,
                                 "accessors[" + std::to_string(accessor) + "]");
  if (type != 5121 && type != 5123 && type != 5125)
    fail(ErrorCode::bad_value, "accessors[" + std::to_string(accessor) + "].componentType: found " +
                                   std::to_string(type) +
                                   ", expected an unsigned integer (5121, 5123 or 5125)");
  return gather<std::uint32_t>(accessor, components,
                               [](const std::byte* p, int component_type, bool) {
                                 return component_as_integer(p, component_type);
                               });
}

}  // namespace canter::importer::detail
