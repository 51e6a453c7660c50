// LSTM, GRU and RNN: one matrix product for the inputs of all steps, then step by step.
//
// Gate orders are ONNX's: LSTM i o f c, GRU z r h.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "nn/elementwise.h"
#include "nn/linear.h"
#include "nn/op_support.h"

namespace canter::nn::detail {

namespace {

enum class Cell : std::uint8_t { lstm, gru, rnn };

struct Direction {
  PackedLinear input;        ///< [gates * hidden, inputs], biases included
  PackedLinear recurrent;    ///< [gates * hidden, hidden]
  PackedLinear candidate;    ///< GRU that resets before the product: [hidden, hidden]
  UnaryFunction activation;  ///< of RNN
  bool backwards = false;
};

struct Sizes {
  std::int64_t steps = 0, batch = 0, inputs = 0, hidden = 0, directions = 1, gates = 1;
};

class RecurrentOp : public Operator {
 public:
  RecurrentOp(Cell cell, std::vector<Direction> directions, std::int64_t hidden, bool batch_first,
              bool reset_after, bool reference)
      : cell_(cell),
        directions_(std::move(directions)),
        hidden_(hidden),
        batch_first_(batch_first),
        reset_after_(reset_after),
        reference_(reference) {}

  Result<void> plan(PlanContext& context) const override {
    CANTER_TRY(require_f32(context, 0));
    const Shape& x = context.shape(0);
    const std::int64_t inputs = directions_[0].input.in;
    if (x.rank() != 3 || x[2] != inputs)
      return bad_value("input of shape " + x.text() + "; expected " +
                       (batch_first_ ? "[batch, time, " : "[time, batch, ") +
                       std::to_string(inputs) + "]");
    const Sizes s = sizes_of(x);
    const Shape state = batch_first_ ? Shape{s.batch, s.directions, s.hidden}
                                     : Shape{s.directions, s.batch, s.hidden};
    CANTER_TRY(require_state(context, 5, state));
    if (cell_ == Cell::lstm) CANTER_TRY(require_state(context, 6, state));
    context.set_output(0, DType::f32,
                       batch_first_ ? Shape{s.batch, s.steps, s.directions, s.hidden}
                                    : Shape{s.steps, s.directions, s.batch, s.hidden});
    context.set_output(1, DType::f32, state);
    context.set_output(2, DType::f32, state);
    context.set_scratch(make_scratch(s, nullptr).bytes);
    return {};
  }

  Result<void> run(const RunContext& context) const override {
    const Sizes s = sizes_of(context.input(0).shape);
    for (std::size_t d = 0; d < directions_.size(); ++d) run_direction(context, s, d);
    return {};
  }

 private:
  Sizes sizes_of(const Shape& x) const {
    Sizes s;
    s.steps = x[batch_first_ ? 1 : 0];
    s.batch = x[batch_first_ ? 0 : 1];
    s.inputs = x[2];
    s.hidden = hidden_;
    s.directions = static_cast<std::int64_t>(directions_.size());
    s.gates = cell_ == Cell::lstm ? 4 : cell_ == Cell::gru ? 3 : 1;
    return s;
  }

  static Result<void> require_state(const PlanContext& context, int input, const Shape& expected) {
    if (!context.has_input(input)) return {};
    CANTER_TRY(require_f32(context, input));
    if (context.shape(input) == expected) return {};
    return bad_value("an initial state of shape " + context.shape(input).text() + "; expected " +
                     expected.text());
  }

  // One direction's scratch, carved from one block.
  struct Scratch {
    float* gates = nullptr;    ///< [steps * batch, gates * hidden]
    float* h = nullptr;        ///< [batch, hidden]
    float* c = nullptr;        ///< [batch, hidden]: cells; GRU: r * h
    float* product = nullptr;  ///< GRU: [batch, 3 hidden]
    std::byte* linear = nullptr;
    std::size_t linear_bytes = 0;
    std::size_t bytes = 0;
  };
  Scratch make_scratch(const Sizes& s, std::byte* memory) const {
    Scratch scratch;
    const auto take = [&](std::int64_t floats) {
      std::byte* at = memory == nullptr ? nullptr : memory + scratch.bytes;
      scratch.bytes += align_up(static_cast<std::size_t>(floats) * sizeof(float));
      return reinterpret_cast<float*>(at);
    };
    scratch.gates = take(s.steps * s.batch * s.gates * s.hidden);
    scratch.h = take(s.batch * s.hidden);
    scratch.c = take(s.batch * s.hidden);
    scratch.product = take(cell_ == Cell::gru ? s.batch * 3 * s.hidden : 0);
    for (const Direction& direction : directions_)
      scratch.linear_bytes =
          std::max({scratch.linear_bytes, linear_scratch_bytes(direction.input, s.steps * s.batch),
                    linear_scratch_bytes(direction.recurrent, s.batch),
                    linear_scratch_bytes(direction.candidate, s.batch)});
    scratch.linear = memory == nullptr ? nullptr : memory + scratch.bytes;
    scratch.bytes += scratch.linear_bytes;
    return scratch;
  }

