#include "canter/phase/frame_network.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <utility>

#include "phase/student.h"

namespace canter::phase {
namespace {

constexpr std::array<std::int64_t, 6> kSizes = {kFrameInputs, 256, 128, 32, 16, 2};
// The points of a humanoid: hips, then the spine from below.
constexpr int kPointLeftOut = 1;

nn::ValueInfo rows_of(const char* name, std::int64_t width) {
  nn::ValueInfo info;
  info.name = name;
  info.dims = {{-1, "batch"}, {width, ""}};
  return info;
}

// Adds a layer with its tensors.
Result<void> add_layer(const nn::WeightFile& file, std::size_t layer, std::string_view source,
                       nn::Graph& graph) {
  const std::string name = "layers." + std::to_string(layer);
  const nn::Shape shapes[] = {{kSizes[layer + 1], kSizes[layer]}, {kSizes[layer + 1]}};
  const std::string names[] = {name + ".weight", name + ".bias"};
  for (int i = 0; i < 2; ++i)
    if (auto taken = detail::take_tensor(file, names[i], shapes[i], source, graph); !taken)
      return taken;
  const bool last = layer + 2 == kSizes.size();
  nn::Node gemm;
  gemm.op = "Gemm";
  gemm.name = name;
  gemm.inputs = {layer == 0 ? "x" : "h" + std::to_string(layer - 1), names[0], names[1]};
  gemm.outputs = {last ? "y" : name + ".out"};
  gemm.set("transB", std::int64_t{1});
  graph.nodes.push_back(gemm);
  if (last) return {};
  nn::Node relu;
  relu.op = "Relu";
  relu.name = name + ".relu";
  relu.inputs = gemm.outputs;
  relu.outputs = {"h" + std::to_string(layer)};
  graph.nodes.push_back(relu);
  return {};
}

}  // namespace

Result<FrameNetwork> make_frame_network(nn::WeightFile file, std::string_view source) {
  nn::Graph graph;
  graph.inputs = {rows_of("x", kSizes.front())};
  graph.outputs = {rows_of("y", kSizes.back())};
  for (std::size_t layer = 0; layer + 1 < kSizes.size(); ++layer)
    if (auto added = add_layer(file, layer, source, graph); !added) return added.error();
  auto model = nn::compile(std::move(graph));
  if (!model) return model.error();
  FrameNetwork network;
  network.model_ = std::move(*model);
  network.provenance_ = std::move(file.metadata);
  return network;
}

Result<FrameNetwork> load_frame_network(std::span<const std::byte> bytes, std::string_view source) {
  auto file = nn::read_weights(bytes, source);
  if (!file) return file.error();
  return make_frame_network(std::move(*file), source);
}

void frame_input(std::span<const float> points, std::span<const float> velocities,
                 std::span<float> out) {
  std::size_t at = 0;
  for (const std::span<const float> values : {points, velocities})
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i / 3 != kPointLeftOut) out[at++] = values[i];
}

FrameEstimator::FrameEstimator(const FrameNetwork& network, int batch)
    : workspace_(network.model()) {
  [[maybe_unused]] const auto ready = workspace_.prepare({nn::Shape{batch, kFrameInputs}});
  assert(ready.ok());
}

void FrameEstimator::run(std::span<const float> inputs, std::span<FramePhase> out) {
  const auto to = workspace_.input(0).as<float>();
  assert(inputs.size() == to.size());
  std::copy(inputs.begin(), inputs.end(), to.begin());
  [[maybe_unused]] const auto done = nn::run(workspace_);
  assert(done.ok());
  const auto y = workspace_.output(0).as<float>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = detail::phase_of(y[2 * i], y[2 * i + 1]);
}

}  // namespace canter::phase
