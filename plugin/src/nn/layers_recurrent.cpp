// Layers of an architecture file: LSTM, GRU and RNN of any number of layers and both directions,
// from PyTorch's weight_ih_l0, weight_hh_l0_reverse … to ONNX's nodes, one per layer.

#include "nn/gates.h"
#include "nn/layer_builder.h"

namespace canter::nn::detail {
namespace {

struct Cell {
  const char* op;
  std::span<const int> gates;
  int states;  // 2 where there is a cell state
};

constexpr Cell kLstm = {"LSTM", kLstmGates, 2};
constexpr Cell kGru = {"GRU", kGruGates, 1};
constexpr Cell kRnn = {"RNN", kRnnGates, 1};

struct Settings {
  std::string prefix;
  std::int64_t layers = 1;
  std::int64_t directions = 1;
  std::int64_t hidden = 0;
  bool batch_first = false;
  std::string nonlinearity;  // of the RNN: "Tanh", "Relu"
};

constexpr std::int64_t kMaxLayers = 64;

// Tensors of the directions on top of each other: [directions, rows, columns].
Tensor stacked(const std::vector<Tensor>& tensors) {
  std::vector<std::int64_t> dims = {static_cast<std::int64_t>(tensors.size())};
  for (const std::int64_t extent : tensors.front().shape().dims()) dims.push_back(extent);
  Result<Tensor> out = Tensor::make(DType::f32, Shape(std::span<const std::int64_t>(dims)));
  std::byte* to = out->bytes().data();  // as large as the tensors that are there already
  for (const Tensor& tensor : tensors)
    to = std::copy(tensor.bytes().begin(), tensor.bytes().end(), to);
  return std::move(*out);
}

class Recurrent {
 public:
  Recurrent(LayerBuilder& builder, LayerSpec& spec, const Cell& cell)
      : builder_(builder), spec_(spec), cell_(cell) {
    settings_.prefix = spec.text("tensors", "");
    settings_.layers = spec.integer("layers", 1);
    settings_.directions = spec.flag("bidirectional", false) ? 2 : 1;
    settings_.batch_first = spec.flag("batch_first", false);
    if (&cell == &kRnn) read_nonlinearity();
    if (settings_.prefix.empty()) spec.fail(ErrorCode::bad_format, "needs \"tensors\"");
    if (settings_.layers < 1 || settings_.layers > kMaxLayers)
      spec.fail(ErrorCode::bad_value, "layers must be 1 to " + std::to_string(kMaxLayers));
  }

  /// @param inputs  the sequence, then the initial states if there are any
  Names build(const Names& inputs) {
    if (!spec_.ok()) return inputs;
    if (inputs.size() != 1 && inputs.size() != 1 + static_cast<std::size_t>(cell_.states))
      spec_.fail(ErrorCode::bad_value,
                 "takes the sequence alone or with " + std::to_string(cell_.states) + " states");
    std::string x =
        settings_.batch_first ? builder_.transpose(inputs[0], {1, 0, 2}, "time_first") : inputs[0];
    std::vector<Names> last(static_cast<std::size_t>(cell_.states));
    for (std::int64_t layer = 0; layer < settings_.layers && spec_.ok() && builder_.ok(); ++layer) {
      const Names made = build_layer(layer, x, inputs);
      x = made[0];
      for (std::size_t s = 0; s < last.size(); ++s) last[s].push_back(made[1 + s]);
    }
    Names outputs = {settings_.batch_first ? builder_.transpose(x, {1, 0, 2}, "batch_first") : x};
    for (const Names& states : last) outputs.push_back(joined(states));
    return outputs;
  }

 private:
  void read_nonlinearity() {
    const std::string name = spec_.text("nonlinearity", "tanh");
    if (name != "tanh" && name != "relu")
      spec_.fail(ErrorCode::bad_value, "nonlinearity must be 'tanh' or 'relu'");
    settings_.nonlinearity = name == "relu" ? "Relu" : "Tanh";
  }

  // One tensor of a layer for both directions, gates in ONNX's order.
  Tensor gathered(const std::string& what, std::int64_t layer) {
    std::vector<Tensor> tensors;
    for (std::int64_t d = 0; d < settings_.directions; ++d) {
      const std::string name =
          settings_.prefix + "." + what + "_l" + std::to_string(layer) + (d == 1 ? "_reverse" : "");
      Tensor tensor = builder_.weight_tensor(name);
      if (!builder_.ok()) return tensor;
      const Shape& shape = tensor.shape();
      const auto gates = static_cast<std::int64_t>(cell_.gates.size());
      if (shape.rank() == 0 || shape[0] % gates != 0 || shape[0] == 0 ||
          (!tensors.empty() && shape != tensors.front().shape())) {
        spec_.fail(ErrorCode::bad_value, "tensor '" + name + "' has shape " + shape.text() +
                                             ", whose first extent must be " +
                                             std::to_string(gates) + " times the hidden size");
        return tensor;
      }
      tensors.push_back(reorder_gates(tensor, cell_.gates));
    }
    return stacked(tensors);
  }

