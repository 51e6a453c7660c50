// canter model info, convert and verify, as programs call them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "architectures.h"
#include "commands.h"
#include "file_makers.h"
#include "test_data.h"

using namespace canter::test;
using Json = nlohmann::json;

namespace {

// A linear layer behind a normaliser, as a safetensors file and its description.
struct Small {
  TemporaryFolder folder;
  std::string weights = write_text(
      folder, "small.safetensors",
      make_safetensors(R"({"m":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                       R"("s":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
                       R"("fc.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[16,24]},)"
                       R"("fc.bias":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}})",
                       raw<float>({1.0f, 2.0f, 0.5f, 4.0f, 0.3f, -0.7f, 0.25f})));
  std::string arch =
      write_text(folder, "small.json",
                 R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 2]}],
          "layers": [{"type": "normalise", "mean": "m", "std": "s"},
                     {"type": "linear", "tensors": "fc", "output": "y"}]})");
  std::string out = folder.path("out.safetensors");
};

// Sets the bytes of a tensor of a safetensors file.
void overwrite(const std::string& path, const std::string& tensor, const std::string& bytes) {
  const auto content = read_file(path);
  std::string file(reinterpret_cast<const char*>(content.data()), content.size());
  std::uint64_t header = 0;
  std::memcpy(&header, file.data(), sizeof header);
  const Json json = Json::parse(file.substr(8, header));
  const std::vector<std::size_t> offsets = json[tensor]["data_offsets"];
  REQUIRE(offsets[1] - offsets[0] == bytes.size());
  file.replace(8 + header + offsets[0], bytes.size(), bytes);
  std::filesystem::remove(path);
  const std::filesystem::path whole(path);
  std::FILE* out = std::fopen(path.c_str(), "wb");
  REQUIRE(out != nullptr);
  std::fwrite(file.data(), 1, file.size(), out);
  std::fclose(out);
}

}  // namespace

TEST_CASE("model info: weights alone, and with their architecture") {
  const Small small;
  const Json alone = json_of({"model", "info", small.weights, "--json"});
  CHECK(alone["format"] == "safetensors");
  CHECK(alone["parameters"] == 7);
  CHECK(alone["parameters_without_biases"] == 6);
  CHECK(alone["operators"].empty());
  CHECK(alone["passport"].is_null());
  CHECK(alone["tensors"].size() == 4);
  const Json whole = json_of({"model", "info", small.weights, "--arch", small.arch, "--json"});
  CHECK(whole["parameters"] == 3);  // a normaliser is not trained
  CHECK(whole["operators"] == Json({"Div", "Gemm", "Sub"}));
  CHECK(whole["inputs"] ==
        Json::parse(R"([{"name": "x", "dtype": "f32", "shape": ["batch", 2]}])"));
  CHECK(whole["outputs"][0]["name"] == "y");
}

TEST_CASE("model convert and verify: from weights to a file that proves itself") {
  const Small small;
  const Json made =
      json_of({"model", "convert", small.weights, small.out, "--arch", small.arch, "--json"});
  CHECK(made["bytes"] == std::filesystem::file_size(small.out));
  CHECK(made["max_abs_error"].get<double>() < 1e-6);
  const Json done = json_of({"model", "verify", small.out, "--json"});
  CHECK(done["verdict"] == "green");
  CHECK(done["max_abs_error"].get<double>() < 1e-6);
  CHECK(done["worst_layer"].is_string());
  const Json info = json_of({"model", "info", small.out, "--json"});
  CHECK(info["format"] == "canter");
  CHECK(info["passport"]["cases"] == 2);
  CHECK(info["provenance"]["source"] == "small.safetensors");
  // Again, in another precision.
  const std::string half = small.folder.path("half.safetensors");
  CHECK(json_of({"model", "convert", small.out, half, "--precision", "f16",
                 "--json"})["precision"] == "f16");
  CHECK(json_of({"model", "verify", half, "--json"})["verdict"] == "green");
  CHECK(json_of({"model", "info", half, "--json"})["provenance"]["source"] == "small.safetensors");
}

TEST_CASE("model convert: holds the network to what PyTorch computed") {
  const auto folder = shared_data("models/lstm_1");
  if (!folder) return;
  const TemporaryFolder out;
  const auto convert = [&](const std::string& expected) {
    return std::vector<std::string>{"model",
                                    "convert",
                                    (*folder / "model.onnx").string(),
                                    out.path("m.safetensors"),
                                    "--input",
                                    "input=" + (*folder / "b4_input.npy").string(),
                                    "--input",
                                    "h0=" + (*folder / "b4_input_h0.npy").string(),
                                    "--input",
                                    "c0=" + (*folder / "b4_input_c0.npy").string(),
                                    "--expect",
                                    expected,
                                    "--json"};
  };
  json_of(convert("output=" + (*folder / "b4_expected.npy").string()));
  CHECK(json_of({"model", "info", out.path("m.safetensors"), "--json"})["passport"]["cases"] == 3);
  check_failure(convert("hn=" + (*folder / "b4_expected_cn.npy").string()), 1,
                "output 'hn' differs from the recorded one by");
  check_failure(convert("hn"), 2, "expected NAME=FILE.npy");
}

