#include "generate/networks.h"

#include <cmath>
#include <random>
#include <span>
#include <utility>

namespace canter::generate {
namespace {

using nn::DType;
using nn::Node;
using nn::Shape;
using nn::Tensor;

// Builds a graph node by node; every method returns the name of what it made.
class Builder {
 public:
  explicit Builder(std::uint32_t seed) : random_(seed) {}

  std::string input(const std::string& name, DType dtype, std::vector<nn::Dim> dims) {
    graph_.inputs.push_back({name, dtype, std::move(dims), true});
    return name;
  }
  void output(const std::string& value, const std::string& name, std::vector<nn::Dim> dims) {
    node("Identity", {value}, {}, name);
    graph_.outputs.push_back({name, DType::f32, std::move(dims), true});
  }

  std::string node(const std::string& op, std::vector<std::string> inputs,
                   std::vector<nn::Attribute> attributes = {}, std::string output = "") {
    if (output.empty()) output = "v" + std::to_string(count_++);
    graph_.nodes.push_back(
        {op, op + "_" + output, "", std::move(inputs), {output}, std::move(attributes)});
    return output;
  }

  /// Uniform in +-bound.
  std::string weight(const Shape& shape, double bound) {
    Tensor tensor = Tensor::make(DType::f32, shape).value();
    for (float& w : tensor.as<float>())
      w = static_cast<float>((static_cast<double>(random_()) / 2147483648.0 - 1.0) * bound);
    return constant(std::move(tensor));
  }
  std::string positive(const Shape& shape) {
    Tensor tensor = Tensor::make(DType::f32, shape).value();
    for (float& w : tensor.as<float>())
      w = static_cast<float>(0.5 + static_cast<double>(random_()) / 4294967296.0);
    return constant(std::move(tensor));
  }
  std::string constant(Tensor tensor) {
    const std::string name = "w" + std::to_string(count_++);
    graph_.initialisers[name] = std::move(tensor);
    return name;
  }
  std::string integers(std::initializer_list<std::int64_t> values) {
    return constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  std::string scalar(float value) { return constant(Tensor::of<float>({}, {value})); }

  std::string linear(const std::string& x, std::int64_t in, std::int64_t out) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    return node("Gemm", {x, weight({out, in}, bound), weight({out}, bound)},
                {{"transB", std::int64_t{1}}});
  }
  /// A layer on any rank, as PyTorch exports it: MatMul and Add.
  std::string dense(const std::string& x, std::int64_t in, std::int64_t out) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    return node("Add", {weight({out}, bound), node("MatMul", {x, weight({in, out}, bound)})});
  }
  std::string conv(const std::string& x, std::int64_t in, std::int64_t out,
                   const std::vector<std::int64_t>& kernel, std::int64_t pad) {
    Shape shape{out, in};
    for (const std::int64_t k : kernel) shape.push_back(k);
    const auto taps = static_cast<double>(shape.num_elements() / out);
    const double bound = 1.0 / std::sqrt(taps);
    return node(
        "Conv", {x, weight(shape, bound), weight({out}, bound)},
        {{"kernel_shape", kernel}, {"pads", std::vector<std::int64_t>(2 * kernel.size(), pad)}});
  }
  std::string batch_norm(const std::string& x, std::int64_t channels) {
    return node("BatchNormalization", {x, positive({channels}), weight({channels}, 0.5),
                                       weight({channels}, 0.5), positive({channels})});
  }
  std::string layer_norm(const std::string& x, std::int64_t width) {
    return node("LayerNormalization", {x, positive({width}), weight({width}, 0.1)});
  }
  /// [Y, Y_h, Y_c] of an LSTM over [time, batch, in].
  std::vector<std::string> lstm(const std::string& x, const std::string& h, const std::string& c,
                                std::int64_t in, std::int64_t hidden) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(hidden));
    std::vector<std::string> outputs;
    for (int i = 0; i < 3; ++i) outputs.push_back("v" + std::to_string(count_++));
    graph_.nodes.push_back(
        {"LSTM",
         "LSTM_" + outputs[0],
         "",
         {x, weight({1, 4 * hidden, in}, bound), weight({1, 4 * hidden, hidden}, bound),
          weight({1, 8 * hidden}, bound), "", h, c},
         outputs,
         {{"hidden_size", hidden}}});
    return outputs;
  }

  nn::Graph finish(const std::string& name) {
    graph_.name = name;
    graph_.producer = "canter";
    return std::move(graph_);
  }

 private:
  std::mt19937 random_;
  nn::Graph graph_;
  int count_ = 0;
};