  // ONNX keeps both biases in one row: of the input, then of the recurrence.
  std::string biases(std::int64_t layer) {
    if (!builder_.has_tensor(settings_.prefix + ".bias_ih_l" + std::to_string(layer))) return {};
    const Tensor input = gathered("bias_ih", layer);
    const Tensor recurrent = gathered("bias_hh", layer);
    if (!ok() || input.shape() != recurrent.shape() || input.shape().rank() != 2) return {};
    const std::int64_t rows = input.shape()[1];
    Result<Tensor> both = Tensor::make(DType::f32, Shape({settings_.directions, 2 * rows}));
    std::span<float> to = both->as<float>();
    for (std::int64_t d = 0; d < settings_.directions; ++d)
      for (const Tensor* from : {&input, &recurrent}) {
        const auto row = from->as<float>().subspan(static_cast<std::size_t>(d * rows),
                                                   static_cast<std::size_t>(rows));
        to = to.subspan(
            static_cast<std::size_t>(std::copy(row.begin(), row.end(), to.begin()) - to.begin()));
      }
    return builder_.constant(std::move(*both), "B" + std::to_string(layer));
  }

  std::string initial_state(const std::string& states, std::int64_t layer) {
    if (settings_.layers == 1) return states;
    const std::int64_t begin[] = {layer * settings_.directions};
    const std::int64_t end[] = {(layer + 1) * settings_.directions};
    const std::int64_t axis[] = {0};
    return builder_.emit(
        "Slice", {states, builder_.indices(begin), builder_.indices(end), builder_.indices(axis)},
        3, "state");
  }

  std::vector<Attribute> attributes() const {
    std::vector<Attribute> list = {
        {"hidden_size", settings_.hidden},
        {"direction", std::string(settings_.directions == 2 ? "bidirectional" : "forward")}};
    if (&cell_ == &kGru) list.push_back({"linear_before_reset", std::int64_t{1}});
    if (&cell_ == &kRnn)
      list.push_back(
          {"activations", std::vector<std::string>(static_cast<std::size_t>(settings_.directions),
                                                   settings_.nonlinearity)});
    return list;
  }

  Names build_layer(std::int64_t layer, const std::string& x, const Names& inputs) {
    Tensor w = gathered("weight_ih", layer);
    Tensor r = gathered("weight_hh", layer);
    if (!ok()) return Names(3, x);
    if (r.shape().rank() != 3) {
      spec_.fail(ErrorCode::bad_value, "weight_hh has shape " + r.shape().text());
      return Names(3, x);
    }
    settings_.hidden = r.shape()[2];
    const std::string number = std::to_string(layer);
    Names values = {x, builder_.constant(std::move(w), "W" + number),
                    builder_.constant(std::move(r), "R" + number), biases(layer)};
    if (inputs.size() > 1) {
      values.emplace_back();  // lengths of the sequences: all the same
      for (std::size_t s = 1; s < inputs.size(); ++s)
        values.push_back(initial_state(inputs[s], layer));
    }
    const Names made =
        builder_.emit_many(cell_.op, std::move(values), 1 + static_cast<std::size_t>(cell_.states),
                           settings_.layers == 1 ? "" : "layer" + number, attributes());
    for (const std::string& name : made) builder_.set_rank(name, 3);
    // [time, directions, batch, hidden] to [time, batch, directions · hidden]
    Names outputs = made;
    const std::string turned = builder_.transpose(made[0], {0, 2, 1, 3}, "directions" + number);
    outputs[0] = builder_.reshape(turned, {0, 0, -1}, "joined" + number);
    return outputs;
  }

  std::string joined(const Names& states) {
    if (states.size() == 1) return states.front();
    return builder_.emit("Concat", states, 3, "states", {{"axis", std::int64_t{0}}});
  }

  bool ok() const { return spec_.ok() && builder_.ok(); }

  LayerBuilder& builder_;
  LayerSpec& spec_;
  const Cell& cell_;
  Settings settings_;
};

template <const Cell& kCell>
Names recurrent(LayerBuilder& builder, LayerSpec& spec, const Names& inputs) {
  return Recurrent(builder, spec, kCell).build(inputs);
}

constexpr LayerType kTypes[] = {
    {"lstm", recurrent<kLstm>}, {"gru", recurrent<kGru>}, {"rnn", recurrent<kRnn>}};

}  // namespace

std::span<const LayerType> recurrent_layers() {
  return kTypes;
}

}  // namespace canter::nn::detail
