// The networks of an Autoencoder as graphs of the inference engine.

#include <cmath>
#include <string>
#include <utility>

#include "phase/parts.h"

namespace canter::phase::detail {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr float kNormEpsilon = 1e-5f;

using Names = std::vector<std::string>;

nn::ValueInfo value(std::string name, std::vector<std::int64_t> extents) {
  nn::ValueInfo info;
  info.name = std::move(name);
  info.dims.push_back({-1, "batch"});
  for (const std::int64_t extent : extents) info.dims.push_back({extent, ""});
  return info;
}

nn::Node node(std::string op, Names inputs, std::string output) {
  nn::Node n;
  n.op = std::move(op);
  n.name = output;
  n.inputs = std::move(inputs);
  n.outputs = {std::move(output)};
  return n;
}

// Puts the pieces of one network together.
class NetworkGraph {
 public:
  NetworkGraph(const AutoencoderInfo& info) : info_(info) {}

  void constant(const std::string& name, const nn::Shape& shape, const std::vector<float>& data) {
    graph.initialisers.emplace(name, nn::Tensor::of(shape, std::span(data)));
  }

  // A convolution of the same length: [B, in, N] -> [B, out, N].
  void convolve(const std::string& name, int in, int out, const std::vector<float>& weights,
                const std::vector<float>& bias, const std::string& from, const std::string& to) {
    constant(name + ".weight", {out, in, info_.frames}, weights);
    constant(name + ".bias", {out}, bias);
    nn::Node n = node("Conv", {from, name + ".weight", name + ".bias"}, to);
    const std::int64_t pad = (info_.frames - 1) / 2;
    n.set("pads", std::vector<std::int64_t>{pad, pad});
    graph.nodes.push_back(std::move(n));
  }

  // What stands between two convolutions.
  void activate(const std::string& name, const std::vector<float>& scale,
                const std::vector<float>& shift, const std::string& from, const std::string& to) {
    if (info_.variant == Variant::batch_norm_tanh) {
      graph.nodes.push_back(node("Tanh", {from}, to));
      return;
    }
    constant(name + ".alpha", {info_.frames}, scale);
    constant(name + ".beta", {info_.frames}, shift);
    nn::Node norm =
        node("LayerNormalization", {from, name + ".alpha", name + ".beta"}, name + ".out");
    norm.set("axis", std::int64_t{-1});
    norm.set("epsilon", kNormEpsilon);
    graph.nodes.push_back(std::move(norm));
    graph.nodes.push_back(node("Elu", {name + ".out"}, to));
  }

  // [B, M, N] -> rows of the spectrum (see parts.h).
  void add_spectrum(const Weights& w) {
    const auto n = static_cast<std::size_t>(info_.frames);
    const auto columns = static_cast<std::size_t>(spectrum_columns(info_));
    std::vector<float> table(n * columns, 0.0f);
    for (std::size_t t = 0; t < n; ++t) {
      float* row = table.data() + t * columns;
      for (int k = 1; k <= num_bins(info_); ++k) {
        const auto turn = static_cast<double>((static_cast<std::size_t>(k) * t) % n);
        const double angle = kTwoPi * turn / static_cast<double>(n);
        row[2 * (k - 1)] = static_cast<float>(std::cos(angle));
        row[2 * (k - 1) + 1] = static_cast<float>(std::sin(angle));
      }
      for (std::size_t h = 0; h < 2 * static_cast<std::size_t>(info_.channels); ++h)
        row[static_cast<std::size_t>(heads_at(info_)) + h] = w.heads[h * n + t];
      row[mean_at(info_)] = 1.0f / static_cast<float>(n);
    }
    constant("spectrum.table", {info_.frames, spectrum_columns(info_)}, table);
    graph.nodes.push_back(node("MatMul", {"latent", "spectrum.table"}, "spectrum"));
    graph.outputs = {value("latent", {info_.channels, info_.frames}),
                     value("spectrum", {info_.channels, spectrum_columns(info_)})};
  }

  // From conv1's outputs on.
  void add_tail(const Weights& w) {
    activate("norm1", w.scale, w.shift, "hidden", "active");
    const std::string curve = w.bounded ? "curve" : "latent";
    convolve("conv2", info_.hidden, info_.channels, w.conv2, w.conv2_bias, "active", curve);
    if (w.bounded) graph.nodes.push_back(node("Tanh", {curve}, "latent"));
    add_spectrum(w);
  }

  void linear(const std::string& name, int in, int out, const std::vector<float>& weights,
              const std::vector<float>& bias) {
    constant(name + ".weight", {out, in}, weights);
    Names inputs = {name, name + ".weight"};
    if (!bias.empty()) {
      constant(name + ".bias", {out}, bias);
      inputs.push_back(name + ".bias");
    }
    nn::Node n = node("Gemm", std::move(inputs), name + "_out");
    n.set("transB", std::int64_t{1});
    graph.nodes.push_back(std::move(n));
    graph.inputs.push_back(value(name, {in}));
    graph.outputs.push_back(value(name + "_out", {out}));
  }