const nn::Dim kBatch{-1, "batch"};
nn::Dim fixed(std::int64_t size) {
  return {size, ""};
}

Network mlp(std::uint32_t seed, const std::string& name, const std::string& description,
            const std::vector<std::int64_t>& widths, const std::string& activation) {
  Builder b(seed);
  std::string x = b.input("input", DType::f32, {kBatch, fixed(widths.front())});
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    x = b.linear(x, widths[i], widths[i + 1]);
    if (i + 2 < widths.size()) x = b.node(activation, {x});
  }
  b.output(x, "output", {kBatch, fixed(widths.back())});
  return {name, description, b.finish(name)};
}

Network actor(std::uint32_t seed) {
  Builder b(seed);
  std::string x = b.input("input", DType::f32, {kBatch, fixed(197)});
  x = b.node("Sub", {x, b.weight({197}, 1.0)});
  x = b.node("Div", {x, b.positive({197})});
  x = b.node("Relu", {b.linear(x, 197, 1024)});
  x = b.node("Relu", {b.linear(x, 1024, 512)});
  x = b.linear(x, 512, 36);
  x = b.node("Mul", {x, b.positive({36})});
  x = b.node("Add", {x, b.weight({36}, 1.0)});
  b.output(x, "output", {kBatch, fixed(36)});
  return {"actor", "DeepMimic actor 197-1024-512-36 with normalisers", b.finish("actor")};
}

Network deepphase_conv(std::uint32_t seed) {
  Builder b(seed);
  std::string x = b.input("input", DType::f32, {kBatch, fixed(69), fixed(240)});
  x = b.node("Relu", {b.batch_norm(b.conv(x, 69, 32, {25}, 0), 32)});
  x = b.node("Relu", {b.batch_norm(b.conv(x, 32, 64, {15}, 0), 64)});
  x = b.node("Relu", {b.batch_norm(b.conv(x, 64, 128, {5}, 0), 128)});
  x = b.node("Flatten", {x});
  x = b.node("Relu", {b.linear(x, 25344, 256)});
  x = b.linear(x, 256, 10);
  b.output(x, "output", {kBatch, fixed(10)});
  return {"deepphase_conv", "DeepPhase conv [69, 240] to 10", b.finish("deepphase_conv")};
}

// atan2(y, x) / 2 pi as exporters spell it: quadrants by comparison.
std::string turns_of(Builder& b, const std::string& y, const std::string& x) {
  const std::string base = b.node("Atan", {b.node("Div", {y, x})});
  const std::string zero = b.scalar(0.0f);
  const std::string half_turn =
      b.node("Where", {b.node("Less", {y, zero}), b.scalar(-3.14159265f), b.scalar(3.14159265f)});
  const std::string left = b.node("Less", {x, zero});
  const std::string angle = b.node("Add", {base, b.node("Where", {left, half_turn, zero})});
  return b.node("Div", {angle, b.scalar(6.28318531f)});
}

// Bin by bin: cosine and sine tables of the transform, [time, bins].
std::pair<std::string, std::string> spectrum_tables(Builder& b, std::int64_t time,
                                                    std::int64_t bins) {
  Tensor cosine = Tensor::make(DType::f32, {time, bins}).value();
  Tensor sine = Tensor::make(DType::f32, {time, bins}).value();
  for (std::int64_t t = 0; t < time; ++t)
    for (std::int64_t k = 0; k < bins; ++k) {
      const double angle =
          2.0 * 3.14159265358979 * static_cast<double>((k + 1) * t) / static_cast<double>(time);
      const auto at = static_cast<std::size_t>(t * bins + k);
      cosine.as<float>()[at] = static_cast<float>(std::cos(angle));
      sine.as<float>()[at] = static_cast<float>(-std::sin(angle));
    }
  return {b.constant(std::move(cosine)), b.constant(std::move(sine))};
}

