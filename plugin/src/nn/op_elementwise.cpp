// Element by element: functions of one number, arithmetic, comparisons, logic, choice.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>

#include "nn/broadcast.h"
#include "nn/elementwise.h"
#include "nn/op_support.h"
#include "nn/visit.h"

namespace canter::nn::detail {

namespace {

Result<void> same_shape(PlanContext& context) {
  CANTER_TRY(require_inputs(context, 1));
  context.set_output(0, context.dtype(0), context.shape(0));
  return {};
}

// ---- functions of one number

class UnaryOp : public Operator {
 public:
  UnaryOp(UnaryFunction function, bool reference) : function_(function), reference_(reference) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    const bool integers = function_.kind == Unary::abs || function_.kind == Unary::neg ||
                          function_.kind == Unary::sign || function_.kind == Unary::relu ||
                          function_.kind == Unary::clip;
    if (!integers || (context.dtype(0) != DType::i64 && context.dtype(0) != DType::i32))
      CANTER_TRY(require_f32(context, 0));
    return same_shape(context);
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const auto count = static_cast<std::int64_t>(x.num_elements());
    if (x.dtype == DType::i64) return run_integers<std::int64_t>(context);
    if (x.dtype == DType::i32) return run_integers<std::int32_t>(context);
    const auto apply = reference_ ? apply_unary_reference : apply_unary_simd;
    apply(function_, x.as<float>().data(), context.output(0).as<float>().data(), count);
    return {};
  }

 private:
  template <class T>
  Result<void> run_integers(const RunContext& context) const {
    const auto x = context.input(0).as<T>();
    const auto y = context.output(0).as<T>();
    using U = std::make_unsigned_t<T>;
    const auto negated = [](T v) { return static_cast<T>(U{0} - static_cast<U>(v)); };
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T v = x[i];
      switch (function_.kind) {
        case Unary::abs:
          y[i] = v < 0 ? negated(v) : v;
          break;
        case Unary::neg:
          y[i] = negated(v);
          break;
        case Unary::sign:
          y[i] = static_cast<T>((v > 0) - (v < 0));
          break;
        case Unary::relu:
          y[i] = std::max<T>(v, 0);
          break;
        default:
          y[i] = v;
      }
    }
    return {};
  }

  UnaryFunction function_;
  bool reference_;
};

// The attributes of an ONNX operator that is a function of one number.
UnaryFunction with_attributes(UnaryFunction f, const Node& node) {
  f.alpha = node.number("alpha", f.alpha);
  f.beta = node.number(f.kind == Unary::selu ? "gamma" : "beta", f.beta);
  if (f.kind == Unary::gelu && node.text("approximate", "none") == "tanh")
    f.kind = Unary::gelu_tanh;
  return f;
}

Result<std::unique_ptr<Operator>> make_unary(NodeContext& context) {
  const auto f = unary_from_name(context.node().op);
  return std::unique_ptr<Operator>(
      std::make_unique<UnaryOp>(with_attributes(*f, context.node()), context.reference()));
}

// Clip with constant limits, as PyTorch exports it (inputs from opset 11, attributes before).
Result<std::unique_ptr<Operator>> make_clip(NodeContext& context) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  UnaryFunction f{Unary::clip, context.node().number("min", -kInfinity),
                  context.node().number("max", kInfinity)};
  for (const int i : {1, 2}) {
    if (!context.has_input(i)) continue;
    const Tensor* limit = context.constant(i);
    if (limit == nullptr || limit->dtype() != DType::f32 || limit->num_elements() != 1)
      return unsupported("limits of Clip must be constant f32 scalars");
    (i == 1 ? f.alpha : f.beta) = limit->as<float>()[0];
    context.consume(i);
  }
  return std::unique_ptr<Operator>(std::make_unique<UnaryOp>(f, context.reference()));
}

// ---- arithmetic of two

enum class Arithmetic : std::uint8_t { add, sub, mul, div, min, max, pow, mod, fmod };

