#include "canter/phase/window_network.h"

#include <cassert>
#include <iterator>
#include <string>
#include <utility>

#include "phase/student.h"

namespace canter::phase {
namespace {

struct Layer {
  const char* name;
  std::int64_t out, in, taps;  ///< taps 0: a dense layer
};
constexpr Layer kLayers[] = {{"conv.0", 32, kWindowDims, 25},
                             {"conv.1", 64, 32, 15},
                             {"conv.2", 128, 64, 5},
                             {"fc.0", 256, 128 * (kWindowFrames - 24 - 14 - 4), 0},
                             {"fc.1", 2 * kWindowPhases, 256, 0}};

nn::Node node_of(const char* op, std::string name, std::vector<std::string> inputs,
                 std::string output) {
  nn::Node node;
  node.op = op;
  node.name = std::move(name);
  node.inputs = std::move(inputs);
  node.outputs = {std::move(output)};
  return node;
}

// A layer behind the value `x`; @return the name of what comes out.
Result<std::string> add_layer(const nn::WeightFile& file, const Layer& layer, bool last,
                              std::string x, std::string_view source, nn::Graph& graph) {
  const std::string name = layer.name;
  const bool dense = layer.taps == 0;
  const nn::Shape weights =
      dense ? nn::Shape{layer.out, layer.in} : nn::Shape{layer.out, layer.in, layer.taps};
  if (auto taken = detail::take_tensor(file, name + ".weight", weights, source, graph); !taken)
    return taken.error();
  if (auto taken = detail::take_tensor(file, name + ".bias", {layer.out}, source, graph); !taken)
    return taken.error();
  nn::Node node =
      node_of(dense ? "Gemm" : "Conv", name, {std::move(x), name + ".weight", name + ".bias"},
              last ? "y" : name + ".out");
  if (dense) node.set("transB", std::int64_t{1});
  graph.nodes.push_back(node);
  if (last) return node.outputs.front();
  graph.nodes.push_back(node_of("Relu", name + ".relu", node.outputs, name + ".relu"));
  return name + ".relu";
}

}  // namespace

Result<WindowNetwork> make_window_network(nn::WeightFile file, std::string_view source) {
  nn::Graph graph;
  nn::ValueInfo in, out;
  in.name = "x";
  in.dims = {{-1, "batch"}, {kWindowDims, ""}, {kWindowFrames, ""}};
  out.name = "y";
  out.dims = {{-1, "batch"}, {2 * kWindowPhases, ""}};
  graph.inputs = {in};
  graph.outputs = {out};
  std::string value = "x";
  for (const Layer& layer : kLayers) {
    if (layer.taps == 0 && value == "conv.2.relu") {
      graph.nodes.push_back(node_of("Flatten", "flatten", {value}, "flat"));
      value = "flat";
    }
    auto next = add_layer(file, layer, &layer == std::end(kLayers) - 1, value, source, graph);
    if (!next) return next.error();
    value = std::move(*next);
  }
  auto model = nn::compile(std::move(graph));
  if (!model) return model.error();
  WindowNetwork network;
  network.model_ = std::move(*model);
  network.provenance_ = std::move(file.metadata);
  return network;
}

Result<WindowNetwork> load_window_network(std::span<const std::byte> bytes,
                                          std::string_view source) {
  auto file = nn::read_weights(bytes, source);
  if (!file) return file.error();
  return make_window_network(std::move(*file), source);
}

WindowEstimator::WindowEstimator(const WindowNetwork& network, int batch)
    : workspace_(network.model()) {
  [[maybe_unused]] const auto ready =
      workspace_.prepare({nn::Shape{batch, kWindowDims, kWindowFrames}});
  assert(ready.ok());
}

void WindowEstimator::run(std::span<const float> windows, std::span<FramePhase> out) {
  const auto to = workspace_.input(0).as<float>();
  assert(windows.size() == to.size());
  constexpr std::size_t kDims = kWindowDims, kFrames = kWindowFrames, kSize = kDims * kFrames;
  for (std::size_t first = 0; first < windows.size(); first += kSize)
    for (std::size_t t = 0; t < kFrames; ++t)
      for (std::size_t d = 0; d < kDims; ++d)
        to[first + d * kFrames + t] = windows[first + t * kDims + d];
  [[maybe_unused]] const auto done = nn::run(workspace_);
  assert(done.ok());
  const auto y = workspace_.output(0).as<float>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = detail::phase_of(y[2 * i], y[2 * i + 1]);
}

}  // namespace canter::phase