  nn::Graph graph;

 private:
  const AutoencoderInfo& info_;
};

// conv1's change when its window moves by one frame. With h = (N - 1) / 2: the frame that leaves
// reaches the new columns 0 … h - 1 through the taps h - 1 … 0, the one that comes the columns
// h … 2 h - 1 through the taps 2 h … h + 1; the last column is summed anew over h + 1 frames.
nn::Graph slide_graph(const AutoencoderParts& parts) {
  const AutoencoderInfo& info = parts.info;
  const auto n = static_cast<std::size_t>(info.frames);
  const auto dims = static_cast<std::size_t>(info.dims);
  const auto hidden = static_cast<std::size_t>(info.hidden);
  const std::size_t half = (n - 1) / 2;
  // [I, taps, D] of the taps at some columns.
  const auto gather = [&](const std::vector<std::size_t>& columns, float sign, auto&& tap_of) {
    std::vector<float> out;
    for (std::size_t i = 0; i < hidden; ++i)
      for (const std::size_t c : columns)
        for (std::size_t d = 0; d < dims; ++d)
          out.push_back(sign * parts.weights.conv1[(i * dims + d) * n + tap_of(c)]);
    return out;
  };
  const SlideTaps& taps = parts.taps;
  const auto wide = [&](const std::vector<std::size_t>& columns) {
    return static_cast<int>(hidden * columns.size());
  };
  NetworkGraph g(info);
  g.linear("leaving", info.dims, wide(taps.leaving),
           gather(taps.leaving, -1.0f, [&](std::size_t c) { return half - 1 - c; }), {});
  g.linear("coming", info.dims, wide(taps.coming),
           gather(taps.coming, 1.0f, [&](std::size_t c) { return n - 1 - c; }), {});
  g.linear("newest", static_cast<int>(taps.newest.size() * dims), info.hidden,
           gather(taps.newest, 1.0f, [](std::size_t t) { return t; }), parts.weights.conv1_bias);
  return std::move(g.graph);
}

// A network wants one column at least.
SlideTaps find_taps(const AutoencoderInfo& info, const std::vector<float>& conv1) {
  const auto n = static_cast<std::size_t>(info.frames);
  const std::size_t half = (n - 1) / 2;
  std::vector<bool> used(n, false);
  for (std::size_t i = 0; i < conv1.size(); ++i)
    if (conv1[i] != 0.0f) used[i % n] = true;
  SlideTaps taps;
  for (std::size_t c = 0; c < half; ++c) {
    if (used[half - 1 - c]) taps.leaving.push_back(c);
    if (used[n - 1 - c]) taps.coming.push_back(c);
  }
  for (std::size_t t = 0; t <= half; ++t)
    if (used[t]) taps.newest.push_back(t);
  for (auto* columns : {&taps.leaving, &taps.coming, &taps.newest})
    if (columns->empty()) columns->push_back(0);
  return taps;
}

Result<void> compile_into(nn::Graph graph, nn::Model& to) {
  auto model = nn::compile(std::move(graph));
  if (!model) return model.error();
  to = std::move(*model);
  return {};
}

}  // namespace

Result<void> compile_networks(AutoencoderParts& parts) {
  const AutoencoderInfo& info = parts.info;
  const Weights& w = parts.weights;

  NetworkGraph full(info);
  full.graph.inputs = {value("x", {info.dims, info.frames})};
  full.convolve("conv1", info.dims, info.hidden, w.conv1, w.conv1_bias, "x", "hidden");
  full.add_tail(w);
  if (auto done = compile_into(std::move(full.graph), parts.full); !done) return done;

  NetworkGraph tail(info);
  tail.graph.inputs = {value("hidden", {info.hidden, info.frames})};
  tail.add_tail(w);
  if (auto done = compile_into(std::move(tail.graph), parts.tail); !done) return done;
  parts.taps = find_taps(info, w.conv1);
  if (auto done = compile_into(slide_graph(parts), parts.slide); !done) return done;
  if (w.deconv1.empty()) return {};

  NetworkGraph decoder(info);
  decoder.graph.inputs = {value("signal", {info.channels, info.frames})};
  decoder.convolve("deconv1", info.channels, info.hidden, w.deconv1, w.deconv1_bias, "signal",
                   "hidden");
  decoder.activate("denorm1", w.decoder_scale, w.decoder_shift, "hidden", "active");
  decoder.convolve("deconv2", info.hidden, info.dims, w.deconv2, w.deconv2_bias, "active", "y");
  decoder.graph.outputs = {value("y", {info.dims, info.frames})};
  return compile_into(std::move(decoder.graph), parts.decoder);
}

}  // namespace canter::phase::detail