template <class T>
T arithmetic(Arithmetic op, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    switch (op) {
      case Arithmetic::pow:
        return std::pow(a, b);
      case Arithmetic::mod:
        return a - std::floor(a / b) * b;
      case Arithmetic::fmod:
        return std::fmod(a, b);
      default:
        return T{0};  // the kernels do the others
    }
  } else {
    using U = std::make_unsigned_t<T>;
    const U ua = static_cast<U>(a);
    const U ub = static_cast<U>(b);
    const bool no_quotient = b == 0 || (b == -1 && a == std::numeric_limits<T>::min());
    switch (op) {
      case Arithmetic::add:
        return static_cast<T>(ua + ub);
      case Arithmetic::sub:
        return static_cast<T>(ua - ub);
      case Arithmetic::mul:
        return static_cast<T>(ua * ub);
      case Arithmetic::div:
        return no_quotient ? T{0} : static_cast<T>(a / b);
      case Arithmetic::min:
        return std::min(a, b);
      case Arithmetic::max:
        return std::max(a, b);
      case Arithmetic::pow:
        return static_cast<T>(
            std::llround(std::pow(static_cast<double>(a), static_cast<double>(b))));
      case Arithmetic::fmod:
        return no_quotient ? T{0} : static_cast<T>(a % b);
      case Arithmetic::mod: {
        if (no_quotient) return T{0};
        const T rest = static_cast<T>(a % b);
        return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
      }
    }
    return T{0};
  }
}

std::optional<Binary> kernel_of(Arithmetic op) {
  switch (op) {
    case Arithmetic::add:
      return Binary::add;
    case Arithmetic::sub:
      return Binary::sub;
    case Arithmetic::mul:
      return Binary::mul;
    case Arithmetic::div:
      return Binary::div;
    case Arithmetic::min:
      return Binary::min;
    case Arithmetic::max:
      return Binary::max;
    case Arithmetic::pow:
      return Binary::pow;
    default:
      return std::nullopt;
  }
}

void combine(Arithmetic op, bool reference, const ConstTensorView& a, const ConstTensorView& b,
             const TensorView& y) {
  const BroadcastWalk<2> walk(y.shape, {&a.shape, &b.shape});
  const auto rows = [&]<class T>(Type<T>) {
    const T* pa = a.as<T>().data();
    const T* pb = b.as<T>().data();
    T* py = y.as<T>().data();
    walk.each([&](std::int64_t at, const std::array<std::int64_t, 2>& from) {
      for (std::int64_t i = 0; i < walk.inner(); ++i)
        py[at + i] = arithmetic(op, pa[from[0] + i * walk.step(0)], pb[from[1] + i * walk.step(1)]);
    });
  };
  const std::optional<Binary> kernel = kernel_of(op);
  if (y.dtype == DType::i64) return rows(Type<std::int64_t>());
  if (y.dtype == DType::i32) return rows(Type<std::int32_t>());
  if (!kernel) return rows(Type<float>());
  const auto apply = reference ? apply_binary_reference : apply_binary_simd;
  walk.each([&](std::int64_t at, const std::array<std::int64_t, 2>& from) {
    apply(*kernel, a.as<float>().data() + from[0], walk.step(0), b.as<float>().data() + from[1],
          walk.step(1), y.as<float>().data() + at, walk.inner());
  });
}

// Add, Sub …, and Min, Max, Sum, Mean of any number of inputs.
class ArithmeticOp : public Operator {
 public:
  ArithmeticOp(Arithmetic op, bool mean, bool reference)
      : op_(op), mean_(mean), reference_(reference) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    Shape shape = context.shape(0);
    const DType dtype = context.dtype(0);
    if (dtype != DType::f32 && dtype != DType::i64 && dtype != DType::i32)
      return unsupported("arithmetic on " + std::string(dtype_name(dtype)));
    if (mean_ && dtype != DType::f32)
      return bad_value("a mean of type " + std::string(dtype_name(dtype)) + "; expected f32");
    for (int i = 1; i < context.num_inputs(); ++i) {
      CANTER_TRY(require_inputs(context, i + 1));
      // Pow alone may mix: x^2 with an integer exponent.
      if (context.dtype(i) != dtype)
        return bad_value("inputs of type " + std::string(dtype_name(dtype)) + " and " +
                         std::string(dtype_name(context.dtype(i))) + "; expected the same");
      const auto broadcast = broadcast_shapes(shape, context.shape(i));
      if (!broadcast) return broadcast.error();
      shape = *broadcast;
    }
    context.set_output(0, dtype, shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const TensorView& y = context.output(0);
    const int count = static_cast<int>(context.inputs.size());
    if (count == 1) {
      const ConstTensorView& x = context.input(0);
      std::copy_n(x.data, x.size_bytes(), y.data);
      return {};
    }
    combine(op_, reference_, context.input(0), context.input(1), y);
    for (int i = 2; i < count; ++i) combine(op_, reference_, y, context.input(i), y);
    if (!mean_) return {};
    const Shape scalar;
    const float number = static_cast<float>(count);
    combine(Arithmetic::div, reference_, y,
            {DType::f32, scalar, reinterpret_cast<const std::byte*>(&number)}, y);
    return {};
  }

