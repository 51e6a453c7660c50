// NumPy's .npy (NEP 1 and numpy.lib.format): magic, version, a Python dict as text, the data.

#include "nn/npy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "canter/base/bytes.h"
#include "canter/nn/weights.h"
#include "nn/file_notes.h"
#include "nn/printable.h"
#include "nn/strided.h"
#include "nn/widen.h"

namespace canter::nn {
namespace detail {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kHeaderAlignment = 64;

struct NpyHeader {
  std::string descr;
  bool fortran = false;
  std::vector<std::int64_t> shape;
};

// The one Python literal the format has: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)}.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Result<NpyHeader> parse() {
    expect('{');
    while (ok() && !accept('}')) {
      entry();
      if (!accept(',') && peek() != '}') fail("',' or '}'");
    }
    if (ok() && at_ != text_.size() && text_.find_first_not_of(" \n\t", at_) != text_.npos)
      fail("the end of the header");
    if (ok() && (!has_descr_ || !has_order_ || !has_shape_))
      error_ = {ErrorCode::bad_format, "the header needs descr, fortran_order and shape"};
    if (!ok()) return error_;
    return header_;
  }

 private:
  void entry() {
    const std::string key = text();
    expect(':');
    if (key == "descr" && !std::exchange(has_descr_, true)) {
      if (peek() == '[') return unsupported("arrays of records");
      header_.descr = text();
    } else if (key == "fortran_order" && !std::exchange(has_order_, true)) {
      header_.fortran = boolean();
    } else if (key == "shape" && !std::exchange(has_shape_, true)) {
      shape();
    } else {
      fail("descr, fortran_order and shape, each once");
    }
  }

  void shape() {
    expect('(');
    while (ok() && !accept(')')) {
      header_.shape.push_back(integer());
      if (header_.shape.size() > Shape::kMaxRank) return unsupported("more than 8 dimensions");
      if (!accept(',') && peek() != ')') fail("',' or ')'");
    }
  }

  std::int64_t integer() {
    skip_space();
    std::int64_t value = 0;
    const std::size_t first = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (value > (INT64_MAX - 9) / 10) {
        fail("an extent below 2^63");
        return 0;
      }
      value = value * 10 + (text_[at_] - '0');
    }
    if (at_ == first) fail("a whole number");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote 3L
    return value;
  }

  bool boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("True or False");
    return false;
  }

  std::string text() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const std::size_t end = text_.find(quote, at_ + 1);
    if ((quote != '\'' && quote != '"') || end == text_.npos) {
      fail("a text in quotes");
      return {};
    }
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (!ok() || peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("'") + c + "'");
  }
  void fail(const std::string& expected) {
    if (ok())
      error_ = {ErrorCode::bad_format,
                "header, character " + std::to_string(at_) + ": expected " + expected};
  }
  void unsupported(const std::string& what) {
    if (ok()) error_ = {ErrorCode::unsupported, what + " are not read"};
  }
  bool ok() const { return error_.message.empty(); }

  std::string_view text_;
  std::size_t at_ = 0;
  NpyHeader header_;
  bool has_descr_ = false, has_order_ = false, has_shape_ = false;
  Error error_;
};

struct NpyType {
  std::string_view code;  // as in descr, behind the byte order
  std::string_view name;  // safetensors' name of the same type
};

constexpr NpyType kTypes[] = {
    {"f8", "F64"}, {"f4", "F32"}, {"f2", "F16"}, {"i8", "I64"}, {"i4", "I32"}, {"i2", "I16"},
    {"i1", "I8"},  {"u1", "U8"},  {"u2", "U16"}, {"u4", "U32"}, {"u8", "U64"}, {"b1", "BOOL"},
};

const NpyType* find_type(std::string_view descr) {
  if (descr.size() != 3 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos)
    return nullptr;
  for (const NpyType& type : kTypes)
    if (type.code == descr.substr(1)) return &type;
  return nullptr;
}

Error unknown_type(std::string_view descr) {
  const bool object = descr.find('O') != descr.npos;
  return {ErrorCode::unsupported,
          "element type " + printable(descr) + " is not read" +
              (object ? "; arrays of Python objects would have to be executed" : "")};
}

// The data of a Fortran-order array are the dense array of the reversed shape.
Result<Tensor> from_fortran(const FileType& type, const Shape& shape,
                            std::span<const std::byte> data) {
  std::vector<std::int64_t> reversed(shape.dims().begin(), shape.dims().end());
  std::reverse(reversed.begin(), reversed.end());
  const Result<Tensor> flat = widen(type, Shape(std::span<const std::int64_t>(reversed)), data);
  if (!flat) return flat.error();
  Result<Tensor> tensor = Tensor::make(flat->dtype(), shape);
  if (!tensor) return tensor.error();
  std::vector<std::int64_t> strides;
  std::int64_t stride = 1;
  for (const std::int64_t extent : shape.dims()) {
    strides.push_back(stride);
    stride *= extent;
  }
  copy_strided(flat->bytes(), 0, strides, *tensor);
  return tensor;
}