  void run_direction(const RunContext& context, const Sizes& s, std::size_t d) const {
    const Direction& direction = directions_[d];
    const Scratch scratch = make_scratch(s, context.scratch.data());
    load_state(context, 5, s, d, scratch.h);
    if (cell_ == Cell::lstm) load_state(context, 6, s, d, scratch.c);

    LinearCall all;
    all.x = context.input(0).as<float>().data();
    all.rows = s.steps * s.batch;
    all.x_stride = s.inputs;
    all.y = scratch.gates;
    all.y_stride = s.gates * s.hidden;
    all.reverse = context.reverse;
    all.scratch = {scratch.linear, scratch.linear_bytes};
    linear(direction.input, all, reference_);

    for (std::int64_t n = 0; n < s.steps; ++n) {
      const std::int64_t t = direction.backwards ? s.steps - 1 - n : n;
      // Backwards through the weights in every other step: part of them is still in the cache.
      const bool reverse = context.reverse != (n % 2 != 0);
      step(s, direction, scratch, t, reverse);
      if (context.wants_output(0)) store_step(context, s, d, t, scratch.h);
    }
    if (context.wants_output(1)) store_state(context.output(1), s, d, scratch.h);
    if (context.wants_output(2)) store_state(context.output(2), s, d, scratch.c);
  }

  // Row of item b in time step t, of X and of the gates.
  std::int64_t row_of(const Sizes& s, std::int64_t t, std::int64_t b) const {
    return batch_first_ ? b * s.steps + t : t * s.batch + b;
  }

  void step(const Sizes& s, const Direction& direction, const Scratch& scratch, std::int64_t t,
            bool reverse) const {
    const std::int64_t width = s.gates * s.hidden;
    float* gates = scratch.gates + row_of(s, t, 0) * width;
    const std::int64_t stride = (batch_first_ ? s.steps : 1) * width;
    LinearCall call;
    call.x = scratch.h;
    call.rows = s.batch;
    call.x_stride = s.hidden;
    call.y = gates;
    call.y_stride = stride;
    call.accumulate = true;
    call.reverse = reverse;
    call.scratch = {scratch.linear, scratch.linear_bytes};
    if (cell_ == Cell::gru) return gru_step(s, direction, scratch, gates, stride, call);
    linear(direction.recurrent, call, reference_);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      float* row = gates + b * stride;
      float* h = scratch.h + b * s.hidden;
      if (cell_ == Cell::lstm)
        (reference_ ? lstm_units_reference : lstm_units_simd)(
            row, s.hidden, scratch.c + b * s.hidden, h, s.hidden);
      else
        apply(direction.activation, row, h, s.hidden);
    }
  }

  void apply(const UnaryFunction& f, const float* x, float* y, std::int64_t count) const {
    (reference_ ? apply_unary_reference : apply_unary_simd)(f, x, y, count);
  }

  // z and r from both products; the candidate resets after its product (as PyTorch does) or before.
  void gru_step(const Sizes& s, const Direction& direction, const Scratch& scratch, float* gates,
                std::int64_t stride, LinearCall call) const {
    const std::int64_t hidden = s.hidden;
    call.y = scratch.product;
    call.y_stride = direction.recurrent.out;
    call.accumulate = false;
    linear(direction.recurrent, call, reference_);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      float* row = gates + b * stride;
      const float* product = scratch.product + b * direction.recurrent.out;
      for (std::int64_t i = 0; i < 2 * hidden; ++i) row[i] += product[i];
      apply({Unary::sigmoid}, row, row, 2 * hidden);
      const float* reset = row + hidden;
      float* candidate = row + 2 * hidden;
      const float* h = scratch.h + b * hidden;
      for (std::int64_t i = 0; i < hidden; ++i)
        if (reset_after_)
          candidate[i] += reset[i] * product[2 * hidden + i];
        else
          scratch.c[b * hidden + i] = reset[i] * h[i];
    }
    if (!reset_after_) {
      call.x = scratch.c;
      call.y = gates + 2 * hidden;
      call.y_stride = stride;
      call.accumulate = true;
      linear(direction.candidate, call, reference_);
    }
    for (std::int64_t b = 0; b < s.batch; ++b) {
      float* row = gates + b * stride;
      float* h = scratch.h + b * hidden;
      apply({Unary::tanh}, row + 2 * hidden, row + 2 * hidden, hidden);
      for (std::int64_t i = 0; i < hidden; ++i)
        h[i] = row[2 * hidden + i] + row[i] * (h[i] - row[2 * hidden + i]);
    }
  }

