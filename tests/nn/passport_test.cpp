#include "canter/nn/passport.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "architectures.h"
#include "canter/nn/model_file.h"
#include "canter/nn/onnx.h"
#include "reference_cases.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

namespace {

ModelFile convert_shared(const std::filesystem::path& folder, const std::string& name,
                         Precision precision = Precision::f32) {
  Result<WeightFile> file =
      read_weights(test::read_file(folder / name / "weights.safetensors"), name);
  REQUIRE(file.ok());
  ConvertOptions options;
  options.precision = precision;
  options.provenance = {{"source", name}};
  Result<ModelFile> made =
      make_model_file(test::architecture_of(name), std::move(file->tensors), options);
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  return std::move(*made);
}

// A small network of every kind the guards are about, made of numbers.
ModelFile small_network(Precision precision = Precision::f32) {
  TensorMap tensors;
  const auto add = [&](const std::string& name, const Shape& shape) {
    Tensor tensor = Tensor::make(DType::f32, shape).value();
    float x = static_cast<float>(name.size());
    for (float& value : tensor.as<float>()) {
      x = x * 1.37f + 0.71f;
      x -= static_cast<float>(static_cast<int>(x));
      value = x - 0.5f;
    }
    tensors.emplace(name, std::move(tensor));
  };
  add("mean", {3});
  tensors.emplace("std", Tensor::of<float>({3}, {0.5f, 2.0f, 1.5f}));
  add("in.weight", {4, 3});
  add("in.bias", {4});
  add("rnn.weight_ih_l0", {20, 4});
  add("rnn.weight_hh_l0", {20, 5});
  add("rnn.bias_ih_l0", {20});
  add("rnn.bias_hh_l0", {20});
  add("out.weight", {2, 5});
  add("out.bias", {2});
  ConvertOptions options;
  options.precision = precision;
  Result<ModelFile> made = make_model_file(
      R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["time", "batch", 3]}],
          "layers": [{"type": "normalise", "mean": "mean", "std": "std"},
                     {"type": "linear", "tensors": "in"}, {"type": "tanh"},
                     {"type": "lstm", "tensors": "rnn"},
                     {"type": "linear", "tensors": "out", "output": "y"}]})",
      std::move(tensors), options);
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  return std::move(*made);
}

Verification verified(const ModelFile& file) {
  Result<Verification> done = verify(file);
  REQUIRE_MESSAGE(done.ok(), done.error().message);
  return std::move(*done);
}

// A layer is made of one node of its name, or of several: "in/weight", "in/matmul", "in".
bool is_of(const std::string& node, const std::string& layer) {
  return node == layer || node.starts_with(layer + "/");
}

void check_red(const ModelFile& file, const std::string& layer) {
  const Verification done = verified(file);
  CHECK(done.verdict == Verdict::red);
  CAPTURE(done.worst_layer);
  CHECK(is_of(done.worst_layer, layer));
  CHECK(done.max_abs_error > done.allowed);
}

void replace_text(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("passport: a file written and read again is green") {
  for (const Precision precision :
       {Precision::f32, Precision::f16, Precision::bf16, Precision::i8}) {
    CAPTURE(precision_name(precision));
    const ModelFile file = small_network(precision);
    const std::vector<std::byte> bytes = write_model_file(file);
    const Result<ModelFile> again = read_model_file(bytes, "small.safetensors");
    REQUIRE_MESSAGE(again.ok(), again.error().message);
    CHECK(again->precision == precision);
    CHECK(again->passport->cases.size() == 2);
    CHECK(again->passport->layers.size() == file.passport->layers.size());
    const auto scales = std::ranges::count_if(
        again->tensors, [](const auto& item) { return item.first.starts_with("scale/"); });
    CHECK(scales == (precision == Precision::i8 ? 4 : 0));
    CHECK(again->tensors.size() == 10 + static_cast<std::size_t>(scales));
    const Verification done = verified(*again);
    CHECK(done.verdict == Verdict::green);
    CHECK(done.findings.empty());
    CHECK(done.max_abs_error == again->passport->max_abs_error());
    CHECK(write_model_file(*again) == bytes);
  }
}

TEST_CASE("a file of precision i8 holds integers, and they are those a compiled layer has") {
  const ModelFile f16 = small_network(Precision::f16);
  const ModelFile i8 = small_network(Precision::i8);
  for (const char* name : {"in.weight", "rnn.weight_ih_l0", "rnn.weight_hh_l0", "out.weight"}) {
    CAPTURE(name);
    CHECK(i8.tensors.at(name).dtype() == DType::i8);
    const Tensor& scales = i8.tensors.at(std::string("scale/") + name);
    CHECK(scales.shape() == Shape{i8.tensors.at(name).shape()[0], 1});
  }
  CHECK(i8.tensors.at("in.bias").dtype() == DType::f32);
  // Weights that went through the file give what weights that did not give.
  CompileOptions options;
  options.precision = Precision::i8;
  const auto exact = compile(build_graph(small_network())->graph, options);
  const auto stored = compile(build_graph(i8)->graph, options);
  REQUIRE((exact.ok() && stored.ok()));
  const std::vector<float> x = {0.3f, -1.0f, 2.0f, 0.1f, 0.7f, -0.4f};
  std::vector<float> expected, got;
  for (const auto& [model, y] : {std::pair(&*exact, &expected), std::pair(&*stored, &got)}) {
    Workspace workspace(*model);
    REQUIRE(workspace.prepare({Shape{2, 1, 3}}).ok());
    y->resize(workspace.output(0).num_elements());
    REQUIRE(run(workspace, x, *y).ok());
  }
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-6));

  // Files of version 1 kept f16 for i8.
  ModelFile old = f16;
  old.precision = Precision::i8;
  std::vector<std::byte> bytes = write_model_file(old);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CHECK(text.find(R"("canter.model":"1")") != std::string::npos);
  const Result<ModelFile> again = read_model_file(bytes, "old.safetensors");
  REQUIRE(again.ok());
  CHECK(compile(build_graph(*again)->graph, options).ok());
}

