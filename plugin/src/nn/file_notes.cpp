#include "nn/file_notes.h"

#include <cmath>

#include "nn/printable.h"
#include "nn/visit.h"

namespace canter::nn {
namespace {

using namespace detail;

double as_double(double x) {
  return x;
}
double as_double(Half x) {
  return static_cast<double>(to_float(x));
}
double as_double(BFloat16 x) {
  return static_cast<double>(to_float(x));
}

struct NonFinite {
  std::size_t nan = 0, infinite = 0;
};

template <class T>
NonFinite count(std::span<const T> values) {
  NonFinite found;
  if constexpr (!std::is_integral_v<T>) {
    for (const T value : values) {
      const double x = as_double(value);
      found.nan += std::isnan(x) ? 1 : 0;
      found.infinite += std::isinf(x) ? 1 : 0;
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