Network periodic_autoencoder(std::uint32_t seed) {
  constexpr std::int64_t kChannels = 78, kHidden = 26, kPhases = 5, kTime = 121, kBins = 60;
  constexpr float kWindow_s = 2.0f;
  Builder b(seed);
  std::string x = b.input("input", DType::f32, {kBatch, fixed(kChannels), fixed(kTime)});
  x = b.node("Tanh", {b.batch_norm(b.conv(x, kChannels, kHidden, {kTime}, kBins), kHidden)});
  const std::string latent = b.conv(x, kHidden, kPhases, {kTime}, kBins);

  const auto [cosine, sine] = spectrum_tables(b, kTime, kBins);
  const std::string re = b.node("MatMul", {latent, cosine});
  const std::string im = b.node("MatMul", {latent, sine});
  const std::string power =
      b.node("Add", {b.node("Mul", {re, re}), b.node("Mul", {im, im})});  // [B, phases, bins]
  Tensor frequencies = Tensor::make(DType::f32, {kBins}).value();
  for (std::size_t k = 0; k < static_cast<std::size_t>(kBins); ++k)
    frequencies.as<float>()[k] = static_cast<float>(k + 1) / kWindow_s;
  const std::string last = b.integers({-1});
  const std::string total = b.node("ReduceSum", {power, last}, {{"keepdims", std::int64_t{0}}});
  const std::string weighted =
      b.node("ReduceSum", {b.node("Mul", {power, b.constant(std::move(frequencies))}), last},
             {{"keepdims", std::int64_t{0}}});
  const std::string frequency = b.node("Div", {weighted, total});
  const std::string amplitude =
      b.node("Div", {b.node("Mul", {b.node("Sqrt", {total}), b.scalar(2.0f)}), b.scalar(121.0f)});
  const std::string offset =
      b.node("ReduceMean", {latent},
             {{"axes", std::vector<std::int64_t>{2}}, {"keepdims", std::int64_t{0}}});
  std::vector<std::string> phases;
  for (std::int64_t i = 0; i < kPhases; ++i) {
    const std::string channel =
        b.node("Gather", {latent, b.constant(Tensor::of<std::int64_t>({}, {i}))},
               {{"axis", std::int64_t{1}}});
    const std::string v = b.batch_norm(b.linear(channel, kTime, 2), 2);
    const auto part = [&](std::int64_t k) {
      return b.node("Gather", {v, b.constant(Tensor::of<std::int64_t>({}, {k}))},
                    {{"axis", std::int64_t{1}}});
    };
    phases.push_back(b.node("Unsqueeze", {turns_of(b, part(1), part(0)), b.integers({1})}));
  }
  const std::string phase = b.node("Concat", phases, {{"axis", std::int64_t{1}}});

  Tensor times = Tensor::make(DType::f32, {kTime}).value();
  for (std::size_t t = 0; t < static_cast<std::size_t>(kTime); ++t)
    times.as<float>()[t] = kWindow_s * (static_cast<float>(t) / (kTime - 1) - 0.5f);
  const auto column = [&](const std::string& v) {
    return b.node("Unsqueeze", {v, b.integers({2})});
  };
  const std::string turns = b.node(
      "Add", {b.node("Mul", {column(frequency), b.constant(std::move(times))}), column(phase)});
  const std::string wave = b.node("Sin", {b.node("Mul", {turns, b.scalar(6.28318531f)})});
  x = b.node("Add", {b.node("Mul", {column(amplitude), wave}), column(offset)});
  x = b.node("Tanh", {b.batch_norm(b.conv(x, kPhases, kHidden, {kTime}, kBins), kHidden)});
  x = b.conv(x, kHidden, kChannels, {kTime}, kBins);
  b.output(x, "output", {kBatch, fixed(kChannels), fixed(kTime)});
  b.output(phase, "phase", {kBatch, fixed(kPhases)});
  b.output(frequency, "frequency", {kBatch, fixed(kPhases)});
  b.output(amplitude, "amplitude", {kBatch, fixed(kPhases)});
  return {"pae", "Periodic Autoencoder 78 x 121, whole", b.finish("pae")};
}

Network sentiment(std::uint32_t seed) {
  constexpr std::int64_t kWords = 10000, kWidth = 128, kHidden = 256, kTokens = 32;
  Builder b(seed);
  std::string x = b.input("input", DType::i64, {kBatch, fixed(kTokens)});
  x = b.node("Gather", {b.weight({kWords, kWidth}, 1.0), x});
  x = b.node("Transpose", {x}, {{"perm", std::vector<std::int64_t>{1, 0, 2}}});
  const std::string last = b.lstm(x, "", "", kWidth, kHidden)[1];
  x = b.linear(b.node("Squeeze", {last, b.integers({0})}), kHidden, 2);
  b.output(x, "output", {kBatch, fixed(2)});
  return {"sentiment", "sentiment LSTM 10000/128/256, 32 tokens", b.finish("sentiment")};
}

