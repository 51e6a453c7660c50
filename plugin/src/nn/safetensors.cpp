// safetensors (https://github.com/huggingface/safetensors): a JSON header, then the data.

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "canter/base/bytes.h"
#include "canter/nn/weights.h"
#include "nn/file_notes.h"
#include "nn/printable.h"
#include "nn/widen.h"

namespace canter::nn {
namespace {

using detail::FileType;
using detail::named;
using detail::printable;
using Json = nlohmann::json;

constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // as the format's own library
constexpr std::size_t kHeaderAlignment = 8;

struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::uint64_t> offsets;
};

struct Header {
  std::vector<Entry> entries;
  TextMap metadata;
};

// Takes the header's JSON event by event and refuses what the format does not have, so that
// hostile headers cannot make a large document.
class HeaderParser : public nlohmann::json_sax<Json> {
 public:
  Header header;
  Error error;

  bool start_object(std::size_t) override {
    ++depth_;
    if (depth_ == 1 && !in_array_) return true;
    if (depth_ == 2 && !in_array_) {
      in_metadata_ = key_ == "__metadata__";
      if (!in_metadata_) header.entries.push_back({key_, "", {}, {}});
      if (!in_metadata_) seen_.clear();
      return true;
    }
    return refuse("an object inside of " + where());
  }
  bool end_object() override {
    --depth_;
    if (depth_ != 1) return true;
    const bool was_metadata = std::exchange(in_metadata_, false);
    return was_metadata || complete();
  }
  bool key(std::string& text) override {
    key_ = text;
    if (depth_ == 1) return true;  // names that come twice are found when all are there
    if (in_metadata_) return true;
    if (text != "dtype" && text != "shape" && text != "data_offsets")
      return refuse(where() + " has a key " + printable(text));
    if (std::find(seen_.begin(), seen_.end(), text) != seen_.end())
      return refuse(where() + " has two of the key " + printable(text));
    seen_.push_back(text);
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ == 2 && in_metadata_ && !in_array_) {
      if (!header.metadata.emplace(key_, text).second)
        return refuse("__metadata__ has two of the key " + printable(key_));
      return true;
    }
    if (depth_ != 2 || in_array_ || key_ != "dtype") return refuse("a text as " + place());
    entry().dtype = text;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || (key_ != "shape" && key_ != "data_offsets"))
      return refuse("a list as " + place());
    in_array_ = true;
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool number_unsigned(std::uint64_t value) override {
    if (!in_array_) return refuse("a number as " + place());
    if (key_ == "data_offsets") {
      entry().offsets.push_back(value);
      return entry().offsets.size() <= 2 || refuse(where() + " has more than two data_offsets");
    }
    if (value > static_cast<std::uint64_t>(INT64_MAX))
      return refuse(where() + " has an extent of " + std::to_string(value));
    entry().shape.push_back(static_cast<std::int64_t>(value));
    return entry().shape.size() <= Shape::kMaxRank ||
           refuse(where() + " has more than " + std::to_string(Shape::kMaxRank) + " dimensions");
  }
  bool number_integer(std::int64_t value) override {
    return refuse(where() + " has the negative number " + std::to_string(value));
  }
  bool number_float(double, const std::string& text) override {
    return refuse(where() + " has the number " + printable(text) + " where a whole one belongs");
  }
  bool null() override { return refuse("null as " + place()); }
  bool boolean(bool) override { return refuse("a boolean as " + place()); }
  bool binary(Json::binary_t&) override { return refuse("binary data"); }
  bool parse_error(std::size_t at, const std::string&, const Json::exception&) override {
    error = {ErrorCode::bad_format,
             "byte " + std::to_string(sizeof(std::uint64_t) + std::max<std::size_t>(at, 1) - 1) +
                 ": the header is not valid JSON"};
    return false;
  }

 private:
  Entry& entry() { return header.entries.back(); }
  std::string where() const {
    if (depth_ < 2 || in_metadata_ || header.entries.empty()) return "the header";
    return "tensor " + printable(header.entries.back().name);
  }
  std::string place() const { return printable(key_) + " of " + where(); }
  bool refuse(const std::string& what) {
    error = {ErrorCode::bad_format, "header: " + what};
    return false;
  }
  bool complete() {
    if (seen_.size() == 3 && entry().offsets.size() == 2) return true;
    return refuse("tensor " + printable(entry().name) + " needs dtype, shape and two data_offsets");
  }

  std::string key_;
  std::vector<std::string> seen_;
  int depth_ = 0;
  bool in_metadata_ = false;
  bool in_array_ = false;
};

Result<Header> parse_header(std::span<const std::byte> json) {
  const auto* text = reinterpret_cast<const char*>(json.data());
  HeaderParser parser;
  const bool parsed = Json::sax_parse(text, text + json.size(), &parser);
  if (!parser.error.message.empty()) return parser.error;
  if (!parsed) return Error{ErrorCode::bad_format, "header: it is not a JSON object"};
  return std::move(parser.header);
}

Error in_tensor(const Entry& entry, ErrorCode code, const std::string& message) {
  return {code, "tensor " + printable(entry.name) + ": " + message};
}