 private:
  Arithmetic op_;
  bool mean_;
  bool reference_;
};

OperatorFactory arithmetic_factory(Arithmetic op, bool mean = false) {
  return [=](NodeContext& context) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<ArithmeticOp>(op, mean, context.reference()));
  };
}

Result<std::unique_ptr<Operator>> make_mod(NodeContext& context) {
  const bool fmod = context.node().integer("fmod", 0) != 0;
  return arithmetic_factory(fmod ? Arithmetic::fmod : Arithmetic::mod)(context);
}

// x^p with a constant exponent: squares and roots are what layer norms are made of.
class PowOp : public ArithmeticOp {
 public:
  PowOp(std::optional<float> exponent, bool reference)
      : ArithmeticOp(Arithmetic::pow, false, reference), exponent_(exponent) {}

  Result<void> plan(PlanContext& context) const override {
    if (!exponent_ || context.dtype(0) != DType::f32) return ArithmeticOp::plan(context);
    return same_shape(context);
  }

  Result<void> run(const RunContext& context) const override {
    if (!exponent_ || context.input(0).dtype != DType::f32) return ArithmeticOp::run(context);
    const auto x = context.input(0).as<float>();
    const auto y = context.output(0).as<float>();
    if (*exponent_ == 2.0f)
      std::transform(x.begin(), x.end(), y.begin(), [](float v) { return v * v; });
    else if (*exponent_ == 0.5f)
      std::transform(x.begin(), x.end(), y.begin(), [](float v) { return std::sqrt(v); });
    else
      std::transform(x.begin(), x.end(), y.begin(),
                     [this](float v) { return std::pow(v, *exponent_); });
    return {};
  }

 private:
  std::optional<float> exponent_;
};

Result<std::unique_ptr<Operator>> make_pow(NodeContext& context) {
  std::optional<float> exponent;
  if (const Tensor* p = context.constant(1); p != nullptr && p->num_elements() == 1 &&
                                             p->shape().rank() <= 1 &&
                                             context.constant(0) == nullptr)
    exponent = convert(p->view(), DType::f32).as<float>()[0];
  return std::unique_ptr<Operator>(std::make_unique<PowOp>(exponent, context.reference()));
}

// ---- comparisons and logic

enum class Test : std::uint8_t {
  equal,
  less,
  less_equal,
  greater,
  greater_equal,
  both,
  either,
  one
};

template <class T>
bool test(Test op, T a, T b) {
  switch (op) {
    case Test::equal:
      return a == b;
    case Test::less:
      return a < b;
    case Test::less_equal:
      return a <= b;
    case Test::greater:
      return a > b;
    case Test::greater_equal:
      return a >= b;
    case Test::both:
      return a != 0 && b != 0;
    case Test::either:
      return a != 0 || b != 0;
    case Test::one:
      return (a != 0) != (b != 0);
  }
  return false;
}