Network char_lstm(std::uint32_t seed, std::int64_t hidden, const std::string& name) {
  constexpr std::int64_t kVocabulary = 65;
  Builder b(seed);
  std::string x = b.input("input", DType::i64, {fixed(1), kBatch});
  x = b.node("Gather", {b.weight({kVocabulary, hidden}, 1.0), x});
  for (int layer = 0; layer < 2; ++layer) {
    const std::string i = std::to_string(layer);
    const std::string h = b.input("h" + i, DType::f32, {fixed(1), kBatch, fixed(hidden)});
    const std::string c = b.input("c" + i, DType::f32, {fixed(1), kBatch, fixed(hidden)});
    const auto outputs = b.lstm(x, h, c, hidden, hidden);
    x = b.node("Squeeze", {outputs[0], b.integers({1})});
    b.output(outputs[1], "hn" + i, {fixed(1), kBatch, fixed(hidden)});
    b.output(outputs[2], "cn" + i, {fixed(1), kBatch, fixed(hidden)});
  }
  x = b.linear(b.node("Squeeze", {x, b.integers({0})}), hidden, kVocabulary);
  b.output(x, "output", {kBatch, fixed(kVocabulary)});
  return {name, "char LSTM 2 x " + std::to_string(hidden) + ", one step", b.finish(name)};
}

Network small_cnn(std::uint32_t seed) {
  Builder b(seed);
  const std::vector<nn::Attribute> halve = {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                                            {"strides", std::vector<std::int64_t>{2, 2}}};
  std::string x = b.input("input", DType::f32, {kBatch, fixed(3), fixed(32), fixed(32)});
  x = b.node("MaxPool", {b.node("Relu", {b.conv(x, 3, 16, {3, 3}, 1)})}, halve);
  x = b.node("MaxPool", {b.node("Relu", {b.conv(x, 16, 32, {3, 3}, 1)})}, halve);
  x = b.linear(b.node("Flatten", {x}), 2048, 10);
  b.output(x, "output", {kBatch, fixed(10)});
  return {"small_cnn", "small CNN 3-16-32 on 32 x 32", b.finish("small_cnn")};
}

// Post-norm encoder layer, GELU left out: ReLU as PyTorch's default.
Network transformer(std::uint32_t seed) {
  constexpr std::int64_t kWidth = 128, kHeads = 4, kTime = 32, kInner = 512;
  constexpr std::int64_t kHead = kWidth / kHeads;
  Builder b(seed);
  const std::string x = b.input("input", DType::f32, {kBatch, fixed(kTime), fixed(kWidth)});
  const std::string heads = b.integers({0, kTime, kHeads, kHead});
  const auto split = [&](std::vector<std::int64_t> order) {
    const std::string projected = b.dense(x, kWidth, kWidth);
    return b.node("Transpose", {b.node("Reshape", {projected, heads})},
                  {{"perm", std::move(order)}});
  };
  const std::string q = split({0, 2, 1, 3});
  const std::string k = split({0, 2, 3, 1});
  const std::string v = split({0, 2, 1, 3});
  const float scale = 1.0f / std::sqrt(static_cast<float>(kHead));
  const std::string scores = b.node("Mul", {b.node("MatMul", {q, k}), b.scalar(scale)});
  const std::string weights = b.node("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  std::string a = b.node("Transpose", {b.node("MatMul", {weights, v})},
                         {{"perm", std::vector<std::int64_t>{0, 2, 1, 3}}});
  a = b.dense(b.node("Reshape", {a, b.integers({0, kTime, kWidth})}), kWidth, kWidth);
  const std::string first = b.layer_norm(b.node("Add", {x, a}), kWidth);
  const std::string inner = b.node("Relu", {b.dense(first, kWidth, kInner)});
  const std::string second =
      b.layer_norm(b.node("Add", {first, b.dense(inner, kInner, kWidth)}), kWidth);
  b.output(second, "output", {kBatch, fixed(kTime), fixed(kWidth)});
  return {"transformer", "transformer block d 128, 4 heads, seq 32", b.finish("transformer")};
}

}  // namespace

std::vector<Network> make_networks(std::uint32_t seed) {
  std::vector<Network> networks;
  networks.push_back(mlp(seed, "deepphase_mlp", "DeepPhase MLP 132-256-128-32-16-2",
                         {132, 256, 128, 32, 16, 2}, "Elu"));
  networks.push_back(deepphase_conv(seed + 1));
  networks.push_back(actor(seed + 2));
  networks.push_back(periodic_autoencoder(seed + 3));
  networks.push_back(sentiment(seed + 4));
  networks.push_back(char_lstm(seed + 5, 128, "char_lstm_128"));
  networks.push_back(char_lstm(seed + 6, 512, "char_lstm_512"));
  networks.push_back(mlp(seed + 7, "mlp_784", "MLP 784-256-10", {784, 256, 10}, "Relu"));
  networks.push_back(small_cnn(seed + 8));
  networks.push_back(transformer(seed + 9));
  return networks;
}

}  // namespace canter::generate
