// Rewriting a graph: what comes before and after a layer goes into its weights, patterns that
// exporters spell out become one operator again.

#include "nn/optimise.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <span>

#include "nn/builtin.h"
#include "nn/elementwise.h"

namespace canter::nn::detail {

namespace {

// A shift of the inputs folded into a bias loses digits where it is large: above this sum of
// products it stays a step of its own. 32 costs at most 2e-6 of an output.
constexpr double kMostFoldedShift = 32.0;

bool is_op(const Node& node, std::string_view op) {
  return node.op == op && node.domain.empty();
}

// y = x * scale + shift, per channel.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

class Optimiser {
 public:
  Optimiser(Graph& graph, Precision precision) : graph_(graph), precision_(precision) {}

  void run() {
    index();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      fuse_layer_norm(i);
      fuse_gelu(i);
      fuse_silu(i);
      fuse_bias(i);
    }
    finish_pass();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) fold_into_layer_before(i);
    finish_pass();
    // From the back, so that what is nearest to the layer is folded first.
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) fold_into_layer_behind(i);
    finish_pass();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) fuse_activation(i);
    finish_pass();
  }

 private:
  void index() {
    readers_ = count_readers(graph_);
    makers_.clear();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      for (const std::string& output : graph_.nodes[i].outputs)
        if (!output.empty()) makers_[output] = i;
  }

  void finish_pass() {
    std::vector<Node> kept;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      if (!dropped_.contains(i)) kept.push_back(std::move(graph_.nodes[i]));
    graph_.nodes = std::move(kept);
    dropped_.clear();
    drop_unread(graph_);
    index();
  }

  const Tensor* constant(const std::string& name) const {
    const auto found = graph_.initialisers.find(name);
    return found == graph_.initialisers.end() ? nullptr : &found->second;
  }
  const Tensor* constant_f32(const std::string& name) const {
    const Tensor* tensor = constant(name);
    return tensor != nullptr && tensor->dtype() == DType::f32 ? tensor : nullptr;
  }
  bool is_scalar(const std::string& name, float value) const {
    const Tensor* tensor = constant(name);
    if (tensor == nullptr || tensor->num_elements() != 1) return false;
    const float found = convert(tensor->view(), DType::f32).as<float>()[0];
    return std::abs(found - value) <= 1e-5f * std::abs(value);
  }
  bool is_graph_output(const std::string& name) const {
    return std::ranges::find(graph_.outputs, name, &ValueInfo::name) != graph_.outputs.end();
  }
  int readers(const std::string& name) const {
    const auto found = readers_.find(name);
    return found == readers_.end() ? 0 : found->second;
  }
  const Node* maker(const std::string& name) const {
    const auto found = makers_.find(name);
    if (found == makers_.end() || dropped_.contains(found->second)) return nullptr;
    return &graph_.nodes[found->second];
  }
  const Node* maker(const std::string& name, std::string_view op) const {
    const Node* node = maker(name);
    return node != nullptr && is_op(*node, op) ? node : nullptr;
  }
  // The first node that is still there and reads `name`.
  Node* only_reader(const std::string& name) {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      if (!dropped_.contains(i) && std::ranges::count(graph_.nodes[i].inputs, name) != 0)
        return &graph_.nodes[i];
    return nullptr;
  }
  // The other input of a binary node; empty where `name` is not one of them.
  static std::string other_input(const Node& node, const std::string& name) {
    if (node.inputs.size() != 2) return {};
    if (node.inputs[0] == name) return node.inputs[1];
    return node.inputs[1] == name ? node.inputs[0] : std::string();
  }

  // ---- patterns

  bool reduces_last_axis(const Node& node) const {
    if (node.integer("keepdims", 1) != 1) return false;
    std::vector<std::int64_t> axes = node.integers("axes");
    if (node.inputs.size() > 1)
      if (const Tensor* list = constant(node.inputs[1]);
          list != nullptr && list->dtype() == DType::i64)
        axes.assign(list->as<std::int64_t>().begin(), list->as<std::int64_t>().end());
    return axes.size() == 1 && axes[0] == -1;
  }

  // (x - mean) / sqrt(mean of (x - mean)^2 + epsilon) * scale + bias, at its last Add.
  void fuse_layer_norm(std::size_t i) {
    Node& add = graph_.nodes[i];
    if (!is_op(add, "Add") || add.inputs.size() != 2) return;
    for (const int side : {0, 1}) {
      const Tensor* bias = constant_f32(add.inputs[static_cast<std::size_t>(1 - side)]);
      const Node* mul = maker(add.inputs[static_cast<std::size_t>(side)], "Mul");
      if (bias == nullptr || mul == nullptr || readers(mul->outputs[0]) != 1) continue;
      for (const std::string& input : mul->inputs) {
        const Node* div = maker(input, "Div");
        const std::string scale_name = other_input(*mul, input);
        const Tensor* scale = constant_f32(scale_name);
        if (div == nullptr || scale == nullptr || scale->shape().rank() != 1 ||
            bias->shape() != scale->shape())
          continue;
        const auto match = match_centred(*div);
        if (!match) continue;
        Node node{"LayerNormalization",
                  add.name,
                  "",
                  {match->x, scale_name, add.inputs[static_cast<std::size_t>(1 - side)]},
                  {add.outputs[0]},
                  {}};
        node.set("axis", std::int64_t{-1});
        node.set("epsilon", match->epsilon);
        add = std::move(node);
        return;
      }
    }
  }

  struct Centred {
    std::string x;
    float epsilon = 0.0f;
  };
  std::optional<Centred> match_centred(const Node& div) const {
    const Node* sub = maker(div.inputs[0], "Sub");
    const Node* sqrt = maker(div.inputs[1], "Sqrt");
    if (sub == nullptr || sqrt == nullptr) return std::nullopt;
    const Node* mean = maker(sub->inputs[1], "ReduceMean");
    const Node* sum = maker(sqrt->inputs[0], "Add");
    if (mean == nullptr || sum == nullptr || mean->inputs[0] != sub->inputs[0] ||
        !reduces_last_axis(*mean))
      return std::nullopt;
    const Node* variance = maker(sum->inputs[0], "ReduceMean");
    const Tensor* epsilon = constant_f32(sum->inputs[1]);
    if (variance == nullptr || epsilon == nullptr || epsilon->num_elements() != 1 ||
        !reduces_last_axis(*variance))
      return std::nullopt;
    const Node* square = maker(variance->inputs[0], "Pow");
    if (square == nullptr || square->inputs[0] != sub->outputs[0] ||
        !is_scalar(square->inputs[1], 2.0f))
      return std::nullopt;
    return Centred{sub->inputs[0], epsilon->as<float>()[0]};
  }

  // x * (1 + erf(x / sqrt 2)) * 0.5, at its last Mul.
  void fuse_gelu(std::size_t i) {
    Node& last = graph_.nodes[i];
    if (!is_op(last, "Mul") || last.inputs.size() != 2 || !is_scalar(last.inputs[1], 0.5f)) return;
    const Node* product = maker(last.inputs[0], "Mul");
    if (product == nullptr || readers(product->outputs[0]) != 1) return;
    for (const std::string& input : product->inputs) {
      const Node* add = maker(input, "Add");
      const std::string x = other_input(*product, input);
      if (add == nullptr || !is_scalar(add->inputs[1], 1.0f)) continue;
      const Node* erf = maker(add->inputs[0], "Erf");
      if (erf == nullptr) continue;
      const Node* div = maker(erf->inputs[0], "Div");
      if (div == nullptr || div->inputs[0] != x || !is_scalar(div->inputs[1], 1.41421356f))
        continue;
      last = Node{"Gelu", last.name, kCanterDomain, {x}, {last.outputs[0]}, {}};
      return;
    }
  }

  void fuse_silu(std::size_t i) {
    Node& mul = graph_.nodes[i];
    if (!is_op(mul, "Mul") || mul.inputs.size() != 2) return;
    for (const std::string& input : mul.inputs) {
      const Node* sigmoid = maker(input, "Sigmoid");
      if (sigmoid == nullptr || readers(input) != 1) continue;
      const std::string x = other_input(mul, input);
      if (x.empty() || sigmoid->inputs[0] != x) continue;
      mul = Node{"Silu", mul.name, kCanterDomain, {x}, {mul.outputs[0]}, {}};
      return;
    }
  }

  // MatMul with constant weights, then Add of a constant row: a layer.
  void fuse_bias(std::size_t i) {
    Node& add = graph_.nodes[i];
    if (!is_op(add, "Add") || add.inputs.size() != 2) return;
    for (const int side : {0, 1}) {
      const std::string& bias_name = add.inputs[static_cast<std::size_t>(1 - side)];
      const Tensor* bias = constant_f32(bias_name);
      const Node* product = maker(add.inputs[static_cast<std::size_t>(side)], "MatMul");
      if (bias == nullptr || product == nullptr || readers(product->outputs[0]) != 1) continue;
      const Tensor* weights = constant_f32(product->inputs[1]);
      if (weights == nullptr || weights->shape().rank() != 2 || constant(product->inputs[0]))
        continue;
      const std::int64_t out = weights->shape()[1];
      if (bias->shape() != Shape{out}) continue;
      const std::size_t at = makers_.at(product->outputs[0]);
      Node layer{"Linear",         product->name.empty() ? add.name : product->name,
                 kCanterDomain,    {product->inputs[0], product->inputs[1], bias_name},
                 {add.outputs[0]}, {}};
      dropped_.insert(at);
      add = std::move(layer);
      makers_[add.outputs[0]] = i;
      return;
    }
  }

  // ---- layers

  enum class Kind { none, linear, conv };

  // A layer whose weights and bias are constants, as its operator packs them.
  Kind kind_of(const Node& node) const {
    if (node.inputs.size() < 2 || constant(node.inputs[0]) != nullptr) return Kind::none;
    const Tensor* weights = constant_f32(node.inputs[1]);
    if (weights == nullptr) return Kind::none;
    const bool has_bias = node.inputs.size() > 2 && !node.inputs[2].empty();
    const Tensor* bias = has_bias ? constant_f32(node.inputs[2]) : nullptr;
    if (has_bias && bias == nullptr) return Kind::none;
    if (is_op(node, "Conv") && weights->shape().rank() >= 3) return Kind::conv;
    const bool linear = is_op(node, "Gemm") || is_op(node, "MatMul") ||
                        (node.op == "Linear" && node.domain == kCanterDomain);
    if (!linear || weights->shape().rank() != 2 || node.integer("transA", 0) != 0)
      return Kind::none;
    const std::int64_t out = outputs_of(node, *weights);
    if (bias != nullptr && bias->shape() != Shape{out} && bias->shape() != Shape{1, out})
      return Kind::none;
    return Kind::linear;
  }

  static std::int64_t outputs_of(const Node& node, const Tensor& weights) {
    if (weights.shape().rank() != 2) return weights.shape()[0];
    return weights.shape()[node.integer("transB", 0) != 0 ? 0 : 1];
  }

  // Gives the layer weights of its own, [out, in] or as Conv has them, and a bias.
  void own_weights(Node& node, Kind kind) {
    const std::string base = node.outputs[0];
    if (owned_.contains(node.inputs[1])) return;
    Tensor& weights = graph_.initialisers.at(node.inputs[1]);
    const std::int64_t out = outputs_of(node, weights);
    Tensor bias = Tensor::make(DType::f32, {out}).value();
    const float beta = kind == Kind::linear ? node.number("beta", 1.0f) : 1.0f;
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) {
      const auto from = graph_.initialisers.at(node.inputs[2]).as<float>();
      for (std::size_t o = 0; o < from.size(); ++o) bias.as<float>()[o] = beta * from[o];
    }
    const bool in_order = kind == Kind::conv ||
                          (node.integer("transB", 0) != 0 && node.number("alpha", 1.0f) == 1.0f);
    const bool alone = readers(node.inputs[1]) == 1 && !is_graph_output(node.inputs[1]);
    Tensor own = !in_order ? row_major(node, weights, out) : alone ? std::move(weights) : weights;
    if (kind == Kind::linear) {
      Node layer{"Linear", node.name, kCanterDomain, {node.inputs[0]}, node.outputs, {}};
      layer.set("transB", std::int64_t{1});
      node = std::move(layer);
    }
    node.inputs.resize(3);
    node.inputs[1] = base + "/weight";
    node.inputs[2] = base + "/bias";
    owned_.insert(node.inputs[1]);
    graph_.initialisers.insert_or_assign(node.inputs[1], std::move(own));
    graph_.initialisers.insert_or_assign(node.inputs[2], std::move(bias));
  }

  static Tensor row_major(const Node& node, const Tensor& weights, std::int64_t out) {
    const bool transposed = node.integer("transB", 0) != 0;
    const float alpha = node.number("alpha", 1.0f);
    const auto in =
        static_cast<std::int64_t>(weights.num_elements()) / std::max<std::int64_t>(out, 1);
    Tensor own = Tensor::make(DType::f32, {out, in}).value();
    const auto from = weights.as<float>();
    const auto to = own.as<float>();
    for (std::int64_t o = 0; o < out; ++o) {
      const float* row = from.data() + (transposed ? o * in : o);
      const std::int64_t step = transposed ? 1 : out;
      for (std::int64_t k = 0; k < in; ++k)
        to[static_cast<std::size_t>(o * in + k)] = alpha * row[k * step];
    }
    return own;
  }

  // ---- what a node does to every channel

  // Number `c` of a constant that has one number per channel, or one for all. For the outputs of a
  // linear layer that is its last axis, for a convolution the second.
  std::optional<std::vector<double>> channels_of(const Tensor& tensor, Kind kind,
                                                 std::int64_t count) const {
    if (tensor.dtype() != DType::f32) return std::nullopt;
    const auto values = tensor.as<float>();
    if (values.size() == 1 && tensor.shape().rank() <= 1)
      return std::vector<double>(static_cast<std::size_t>(count), values[0]);
    if (static_cast<std::int64_t>(values.size()) != count) return std::nullopt;
    const Shape& shape = tensor.shape();
    const bool last = shape.rank() <= 2 && shape[shape.rank() - 1] == count;
    if (kind == Kind::linear && !last) return std::nullopt;
    // [channels, 1] or [1, channels, 1] beside the axes of a convolution is not worth the trouble.
    if (kind == Kind::conv) return std::nullopt;
    return std::vector<double>(values.begin(), values.end());
  }

  // Add, Sub, Mul or Div with a constant, as scale and shift of the other input.
  std::optional<Affine> affine_of(const Node& node, const std::string& x, Kind kind,
                                  std::int64_t count) const {
    if (node.inputs.size() != 2 || !node.domain.empty()) return std::nullopt;
    const std::string other = other_input(node, x);
    const Tensor* tensor = constant_f32(other);
    if (tensor == nullptr) return std::nullopt;
    const auto values = channels_of(*tensor, kind, count);
    if (!values) return std::nullopt;
    const bool constant_first = node.inputs[0] == other;
    const auto n = static_cast<std::size_t>(count);
    Affine affine{std::vector<double>(n, 1.0), std::vector<double>(n, 0.0)};
    for (std::size_t c = 0; c < n; ++c) {
      const double v = (*values)[c];
      if (node.op == "Add") {
        affine.shift[c] = v;
      } else if (node.op == "Sub") {
        affine.scale[c] = constant_first ? -1.0 : 1.0;
        affine.shift[c] = constant_first ? v : -v;
      } else if (node.op == "Mul") {
        affine.scale[c] = v;
      } else if (node.op == "Div" && !constant_first && v != 0.0) {
        affine.scale[c] = 1.0 / v;
      } else {
        return std::nullopt;
      }
    }
    return affine;
  }

  std::optional<Affine> batch_norm_of(const Node& node, std::int64_t count) const {
    if (!is_op(node, "BatchNormalization") || node.inputs.size() != 5) return std::nullopt;
    std::span<const float> p[4];
    for (std::size_t k = 0; k < 4; ++k) {
      const Tensor* tensor = constant_f32(node.inputs[k + 1]);
      if (tensor == nullptr || static_cast<std::int64_t>(tensor->num_elements()) != count)
        return std::nullopt;
      p[k] = tensor->as<float>();
    }
    const double epsilon = node.number("epsilon", 1e-5f);
    Affine affine;
    for (std::size_t c = 0; c < static_cast<std::size_t>(count); ++c) {
      affine.scale.push_back(p[0][c] / std::sqrt(p[3][c] + epsilon));
      affine.shift.push_back(p[1][c] - p[2][c] * affine.scale[c]);
    }
    return affine;
  }

  // Node i does to every output of the layer before it what the layer can do itself.
  void fold_into_layer_before(std::size_t i) {
    const Node node = graph_.nodes[i];
    if (node.outputs.empty() || node.outputs[0].empty()) return;
    for (const std::string& input : node.inputs) {
      const auto found = makers_.find(input);
      if (input.empty() || found == makers_.end() || dropped_.contains(found->second)) continue;
      Node& layer = graph_.nodes[found->second];
      const Kind kind = kind_of(layer);
      if (kind == Kind::none || readers(input) != 1 || is_graph_output(input)) continue;
      const std::int64_t out = outputs_of(layer, graph_.initialisers.at(layer.inputs[1]));
      auto affine = batch_norm_of(node, out);
      if (!affine) affine = affine_of(node, input, kind, out);
      if (!affine || !keeps_digits(kind, *affine)) continue;
      own_weights(layer, kind);
      scale_outputs(layer, *affine);
      // The layer takes the node's place: it may stand later, but its inputs are there already.
      layer.outputs[0] = node.outputs[0];
      makers_[node.outputs[0]] = found->second;
      dropped_.insert(i);
      return;
    }
  }

  // Scaling f16 weights rounds them once more; a normaliser behind a linear layer is cheap enough
  // to stay.
  bool keeps_digits(Kind kind, const Affine& affine) const {
    return precision_ == Precision::f32 || kind == Kind::conv ||
           std::ranges::all_of(affine.scale, [](double scale) { return scale == 1.0; });
  }

  void scale_outputs(const Node& layer, const Affine& affine) {
    const auto weights = graph_.initialisers.at(layer.inputs[1]).as<float>();
    const auto bias = graph_.initialisers.at(layer.inputs[2]).as<float>();
    const std::size_t row = weights.size() / std::max<std::size_t>(bias.size(), 1);
    for (std::size_t o = 0; o < bias.size(); ++o) {
      for (std::size_t k = 0; k < row; ++k)
        weights[o * row + k] = static_cast<float>(weights[o * row + k] * affine.scale[o]);
      bias[o] = static_cast<float>(bias[o] * affine.scale[o] + affine.shift[o]);
    }
  }

  // Node i normalises the input of one linear layer behind it.
  void fold_into_layer_behind(std::size_t i) {
    // Reduced weights are packed as they are: a normaliser inside them would cost their digits.
    if (precision_ != Precision::f32) return;
    const Node node = graph_.nodes[i];
    if (node.outputs.size() != 1 || readers(node.outputs[0]) != 1 ||
        is_graph_output(node.outputs[0]))
      return;
    Node* reader = only_reader(node.outputs[0]);
    if (reader == nullptr || kind_of(*reader) != Kind::linear ||
        reader->inputs[0] != node.outputs[0])
      return;
    Node& layer = *reader;
    const std::string x = constant(node.inputs[0]) == nullptr
                              ? node.inputs[0]
                              : (node.inputs.size() > 1 ? node.inputs[1] : std::string());
    const Tensor& weights = graph_.initialisers.at(layer.inputs[1]);
    const std::int64_t out = outputs_of(layer, weights);
    const std::int64_t in =
        static_cast<std::int64_t>(weights.num_elements()) / std::max<std::int64_t>(out, 1);
    const auto affine = affine_of(node, x, Kind::linear, in);
    if (!affine || out == 0) return;
    own_weights(layer, Kind::linear);
    if (!shift_fits(layer, *affine)) return;
    scale_inputs(layer, *affine);
    layer.inputs[0] = x;
    dropped_.insert(i);
  }

  bool shift_fits(const Node& layer, const Affine& affine) const {
    const auto weights = graph_.initialisers.at(layer.inputs[1]).as<float>();
    const std::size_t in = affine.shift.size();
    for (std::size_t o = 0; o * in < weights.size(); ++o) {
      double sum = 0.0;
      for (std::size_t k = 0; k < in; ++k) sum += std::abs(weights[o * in + k] * affine.shift[k]);
      if (!(sum <= kMostFoldedShift)) return false;
    }
    return true;
  }

  void scale_inputs(const Node& layer, const Affine& affine) {
    const auto weights = graph_.initialisers.at(layer.inputs[1]).as<float>();
    const auto bias = graph_.initialisers.at(layer.inputs[2]).as<float>();
    const std::size_t in = affine.scale.size();
    for (std::size_t o = 0; o < bias.size(); ++o) {
      double sum = bias[o];
      for (std::size_t k = 0; k < in; ++k) {
        float& w = weights[o * in + k];
        sum += w * affine.shift[k];
        w = static_cast<float>(w * affine.scale[k]);
      }
      bias[o] = static_cast<float>(sum);
    }
  }

  // ---- activations

  void fuse_activation(std::size_t i) {
    const Node node = graph_.nodes[i];
    const bool known = unary_from_name(node.op).has_value() &&
                       (node.domain.empty() || node.domain == kCanterDomain);
    if (!known || node.inputs.size() != 1 || node.op == "Not") return;
    const auto found = makers_.find(node.inputs[0]);
    if (found == makers_.end() || dropped_.contains(found->second)) return;
    Node& layer = graph_.nodes[found->second];
    if (kind_of(layer) == Kind::none || layer.find("activation") != nullptr ||
        readers(node.inputs[0]) != 1 || is_graph_output(node.inputs[0]))
      return;
    layer.set("activation", node.op);
    for (const auto& [from, to] :
         {std::pair("alpha", "activation_alpha"),
          std::pair(node.op == "Selu" ? "gamma" : "beta", "activation_beta")})
      if (const auto* value = node.find(from)) layer.set(to, *value);
    if (node.text("approximate", "none") == "tanh") layer.set("activation_tanh", std::int64_t{1});
    layer.outputs[0] = node.outputs[0];
    makers_[node.outputs[0]] = found->second;
    dropped_.insert(i);
  }

  Graph& graph_;
  Precision precision_;
  std::map<std::string, int> readers_;
  std::map<std::string, std::size_t> makers_;
  std::set<std::size_t> dropped_;
  std::set<std::string> owned_;  ///< weights that are one layer's alone
};

}  // namespace

void optimise(Graph& graph, Precision precision) {
  Optimiser(graph, precision).run();
}

}  // namespace canter::nn::detail
