#include "canter/nn/architecture.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "architectures.h"
#include "canter/nn/weights.h"
#include "nn/gates.h"
#include "reference_cases.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

namespace {

TensorMap linear_tensors() {
  TensorMap tensors;
  tensors.emplace("fc.weight", Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  tensors.emplace("fc.bias", Tensor::of<Half>({2}, {Half{0x3c00}, Half{0x4000}}));
  return tensors;
}

std::string with_layers(const std::string& layers) {
  return R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 3]}],
             "layers": [)" +
         layers + "]}";
}

std::string refusal(const std::string& json) {
  const Result<Architecture> made = read_architecture(json, linear_tensors(), "a.json");
  return made ? "" : made.error().message;
}

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("architecture: a linear layer is a Gemm with f32 weights") {
  const auto made =
      read_architecture(with_layers(R"({"type": "linear", "tensors": "fc"})"), linear_tensors());
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  const Graph& graph = made->graph;
  REQUIRE(graph.nodes.size() == 1);
  CHECK(graph.nodes[0].op == "Gemm");
  CHECK(graph.nodes[0].name == "fc");
  CHECK(graph.nodes[0].inputs == std::vector<std::string>{"x", "fc.weight", "fc.bias"});
  CHECK(graph.initialisers.at("fc.bias").as<float>()[1] == 2.0f);
  REQUIRE(graph.outputs.size() == 1);
  CHECK(graph.outputs[0].name == "fc");
  CHECK(graph.inputs[0].shape_text() == "[batch, 3]");
  CHECK(made->unused.empty());
}

TEST_CASE("architecture: a bias is optional, and tensors nobody uses are told") {
  const auto made = read_architecture(
      with_layers(R"({"type": "linear", "weight": "fc.weight", "bias": false, "output": "y"})"),
      linear_tensors());
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  CHECK(made->graph.nodes[0].inputs.size() == 2);
  CHECK(made->graph.outputs[0].name == "y");
  CHECK(made->unused == std::vector<std::string>{"fc.bias"});
}

TEST_CASE("architecture: residual and concat") {
  const auto made = read_architecture(
      with_layers(R"({"type": "residual", "layers": [{"type": "relu"}, {"type": "tanh"}],
                      "output": "sum"},
                     {"type": "concat", "inputs": ["x", "sum"], "axis": 1, "output": "both"})"),
      {});
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  const Graph& graph = made->graph;
  REQUIRE(graph.nodes.size() == 4);
  CHECK(graph.nodes[2].op == "Add");
  CHECK(graph.nodes[2].inputs.front() == "x");
  CHECK(graph.nodes[3].inputs == std::vector<std::string>{"x", "sum"});
}

TEST_CASE("architecture: mistakes name the layer") {
  CHECK(has(refusal("{"), "a.json: line 1: not valid JSON"));
  CHECK(has(refusal("{\"version\": 4E2222222}"), "a.json: a number is out of range"));
  CHECK(has(refusal("{}"), "\"canter_architecture\" must be 1"));
  CHECK(has(refusal(R"({"canter_architecture": 1})"), "needs the key 'inputs'"));
  CHECK(
      has(refusal(with_layers(R"({"type": "lineer"})")), "layer 0: no layer type 'lineer'; there"));
  CHECK(has(refusal(with_layers(R"({"type": "relu"}, {"type": "linear", "tensors": "fd"})")),
            "layer 1 (linear): no tensor is called 'fd.weight'"));
  CHECK(
      has(refusal(with_layers(R"({"type": "relu", "alpha": 1})")), "layer 0: unknown key 'alpha'"));
  CHECK(has(refusal(with_layers(R"({"type": "elu", "alpha": "1"})")), "'alpha' must be a number"));
  CHECK(has(refusal(with_layers(R"({"type": "relu", "input": "y"})")),
            "layer 0 (relu): no earlier layer and no tensor is called 'y'"));
  CHECK(has(refusal(with_layers(R"({"type": "relu", "output": "x"})")), "the name 'x' is taken"));
  CHECK(has(refusal(with_layers(R"({"type": "conv1d", "tensors": "fc"})")), "dimensions"));
  CHECK(has(refusal(with_layers(R"({"type": "lstm", "tensors": "fc"})")), "'fc.weight_ih_l0'"));
  CHECK(has(refusal(with_layers(R"({"type": "relu", "outputs": ["a", "b"]})")), "makes 1 outputs"));
  CHECK(has(refusal(with_layers("3")), "layer 0: expected an object"));
  const std::string residual = R"({"type": "residual", "layers": [)";
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += residual;
  CHECK_FALSE(refusal(with_layers(deep)).empty());
  CHECK_FALSE(refusal(std::string(100000, '[')).empty());
}

TEST_CASE("architecture: a short file cannot ask for much memory") {
  std::string layers, constants;
  for (int i = 0; i < 100; ++i)
    layers += R"({"type": "spectrum", "samples": 1024, "window_s": 1, "input": "x"},)";
  layers.pop_back();
  CHECK(has(refusal(with_layers(layers)), "constants and rearranged weights take more than"));
  for (int i = 0; i < 100; ++i)
    constants += "\"c" + std::to_string(i) + R"(": {"linspace": [0, 1, 1000000]},)";
  constants.pop_back();
  CHECK(has(refusal(R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": [1]}],
                        "constants": {)" +
                    constants + R"(}, "layers": [{"type": "relu"}]})"),
            "constants and rearranged weights take more than"));
}

TEST_CASE("architecture: gates go from PyTorch's order to ONNX's") {
  // Rows 0 1 | 2 3 | … of gates i f g o.
  const Tensor lstm = Tensor::of<float>({8, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  const Tensor iofc = nn::detail::reorder_gates(lstm, nn::detail::kLstmGates);
  CHECK(std::ranges::equal(iofc.as<float>(), std::vector<float>{0, 1, 6, 7, 2, 3, 4, 5}));
  const Tensor gru = Tensor::of<float>({3, 1}, {0, 1, 2});  // r z n
  const Tensor zrh = nn::detail::reorder_gates(gru, nn::detail::kGruGates);
  CHECK(std::ranges::equal(zrh.as<float>(), std::vector<float>{1, 0, 2}));
}

TEST_CASE("architecture: every shared network can be written without ONNX") {
  const auto folder = test::shared_data("models");
  if (!folder) return;
  for (const std::string& name : test::network_names()) {
    CAPTURE(name);
    const Architecture made = test::read_network(*folder, name);
    CHECK(made.unused.empty());
    // In ONNX's terms, and back.
    const Graph& graph = made.graph;
    TensorMap tensors = graph.initialisers;
    const std::string text = write_architecture(graph, tensors);
    const Result<Architecture> again = read_architecture(text, tensors, "again");
    REQUIRE_MESSAGE(again.ok(), again.error().message);
    CHECK(again->graph.nodes.size() == graph.nodes.size());
    CHECK(again->graph.inputs.size() == graph.inputs.size());
    CHECK(again->graph.outputs.size() == graph.outputs.size());
    TensorMap more = again->graph.initialisers;
    CHECK(write_architecture(again->graph, more) == text);
  }
}
