#include "nn/widen.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "nn/printable.h"

namespace canter::nn::detail {
namespace {

struct Named {
  std::string_view name;
  FileType type;
};

constexpr FileType plain(DType dtype, std::size_t bytes) {
  return {FileType::Kind::plain, dtype, bytes};
}

constexpr Named kTypes[] = {
    {"F64", plain(DType::f64, 8)},
    {"F32", plain(DType::f32, 4)},
    {"F16", plain(DType::f16, 2)},
    {"BF16", plain(DType::bf16, 2)},
    {"I64", plain(DType::i64, 8)},
    {"I32", plain(DType::i32, 4)},
    {"I16", plain(DType::i16, 2)},
    {"I8", plain(DType::i8, 1)},
    {"U8", plain(DType::u8, 1)},
    {"BOOL", plain(DType::boolean, 1)},
    {"U16", {FileType::Kind::u16, DType::i32, 2}},
    {"U32", {FileType::Kind::u32, DType::i64, 4}},
    {"U64", {FileType::Kind::u64, DType::i64, 8}},
    {"F8_E4M3", {FileType::Kind::f8_e4m3, DType::f16, 1}},
    {"F8_E5M2", {FileType::Kind::f8_e5m2, DType::f16, 1}},
};

// E5M2 is the upper half of a binary16.
Half from_e5m2(std::uint8_t bits) {
  return {static_cast<std::uint16_t>(bits << 8)};
}

// E4M3 ("FN"): bias 7, no infinities, NaN is all ones below the sign (Micikevicius et al. 2022,
// FP8 formats for deep learning, table 1). binary16 holds every value.
Half from_e4m3(std::uint8_t bits) {
  const int exponent = (bits >> 3) & 15;
  const int mantissa = bits & 7;
  float value = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                              : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  if ((bits & 0x7f) == 0x7f) value = std::numeric_limits<float>::quiet_NaN();
  return to_half((bits & 0x80) != 0 ? -value : value);
}

template <class From, class To, class Function>
void map_elements(std::span<const std::byte> data, std::span<To> out, Function function) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, data.data() + i * sizeof(From), sizeof(From));
    out[i] = function(value);
  }
}

Result<void> fill(const FileType& type, std::span<const std::byte> data, Tensor& out) {
  switch (type.kind) {
    case FileType::Kind::plain:
      if (!data.empty()) std::memcpy(out.bytes().data(), data.data(), data.size());
      break;
    case FileType::Kind::u16:
      map_elements<std::uint16_t>(data, out.as<std::int32_t>(),
                                  [](std::uint16_t x) { return std::int32_t{x}; });
      break;
    case FileType::Kind::u32:
      map_elements<std::uint32_t>(data, out.as<std::int64_t>(),
                                  [](std::uint32_t x) { return std::int64_t{x}; });
      break;
    case FileType::Kind::u64:
      map_elements<std::uint64_t>(data, out.as<std::int64_t>(),
                                  [](std::uint64_t x) { return static_cast<std::int64_t>(x); });
      for (const std::int64_t x : out.as<std::int64_t>())
        if (x < 0) return Error{ErrorCode::bad_value, "a U64 value beyond the largest i64"};
      break;
    case FileType::Kind::f8_e4m3:
      map_elements<std::uint8_t>(data, out.as<Half>(), from_e4m3);
      break;
    case FileType::Kind::f8_e5m2:
      map_elements<std::uint8_t>(data, out.as<Half>(), from_e5m2);
      break;
  }
  if (type.dtype == DType::boolean)
    for (const std::byte b : out.bytes())
      if (b > std::byte{1})
        return Error{
            ErrorCode::bad_value,
            "a boolean that is " + std::to_string(std::to_integer<int>(b)) + " instead of 0 or 1"};
  return {};
}

}  // namespace

std::optional<FileType> safetensors_type(std::string_view name) {
  for (const Named& named : kTypes)
    if (named.name == name) return named.type;
  return std::nullopt;
}

std::string safetensors_types() {
  std::string names;
  for (const Named& named : kTypes) names.append(names.empty() ? "" : ", ").append(named.name);
  return names;
}

std::string_view safetensors_name(DType dtype) {
  for (const Named& named : kTypes)
    if (!named.type.widened() && named.type.dtype == dtype) return named.name;
  assert(false && "every DType is in the table");
  return "";
}

Result<Tensor> widen(const FileType& type, const Shape& shape, std::span<const std::byte> data) {
  assert(data.size() == static_cast<std::size_t>(shape.num_elements()) * type.bytes);
  Result<Tensor> tensor = Tensor::make(type.dtype, shape);
  if (!tensor) return tensor.error();
  if (const Result<void> filled = fill(type, data, *tensor); !filled) return filled.error();
  return tensor;
}

std::string widened_note(std::string_view name, std::string_view type, DType dtype) {
  return "tensor " + printable(name) + ": " + std::string(type) + " became " +
         std::string(dtype_name(dtype));
}

}  // namespace canter::nn::detail
