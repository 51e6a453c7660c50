#pragma once

// What the operators share: errors, axes, values of shape inputs.

#include <string>
#include <utility>
#include <vector>

#include "canter/nn/operator.h"
#include "nn/builtin.h"

namespace canter::nn::detail {

inline Error bad_value(std::string message) {
  return {ErrorCode::bad_value, std::move(message)};
}
inline Error unsupported(std::string message) {
  return {ErrorCode::unsupported, std::move(message)};
}

/// A factory for operators that are made from their node alone.
template <class Op>
OperatorFactory from_node() {
  return [](NodeContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<Op>(context));
  };
}

/// An axis counted from the end where negative. Errors: outside [-rank, rank).
inline Result<int> normalise_axis(std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    return bad_value("axis " + std::to_string(axis) + " of a tensor of rank " +
                     std::to_string(rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

/// Numbers of a known integer input (shapes, axes, starts). Errors: not known when planning.
Result<std::vector<std::int64_t>> known_integers(const PlanContext& context, int input,
                                                 const char* what);

/// Requires f32. Errors name the input and its type.
Result<void> require_f32(const PlanContext& context, int input);
Result<void> require_inputs(const PlanContext& context, int count);

/// The common shape of numpy broadcasting. Errors: extents that do not fit.
Result<Shape> broadcast_shapes(const Shape& a, const Shape& b);

/// Strides in elements, row-major.
struct Strides {
  std::int64_t step[Shape::kMaxRank] = {};
};
Strides dense_strides(const Shape& shape);
/// Strides of `shape` seen as `to`: 0 along axes it is repeated on.
Strides broadcast_strides(const Shape& shape, const Shape& to);

}  // namespace canter::nn::detail

/// Returns the error of a Result<void>, if there is one, from the enclosing function.
#define CANTER_TRY(expression)                                                       \
  do {                                                                               \
    if (auto try_result = (expression); !try_result.ok()) return try_result.error(); \
  } while (false)
