#include "nn/op_support.h"

#include <algorithm>

namespace canter::nn::detail {

Result<std::vector<std::int64_t>> known_integers(const PlanContext& context, int input,
                                                 const char* what) {
  if (!context.is_known(input))
    return unsupported(std::string(what) +
                       " depends on the values of the network's inputs; Canter plans shapes from "
                       "shapes alone");
  const ConstTensorView& value = context.value(input);
  if (value.dtype != DType::i64 && value.dtype != DType::i32)
    return bad_value(std::string(what) + " is of type " + std::string(dtype_name(value.dtype)) +
                     "; expected i64");
  constexpr std::size_t kMost = 4096;
  if (value.num_elements() > kMost)
    return bad_value(std::string(what) + " has " + std::to_string(value.num_elements()) +
                     " numbers");
  std::vector<std::int64_t> numbers;
  if (value.dtype == DType::i64) {
    const auto from = value.as<std::int64_t>();
    numbers.assign(from.begin(), from.end());
  } else {
    const auto from = value.as<std::int32_t>();
    numbers.assign(from.begin(), from.end());
  }
  return numbers;
}

Result<void> require_inputs(const PlanContext& context, int count) {
  for (int i = 0; i < count; ++i)
    if (!context.has_input(i))
      return bad_value("input " + std::to_string(i) + " is missing; expected " +
                       std::to_string(count));
  return {};
}

Result<void> require_f32(const PlanContext& context, int input) {
  if (!context.has_input(input)) return bad_value("input " + std::to_string(input) + " is missing");
  if (context.dtype(input) != DType::f32)
    return bad_value("input " + std::to_string(input) + " is of type " +
                     std::string(dtype_name(context.dtype(input))) + "; expected f32");
  return {};
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape out;
  for (int axis = 0; axis < rank; ++axis) {
    const int in_a = axis - (rank - a.rank());
    const int in_b = axis - (rank - b.rank());
    const std::int64_t extent_a = in_a < 0 ? 1 : a[in_a];
    const std::int64_t extent_b = in_b < 0 ? 1 : b[in_b];
    if (extent_a != extent_b && extent_a != 1 && extent_b != 1)
      return bad_value("shapes " + a.text() + " and " + b.text() + " do not broadcast");
    out.push_back(extent_a == 1 ? extent_b : extent_a);
  }
  return out;
}

Strides dense_strides(const Shape& shape) {
  Strides strides;
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides.step[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

Strides broadcast_strides(const Shape& shape, const Shape& to) {
  const Strides dense = dense_strides(shape);
  const int missing = to.rank() - shape.rank();
  Strides strides;
  for (int axis = 0; axis < shape.rank(); ++axis)
    strides.step[axis + missing] = shape[axis] == 1 ? 0 : dense.step[axis];
  return strides;
}

}  // namespace canter::nn::detail