TEST_CASE("model verify: a dropped bias and a skipped normaliser are red, by name") {
  const Small small;
  const auto convert = [&] {
    json_of({"model", "convert", small.weights, small.out, "--arch", small.arch, "--json"});
  };
  convert();
  overwrite(small.out, "fc.bias", raw<float>({0.0f}));
  Outcome outcome = run_canter({"model", "verify", small.out, "--json"});
  CHECK(outcome.exit_code == 1);
  Json done = Json::parse(outcome.out);
  CHECK(done["verdict"] == "red");
  CHECK(done["worst_layer"] == "fc");
  CHECK(outcome.err.find("verdict red: layer 'fc'") != std::string::npos);
  convert();
  overwrite(small.out, "s", raw<float>({1.0f, 1.0f}));
  outcome = run_canter({"model", "verify", small.out, "--json"});
  CHECK(outcome.exit_code == 1);
  done = Json::parse(outcome.out);
  CHECK(done["verdict"] == "red");
  CHECK(done["worst_layer"] == "normalise0");
  CHECK(done["findings"][0] == "weight 's' is not the one the passport was made with");
}

TEST_CASE("model: bad calls exit with 2, bad data with 1, each with one line") {
  const Small small;
  check_failure({"model"}, 2, "canter:");
  check_failure({"model", "info", small.folder.path("none.onnx")}, 1, "none.onnx");
  check_failure({"model", "info", small.arch}, 1, "small.json: neither ONNX");
  check_failure({"model", "verify", small.weights}, 1, "carries no passport");
  check_failure({"model", "convert", small.weights, small.out}, 1, "--arch");
  check_failure(
      {"model", "convert", small.weights, small.folder.path("x.onnx"), "--arch", small.arch}, 2,
      ".safetensors");
  check_failure(
      {"model", "convert", small.weights, small.out, "--arch", small.arch, "--precision", "f12"}, 2,
      "f12");
  const std::string bad =
      write_text(small.folder, "bad.json",
                 R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 2]}],
          "layers": [{"type": "linear", "tensors": "fd"}]})");
  check_failure({"model", "convert", small.weights, small.out, "--arch", bad}, 1,
                "bad.json: layer 0 (linear): no tensor is called 'fd.weight'");
  const std::string pickle =
      PickleMaker().proto().global("os", "system").text("true").op('\x85').op('R').stop();
  const std::string evil = write_text(small.folder, "evil.pt", make_torch(pickle, {}));
  check_failure({"model", "info", evil}, 1, "the global 'os.system'");
  json_of({"model", "convert", small.weights, small.out, "--arch", small.arch, "--json"});
  check_failure({"model", "info", small.out, "--arch", small.arch}, 1,
                "leave the architecture file out");
}

TEST_CASE("model: NaN weights are reported") {
  const TemporaryFolder folder;
  const std::string file =
      write_text(folder, "nan.safetensors",
                 make_safetensors(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                                  raw<std::uint32_t>({0x7fc00000})));
  CHECK(json_of({"model", "info", file, "--json"})["notes"][0] ==
        "tensor 'w' holds 1 NaN and 0 infinite values of 1");
}

TEST_CASE("model: every container of the shared networks is told and counted") {
  const auto folder = shared_data("models");
  if (!folder) return;
  const std::pair<const char*, const char*> files[] = {{"model.onnx", "onnx"},
                                                       {"weights.safetensors", "safetensors"},
                                                       {"weights.npz", "npz"},
                                                       {"state_dict.pt", "pytorch"},
                                                       {"scripted.pt", "torchscript"}};
  for (const auto& [file, format] : files) {
    CAPTURE(file);
    const Json info = json_of({"model", "info", (*folder / "lstm_1" / file).string(), "--json"});
    CHECK(info["format"] == format);
    CHECK(info["parameters"] == 1792);
    CHECK(info["parameters_without_biases"] == 1664);
  }
}

TEST_CASE("model convert: shared networks in every precision, from ONNX and from weights") {
  const auto folder = shared_data("models");
  if (!folder) return;
  const TemporaryFolder out;
  for (const char* name : {"deepmimic_actor", "lstm_2_bidirectional"}) {
    CAPTURE(name);
    const std::string arch = write_text(out, "arch.json", architecture_of(name));
    const std::string onnx = (*folder / name / "model.onnx").string();
    const std::string weights = (*folder / name / "state_dict.pt").string();
    for (const char* precision : {"f32", "f16", "bf16", "i8"}) {
      CAPTURE(precision);
      const std::string file = out.path("out.safetensors");
      json_of({"model", "convert", onnx, file, "--precision", precision, "--json"});
      CHECK(json_of({"model", "verify", file, "--json"})["verdict"] == "green");
      json_of(
          {"model", "convert", weights, file, "--arch", arch, "--precision", precision, "--json"});
      CHECK(json_of({"model", "verify", file, "--json"})["verdict"] == "green");
    }
  }
}
