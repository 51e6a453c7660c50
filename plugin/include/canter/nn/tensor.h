#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "canter/base/memory.h"
#include "canter/base/result.h"
#include "canter/nn/half.h"

namespace canter::nn {

/// Element type of a tensor. `boolean` is one byte, 0 or 1.
enum class DType : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

/// Size of one element, bytes.
std::size_t element_size(DType dtype);
/// "f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool".
std::string_view dtype_name(DType dtype);

/// The DType of a C++ type; std::uint8_t also reads booleans.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, double>) return DType::f64;
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  if constexpr (std::is_same_v<T, Half>) return DType::f16;
  if constexpr (std::is_same_v<T, BFloat16>) return DType::bf16;
  if constexpr (std::is_same_v<T, std::int64_t>) return DType::i64;
  if constexpr (std::is_same_v<T, std::int32_t>) return DType::i32;
  if constexpr (std::is_same_v<T, std::int16_t>) return DType::i16;
  if constexpr (std::is_same_v<T, std::int8_t>) return DType::i8;
  if constexpr (std::is_same_v<T, std::uint8_t>) return DType::u8;
}

/// Extents of a tensor, outermost first, row-major. A plain value; at most kMaxRank of them, none
/// negative. Rank 0 is a scalar: one element.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  /// @param dims  at most kMaxRank, none negative (asserted)
  Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const std::int64_t> dims);

  /// For extents out of a file. Errors: limit (more than kMaxRank), bad_value (negative).
  static Result<Shape> make(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const {
    assert(axis >= 0 && axis < rank_);
    return dims_[static_cast<std::size_t>(axis)];
  }
  std::int64_t& operator[](int axis) {
    assert(axis >= 0 && axis < rank_);
    return dims_[static_cast<std::size_t>(axis)];
  }
  std::span<const std::int64_t> dims() const {
    return {dims_.data(), static_cast<std::size_t>(rank_)};
  }
  void push_back(std::int64_t extent);

  /// Product of the extents; INT64_MAX where it does not fit.
  std::int64_t num_elements() const { return num_elements(0, rank_); }
  /// The same of the axes [begin, end).
  std::int64_t num_elements(int begin, int end) const;

  /// "[1, 69, 240]".
  std::string text() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

/// Bytes a tensor takes. Errors: limit, where that does not fit in memory's address space.
Result<std::size_t> checked_size_bytes(DType dtype, const Shape& shape);

/// Someone else's elements, row-major and dense, to read. A plain value.
struct ConstTensorView {
  DType dtype = DType::f32;
  Shape shape;
  const std::byte* data = nullptr;

  std::size_t num_elements() const { return static_cast<std::size_t>(shape.num_elements()); }
  std::size_t size_bytes() const { return num_elements() * element_size(dtype); }
  std::span<const std::byte> bytes() const { return {data, size_bytes()}; }
  template <class T>
  std::span<const T> as() const {
    assert(dtype == dtype_of<T>() || (std::is_same_v<T, std::uint8_t> && dtype == DType::boolean));
    return {reinterpret_cast<const T*>(data), num_elements()};
  }
};

/// Someone else's elements, row-major and dense, to write. A plain value.
struct TensorView {
  DType dtype = DType::f32;
  Shape shape;
  std::byte* data = nullptr;

  operator ConstTensorView() const { return {dtype, shape, data}; }
  std::size_t num_elements() const { return static_cast<std::size_t>(shape.num_elements()); }
  std::size_t size_bytes() const { return num_elements() * element_size(dtype); }
  std::span<std::byte> bytes() const { return {data, size_bytes()}; }
  template <class T>
  std::span<T> as() const {
    assert(dtype == dtype_of<T>() || (std::is_same_v<T, std::uint8_t> && dtype == DType::boolean));
    return {reinterpret_cast<T*>(data), num_elements()};
  }
};

/// Owns its elements: row-major, dense, aligned to kBlockAlignment, zeroed when made.
/// Movable, copyable (a copy copies the elements).
class Tensor {
 public:
  /// f32, shape [0].
  Tensor() : shape_({0}) {}

  /// Errors: limit (see checked_size_bytes). A caller that takes the shape from a file compares
  /// the size with the file's before.
  static Result<Tensor> make(DType dtype, const Shape& shape,
                             std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  /// A copy of these elements.
  static Tensor copy_of(const ConstTensorView& view);
  /// A copy of `values`, which must be as many as the shape has (asserted).
  template <class T>
  static Tensor of(const Shape& shape, std::span<const T> values) {
    assert(static_cast<std::int64_t>(values.size()) == shape.num_elements());
    return copy_of({dtype_of<T>(), shape, reinterpret_cast<const std::byte*>(values.data())});
  }
  template <class T>
  static Tensor of(const Shape& shape, std::initializer_list<T> values) {
    return of(shape, std::span<const T>(values.begin(), values.size()));
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  /// The same elements under another shape of as many elements (asserted).
  void reshape(const Shape& shape);
  std::size_t num_elements() const { return static_cast<std::size_t>(shape_.num_elements()); }
  std::size_t size_bytes() const { return num_elements() * element_size(dtype_); }

  std::span<std::byte> bytes() { return {data_.data(), size_bytes()}; }
  std::span<const std::byte> bytes() const { return {data_.data(), size_bytes()}; }
  template <class T>
  std::span<T> as() {
    return view().as<T>();
  }
  template <class T>
  std::span<const T> as() const {
    return view().as<T>();
  }
  TensorView view() { return {dtype_, shape_, data_.data()}; }
  ConstTensorView view() const { return {dtype_, shape_, data_.data()}; }

 private:
  Tensor(DType dtype, const Shape& shape, Block data)
      : dtype_(dtype), shape_(shape), data_(std::move(data)) {}

  DType dtype_ = DType::f32;
  Shape shape_;
  Block data_;
};

/// Tensors by name, in the order of their names.
using TensorMap = std::map<std::string, Tensor, std::less<>>;

/// The elements as another type: numbers are rounded to nearest (to integers: toward zero,
/// saturating; NaN becomes 0), booleans are "is not 0".
Tensor convert(const ConstTensorView& from, DType to);
/// The same into the caller's memory, of as many elements (asserted). No allocation.
void convert_into(const ConstTensorView& from, const TensorView& to);

}  // namespace canter::nn
