// Gemm, MatMul, and the fused layer made of them.

#include <algorithm>
#include <cmath>

#include "nn/epilogue.h"
#include "nn/linear.h"
#include "nn/op_support.h"

namespace canter::nn::detail {

namespace {

// y = activation(x W + b), W constant and packed; x of any rank, its last axis the inputs.
class LinearOp : public Operator {
 public:
  LinearOp(PackedLinear layer, Epilogue epilogue, bool reference)
      : layer_(std::move(layer)), epilogue_(epilogue), reference_(reference) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    Shape shape = context.shape(0);
    if (shape.rank() < 1 || shape[shape.rank() - 1] != layer_.in)
      return bad_value("input of shape " + shape.text() + "; expected [..., " +
                       std::to_string(layer_.in) + "]");
    const std::int64_t rows = shape.num_elements(0, shape.rank() - 1);
    shape[shape.rank() - 1] = layer_.out;
    context.set_output(0, DType::f32, shape);
    context.set_scratch(linear_scratch_bytes(layer_, rows));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const Shape& shape = context.input(0).shape;
    LinearCall call;
    call.x = context.input(0).as<float>().data();
    call.rows = shape.num_elements(0, shape.rank() - 1);
    call.x_stride = layer_.in;
    call.y = context.output(0).as<float>().data();
    call.y_stride = layer_.out;
    call.reverse = context.reverse;
    call.scratch = context.scratch;
    linear(layer_, call, reference_);
    epilogue_.apply(call.y, call.rows * layer_.out);
    return {};
  }

 private:
  PackedLinear layer_;
  Epilogue epilogue_;
  bool reference_;
};

Result<std::unique_ptr<Operator>> make_layer(NodeContext& context, const WeightSource& source,
                                             std::int64_t in, std::int64_t out, const float* bias) {
  PackedLinear layer = pack_linear(source, in, out, bias, context.precision(), context.memory());
  context.add_weight_bytes(layer.size_bytes());
  context.consume(1);
  if (context.has_input(2)) context.consume(2);
  return std::unique_ptr<Operator>(
      std::make_unique<LinearOp>(std::move(layer), epilogue_of(context), context.reference()));
}

// ---- matrices neither of which is constant

// Batched matrix product with numpy's rules.
class MatMulOp : public Operator {
 public:
  explicit MatMulOp(bool reference) : reference_(reference) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    CANTER_TRY(require_f32(context, 1));
    const Shape& a = context.shape(0);
    const Shape& b = context.shape(1);
    if (a.rank() < 1 || b.rank() < 1) return bad_value("MatMul of a scalar");
    const Split sa = split(a, true);
    const Split sb = split(b, false);
    if (sa.columns != sb.rows)
      return bad_value("shapes " + a.text() + " and " + b.text() + " do not multiply");
    const auto batch = broadcast_shapes(sa.batch, sb.batch);
    if (!batch) return batch.error();
    Shape out = *batch;
    if (out.rank() + 2 > Shape::kMaxRank) return bad_value("rank above 8");
    if (a.rank() > 1) out.push_back(sa.rows);
    if (b.rank() > 1) out.push_back(sb.columns);
    context.set_output(0, DType::f32, out);
    context.set_scratch(matmul_scratch_bytes(sb.rows, sb.columns));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const Split a = split(context.input(0).shape, true);
    const Split b = split(context.input(1).shape, false);
    const Shape batch = broadcast_shapes(a.batch, b.batch).value();
    const Strides a_steps = broadcast_strides(a.batch, batch);
    const Strides b_steps = broadcast_strides(b.batch, batch);
    MatmulCall call;
    call.a_stride = call.k = a.columns;
    call.b_stride = call.c_stride = call.n = b.columns;
    call.rows = a.rows;
    call.scratch = context.scratch;
    const float* pa = context.input(0).as<float>().data();
    const float* pb = context.input(1).as<float>().data();
    float* pc = context.output(0).as<float>().data();
    const std::int64_t count = batch.num_elements();
    for (std::int64_t n = 0; n < count; ++n) {
      call.a = pa + matrix_of(n, batch, a_steps) * a.rows * a.columns;
      call.b = pb + matrix_of(n, batch, b_steps) * b.rows * b.columns;
      call.c = pc + n * a.rows * b.columns;
      matmul(call, reference_);
    }
    return {};
  }

