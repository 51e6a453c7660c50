// Every network of the shared data runs as PyTorch ran it, within the tolerance its own file
// states.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "canter/nn/model.h"
#include "canter/nn/onnx.h"
#include "canter/nn/weights.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json read_json(const fs::path& path) {
  std::ifstream in(path);
  return Json::parse(in);
}

Tensor read_array(const fs::path& path) {
  auto file = read_npy(test::read_file(path), path.string());
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  return std::move(file->tensors.begin()->second);
}

// Largest |got - expected| / (atol + rtol |expected|); a phase in turns is compared modulo 1.
double worst_ratio(const ConstTensorView& got, const Tensor& expected, const Json& tolerance,
                   bool wraps) {
  REQUIRE(got.shape == expected.shape());
  const Tensor g = convert(got, DType::f64);
  const Tensor e = convert(expected.view(), DType::f64);
  double worst = 0.0;
  for (std::size_t i = 0; i < g.num_elements(); ++i) {
    double difference = std::abs(g.as<double>()[i] - e.as<double>()[i]);
    if (wraps) difference = std::min(difference, std::abs(1.0 - difference));
    const double room = tolerance["atol"].get<double>() +
                        tolerance["rtol"].get<double>() * std::abs(e.as<double>()[i]);
    worst = std::isnan(difference) ? 1e9 : std::max(worst, difference / room);
  }
  return worst;
}

double run_case(const fs::path& folder, const Json& info, const Json& item, Workspace& workspace) {
  const Model& model = workspace.model();
  std::vector<Tensor> inputs;
  std::vector<ConstTensorView> views;
  for (const ValueInfo& input : model.inputs())
    inputs.push_back(read_array(folder / item["inputs"][input.name]["file"].get<std::string>()));
  for (const Tensor& input : inputs) views.push_back(input.view());
  const auto ran = run(workspace, views);
  REQUIRE_MESSAGE(ran.ok(), ran.error().message);
  double worst = 0.0;
  for (const auto& [name, output] : item["outputs"].items()) {
    const int index = model.find_output(name);
    REQUIRE_MESSAGE(index >= 0, "no output " << name);
    const bool wraps = name == "phase" && info.contains("phase_note");
    worst = std::max(worst, worst_ratio(workspace.output(index),
                                        read_array(folder / output["file"].get<std::string>()),
                                        info["tolerance"], wraps));
  }
  return worst;
}

struct Way {
  const char* name;
  bool reference, optimise;
  Precision precision;
};

}  // namespace

TEST_CASE("every ONNX network of the shared data is what PyTorch computed") {
  const auto models = test::shared_data("models");
  if (!models) return;
  constexpr Way kWays[] = {{"reference", true, false, Precision::f32},
                           {"reference, optimised", true, true, Precision::f32},
                           {"vectors", false, false, Precision::f32},
                           {"vectors, optimised", false, true, Precision::f32}};
  int networks = 0;
  for (const fs::directory_entry& folder : fs::directory_iterator(*models)) {
    if (!fs::exists(folder.path() / "info.json")) continue;
    const Json info = read_json(folder.path() / "info.json");
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
      if (file.path().extension() != ".onnx") continue;
      ++networks;
      CAPTURE(file.path().string());
      double worst = 0.0;
      for (const Way& way : kWays) {
        CAPTURE(way.name);
        auto graph = read_onnx(test::read_file(file.path()), file.path().string());
        REQUIRE_MESSAGE(graph.ok(), graph.error().message);
        CompileOptions options;
        options.reference = way.reference;
        options.optimise = way.optimise;
        const auto model = compile(std::move(graph).value(), options);
        REQUIRE_MESSAGE(model.ok(), model.error().message);
        Workspace workspace(*model);
        for (const Json& item : info["cases"]) {
          const double ratio = run_case(folder.path(), info, item, workspace);
          CHECK_MESSAGE(ratio <= 1.0, way.name << ": " << ratio << " of the tolerance");
          worst = std::max(worst, ratio);
        }
      }
      MESSAGE(info["name"].get<std::string>() << ": " << worst << " of its tolerance");
    }
  }
  CHECK(networks >= 20);
}

TEST_CASE("reduced precision stays near f32") {
  const auto models = test::shared_data("models");
  if (!models) return;
  // Of the largest output; f16 keeps 11 bits of each weight, bf16 and i8 eight.
  const std::pair<Precision, double> kBounds[] = {
      {Precision::f16, 2e-3}, {Precision::bf16, 2e-2}, {Precision::i8, 6e-2}};
  for (const std::string name : {"deepmimic_actor", "deepphase_mlp_elu", "deepphase_conv_small",
                                 "sentiment_lstm", "char_rnn", "gru_2"}) {
    const fs::path folder = *models / name;
    const Json info = read_json(folder / "info.json");
    const Json& item = info["cases"][1];
    for (const auto& [precision, bound] : kBounds)
      for (const bool reference : {false, true}) {
        CompileOptions options;
        options.precision = precision;
        options.reference = reference;
        const auto model =
            compile(read_onnx(test::read_file(folder / "model.onnx"), name).value(), options);
        REQUIRE_MESSAGE(model.ok(), model.error().message);
        Workspace workspace(*model);
        Json loose = info;
        loose["tolerance"] = {{"atol", bound * info["max_abs_output"].get<double>()},
                              {"rtol", 0.0}};
        const double ratio = run_case(folder, loose, item, workspace);
        CHECK_MESSAGE(ratio <= 1.0, name << " " << precision_name(precision) << ": " << ratio);
        if (!reference)
          MESSAGE(name << " " << precision_name(precision) << ": error " << ratio * bound
                       << " of the largest output");
      }
  }
}