TEST_CASE("scales that do not fit their integers are refused by name") {
  ModelFile file = small_network(Precision::i8);
  file.tensors.insert_or_assign("scale/in.weight", Tensor::of<float>({3, 1}, {1, 1, 1}));
  auto graph = build_graph(file, "bad.safetensors");
  REQUIRE_FALSE(graph.ok());
  CHECK(graph.error().message.find("bad.safetensors: tensor 'in.weight'") != std::string::npos);
  file.tensors.insert_or_assign("scale/in.weight", Tensor::of<std::int8_t>({4, 1}, {1, 1, 1, 1}));
  CHECK_FALSE(build_graph(file).ok());
  file.tensors.insert_or_assign("scale/in.weight", Tensor::of<float>({1, 4, 1}, {1, 1, 1, 1}));
  CHECK_FALSE(build_graph(file).ok());
}

TEST_CASE("passport: dropping a bias turns it red and names the layer") {
  ModelFile file = small_network();
  for (float& x : file.tensors.at("out.bias").as<float>()) x = 0.0f;
  check_red(file, "out");
  CHECK(verified(file).findings.at(0) ==
        "weight 'out.bias' is not the one the passport was made with");
  // The same without the tensor, as an exporter loses it.
  file = small_network();
  file.tensors.erase("in.bias");
  check_red(file, "in");
  // Even where the weights are right and only the description forgets it.
  file = small_network();
  replace_text(file.architecture, R"("tensors": "in")", R"("tensors": "in", "bias": false)");
  check_red(file, "in");
}

