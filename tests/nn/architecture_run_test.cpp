// The shared networks built from weights and an architecture file compute what PyTorch did.
#include <doctest/doctest.h>

#include "architectures.h"
#include "canter/nn/model.h"
#include "reference_cases.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

TEST_CASE("architecture: the shared networks compute what PyTorch did") {
  const auto folder = test::shared_data("models");
  if (!folder) return;
  for (const std::string& name : test::network_names()) {
    CAPTURE(name);
    const Architecture made = test::read_network(*folder, name);
    for (const bool reference : {true, false}) {
      CompileOptions options;
      options.reference = reference;
      options.optimise = !reference;
      const Result<Model> model = compile(made.graph, options);
      REQUIRE_MESSAGE(model.ok(), model.error().message);
      const test::CaseResult result = test::run_reference_cases(*model, *folder / name);
      CHECK(result.cases == 2);
      CHECK_MESSAGE(result.worst <= 1.0, (reference ? "scalar: " : "fast: "), result.worst_output,
                    " off by ", result.worst, " tolerances");
    }
  }
}