 private:
  struct Split {
    Shape batch;
    std::int64_t rows = 1;
    std::int64_t columns = 1;
  };

  // A vector is one row on the left, one column on the right.
  static Split split(const Shape& shape, bool left) {
    Split s;
    if (shape.rank() == 1) {
      (left ? s.columns : s.rows) = shape[0];
      return s;
    }
    for (int axis = 0; axis + 2 < shape.rank(); ++axis) s.batch.push_back(shape[axis]);
    s.rows = shape[shape.rank() - 2];
    s.columns = shape[shape.rank() - 1];
    return s;
  }

  static std::int64_t matrix_of(std::int64_t n, const Shape& batch, const Strides& steps) {
    std::int64_t at = 0;
    for (int axis = batch.rank() - 1; axis >= 0; --axis) {
      at += n % batch[axis] * steps.step[axis];
      n /= batch[axis];
    }
    return at;
  }

  bool reference_;
};

Result<std::unique_ptr<Operator>> make_matmul(NodeContext& context) {
  const Tensor* b = context.constant(1);
  if (b != nullptr && b->dtype() == DType::f32 && b->shape().rank() == 2 &&
      context.constant(0) == nullptr) {
    const std::int64_t in = b->shape()[0];
    const std::int64_t out = b->shape()[1];
    return make_layer(context, {b->as<float>().data(), 1, out}, in, out, nullptr);
  }
  return std::unique_ptr<Operator>(std::make_unique<MatMulOp>(context.reference()));
}

// ---- Gemm

// alpha A' B' + beta C with B not constant: transposes as needed.
class GemmOp : public Operator {
 public:
  explicit GemmOp(const NodeContext& context)
      : trans_a_(context.node().integer("transA", 0) != 0),
        trans_b_(context.node().integer("transB", 0) != 0),
        alpha_(context.node().number("alpha", 1.0f)),
        beta_(context.node().number("beta", 1.0f)),
        reference_(context.reference()) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    CANTER_TRY(require_f32(context, 1));
    const Shape& a = context.shape(0);
    const Shape& b = context.shape(1);
    if (a.rank() != 2 || b.rank() != 2)
      return bad_value("matrices of shapes " + a.text() + " and " + b.text() + "; expected rank 2");
    const Sizes s = sizes(a, b);
    if (s.k != b[trans_b_ ? 1 : 0])
      return bad_value("shapes " + a.text() + " and " + b.text() + " do not multiply");
    const Shape out{s.m, s.n};
    if (context.has_input(2)) {
      CANTER_TRY(require_f32(context, 2));
      const auto fits = broadcast_shapes(out, context.shape(2));
      if (!fits || *fits != out)
        return bad_value("C of shape " + context.shape(2).text() + " does not broadcast to " +
                         out.text());
    }
    context.set_output(0, DType::f32, out);
    context.set_scratch(offset_b(s) + (trans_b_ ? bytes(s.k * s.n) : 0) +
                        matmul_scratch_bytes(s.k, s.n));
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const Shape& a = context.input(0).shape;
    const Shape& b = context.input(1).shape;
    const Sizes s = sizes(a, b);
    std::byte* scratch = context.scratch.data();
    MatmulCall call;
    call.a = context.input(0).as<float>().data();
    call.b = context.input(1).as<float>().data();
    if (trans_a_) call.a = transpose(call.a, s.k, s.m, reinterpret_cast<float*>(scratch));
    if (trans_b_)
      call.b = transpose(call.b, s.n, s.k, reinterpret_cast<float*>(scratch + offset_b(s)));
    call.a_stride = call.k = s.k;
    call.b_stride = call.c_stride = call.n = s.n;
    call.rows = s.m;
    call.c = context.output(0).as<float>().data();
    call.scratch = context.scratch.subspan(offset_b(s) + (trans_b_ ? bytes(s.k * s.n) : 0));
    matmul(call, reference_);
    add_c(context, s);
    return {};
  }

 private:
  struct Sizes {
    std::int64_t m, k, n;
  };
  Sizes sizes(const Shape& a, const Shape& b) const {
    return {a[trans_a_ ? 1 : 0], a[trans_a_ ? 0 : 1], b[trans_b_ ? 0 : 1]};
  }
  static std::size_t bytes(std::int64_t floats) {
    return align_up(static_cast<std::size_t>(floats) * sizeof(float));
  }
  std::size_t offset_b(const Sizes& s) const { return trans_a_ ? bytes(s.m * s.k) : 0; }

  static const float* transpose(const float* from, std::int64_t rows, std::int64_t columns,
                                float* to) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
    return to;
  }

  void add_c(const RunContext& context, const Sizes& s) const {
    float* y = context.output(0).as<float>().data();
    if (alpha_ != 1.0f) std::for_each(y, y + s.m * s.n, [this](float& v) { v *= alpha_; });
    if (!context.has_input(2)) return;
    const ConstTensorView& c = context.input(2);
    const Strides steps = broadcast_strides(c.shape, Shape{s.m, s.n});
    for (std::int64_t r = 0; r < s.m; ++r)
      for (std::int64_t j = 0; j < s.n; ++j)
        y[r * s.n + j] +=
            beta_ * c.as<float>()[static_cast<std::size_t>(r * steps.step[0] + j * steps.step[1])];
  }

  bool trans_a_, trans_b_;
  float alpha_, beta_;
  bool reference_;
};