Result<NpyHeader> read_header(ByteReader& in) {
  const std::span<const std::byte> magic = in.get_bytes(kMagic.size(), "magic");
  if (in.ok() && std::memcmp(magic.data(), kMagic.data(), kMagic.size()) != 0)
    in.fail(ErrorCode::bad_format, "this is not a .npy file");
  const auto version = in.get<std::uint8_t>("version");
  in.get<std::uint8_t>("minor version");
  if (in.ok() && (version < 1 || version > 3))
    in.fail(ErrorCode::unsupported, "version " + std::to_string(version) + "; 1 to 3 are read");
  const std::size_t header_bytes = version == 1 ? in.get<std::uint16_t>("length of the header")
                                                : in.get<std::uint32_t>("length of the header");
  const std::span<const std::byte> text = in.get_bytes(header_bytes, "the header");
  if (!in.ok()) return in.error();
  return HeaderParser({reinterpret_cast<const char*>(text.data()), text.size()}).parse();
}

// The bytes as if they had been written on this machine.
std::vector<std::byte> swapped(std::span<const std::byte> data, std::size_t size) {
  std::vector<std::byte> out(data.begin(), data.end());
  for (std::size_t i = 0; i + size <= out.size(); i += size)
    std::reverse(out.data() + i, out.data() + i + size);
  return out;
}

}  // namespace

bool is_npy(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<NpyArray> parse_npy(std::span<const std::byte> bytes) {
  ByteReader in(bytes, "array");
  const Result<NpyHeader> header = read_header(in);
  if (!header) return header.error();
  const NpyType* npy_type = find_type(header->descr);
  if (npy_type == nullptr) return unknown_type(header->descr);
  const FileType type = *safetensors_type(npy_type->name);
  const Result<Shape> shape = Shape::make(header->shape);
  if (!shape) return shape.error();

  std::span<const std::byte> data = bytes.subspan(in.position());
  const auto elements = static_cast<std::uint64_t>(shape->num_elements());
  if (elements > data.size() / type.bytes || elements * type.bytes != data.size())
    return Error{elements > data.size() / type.bytes ? ErrorCode::truncated : ErrorCode::bad_format,
                 "shape " + shape->text() + " of '" + header->descr + "' does not take the " +
                     std::to_string(data.size()) + " bytes behind the header"};
  std::vector<std::byte> native;
  if (header->descr[0] == '>') data = native = swapped(data, type.bytes);
  Result<Tensor> tensor =
      header->fortran ? from_fortran(type, *shape, data) : widen(type, *shape, data);
  if (!tensor) return tensor.error();
  return NpyArray{std::move(*tensor), type.widened() ? npy_type->name : std::string_view{}};
}

}  // namespace detail

Result<WeightFile> read_npy(std::span<const std::byte> bytes, std::string_view source) {
  Result<detail::NpyArray> array = detail::parse_npy(bytes);
  if (!array) return detail::named(source, array.error());
  WeightFile file;
  file.format = "npy";
  if (!array->widened.empty())
    file.notes.push_back(detail::widened_note("array", array->widened, array->tensor.dtype()));
  file.tensors.emplace("array", std::move(array->tensor));
  detail::note_non_finite(file);
  return file;
}

std::vector<std::byte> write_npy(const ConstTensorView& tensor) {
  if (tensor.dtype == DType::bf16) return write_npy(convert(tensor, DType::f32).view());
  std::string descr;
  for (const detail::NpyType& type : detail::kTypes)
    if (type.name == detail::safetensors_name(tensor.dtype)) descr = type.code;
  std::string shape;
  for (const std::int64_t extent : tensor.shape.dims()) shape += std::to_string(extent) + ",";
  if (tensor.shape.rank() > 1) shape.pop_back();  // (3,) but (3,4)
  std::string header = "{'descr': '" + std::string(descr[1] == '1' ? "|" : "<") + descr +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr std::size_t kPrefix = detail::kMagic.size() + 2 + sizeof(std::uint16_t);
  while ((kPrefix + header.size() + 1) % detail::kHeaderAlignment != 0) header += ' ';
  header += '\n';

  ByteWriter out;
  out.put_bytes(detail::kMagic.data(), detail::kMagic.size());
  out.put(std::uint8_t{1});
  out.put(std::uint8_t{0});
  out.put(static_cast<std::uint16_t>(header.size()));
  out.put_bytes(header.data(), header.size());
  out.put_bytes(tensor.data, tensor.size_bytes());
  return out.take();
}

}  // namespace canter::nn