// Type, shape and place of one tensor against each other and the data.
Result<FileType> check_entry(const Entry& entry, std::size_t data_bytes) {
  const std::optional<FileType> type = detail::safetensors_type(entry.dtype);
  if (!type)
    return in_tensor(entry, ErrorCode::unsupported,
                     "element type " + printable(entry.dtype) +
                         " is not among those that are read: " + detail::safetensors_types());
  const Result<Shape> shape = Shape::make(entry.shape);
  if (!shape) return in_tensor(entry, shape.error().code, shape.error().message);
  const std::uint64_t begin = entry.offsets[0];
  const std::uint64_t end = entry.offsets[1];
  if (begin > end || end > data_bytes)
    return in_tensor(entry, ErrorCode::truncated,
                     "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) +
                         "] lie outside of the data, " + std::to_string(data_bytes) + " bytes");
  const std::int64_t elements = shape->num_elements();
  if (static_cast<std::uint64_t>(elements) > (end - begin) / type->bytes ||
      static_cast<std::uint64_t>(elements) * type->bytes != end - begin)
    return in_tensor(entry, ErrorCode::bad_value,
                     "shape " + shape->text() + " of " + entry.dtype + " does not take the " +
                         std::to_string(end - begin) + " bytes of its data_offsets");
  return *type;
}

// Every byte of the data belongs to one tensor.
Result<void> check_cover(std::vector<Entry>& entries, std::size_t data_bytes) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.offsets < b.offsets; });
  std::uint64_t at = 0;
  const Entry* before = nullptr;
  for (const Entry& entry : entries) {
    if (entry.offsets[0] < at)
      return in_tensor(entry, ErrorCode::bad_format,
                       "overlaps tensor " + printable(before->name) + " at byte " +
                           std::to_string(entry.offsets[0]) + " of the data");
    if (entry.offsets[0] > at)
      return in_tensor(entry, ErrorCode::bad_format,
                       std::to_string(entry.offsets[0] - at) +
                           " bytes of the data before it belong to no tensor");
    at = entry.offsets[1];
    before = &entry;
  }
  if (at != data_bytes)
    return Error{ErrorCode::bad_format,
                 std::to_string(data_bytes - at) + " bytes of the data belong to no tensor"};
  return {};
}

Result<WeightFile> read(std::span<const std::byte> bytes) {
  ByteReader in(bytes, "file");
  const auto header_bytes = in.get<std::uint64_t>("length of the header");
  if (in.ok() && header_bytes > kMaxHeaderBytes)
    in.fail(ErrorCode::limit, "a header of " + std::to_string(header_bytes) + " bytes");
  const std::span<const std::byte> json = in.get_bytes(header_bytes, "the header");
  if (!in.ok()) return in.error();
  Result<Header> header = parse_header(json);
  if (!header) return header.error();
  const std::span<const std::byte> data = bytes.subspan(in.position());

  for (const Entry& entry : header->entries)
    if (const Result<FileType> type = check_entry(entry, data.size()); !type) return type.error();
  if (const Result<void> cover = check_cover(header->entries, data.size()); !cover)
    return cover.error();

  WeightFile file;
  file.format = "safetensors";
  file.metadata = std::move(header->metadata);
  for (const Entry& entry : header->entries) {
    const Result<FileType> type = check_entry(entry, data.size());
    Result<Tensor> tensor =
        detail::widen(*type, Shape(std::span<const std::int64_t>(entry.shape)),
                      data.subspan(entry.offsets[0], entry.offsets[1] - entry.offsets[0]));
    if (!tensor) return in_tensor(entry, tensor.error().code, tensor.error().message);
    if (type->widened())
      file.notes.push_back(detail::widened_note(entry.name, entry.dtype, tensor->dtype()));
    if (!file.tensors.emplace(entry.name, std::move(*tensor)).second)
      return in_tensor(entry, ErrorCode::bad_format, "it comes twice");
  }
  detail::note_non_finite(file);
  return file;
}

}  // namespace

Result<WeightFile> read_safetensors(std::span<const std::byte> bytes, std::string_view source) {
  Result<WeightFile> file = read(bytes);
  if (!file) return named(source, file.error());
  return file;
}

std::vector<std::byte> write_safetensors(const TensorMap& tensors, const TextMap& metadata) {
  using Ordered = nlohmann::ordered_json;
  std::vector<const TensorMap::value_type*> order;
  for (const auto& entry : tensors) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return element_size(a->second.dtype()) > element_size(b->second.dtype());
  });

  Ordered header = Ordered::object();
  if (!metadata.empty()) {
    Ordered texts = Ordered::object();
    for (const auto& [key, value] : metadata) texts[key] = value;
    header["__metadata__"] = std::move(texts);
  }
  std::size_t at = 0;
  for (const auto* entry : order) {
    const Tensor& tensor = entry->second;
    const std::span<const std::int64_t> dims = tensor.shape().dims();
    header[entry->first] = {{"dtype", detail::safetensors_name(tensor.dtype())},
                            {"shape", std::vector<std::int64_t>(dims.begin(), dims.end())},
                            {"data_offsets", {at, at + tensor.size_bytes()}}};
    at += tensor.size_bytes();
  }
  std::string json = header.dump(-1, ' ', false, Ordered::error_handler_t::replace);
  json.append((kHeaderAlignment - json.size() % kHeaderAlignment) % kHeaderAlignment, ' ');

  ByteWriter out;
  out.put(static_cast<std::uint64_t>(json.size()));
  out.put_bytes(json.data(), json.size());
  for (const auto* entry : order) {
    const std::span<const std::byte> data = entry->second.bytes();
    out.put_bytes(data.data(), data.size());
  }
  return out.take();
}

}  // namespace canter::nn