bool is_bias(const Tensor& c, std::int64_t out) {
  return c.dtype() == DType::f32 &&
         (c.num_elements() == 1 || (static_cast<std::int64_t>(c.num_elements()) == out &&
                                    c.shape()[c.shape().rank() - 1] == out));
}

Result<std::unique_ptr<Operator>> make_gemm(NodeContext& context) {
  const Node& node = context.node();
  const Tensor* b = context.constant(1);
  const Tensor* c = context.constant(2);
  const bool trans_b = node.integer("transB", 0) != 0;
  if (b != nullptr && (b->dtype() != DType::f32 || b->shape().rank() != 2))
    return bad_value("B of shape " + b->shape().text() + " and type " +
                     std::string(dtype_name(b->dtype())) + "; expected an f32 matrix");
  const bool packable =
      b != nullptr && context.constant(0) == nullptr && node.integer("transA", 0) == 0;
  const std::int64_t out = packable ? b->shape()[trans_b ? 0 : 1] : 0;
  if (!packable || (context.has_input(2) && (c == nullptr || !is_bias(*c, out)))) {
    if (node.find("activation") != nullptr) return unsupported("a fused layer without constants");
    return std::unique_ptr<Operator>(std::make_unique<GemmOp>(context));
  }
  const std::int64_t in = b->shape()[trans_b ? 1 : 0];
  const float alpha = node.number("alpha", 1.0f);
  const float beta = node.number("beta", 1.0f);
  std::vector<float> scaled;
  if (alpha != 1.0f)
    for (const float w : b->as<float>()) scaled.push_back(alpha * w);
  std::vector<float> bias(static_cast<std::size_t>(out), 0.0f);
  if (c != nullptr)
    for (std::size_t o = 0; o < bias.size(); ++o)
      bias[o] = beta * c->as<float>()[c->num_elements() == 1 ? 0 : o];
  const WeightSource source{scaled.empty() ? b->as<float>().data() : scaled.data(),
                            trans_b ? in : 1, trans_b ? 1 : out};
  return make_layer(context, source, in, out, bias.data());
}

}  // namespace

void add_linear(OperatorSet& set) {
  set.add("", "MatMul", make_matmul);
  set.add("", "Gemm", make_gemm);
  // A layer whose input may have any rank: Gemm without that limit, made by fusion.
  set.add(kCanterDomain, "Linear", make_gemm);
}

}  // namespace canter::nn::detail