class TestOp : public Operator {
 public:
  explicit TestOp(Test op) : op_(op) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 2));
    if (context.dtype(0) != context.dtype(1))
      return bad_value("compares " + std::string(dtype_name(context.dtype(0))) + " with " +
                       std::string(dtype_name(context.dtype(1))));
    const auto shape = broadcast_shapes(context.shape(0), context.shape(1));
    if (!shape) return shape.error();
    context.set_output(0, DType::boolean, *shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& a = context.input(0);
    const ConstTensorView& b = context.input(1);
    const TensorView& y = context.output(0);
    const BroadcastWalk<2> walk(y.shape, {&a.shape, &b.shape});
    visit_dtype(a.dtype, [&]<class T>(Type<T>) {
      if constexpr (std::is_arithmetic_v<T>) {
        const T* pa = a.as<T>().data();
        const T* pb = b.as<T>().data();
        std::uint8_t* py = y.as<std::uint8_t>().data();
        walk.each([&](std::int64_t at, const std::array<std::int64_t, 2>& from) {
          for (std::int64_t i = 0; i < walk.inner(); ++i)
            py[at + i] =
                test(op_, pa[from[0] + i * walk.step(0)], pb[from[1] + i * walk.step(1)]) ? 1 : 0;
        });
      }
    });
    return {};
  }

 private:
  Test op_;
};

OperatorFactory test_factory(Test op) {
  return [=](NodeContext&) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<TestOp>(op));
  };
}

// Not, IsNaN, IsInf: a truth about one element.
class PredicateOp : public Operator {
 public:
  explicit PredicateOp(const NodeContext& context) : op_(context.node().op) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    if (op_ == "Not" && context.dtype(0) != DType::boolean)
      return bad_value("Not of " + std::string(dtype_name(context.dtype(0))) + "; expected bool");
    if (op_ != "Not") CANTER_TRY(require_f32(context, 0));
    context.set_output(0, DType::boolean, context.shape(0));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const auto y = context.output(0).as<std::uint8_t>();
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = holds(context.input(0), i) ? 1 : 0;
    return {};
  }

 private:
  bool holds(const ConstTensorView& x, std::size_t i) const {
    if (op_ == "Not") return x.as<std::uint8_t>()[i] == 0;
    const float value = x.as<float>()[i];
    return op_ == "IsNaN" ? std::isnan(value) : std::isinf(value);
  }

  std::string op_;
};

class WhereOp : public Operator {
 public:
  explicit WhereOp(const NodeContext&) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 3));
    if (context.dtype(0) != DType::boolean || context.dtype(1) != context.dtype(2))
      return bad_value("expected a bool condition and two inputs of the same type");
    const auto values = broadcast_shapes(context.shape(1), context.shape(2));
    if (!values) return values.error();
    const auto shape = broadcast_shapes(context.shape(0), *values);
    if (!shape) return shape.error();
    context.set_output(0, context.dtype(1), *shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& condition = context.input(0);
    const ConstTensorView& a = context.input(1);
    const ConstTensorView& b = context.input(2);
    const TensorView& y = context.output(0);
    const BroadcastWalk<3> walk(y.shape, {&condition.shape, &a.shape, &b.shape});
    const std::uint8_t* chosen = condition.as<std::uint8_t>().data();
    visit_dtype(y.dtype, [&]<class T>(Type<T>) {
      const T* pa = reinterpret_cast<const T*>(a.data);
      const T* pb = reinterpret_cast<const T*>(b.data);
      T* py = reinterpret_cast<T*>(y.data);
      walk.each([&](std::int64_t at, const std::array<std::int64_t, 3>& from) {
        for (std::int64_t i = 0; i < walk.inner(); ++i)
          py[at + i] = chosen[from[0] + i * walk.step(0)] != 0 ? pa[from[1] + i * walk.step(1)]
                                                               : pb[from[2] + i * walk.step(2)];
      });
    });
    return {};
  }
};

class PReluOp : public Operator {
 public:
  explicit PReluOp(const NodeContext& context) : reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    CANTER_TRY(require_f32(context, 1));
    const auto shape = broadcast_shapes(context.shape(0), context.shape(1));
    if (!shape) return shape.error();
    if (*shape != context.shape(0)) return bad_value("the slope is larger than the input");
    context.set_output(0, DType::f32, *shape);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const ConstTensorView& x = context.input(0);
    const ConstTensorView& slope = context.input(1);
    const BroadcastWalk<2> walk(x.shape, {&x.shape, &slope.shape});
    const auto apply = reference_ ? apply_binary_reference : apply_binary_simd;
    walk.each([&](std::int64_t at, const std::array<std::int64_t, 2>& from) {
      apply(Binary::prelu, x.as<float>().data() + from[0], walk.step(0),
            slope.as<float>().data() + from[1], walk.step(1),
            context.output(0).as<float>().data() + at, walk.inner());
    });
    return {};
  }

 private:
  bool reference_;
};

