#include "nn/file_notes.h"

#include <bit>
#include <cstdint>

#include "nn/printable.h"
#include "nn/visit.h"

namespace canter::nn {
namespace {

using namespace detail;

/// Bits of a floating type and its exponent, all ones where a value is not finite.
template <class T>
struct Bits;
template <>
struct Bits<double> {
  using type = std::uint64_t;
  static constexpr type kExponent = 0x7ff0000000000000u, kMantissa = 0x000fffffffffffffu;
};
template <>
struct Bits<float> {
  using type = std::uint32_t;
  static constexpr type kExponent = 0x7f800000u, kMantissa = 0x007fffffu;
};
template <>
struct Bits<Half> {
  using type = std::uint16_t;
  static constexpr type kExponent = 0x7c00u, kMantissa = 0x03ffu;
};
template <>
struct Bits<BFloat16> {
  using type = std::uint16_t;
  static constexpr type kExponent = 0x7f80u, kMantissa = 0x007fu;
};

struct NonFinite {
  std::size_t nan = 0, infinite = 0;
};

template <class T>
NonFinite count(std::span<const T> values) {
  NonFinite found;
  if constexpr (!std::is_integral_v<T>) {
    using B = Bits<T>;
    for (const T value : values) {  // without branches: weights are looked at on every load
      const auto bits = std::bit_cast<typename B::type>(value);
      const bool beyond = (bits & B::kExponent) == B::kExponent;
      const bool nan = beyond & ((bits & B::kMantissa) != 0);
      found.nan += nan;
      found.infinite += beyond & !nan;
    }
  }
  return found;
}

NonFinite count(const Tensor& tensor) {
  return visit_dtype(tensor.dtype(), [&]<class T>(Type<T>) { return count(tensor.as<T>()); });
}

}  // namespace

std::vector<std::string> notes_on(const TensorMap& tensors) {
  std::vector<std::string> notes;
  for (const auto& [name, tensor] : tensors) {
    const NonFinite found = count(tensor);
    if (found.nan + found.infinite == 0) continue;
    notes.push_back("tensor " + printable(name) + " holds " + std::to_string(found.nan) +
                    " NaN and " + std::to_string(found.infinite) + " infinite values of " +
                    std::to_string(tensor.num_elements()));
  }
  return notes;
}

namespace detail {

void note_non_finite(WeightFile& file) {
  for (std::string& note : notes_on(file.tensors)) file.notes.push_back(std::move(note));
}

Error named(std::string_view source, Error error) {
  error.message = std::string(source) + ": " + error.message;
  return error;
}

}  // namespace detail

}  // namespace canter::nn
