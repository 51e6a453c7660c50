#include "canter/nn/summary.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "architectures.h"
#include "canter/nn/architecture.h"
#include "canter/nn/onnx.h"
#include "canter/nn/weights.h"
#include "reference_cases.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

TEST_CASE("summary: parameters are those of the networks' own count") {
  const auto folder = test::shared_data("models");
  if (!folder) return;
  // Exported with BatchNorm folded into the convolutions: scale and shift are gone.
  const std::map<std::string, int> folded = {{"cnn2d", 16}, {"periodic_autoencoder", 104}};
  // Sine and cosine tables of 121 samples and 60 bins, which a MatMul of the spectrum reads.
  const std::map<std::string, int> tables = {{"periodic_autoencoder", 2 * 121 * 60}};
  const auto of = [](const std::map<std::string, int>& map, const std::string& name) {
    return map.contains(name) ? map.at(name) : 0;
  };
  for (const std::string& name : test::network_names()) {
    CAPTURE(name);
    const auto info = nlohmann::json::parse(test::read_file(*folder / name / "info.json"));
    const std::int64_t wanted = info["parameters"];
    const Summary summary = summarise(test::read_network(*folder, name).graph);
    CHECK(summary.parameters == wanted + of(tables, name));
    CHECK(summary.parameters_without_biases < summary.parameters);
    for (const auto& entry : std::filesystem::directory_iterator(*folder / name)) {
      if (entry.path().extension() != ".onnx") continue;
      CAPTURE(entry.path().string());
      const Result<Graph> graph = read_onnx(test::read_file(entry.path()), name);
      REQUIRE(graph.ok());
      CHECK(summarise(*graph).parameters == wanted - of(folded, name));
    }
  }
}

TEST_CASE("summary: without a graph, PyTorch's names tell") {
  TensorMap tensors;
  tensors.emplace("fc.weight", Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
  tensors.emplace("fc.bias", Tensor::of<float>({2}, {1, 2}));
  tensors.emplace("rnn.bias_ih_l0", Tensor::of<float>({1}, {1}));
  tensors.emplace("bn.running_mean", Tensor::of<float>({2}, {1, 2}));
  tensors.emplace("bn.num_batches_tracked", Tensor::of<std::int64_t>({}, {7}));
  const Summary summary = summarise(tensors);
  CHECK(summary.parameters == 7);
  CHECK(summary.parameters_without_biases == 4);
}
