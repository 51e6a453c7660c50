// Reductions over axes, ArgMax and ArgMin, CumSum, Softmax.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "nn/elementwise.h"
#include "nn/op_support.h"

namespace canter::nn::detail {

namespace {

enum class Reduction : std::uint8_t {
  sum,
  mean,
  max,
  min,
  prod,
  l1,
  l2,
  sum_square,
  log_sum,
  log_sum_exp
};

// A running reduction in double precision, so that its order hardly matters.
class Reducer {
 public:
  explicit Reducer(Reduction kind) : kind_(kind) {
    if (kind == Reduction::max) value_ = -std::numeric_limits<double>::infinity();
    if (kind == Reduction::min) value_ = std::numeric_limits<double>::infinity();
    if (kind == Reduction::prod) value_ = 1.0;
  }

  void add(double x) {
    switch (kind_) {
      case Reduction::max:
        value_ = std::isnan(x) || x > value_ ? x : value_;
        break;
      case Reduction::min:
        value_ = std::isnan(x) || x < value_ ? x : value_;
        break;
      case Reduction::prod:
        value_ *= x;
        break;
      case Reduction::l1:
        value_ += std::abs(x);
        break;
      case Reduction::l2:
      case Reduction::sum_square:
        value_ += x * x;
        break;
      case Reduction::log_sum_exp:
        value_ += std::exp(x);
        break;
      default:
        value_ += x;
    }
  }

  double result(std::int64_t count) const {
    switch (kind_) {
      case Reduction::mean:
        return value_ / static_cast<double>(count);
      case Reduction::l2:
        return std::sqrt(value_);
      case Reduction::log_sum:
      case Reduction::log_sum_exp:
        return std::log(value_);
      default:
        return value_;
    }
  }

 private:
  Reduction kind_;
  double value_ = 0.0;
};

// Integers toward zero and saturating: nothing's largest is minus infinity.
template <class T>
T rounded(double value) {
  if constexpr (std::is_integral_v<T>) {
    constexpr double kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (std::isnan(value)) return 0;
    if (value >= kHigh) return std::numeric_limits<T>::max();
    if (value <= -kHigh) return std::numeric_limits<T>::min();
  }
  return static_cast<T>(value);
}

// Which axes go, and walking what remains.
struct ReducedAxes {
  bool reduced[Shape::kMaxRank] = {};

  Shape out_shape(const Shape& from, bool keep) const {
    Shape out;
    for (int axis = 0; axis < from.rank(); ++axis)
      if (!reduced[axis])
        out.push_back(from[axis]);
      else if (keep)
        out.push_back(1);
    return out;
  }
};

// Calls body(offset) for every element of `shape` along the axes where `chosen` is `value`.
template <class Body>
void walk_axes(const Shape& shape, const Strides& strides, const bool (&chosen)[Shape::kMaxRank],
               bool value, Body body) {
  std::array<std::int64_t, Shape::kMaxRank> index{};
  std::int64_t at = 0;
  std::int64_t count = 1;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (chosen[axis] == value) count *= shape[axis];
  for (std::int64_t n = 0; n < count; ++n) {
    body(at);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (chosen[axis] != value) continue;
      at += strides.step[axis];
      if (++index[static_cast<std::size_t>(axis)] < shape[axis]) break;
      index[static_cast<std::size_t>(axis)] = 0;
      at -= strides.step[axis] * shape[axis];
    }
  }
}

class ReduceOp : public Operator {
 public:
  ReduceOp(Reduction kind, const Node& node)
      : kind_(kind),
        axes_(node.integers("axes")),
        keep_(node.integer("keepdims", 1) != 0),
        none_means_all_(node.integer("noop_with_empty_axes", 0) == 0) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const DType dtype = context.dtype(0);
    if (dtype != DType::f32 && dtype != DType::i64 && dtype != DType::i32)
      return unsupported("a reduction of " + std::string(dtype_name(dtype)));
    const Shape& shape = context.shape(0);
    std::vector<std::int64_t> axes = axes_;
    if (context.has_input(1)) {
      auto given = known_integers(context, 1, "the list of axes");
      if (!given) return given.error();
      axes = std::move(*given);
    }
    ReducedAxes reduced;
    for (const std::int64_t a : axes) {
      const auto axis = normalise_axis(a, shape.rank());
      if (!axis) return axis.error();
      reduced.reduced[*axis] = true;
    }
    if (axes.empty() && none_means_all_) std::ranges::fill(reduced.reduced, true);
    context.set_output(0, dtype, reduced.out_shape(shape, keep_));
    std::memcpy(context.make_table(sizeof reduced).data(), &reduced, sizeof reduced);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    ReducedAxes axes;
    std::memcpy(&axes, context.table.data(), sizeof axes);
    const ConstTensorView& x = context.input(0);
    if (x.dtype == DType::f32)
      reduce<float>(axes, x, context.output(0));
    else if (x.dtype == DType::i64)
      reduce<std::int64_t>(axes, x, context.output(0));
    else
      reduce<std::int32_t>(axes, x, context.output(0));
    return {};
  }

