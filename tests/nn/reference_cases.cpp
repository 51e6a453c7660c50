#include "reference_cases.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "architectures.h"
#include "canter/nn/weights.h"
#include "test_data.h"

namespace canter::test {
namespace {

using namespace canter::nn;

Tensor load_npy(const std::filesystem::path& path) {
  Result<WeightFile> file = read_npy(read_file(path), path.string());
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  return std::move(file->tensors.begin()->second);
}

// |a - b|; of phases, which are in turns and wrap, modulo 1. What is no number is as far as can be.
double difference(double a, double b, bool wraps) {
  const double d = std::abs(a - b);
  if (std::isnan(d)) return std::numeric_limits<double>::infinity();
  return wraps ? std::abs(d - std::round(d)) : d;
}

}  // namespace

Architecture read_network(const std::filesystem::path& models, const std::string& network) {
  Result<WeightFile> file =
      read_weights(read_file(models / network / "weights.safetensors"), network);
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  Result<Architecture> made =
      read_architecture(architecture_of(network), std::move(file->tensors), network + ".json");
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  return std::move(made).value();
}

nlohmann::json reference_info(const std::filesystem::path& folder) {
  return nlohmann::json::parse(read_file(folder / "info.json"));
}

CaseResult run_reference_cases(const Model& model, const std::filesystem::path& folder,
                               std::optional<Tolerance> tolerance) {
  const auto info = reference_info(folder);
  const Tolerance room =
      tolerance.value_or(Tolerance{info["tolerance"]["atol"], info["tolerance"]["rtol"]});
  CaseResult result;
  Workspace workspace(model);
  for (const auto& one : info["cases"]) {
    ++result.cases;
    std::vector<Tensor> inputs;
    std::vector<ConstTensorView> views;
    for (const ValueInfo& input : model.inputs()) {
      REQUIRE(one["inputs"].contains(input.name));
      inputs.push_back(load_npy(folder / one["inputs"][input.name]["file"].get<std::string>()));
    }
    for (const Tensor& input : inputs) views.push_back(input.view());
    const Result<void> ran = run(workspace, views);
    REQUIRE_MESSAGE(ran.ok(), ran.error().message);
    for (const auto& [name, about] : one["outputs"].items()) {
      const int index = model.find_output(name);
      REQUIRE(index >= 0);
      const Tensor expected = load_npy(folder / about["file"].get<std::string>());
      const ConstTensorView got = workspace.output(index);
      REQUIRE(got.shape == expected.shape());
      const bool wraps = info["name"] == "periodic_autoencoder" && name == "phase";
      for (std::size_t i = 0; i < got.num_elements(); ++i) {
        const double wanted = static_cast<double>(expected.as<float>()[i]);
        const double error = difference(static_cast<double>(got.as<float>()[i]), wanted, wraps);
        const double share = error / (room.atol + room.rtol * std::abs(wanted));
        result.max_abs_error = std::max(result.max_abs_error, error);
        if (share > result.worst) {
          result.worst = share;
          result.worst_output = name;
        }
      }
    }
  }
  return result;
}

}  // namespace canter::test
