// Operators on shapes: what depends on extents alone, and the same memory under another shape.

#include <algorithm>
#include <cmath>

#include "nn/op_support.h"
#include "nn/visit.h"

namespace canter::nn::detail {

namespace {

// Operators whose output is an input's memory, or known when planning, have nothing to run.
class PlanOnlyOp : public Operator {
 public:
  Result<void> run(const RunContext&) const override { return {}; }
};

class ShapeOp : public PlanOnlyOp {
 public:
  explicit ShapeOp(const NodeContext& context)
      : begin_(context.node().integer("start", 0)),
        end_(context.node().integer("end", Shape::kMaxRank)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const auto dims = context.shape(0).dims();
    const auto rank = static_cast<std::int64_t>(dims.size());
    const auto clamped = [&](std::int64_t axis) {
      return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
    };
    const std::int64_t begin = clamped(begin_);
    const std::int64_t end = std::max(begin, clamped(end_));
    context.set_value(0, Tensor::of<std::int64_t>(
                             {end - begin}, dims.subspan(static_cast<std::size_t>(begin),
                                                         static_cast<std::size_t>(end - begin))));
    return {};
  }

 private:
  std::int64_t begin_, end_;
};

class SizeOp : public PlanOnlyOp {
 public:
  explicit SizeOp(const NodeContext&) {}
  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    context.set_value(0, Tensor::of<std::int64_t>({}, {context.shape(0).num_elements()}));
    return {};
  }
};

class ConstantOfShapeOp : public Operator {
 public:
  explicit ConstantOfShapeOp(const NodeContext& context) {
    const auto* value = context.node().find("value");
    value_ = value != nullptr && std::holds_alternative<Tensor>(*value)
                 ? std::get<Tensor>(*value)
                 : Tensor::of<float>({1}, {0.0f});
    if (value_.dtype() == DType::f64 || value_.dtype() == DType::f16 ||
        value_.dtype() == DType::bf16)
      value_ = convert(value_.view(), DType::f32);
  }

  Result<void> plan(PlanContext& context) const override {
    if (value_.num_elements() != 1) return bad_value("its value has more than one element");
    const auto dims = known_integers(context, 0, "the shape");
    if (!dims) return dims.error();
    const auto shape = Shape::make(*dims);
    if (!shape) return shape.error();
    context.set_output(0, value_.dtype(), *shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const TensorView& y = context.output(0);
    const std::size_t size = value_.size_bytes();
    for (std::size_t i = 0; i < y.num_elements(); ++i)
      std::copy_n(value_.bytes().data(), size, y.data + i * size);
    return {};
  }

 private:
  Tensor value_;
};

class RangeOp : public Operator {
 public:
  explicit RangeOp(const NodeContext&) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 3));
    for (int i = 0; i < 3; ++i)
      if (!context.is_known(i) || context.value(i).num_elements() != 1 ||
          context.dtype(i) != context.dtype(0))
        return unsupported("start, limit and step must be scalars of one type known when planning");
    double numbers[3];
    for (int i = 0; i < 3; ++i) numbers[i] = convert(context.value(i), DType::f64).as<double>()[0];
    const double count = std::ceil((numbers[1] - numbers[0]) / numbers[2]);
    constexpr double kMost = 1e9;
    if (!(count < kMost)) return bad_value("counts " + std::to_string(count) + " numbers");
    context.set_output(0, context.dtype(0), {static_cast<std::int64_t>(std::max(count, 0.0))});
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    visit_dtype(context.output(0).dtype, [&]<class T>(Type<T>) {
      if constexpr (std::is_arithmetic_v<T>) {
        const T start = context.input(0).as<T>()[0];
        const T step = context.input(2).as<T>()[0];
        const auto y = context.output(0).as<T>();
        for (std::size_t i = 0; i < y.size(); ++i)
          y[i] = static_cast<T>(start + static_cast<T>(i) * step);
      }
    });
    return {};
  }
};

class IdentityOp : public PlanOnlyOp {
 public:
  explicit IdentityOp(const NodeContext&) {}
  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    context.alias_output(0, 0, context.shape(0));
    // The mask of Dropout: everything is kept.
    if (context.wants_output(1)) {
      auto mask = Tensor::make(DType::boolean, context.shape(0));
      if (!mask) return mask.error();
      std::ranges::fill(mask->as<std::uint8_t>(), std::uint8_t{1});
      context.set_value(1, std::move(mask).value());
    }
    return {};
  }
};

