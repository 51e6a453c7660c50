// `canter model run` and `bench`, and the networks they are measured on.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "run_program.h"
#include "test_data.h"

using namespace canter::test;
using Json = nlohmann::json;

namespace {

// The f32 elements of a .npy file, whatever its header says.
std::vector<float> floats_of(const std::filesystem::path& path, std::size_t count) {
  const std::vector<std::byte> bytes = read_file(path);
  REQUIRE(bytes.size() > count * sizeof(float));
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes.data() + bytes.size() - count * sizeof(float),
              count * sizeof(float));
  return values;
}

}  // namespace

TEST_CASE("canter model run writes what PyTorch computed, in every precision") {
  const auto folder = shared_data("models/deepmimic_actor");
  if (!folder) return;
  TemporaryFolder temporary;
  const std::string model = (*folder / "model.onnx").string();
  const std::string input = "input=" + (*folder / "b4_input.npy").string();
  const std::vector<float> expected = floats_of(*folder / "b4_expected.npy", 4 * 36);
  const std::pair<const char*, float> bounds[] = {
      {"f32", 1e-5f}, {"f16", 1e-5f}, {"bf16", 0.02f}, {"i8", 0.1f}};
  for (const auto& [precision, bound] : bounds) {
    const Outcome outcome =
        run_canter({"model", "run", model, "--input", input, "--output", temporary.path(precision),
                    "--precision", precision, "--json"});
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    const Json json = Json::parse(outcome.out);
    CHECK(json["us"].get<double>() > 0.0);
    CHECK(json["outputs"][0]["name"] == "output");
    CHECK(json["outputs"][0]["shape"] == Json({4, 36}));
    const std::vector<float> got =
        floats_of(temporary.path(precision) + std::string("/output.npy"), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      CHECK(std::abs(got[i] - expected[i]) <= bound + 1e-4f * std::abs(expected[i]));
  }
}

TEST_CASE("canter model run says what is wrong with a call or a file") {
  TemporaryFolder temporary;
  REQUIRE(run_canter({"make", "networks", temporary.path("nets")}).exit_code == 0);
  const std::string model = temporary.path("nets") + "/mlp_784.onnx";
  const auto refused = [&](std::vector<std::string> arguments, int code, const std::string& part) {
    const Outcome outcome = run_canter(std::move(arguments));
    CHECK(outcome.exit_code == code);
    CHECK_MESSAGE(outcome.err.find(part) != std::string::npos, outcome.err);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  };
  const std::string out = temporary.path("out");
  refused({"model", "run", model, "--output", out}, 2,
          "no --input for 'input' [batch, 784] of f32");
  refused({"model", "run", model, "--input", "input", "--output", out}, 2,
          "expected NAME=FILE.npy");
  refused({"model", "run", temporary.path("absent.onnx"), "--output", out}, 1, "absent.onnx");
  refused({"model", "bench", model, "--precision", "f8"}, 2, "there are f32, f16, bf16 and i8");
  std::ofstream(temporary.path("bad.onnx")) << "this is no network";
  refused({"model", "bench", temporary.path("bad.onnx")}, 1, "bad.onnx");

  // Every network made here runs, batches included, and the same seed gives the same result.
  for (const char* name : {"deepphase_mlp", "actor", "pae", "sentiment", "char_lstm_128", "mlp_784",
                           "small_cnn", "transformer"}) {
    const std::string file = temporary.path("nets") + "/" + name + ".onnx";
    const Outcome outcome = run_canter(
        {"model", "bench", file, "--batch", "2", "--seconds", "0.01", "--layers", "--json"});
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    const Json json = Json::parse(outcome.out);
    for (const char* key : {"p50_us", "p99_us", "batch", "samples_per_s", "layers", "hash"})
      CHECK(json.contains(key));
    CHECK(json["batch"] == 2);
    CHECK(json["p50_us"].get<double>() <= json["p99_us"].get<double>());
  }
}