  std::int64_t state_row(const Sizes& s, std::size_t d, std::int64_t b) const {
    const auto direction = static_cast<std::int64_t>(d);
    return batch_first_ ? b * s.directions + direction : direction * s.batch + b;
  }

  void load_state(const RunContext& context, int input, const Sizes& s, std::size_t d,
                  float* to) const {
    if (!context.has_input(input)) {
      std::fill_n(to, s.batch * s.hidden, 0.0f);
      return;
    }
    const float* from = context.input(input).as<float>().data();
    for (std::int64_t b = 0; b < s.batch; ++b)
      std::copy_n(from + state_row(s, d, b) * s.hidden, s.hidden, to + b * s.hidden);
  }

  void store_state(const TensorView& to, const Sizes& s, std::size_t d, const float* from) const {
    for (std::int64_t b = 0; b < s.batch; ++b)
      std::copy_n(from + b * s.hidden, s.hidden,
                  to.as<float>().data() + state_row(s, d, b) * s.hidden);
  }

  void store_step(const RunContext& context, const Sizes& s, std::size_t d, std::int64_t t,
                  const float* h) const {
    float* y = context.output(0).as<float>().data();
    const auto direction = static_cast<std::int64_t>(d);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      const std::int64_t row = batch_first_ ? (b * s.steps + t) * s.directions + direction
                                            : (t * s.directions + direction) * s.batch + b;
      std::copy_n(h + b * s.hidden, s.hidden, y + row * s.hidden);
    }
  }

  Cell cell_;
  std::vector<Direction> directions_;
  std::int64_t hidden_;
  bool batch_first_, reset_after_, reference_;
};

// ---- from a node

Result<void> check_attributes(const NodeContext& context, Cell cell, std::size_t directions) {
  const Node& node = context.node();
  if (node.find("clip") != nullptr || node.integer("input_forget", 0) != 0)
    return unsupported("clip and input_forget");
  if (context.has_input(4)) return unsupported("sequence_lens: batches of unequal lengths");
  if (context.has_input(7)) return unsupported("peepholes");
  const auto* activations = node.find("activations");
  if (activations == nullptr || cell == Cell::rnn) return {};
  const std::vector<std::string> usual = cell == Cell::lstm
                                             ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
                                             : std::vector<std::string>{"Sigmoid", "Tanh"};
  const auto* given = std::get_if<std::vector<std::string>>(activations);
  bool same = given != nullptr && given->size() == usual.size() * directions;
  for (std::size_t i = 0; same && i < given->size(); ++i)
    same = (*given)[i] == usual[i % usual.size()];
  return same ? Result<void>() : unsupported("activations other than the usual ones");
}

UnaryFunction rnn_activation(const Node& node, std::size_t direction) {
  const auto* value = node.find("activations");
  const auto* names = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
  if (names == nullptr || direction >= names->size()) return {Unary::tanh};
  return unary_from_name((*names)[direction]).value_or(UnaryFunction{Unary::none});
}

struct Weights {
  const float* input = nullptr;      ///< W [gates * hidden, inputs]
  const float* recurrent = nullptr;  ///< R [gates * hidden, hidden]
  const float* bias = nullptr;       ///< [2 * gates * hidden], or null
};