class ReshapeOp : public PlanOnlyOp {
 public:
  explicit ReshapeOp(const NodeContext& context)
      : allow_zero_(context.node().integer("allowzero", 0) != 0) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    auto dims = known_integers(context, 1, "the shape");
    if (!dims) return dims.error();
    const Shape& from = context.shape(0);
    if (dims->size() > static_cast<std::size_t>(Shape::kMaxRank)) return bad_value("rank above 8");
    int open = -1;
    std::int64_t known = 1;
    for (std::size_t i = 0; i < dims->size(); ++i) {
      std::int64_t& extent = (*dims)[i];
      if (extent == 0 && !allow_zero_) {
        if (static_cast<int>(i) >= from.rank())
          return bad_value("copies an extent that is not there");
        extent = from[static_cast<int>(i)];
      }
      if (extent == -1) {
        if (open >= 0) return bad_value("two extents are -1");
        open = static_cast<int>(i);
      } else if (extent < 0) {
        return bad_value("extent " + std::to_string(extent));
      } else if (extent != 0 && known > from.num_elements() / extent + 1) {
        return does_not_fit(from, *dims);
      } else {
        known *= extent;
      }
    }
    if (open >= 0)
      (*dims)[static_cast<std::size_t>(open)] = known == 0 ? 0 : from.num_elements() / known;
    const Shape to{std::span<const std::int64_t>(*dims)};
    if (to.num_elements() != from.num_elements()) return does_not_fit(from, *dims);
    context.alias_output(0, 0, to);
    return {};
  }

 private:
  static Error does_not_fit(const Shape& from, std::span<const std::int64_t> to) {
    return bad_value("shape " + from.text() + " does not reshape to " + Shape(to).text());
  }

  bool allow_zero_;
};

class FlattenOp : public PlanOnlyOp {
 public:
  explicit FlattenOp(const NodeContext& context) : axis_(context.node().integer("axis", 1)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const Shape& shape = context.shape(0);
    const std::int64_t axis = axis_ < 0 ? axis_ + shape.rank() : axis_;
    if (axis < 0 || axis > shape.rank())
      return bad_value("axis " + std::to_string(axis_) + " of " + shape.text());
    const int split = static_cast<int>(axis);
    context.alias_output(0, 0,
                         {shape.num_elements(0, split), shape.num_elements(split, shape.rank())});
    return {};
  }

 private:
  std::int64_t axis_;
};

// Squeeze and Unsqueeze have their axes in an attribute before opset 13, in an input after.
Result<std::vector<std::int64_t>> axes_of(const PlanContext& context,
                                          const std::vector<std::int64_t>& attribute) {
  if (!context.has_input(1)) return attribute;
  return known_integers(context, 1, "the list of axes");
}

class SqueezeOp : public PlanOnlyOp {
 public:
  explicit SqueezeOp(const NodeContext& context) : axes_(context.node().integers("axes")) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const Shape& from = context.shape(0);
    const auto axes = axes_of(context, axes_);
    if (!axes) return axes.error();
    bool dropped[Shape::kMaxRank] = {};
    for (const std::int64_t a : *axes) {
      const auto axis = normalise_axis(a, from.rank());
      if (!axis) return axis.error();
      if (from[*axis] != 1)
        return bad_value("axis " + std::to_string(a) + " of " + from.text() + " is not 1");
      dropped[*axis] = true;
    }
    Shape to;
    for (int axis = 0; axis < from.rank(); ++axis)
      if (axes->empty() ? from[axis] != 1 : !dropped[axis]) to.push_back(from[axis]);
    context.alias_output(0, 0, to);
    return {};
  }

 private:
  std::vector<std::int64_t> axes_;
};

class UnsqueezeOp : public PlanOnlyOp {
 public:
  explicit UnsqueezeOp(const NodeContext& context) : axes_(context.node().integers("axes")) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const Shape& from = context.shape(0);
    const auto axes = axes_of(context, axes_);
    if (!axes) return axes.error();
    const int rank = from.rank() + static_cast<int>(axes->size());
    if (rank > Shape::kMaxRank) return bad_value("rank above 8");
    bool added[Shape::kMaxRank] = {};
    for (const std::int64_t a : *axes) {
      const auto axis = normalise_axis(a, rank);
      if (!axis) return axis.error();
      if (added[*axis]) return bad_value("axis " + std::to_string(a) + " is there twice");
      added[*axis] = true;
    }
    Shape to;
    int next = 0;
    for (int axis = 0; axis < rank; ++axis) to.push_back(added[axis] ? 1 : from[next++]);
    context.alias_output(0, 0, to);
    return {};
  }

 private:
  std::vector<std::int64_t> axes_;
};

}  // namespace

void add_shape_operators(OperatorSet& set) {
  set.add("", "Shape", from_node<ShapeOp>());
  set.add("", "Size", from_node<SizeOp>());
  set.add("", "ConstantOfShape", from_node<ConstantOfShapeOp>());
  set.add("", "Range", from_node<RangeOp>());
  set.add("", "Identity", from_node<IdentityOp>());
  set.add("", "Dropout", from_node<IdentityOp>());
  set.add("", "Reshape", from_node<ReshapeOp>());
  set.add("", "Flatten", from_node<FlattenOp>());
  set.add("", "Squeeze", from_node<SqueezeOp>());
  set.add("", "Unsqueeze", from_node<UnsqueezeOp>());
}

}  // namespace canter::nn::detail