 private:
  template <class T>
  void reduce(const ReducedAxes& axes, const ConstTensorView& x, const TensorView& y) const {
    const Strides strides = dense_strides(x.shape);
    const T* from = x.as<T>().data();
    T* to = y.as<T>().data();
    std::int64_t count = 1;
    for (int axis = 0; axis < x.shape.rank(); ++axis)
      if (axes.reduced[axis]) count *= x.shape[axis];
    walk_axes(x.shape, strides, axes.reduced, false, [&](std::int64_t kept) {
      Reducer reducer(kind_);
      walk_axes(x.shape, strides, axes.reduced, true,
                [&](std::int64_t at) { reducer.add(static_cast<double>(from[kept + at])); });
      *to++ = rounded<T>(reducer.result(count));
    });
  }

  Reduction kind_;
  std::vector<std::int64_t> axes_;
  bool keep_;
  bool none_means_all_;
};

OperatorFactory reduce_factory(Reduction kind) {
  return [=](NodeContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<ReduceOp>(kind, context.node()));
  };
}

class ArgOp : public Operator {
 public:
  explicit ArgOp(const NodeContext& context)
      : least_(context.node().op == "ArgMin"),
        axis_(context.node().integer("axis", 0)),
        keep_(context.node().integer("keepdims", 1) != 0),
        last_(context.node().integer("select_last_index", 0) != 0) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const Shape& shape = context.shape(0);
    const auto axis = normalise_axis(axis_, shape.rank());
    if (!axis) return axis.error();
    if (shape[*axis] == 0) return bad_value("the largest of nothing");
    ReducedAxes reduced;
    reduced.reduced[*axis] = true;
    context.set_output(0, DType::i64, reduced.out_shape(shape, keep_));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const int axis = normalise_axis(axis_, x.shape.rank()).value();
    const std::int64_t inner = x.shape.num_elements(axis + 1, x.shape.rank());
    const std::int64_t outer = x.shape.num_elements(0, axis);
    const std::int64_t extent = x.shape[axis];
    std::int64_t* to = context.output(0).as<std::int64_t>().data();
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < inner; ++i)
        *to++ = best(x.as<float>().data() + o * extent * inner + i, extent, inner);
    return {};
  }

 private:
  std::int64_t best(const float* x, std::int64_t extent, std::int64_t step) const {
    std::int64_t found = 0;
    for (std::int64_t i = 1; i < extent; ++i) {
      const float a = x[i * step];
      const float b = x[found * step];
      if (least_ ? a < b : a > b)
        found = i;
      else if (last_ && a == b)
        found = i;
    }
    return found;
  }

  bool least_;
  std::int64_t axis_;
  bool keep_, last_;
};