// ---- casts

class CastOp : public Operator {
 public:
  explicit CastOp(DType to) : to_(to) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 1));
    if (context.dtype(0) == to_)
      context.alias_output(0, 0, context.shape(0));
    else
      context.set_output(0, to_, context.shape(0));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    convert_into(context.input(0), context.output(0));
    return {};
  }

 private:
  DType to_;
};

Result<std::unique_ptr<Operator>> make_cast(NodeContext& context) {
  const std::int64_t to = context.node().integer("to", 0);
  switch (to) {
    case 1:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::f32));
    case 2:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::u8));
    case 3:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::i8));
    case 5:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::i16));
    case 6:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::i32));
    case 7:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::i64));
    case 9:
      return std::unique_ptr<Operator>(std::make_unique<CastOp>(DType::boolean));
    default:
      return unsupported("cast to element type " + std::to_string(to));
  }
}

Result<std::unique_ptr<Operator>> make_boundary_cast(NodeContext& context) {
  const auto dtype = static_cast<DType>(context.node().integer("dtype", 1));
  return std::unique_ptr<Operator>(std::make_unique<CastOp>(dtype));
}

class CastLikeOp : public Operator {
 public:
  explicit CastLikeOp(const NodeContext&) {}
  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_inputs(context, 2));
    context.set_output(0, context.dtype(1), context.shape(0));
    return {};
  }
  Result<void> run(const RunContext& context) const override {
    convert_into(context.input(0), context.output(0));
    return {};
  }
};

}  // namespace

void add_elementwise(OperatorSet& set) {
  for (const char* op :
       {"Abs",   "Neg",      "Exp",      "Log",     "Sqrt",        "Reciprocal",
        "Sin",   "Cos",      "Tan",      "Asin",    "Acos",        "Atan",
        "Sinh",  "Cosh",     "Asinh",    "Acosh",   "Atanh",       "Erf",
        "Floor", "Ceil",     "Round",    "Sign",    "Relu",        "LeakyRelu",
        "Elu",   "Selu",     "Celu",     "Sigmoid", "HardSigmoid", "HardSwish",
        "Tanh",  "Softplus", "Softsign", "Gelu",    "Mish",        "ThresholdedRelu"})
    set.add("", op, make_unary);
  // What fusion makes of patterns.
  set.add(kCanterDomain, "Silu", make_unary);
  set.add(kCanterDomain, "Gelu", make_unary);
  set.add("", "Clip", make_clip);
  set.add("", "Add", arithmetic_factory(Arithmetic::add));
  set.add("", "Sub", arithmetic_factory(Arithmetic::sub));
  set.add("", "Mul", arithmetic_factory(Arithmetic::mul));
  set.add("", "Div", arithmetic_factory(Arithmetic::div));
  set.add("", "Min", arithmetic_factory(Arithmetic::min));
  set.add("", "Max", arithmetic_factory(Arithmetic::max));
  set.add("", "Sum", arithmetic_factory(Arithmetic::add));
  set.add("", "Mean", arithmetic_factory(Arithmetic::add, true));
  set.add("", "Mod", make_mod);
  set.add("", "Pow", make_pow);
  set.add("", "Equal", test_factory(Test::equal));
  set.add("", "Less", test_factory(Test::less));
  set.add("", "LessOrEqual", test_factory(Test::less_equal));
  set.add("", "Greater", test_factory(Test::greater));
  set.add("", "GreaterOrEqual", test_factory(Test::greater_equal));
  set.add("", "And", test_factory(Test::both));
  set.add("", "Or", test_factory(Test::either));
  set.add("", "Xor", test_factory(Test::one));
  for (const char* op : {"Not", "IsNaN", "IsInf"}) set.add("", op, from_node<PredicateOp>());
  set.add("", "Where", from_node<WhereOp>());
  set.add("", "PRelu", from_node<PReluOp>());
  set.add("", "Cast", make_cast);
  set.add("", "CastLike", from_node<CastLikeOp>());
  set.add(kCanterDomain, "Cast", make_boundary_cast);
}

}  // namespace canter::nn::detail
