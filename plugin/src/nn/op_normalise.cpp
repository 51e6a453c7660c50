// BatchNormalization, LayerNormalization, GroupNormalization, InstanceNormalization.

#include <cmath>

#include "nn/elementwise.h"
#include "nn/op_support.h"

namespace canter::nn::detail {

namespace {

Result<void> require_channels(const PlanContext& context, int first, int last, std::int64_t count) {
  for (int i = first; i <= last; ++i) {
    CANTER_TRY(require_f32(context, i));
    if (context.shape(i).num_elements() != count)
      return bad_value("input " + std::to_string(i) + " of shape " + context.shape(i).text() +
                       "; expected " + std::to_string(count) + " numbers");
  }
  return {};
}

Result<void> require_rank(const PlanContext& context, int rank) {
  CANTER_TRY(require_f32(context, 0));
  if (context.shape(0).rank() < rank)
    return bad_value("shape " + context.shape(0).text() + "; expected rank " +
                     std::to_string(rank) + " at least");
  return {};
}

// With the statistics of training, per channel (axis 1).
class BatchNormOp : public Operator {
 public:
  explicit BatchNormOp(const NodeContext& context)
      : epsilon_(context.node().number("epsilon", 1e-5f)) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_rank(context, 2));
    CANTER_TRY(require_channels(context, 1, 4, context.shape(0)[1]));
    context.set_output(0, DType::f32, context.shape(0));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const std::int64_t channels = x.shape[1];
    const std::int64_t inner = x.shape.num_elements(2, x.shape.rank());
    const float* from = x.as<float>().data();
    float* to = context.output(0).as<float>().data();
    const float* parameters[4];
    for (int i = 0; i < 4; ++i) parameters[i] = context.input(i + 1).as<float>().data();
    for (std::int64_t n = 0; n < x.shape[0] * channels; ++n, from += inner, to += inner) {
      const std::int64_t c = n % channels;
      const float scale = parameters[0][c] / std::sqrt(parameters[3][c] + epsilon_);
      const float shift = parameters[1][c] - parameters[2][c] * scale;
      for (std::int64_t i = 0; i < inner; ++i) to[i] = from[i] * scale + shift;
    }
    return {};
  }

 private:
  float epsilon_;
};

class LayerNormOp : public Operator {
 public:
  explicit LayerNormOp(const NodeContext& context)
      : axis_(context.node().integer("axis", -1)),
        epsilon_(context.node().number("epsilon", 1e-5f)),
        reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_rank(context, 1));
    const Shape& shape = context.shape(0);
    const auto axis = normalise_axis(axis_, shape.rank());
    if (!axis) return axis.error();
    const std::int64_t width = shape.num_elements(*axis, shape.rank());
    CANTER_TRY(require_channels(context, 1, context.has_input(2) ? 2 : 1, width));
    if (context.wants_output(1) || context.wants_output(2))
      return unsupported("mean and deviation as outputs");
    context.set_output(0, DType::f32, shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const Shape& shape = context.input(0).shape;
    const int axis = normalise_axis(axis_, shape.rank()).value();
    const float* bias = context.has_input(2) ? context.input(2).as<float>().data() : nullptr;
    (reference_ ? normalise_rows_reference : normalise_rows_simd)(
        context.input(0).as<float>().data(), context.input(1).as<float>().data(), bias, epsilon_,
        context.output(0).as<float>().data(), shape.num_elements(0, axis),
        shape.num_elements(axis, shape.rank()));
    return {};
  }

 private:
  std::int64_t axis_;
  float epsilon_;
  bool reference_;
};

// Groups of channels of each item; InstanceNormalization has as many groups as channels.
class GroupNormOp : public Operator {
 public:
  explicit GroupNormOp(const NodeContext& context)
      : groups_(context.node().op == "InstanceNormalization"
                    ? 0
                    : context.node().integer("num_groups", 1)),
        // Opset 18 has one scale per group, 21 one per channel; both are told by their number.
        epsilon_(context.node().number("epsilon", 1e-5f)),
        reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_rank(context, 2));
    const Shape& shape = context.shape(0);
    const std::int64_t channels = shape[1];
    const std::int64_t groups = groups_ == 0 ? channels : groups_;
    if (groups <= 0 || channels % groups != 0)
      return bad_value(std::to_string(groups) + " groups of " + std::to_string(channels) +
                       " channels");
    CANTER_TRY(require_inputs(context, 3));
    const std::int64_t count = context.shape(1).num_elements();
    if (count != channels && count != groups)
      return bad_value("a scale of shape " + context.shape(1).text() + " for " +
                       std::to_string(channels) + " channels");
    CANTER_TRY(require_channels(context, 1, 2, count));
    context.set_output(0, DType::f32, shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const std::int64_t channels = x.shape[1];
    const std::int64_t groups = groups_ == 0 ? channels : groups_;
    const std::int64_t inner = x.shape.num_elements(2, x.shape.rank());
    const std::int64_t width = channels / groups * inner;
    float* y = context.output(0).as<float>().data();
    (reference_ ? normalise_rows_reference : normalise_rows_simd)(
        x.as<float>().data(), nullptr, nullptr, epsilon_, y, x.shape[0] * groups, width);
    const auto scale = context.input(1).as<float>();
    const auto bias = context.input(2).as<float>();
    const bool per_channel = static_cast<std::int64_t>(scale.size()) == channels;
    for (std::int64_t n = 0; n < x.shape[0] * channels; ++n, y += inner) {
      const std::int64_t c = n % channels;
      const auto k = static_cast<std::size_t>(per_channel ? c : c / (channels / groups));
      for (std::int64_t i = 0; i < inner; ++i) y[i] = y[i] * scale[k] + bias[k];
    }
    return {};
  }

 private:
  std::int64_t groups_;
  float epsilon_;
  bool reference_;
};

}  // namespace

void add_normalisation(OperatorSet& set) {
  set.add("", "BatchNormalization", from_node<BatchNormOp>());
  set.add("", "LayerNormalization", from_node<LayerNormOp>());
  set.add("", "GroupNormalization", from_node<GroupNormOp>());
  set.add("", "InstanceNormalization", from_node<GroupNormOp>());
}

}  // namespace canter::nn::detail