class CumSumOp : public Operator {
 public:
  explicit CumSumOp(const NodeContext& context)
      : exclusive_(context.node().integer("exclusive", 0) != 0),
        reverse_(context.node().integer("reverse", 0) != 0) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const auto axis = known_integers(context, 1, "the axis");
    if (!axis) return axis.error();
    if (axis->size() != 1) return bad_value("expected one axis");
    const auto normal = normalise_axis((*axis)[0], context.shape(0).rank());
    if (!normal) return normal.error();
    context.set_output(0, DType::f32, context.shape(0));
    std::memcpy(context.make_table(sizeof(int)).data(), &*normal, sizeof(int));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    int axis;
    std::memcpy(&axis, context.table.data(), sizeof axis);
    const Shape& shape = context.input(0).shape;
    const std::int64_t inner = shape.num_elements(axis + 1, shape.rank());
    const std::int64_t outer = shape.num_elements(0, axis);
    const std::int64_t extent = shape[axis];
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < inner; ++i)
        sum_row(context.input(0).as<float>().data() + o * extent * inner + i,
                context.output(0).as<float>().data() + o * extent * inner + i, extent, inner);
    return {};
  }

 private:
  void sum_row(const float* x, float* y, std::int64_t extent, std::int64_t step) const {
    double sum = 0.0;
    for (std::int64_t n = 0; n < extent; ++n) {
      const std::int64_t at = (reverse_ ? extent - 1 - n : n) * step;
      if (exclusive_) y[at] = static_cast<float>(sum);
      sum += x[at];
      if (!exclusive_) y[at] = static_cast<float>(sum);
    }
  }

  bool exclusive_, reverse_;
};

class SoftmaxOp : public Operator {
 public:
  explicit SoftmaxOp(const NodeContext& context)
      : logarithm_(context.node().op == "LogSoftmax"),
        // Before opset 13 everything from `axis` on is one row.
        coerced_(context.opset() < 13),
        axis_(context.node().integer("axis", coerced_ ? 1 : -1)),
        reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const auto axis = normalise_axis(axis_, context.shape(0).rank());
    if (!axis) return axis.error();
    context.set_output(0, DType::f32, context.shape(0));
    const std::int64_t extent = context.shape(0)[*axis];
    context.set_scratch(static_cast<std::size_t>(2 * extent) * sizeof(float));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const Shape& shape = x.shape;
    const int axis = normalise_axis(axis_, shape.rank()).value();
    const std::int64_t inner = coerced_ ? 1 : shape.num_elements(axis + 1, shape.rank());
    const std::int64_t width = coerced_ ? shape.num_elements(axis, shape.rank()) : shape[axis];
    const std::int64_t outer = shape.num_elements(0, axis);
    if (width == 0 || inner == 0) return {};
    const auto rows = reference_ ? softmax_rows_reference : softmax_rows_simd;
    const float* from = x.as<float>().data();
    float* to = context.output(0).as<float>().data();
    if (inner == 1) {
      rows(from, to, outer, width, logarithm_);
      return {};
    }
    auto* row = reinterpret_cast<float*>(context.scratch.data());
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < inner; ++i) {
        const std::int64_t base = o * width * inner + i;
        for (std::int64_t n = 0; n < width; ++n) row[n] = from[base + n * inner];
        rows(row, row + width, 1, width, logarithm_);
        for (std::int64_t n = 0; n < width; ++n) to[base + n * inner] = row[width + n];
      }
    return {};
  }

 private:
  bool logarithm_, coerced_;
  std::int64_t axis_;
  bool reference_;
};

}  // namespace

void add_reductions(OperatorSet& set) {
  const std::pair<const char*, Reduction> kinds[] = {
      {"ReduceSum", Reduction::sum},        {"ReduceMean", Reduction::mean},
      {"ReduceMax", Reduction::max},        {"ReduceMin", Reduction::min},
      {"ReduceProd", Reduction::prod},      {"ReduceL1", Reduction::l1},
      {"ReduceL2", Reduction::l2},          {"ReduceSumSquare", Reduction::sum_square},
      {"ReduceLogSum", Reduction::log_sum}, {"ReduceLogSumExp", Reduction::log_sum_exp}};
  for (const auto& [name, kind] : kinds) set.add("", name, reduce_factory(kind));
  set.add("", "ArgMax", from_node<ArgOp>());
  set.add("", "ArgMin", from_node<ArgOp>());
  set.add("", "CumSum", from_node<CumSumOp>());
  set.add("", "Softmax", from_node<SoftmaxOp>());
  set.add("", "LogSoftmax", from_node<SoftmaxOp>());
}

}  // namespace canter::nn::detail
