// Every network of the shared data runs as PyTorch ran it, within the tolerance its own file
// states.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "canter/nn/model.h"
#include "canter/nn/onnx.h"
#include "reference_cases.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

namespace {

namespace fs = std::filesystem;

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
        const test::CaseResult result = test::run_reference_cases(*model, folder.path());
        CHECK(result.cases == 2);
        CHECK_MESSAGE(result.worst <= 1.0, way.name << ": " << result.worst << " of the tolerance");
        worst = std::max(worst, result.worst);
      }
      MESSAGE(folder.path().filename().string() << ": " << worst << " of its tolerance");
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
    const double largest = test::reference_info(folder)["max_abs_output"];
    for (const auto& [precision, bound] : kBounds)
      for (const bool reference : {false, true}) {
        CompileOptions options;
        options.precision = precision;
        options.reference = reference;
        const auto model =
            compile(read_onnx(test::read_file(folder / "model.onnx"), name).value(), options);
        REQUIRE_MESSAGE(model.ok(), model.error().message);
        const double ratio =
            test::run_reference_cases(*model, folder, test::Tolerance{bound * largest, 0.0}).worst;
        CHECK_MESSAGE(ratio <= 1.0, name << " " << precision_name(precision) << ": " << ratio);
        if (!reference)
          MESSAGE(name << " " << precision_name(precision) << ": error " << ratio * bound
                       << " of the largest output");
      }
  }
}