Direction make_direction(Cell cell, const Weights& w, const Sizes& s, bool reset_after,
                         Precision precision, std::pmr::memory_resource* memory) {
  const std::int64_t out = s.gates * s.hidden;
  std::vector<float> input_bias(static_cast<std::size_t>(out), 0.0f);
  std::vector<float> recurrent_bias(static_cast<std::size_t>(out), 0.0f);
  for (std::int64_t o = 0; w.bias != nullptr && o < out; ++o) {
    // The recurrent bias of a candidate that resets after its product stays with that product.
    const bool apart = cell == Cell::gru && reset_after && o >= 2 * s.hidden;
    input_bias[static_cast<std::size_t>(o)] = w.bias[o] + (apart ? 0.0f : w.bias[out + o]);
    recurrent_bias[static_cast<std::size_t>(o)] = apart ? w.bias[out + o] : 0.0f;
  }
  Direction direction;
  direction.input =
      pack_linear({w.input, s.inputs, 1}, s.inputs, out, input_bias.data(), precision, memory);
  const bool apart = cell == Cell::gru && !reset_after;
  direction.recurrent =
      pack_linear({w.recurrent, s.hidden, 1}, s.hidden, apart ? 2 * s.hidden : out,
                  recurrent_bias.data(), precision, memory);
  if (apart)
    direction.candidate = pack_linear({w.recurrent + 2 * s.hidden * s.hidden, s.hidden, 1},
                                      s.hidden, s.hidden, nullptr, precision, memory);
  return direction;
}

Result<Sizes> sizes_from_weights(const NodeContext& context, Cell cell, std::size_t directions) {
  const Tensor* w = context.constant(1);
  const Tensor* r = context.constant(2);
  if (w == nullptr || r == nullptr || (context.has_input(3) && context.constant(3) == nullptr))
    return unsupported("its weights must be constants of the file");
  Sizes s;
  s.directions = static_cast<std::int64_t>(directions);
  s.gates = cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1;
  const bool ranks = w->shape().rank() == 3 && r->shape().rank() == 3 && w->dtype() == DType::f32 &&
                     r->dtype() == DType::f32;
  if (ranks) {
    s.inputs = w->shape()[2];
    s.hidden = r->shape()[2];
  }
  const bool fits = ranks && s.hidden > 0 &&
                    w->shape() == Shape{s.directions, s.gates * s.hidden, s.inputs} &&
                    r->shape() == Shape{s.directions, s.gates * s.hidden, s.hidden};
  const Tensor* b = context.constant(3);
  if (!fits || (b != nullptr && (b->shape() != Shape{s.directions, 2 * s.gates * s.hidden} ||
                                 b->dtype() != DType::f32)))
    return bad_value("weights of shapes " + w->shape().text() + " and " + r->shape().text() +
                     (b == nullptr ? "" : " and bias " + b->shape().text()) +
                     " do not fit together");
  return s;
}

Result<std::unique_ptr<Operator>> make_recurrent(NodeContext& context) {
  const Node& node = context.node();
  const Cell cell = node.op == "LSTM" ? Cell::lstm : node.op == "GRU" ? Cell::gru : Cell::rnn;
  const std::string way = node.text("direction", "forward");
  if (way != "forward" && way != "reverse" && way != "bidirectional")
    return bad_value("direction '" + way + "'");
  const std::size_t count = way == "bidirectional" ? 2 : 1;
  CANTER_TRY(check_attributes(context, cell, count));
  const auto sizes = sizes_from_weights(context, cell, count);
  if (!sizes) return sizes.error();
  const bool reset_after = node.integer("linear_before_reset", 0) != 0;
  const std::int64_t out = sizes->gates * sizes->hidden;
  std::vector<Direction> directions;
  for (std::size_t d = 0; d < count; ++d) {
    const auto at = static_cast<std::int64_t>(d);
    Weights w;
    w.input = context.constant(1)->as<float>().data() + at * out * sizes->inputs;
    w.recurrent = context.constant(2)->as<float>().data() + at * out * sizes->hidden;
    if (context.has_input(3)) w.bias = context.constant(3)->as<float>().data() + at * 2 * out;
    directions.push_back(
        make_direction(cell, w, *sizes, reset_after, context.precision(), context.memory()));
    directions.back().backwards = way == "reverse" || d == 1;
    if (cell == Cell::rnn) {
      directions.back().activation = rnn_activation(node, d);
      if (directions.back().activation.kind == Unary::none) return unsupported("its activation");
    }
    context.add_weight_bytes(directions.back().input.size_bytes() +
                             directions.back().recurrent.size_bytes() +
                             directions.back().candidate.size_bytes());
  }
  for (int i = 1; i <= 3; ++i)
    if (context.has_input(i)) context.consume(i);
  return std::unique_ptr<Operator>(std::make_unique<RecurrentOp>(
      cell, std::move(directions), sizes->hidden, node.integer("layout", 0) != 0, reset_after,
      context.reference()));
}

}  // namespace

void add_recurrent(OperatorSet& set) {
  set.add("", "LSTM", make_recurrent);
  set.add("", "GRU", make_recurrent);
  set.add("", "RNN", make_recurrent);
}

}  // namespace canter::nn::detail