TEST_CASE("passport: swapped LSTM gates turn it red and name the layer") {
  for (const Precision precision : {Precision::f32, Precision::i8}) {
    ModelFile file = small_network(precision);
    // Forget gate and cell gate of i f g o, in every tensor: what a wrong converter does.
    for (const char* name :
         {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0"}) {
      const auto bytes = file.tensors.at(name).bytes();
      const std::size_t gate = bytes.size() / 4;
      std::swap_ranges(bytes.data() + gate, bytes.data() + 2 * gate, bytes.data() + 2 * gate);
    }
    check_red(file, "rnn");
  }
}

TEST_CASE("passport: a skipped normaliser turns it red and names the layer") {
  ModelFile file = small_network();
  for (float& x : file.tensors.at("mean").as<float>()) x = 0.0f;
  check_red(file, "normalise0/centre");
  file = small_network();
  for (float& x : file.tensors.at("std").as<float>()) x = 1.0f;
  check_red(file, "normalise0");
  file = small_network();
  replace_text(file.architecture, R"({"type": "normalise", "mean": "mean", "std": "std"},)", "");
  const Verification done = verified(file);
  CHECK(done.verdict == Verdict::red);
  CHECK(done.worst_layer == "normalise0/centre");
  CHECK(std::ranges::count(done.findings, "layer 'normalise0' is missing") == 1);
}

TEST_CASE("passport: small differences are amber, NaN is red") {
  ModelFile file = small_network();
  file.tensors.at("out.weight").as<float>()[0] += 2e-5f;
  const Verification done = verified(file);
  CHECK(done.verdict == Verdict::amber);
  CHECK(is_of(done.worst_layer, "out"));
  file.tensors.at("out.weight").as<float>()[0] = NAN;
  check_red(file, "out");
  file.passport.reset();
  CHECK(verify(file).error().message.find("no passport") != std::string::npos);
}

TEST_CASE("passport: what another program computed becomes a case, or is refused") {
  const auto folder = test::shared_data("models/lstm_1");
  if (!folder) return;
  const auto load = [&](const char* file) {
    Result<WeightFile> array = read_npy(test::read_file(*folder / file), file);
    REQUIRE(array.ok());
    return std::move(array->tensors.begin()->second);
  };
  Result<WeightFile> weights =
      read_weights(test::read_file(*folder / "weights.safetensors"), "lstm_1");
  REQUIRE(weights.ok());
  ConvertOptions options;
  options.passport.recordings.push_back({{{"input", load("b4_input.npy")},
                                          {"h0", load("b4_input_h0.npy")},
                                          {"c0", load("b4_input_c0.npy")}},
                                         {{"output", load("b4_expected.npy")}}});
  const std::string architecture = test::architecture_of("lstm_1");
  const auto made = make_model_file(architecture, weights->tensors, options);
  REQUIRE_MESSAGE(made.ok(), made.error().message);
  CHECK(made->passport->cases.size() == 3);
  CHECK(std::ranges::equal(made->passport->cases[0].outputs[0].expected.bytes(),
                           options.passport.recordings[0].outputs.at("output").bytes()));
  CHECK(verified(*made).verdict == Verdict::green);
  // PyTorch did not compute this: the recurrent bias is lost.
  for (float& x : weights->tensors.at("rnn.bias_hh_l0").as<float>()) x = 0.0f;
  const auto wrong = make_model_file(architecture, weights->tensors, options);
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message.find("output 'output' differs from the recorded one by") !=
        std::string::npos);
}

TEST_CASE("passport: the file is a plain safetensors") {
  const std::vector<std::byte> bytes = write_model_file(small_network(Precision::f16));
  const Result<WeightFile> plain = read_weights(bytes, "x");
  REQUIRE(plain.ok());
  CHECK(is_model_file(*plain));
  CHECK(plain->tensors.at("in.weight").dtype() == DType::f16);
  CHECK(plain->tensors.at("in.bias").dtype() == DType::f32);
  CHECK(plain->metadata.contains("canter.architecture"));
  for (std::size_t size = 0; size < bytes.size(); size += 97)
    CHECK_FALSE(read_model_file(std::span(bytes).first(size), "cut").ok());
}

TEST_CASE("passport: weights beyond f16 are refused by name") {
  TensorMap tensors;
  tensors.emplace("fc.weight", Tensor::of<float>({1, 2}, {1.0f, 70000.0f}));
  ConvertOptions options;
  options.precision = Precision::f16;
  const auto made = make_model_file(
      R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 2]}],
          "layers": [{"type": "linear", "tensors": "fc"}]})",
      std::move(tensors), options);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message.find("'fc.weight' holds values beyond the range of f16") !=
        std::string::npos);
}

TEST_CASE("passport: every shared network, from weights and from ONNX") {
  const auto folder = test::shared_data("models");
  if (!folder) return;
  for (const std::string& name : test::network_names()) {
    CAPTURE(name);
    const ModelFile file = convert_shared(*folder, name);
    const Result<ModelFile> again = read_model_file(write_model_file(file), name);
    REQUIRE_MESSAGE(again.ok(), again.error().message);
    CHECK(verified(*again).verdict == Verdict::green);
    const Result<Model> model = compile(build_graph(*again)->graph);
    REQUIRE(model.ok());
    CHECK(test::run_reference_cases(*model, *folder / name).worst <= 1.0);
    for (const auto& entry : std::filesystem::directory_iterator(*folder / name)) {
      if (entry.path().extension() != ".onnx") continue;
      Result<Graph> graph = read_onnx(test::read_file(entry.path()), name);
      REQUIRE(graph.ok());
      REQUIRE(validate(*graph).ok());
      TensorMap tensors = graph->initialisers;
      const std::string architecture = write_architecture(*graph, tensors);
      const Result<ModelFile> made = make_model_file(architecture, std::move(tensors));
      REQUIRE_MESSAGE(made.ok(), made.error().message);
      CHECK(verified(*made).verdict == Verdict::green);
      const Result<Model> from_onnx = compile(build_graph(*made)->graph);
      REQUIRE(from_onnx.ok());
      CHECK(test::run_reference_cases(*from_onnx, *folder / name).worst <= 1.0);
    }
  }
}
