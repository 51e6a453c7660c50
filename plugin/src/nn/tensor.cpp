#include "canter/nn/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "nn/visit.h"

namespace canter::nn {

std::size_t element_size(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      break;
  }
  return 1;
}

std::string_view dtype_name(DType dtype) {
  constexpr std::string_view kNames[] = {"f64", "f32", "f16", "bf16", "i64",
                                         "i32", "i16", "i8",  "u8",   "bool"};
  return kNames[static_cast<std::size_t>(dtype)];
}

Shape::Shape(std::span<const std::int64_t> dims) : rank_(static_cast<int>(dims.size())) {
  assert(dims.size() <= static_cast<std::size_t>(kMaxRank));
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

Result<Shape> Shape::make(std::span<const std::int64_t> dims) {
  if (dims.size() > static_cast<std::size_t>(kMaxRank))
    return Error{ErrorCode::limit, "rank " + std::to_string(dims.size()) + "; the limit is " +
                                       std::to_string(kMaxRank)};
  for (const std::int64_t extent : dims)
    if (extent < 0) return Error{ErrorCode::bad_value, "negative extent " + std::to_string(extent)};
  return Shape(dims);
}

void Shape::push_back(std::int64_t extent) {
  assert(rank_ < kMaxRank);
  dims_[static_cast<std::size_t>(rank_++)] = extent;
}

std::int64_t Shape::num_elements(int begin, int end) const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t product = 1;
  // A zero anywhere makes the product zero, however large the others are.
  for (int axis = begin; axis < end; ++axis)
    if ((*this)[axis] == 0) return 0;
  for (int axis = begin; axis < end; ++axis) {
    if (product > kMost / (*this)[axis]) return kMost;
    product *= (*this)[axis];
  }
  return product;
}

std::string Shape::text() const {
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis)
    text += (axis == 0 ? "" : ", ") + std::to_string((*this)[axis]);
  return text + "]";
}

bool operator==(const Shape& a, const Shape& b) {
  return std::ranges::equal(a.dims(), b.dims());
}

Result<std::size_t> checked_size_bytes(DType dtype, const Shape& shape) {
  constexpr std::int64_t kMostBytes = std::numeric_limits<std::ptrdiff_t>::max() / 2;
  const std::int64_t count = shape.num_elements();
  const auto size = static_cast<std::int64_t>(element_size(dtype));
  if (count > kMostBytes / size)
    return Error{ErrorCode::limit, "shape " + shape.text() + " does not fit in memory"};
  return static_cast<std::size_t>(count * size);
}

Result<Tensor> Tensor::make(DType dtype, const Shape& shape, std::pmr::memory_resource* memory) {
  const Result<std::size_t> size = checked_size_bytes(dtype, shape);
  if (!size) return size.error();
  return Tensor(dtype, shape, Block(*size, memory));
}

Tensor Tensor::copy_of(const ConstTensorView& view) {
  Tensor copy(view.dtype, view.shape, Block::undefined(view.size_bytes()));
  if (view.size_bytes() != 0) std::memcpy(copy.data_.data(), view.data, view.size_bytes());
  return copy;
}

void Tensor::reshape(const Shape& shape) {
  assert(shape.num_elements() == shape_.num_elements());
  shape_ = shape;
}

namespace {

template <class To, class From>
To convert_element(From from) {
  if constexpr (std::is_floating_point_v<To> || std::is_floating_point_v<From>) {
    if constexpr (std::is_integral_v<To>) {
      if (std::isnan(from)) return 0;
      // The limits themselves may round up on the way to From.
      if (from >= static_cast<From>(std::numeric_limits<To>::max()))
        return std::numeric_limits<To>::max();
      if (from <= static_cast<From>(std::numeric_limits<To>::min()))
        return std::numeric_limits<To>::min();
    }
    return static_cast<To>(from);
  } else {
    if (std::cmp_greater(from, std::numeric_limits<To>::max()))
      return std::numeric_limits<To>::max();
    if (std::cmp_less(from, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(from);
  }
}

// Half types are widened to float first.
template <class T>
auto widened(T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
    return to_float(value);
  else
    return value;
}

template <class To, class From>
void convert_all(const ConstTensorView& from, const TensorView& to) {
  const auto* source = reinterpret_cast<const From*>(from.data);
  auto* target = reinterpret_cast<To*>(to.data);
  for (std::size_t i = 0; i < from.num_elements(); ++i) {
    const auto value = widened(source[i]);
    if (to.dtype == DType::boolean) {
      reinterpret_cast<std::uint8_t*>(to.data)[i] = value != 0 ? 1 : 0;
    } else if constexpr (std::is_same_v<To, Half>) {
      target[i] = to_half(convert_element<float>(value));
    } else if constexpr (std::is_same_v<To, BFloat16>) {
      target[i] = to_bfloat16(convert_element<float>(value));
    } else {
      target[i] = convert_element<To>(value);
    }
  }
}

}  // namespace

void convert_into(const ConstTensorView& from, const TensorView& to) {
  assert(from.num_elements() == to.num_elements());
  detail::visit_dtype(from.dtype, [&]<class From>(detail::Type<From>) {
    detail::visit_dtype(to.dtype,
                        [&]<class To>(detail::Type<To>) { convert_all<To, From>(from, to); });
  });
}

Tensor convert(const ConstTensorView& from, DType to) {
  Tensor converted = Tensor::make(to, from.shape).value();
  convert_into(from, converted.view());
  return converted;
}

}  // namespace canter::nn
