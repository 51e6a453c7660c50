#pragma once

#include "canter/nn/tensor.h"

namespace canter::nn::detail {

template <class T>
struct Type {
  using type = T;
};

/// Calls `body(Type<T>())` with the C++ type of `dtype`; booleans as std::uint8_t.
template <class Body>
decltype(auto) visit_dtype(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f64:
      return body(Type<double>());
    case DType::f16:
      return body(Type<Half>());
    case DType::bf16:
      return body(Type<BFloat16>());
    case DType::i64:
      return body(Type<std::int64_t>());
    case DType::i32:
      return body(Type<std::int32_t>());
    case DType::i16:
      return body(Type<std::int16_t>());
    case DType::i8:
      return body(Type<std::int8_t>());
    case DType::u8:
    case DType::boolean:
      return body(Type<std::uint8_t>());
    case DType::f32:
      break;
  }
  return body(Type<float>());
}

}  // namespace canter::nn::detail
