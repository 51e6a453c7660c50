// Single operators against what PyTorch computes (tests/golden/nn_operators.json, written by
// make_operator_cases.py), as scalar loops and on every instruction set.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "canter/base/simd.h"
#include "canter/nn/model.h"
#include "canter/nn/onnx.h"
#include "canter/nn/operator.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;

namespace {

using Json = nlohmann::json;

DType dtype_from(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i)
    if (dtype_name(static_cast<DType>(i)) == name) return static_cast<DType>(i);
  FAIL("no type " << name);
  return DType::f32;
}

Tensor tensor_from(const Json& json) {
  const auto dims = json["shape"].get<std::vector<std::int64_t>>();
  const DType dtype = dtype_from(json["dtype"]);
  const Shape shape{std::span<const std::int64_t>(dims)};
  if (dtype == DType::i64)
    return Tensor::of<std::int64_t>(shape, json["values"].get<std::vector<std::int64_t>>());
  std::vector<double> values;
  for (const Json& value : json["values"])
    values.push_back(value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>());
  return convert(Tensor::of<double>(shape, values).view(), dtype);
}

Attribute::Value attribute_from(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<float>();
  return json.get<std::vector<std::int64_t>>();
}

ValueInfo info_of(const std::string& name, const Tensor& tensor) {
  ValueInfo info;
  info.name = name;
  info.dtype = tensor.dtype();
  for (const std::int64_t extent : tensor.shape().dims()) info.dims.push_back({extent, ""});
  return info;
}

struct Case {
  Graph graph;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};

Case case_from(const Json& json) {
  Case c;
  c.graph.opset = json["opset"];
  Node node;
  node.op = json["op"];
  for (const auto& [name, value] : json["attributes"].items())
    node.attributes.push_back({name, attribute_from(value)});
  const auto constants = json["constant"].get<std::set<std::size_t>>();
  for (std::size_t i = 0; i < json["inputs"].size(); ++i) {
    const std::string name = "in" + std::to_string(i);
    if (json["inputs"][i].is_null()) {
      node.inputs.emplace_back();
      continue;
    }
    Tensor tensor = tensor_from(json["inputs"][i]);
    node.inputs.push_back(name);
    if (constants.contains(i)) {
      c.graph.initialisers[name] = std::move(tensor);
    } else {
      c.graph.inputs.push_back(info_of(name, tensor));
      c.inputs.push_back(std::move(tensor));
    }
  }
  for (std::size_t i = 0; i < json["outputs"].size(); ++i) {
    const std::string name = "out" + std::to_string(i);
    c.outputs.push_back(tensor_from(json["outputs"][i]));
    node.outputs.push_back(name);
    c.graph.outputs.push_back(info_of(name, c.outputs.back()));
  }
  c.graph.nodes.push_back(std::move(node));
  return c;
}

// Largest difference, relative to values above 1.
double difference(const ConstTensorView& got, const Tensor& expected) {
  const Tensor g = convert(got, DType::f64);
  const Tensor e = convert(expected.view(), DType::f64);
  double worst = 0.0;
  for (std::size_t i = 0; i < g.num_elements(); ++i) {
    const double a = g.as<double>()[i];
    const double b = e.as<double>()[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double d = std::abs(a - b) / std::max(1.0, std::abs(b));
    worst = std::isfinite(d) ? std::max(worst, d) : std::numeric_limits<double>::infinity();
  }
  return worst;
}

double run_case(const Case& c, bool reference) {
  CompileOptions options;
  options.reference = reference;
  const auto model = compile(c.graph, options);
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  Workspace workspace(*model);
  std::vector<ConstTensorView> views;
  for (const Tensor& input : c.inputs) views.push_back(input.view());
  const auto ran = run(workspace, views);
  REQUIRE_MESSAGE(ran.ok(), ran.error().message);
  double worst = 0.0;
  for (std::size_t i = 0; i < c.outputs.size(); ++i) {
    const ConstTensorView got = workspace.output(static_cast<int>(i));
    REQUIRE(got.dtype == c.outputs[i].dtype());
    REQUIRE(got.shape == c.outputs[i].shape());
    worst = std::max(worst, difference(got, c.outputs[i]));
  }
  return worst;
}

// With CANTER_FUZZ_SEEDS=FOLDER the small cases are written there as ONNX files: the seeds of
// tests/fuzz/corpus/onnx, one per operator.
void write_seeds(const Json& cases) {
  const char* folder = std::getenv("CANTER_FUZZ_SEEDS");
  if (folder == nullptr) return;
  std::set<std::string> written;
  constexpr std::size_t kMostBytes = 1500;
  for (const Json& json : cases) {
    const std::string op = json["op"];
    const std::vector<std::byte> file = write_onnx(case_from(json).graph);
    if (file.size() > kMostBytes || !written.insert(op).second) continue;
    std::ofstream out(std::string(folder) + "/" + op + ".onnx", std::ios::binary);
    out.write(reinterpret_cast<const char*>(file.data()),
              static_cast<std::streamsize>(file.size()));
  }
}

}  // namespace

TEST_CASE("operators compute what PyTorch computes") {
  std::ifstream in(test::source_dir() / "tests/golden/nn_operators.json");
  const Json cases = Json::parse(in);
  write_seeds(cases);
  // Sums of up to 60 products in another order, and functions good to a few units.
  constexpr double kTolerance = 4e-6;
  double worst = 0.0;
  std::set<std::string> tested;
  const auto check = [&](const Json& json, bool reference, const std::string& how) {
    const double d = run_case(case_from(json), reference);
    CHECK_MESSAGE(d <= kTolerance, json["op"].get<std::string>() << " " << json["attributes"].dump()
                                                                 << ", " << how << ": " << d);
    worst = std::max(worst, d);
  };
  for (const Json& json : cases) {
    tested.insert(json["op"].get<std::string>());
    check(json, true, "scalar");
  }
  for (const auto& target : canter::detail::simd_targets()) {
    canter::detail::use_simd_target(target.id);
    for (const Json& json : cases) check(json, false, target.name);
  }
  canter::detail::use_simd_target(0);
  MESSAGE(cases.size() << " cases of " << tested.size() << " operators, largest difference "
                       << worst);

  // Nothing is supported that is not tried here or, where an oracle has no say, elsewhere.
  const std::set<std::string> elsewhere = {"CastLike", "ConstantOfShape", "Dropout", "Identity"};
  std::string list = builtin_operators().list() + ", ";
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = list.find(", ", at);
    const std::string op = list.substr(at, end - at);
    CHECK_MESSAGE((tested.contains(op) || elsewhere.contains(op)), op << " has no case");
    at = end + 2;
  }
}

// Why a node that reads "x" into "y", beside the graph's constants, does not run.
std::string refusal(Graph graph, Node node, const Tensor& x, const Tensor& y) {
  node.outputs = {"y"};
  graph.opset = 17;
  graph.inputs.push_back(info_of("x", x));
  graph.outputs.push_back(info_of("y", y));
  graph.nodes.push_back(std::move(node));
  const auto model = compile(std::move(graph), {});
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  Workspace workspace(*model);
  const std::vector<ConstTensorView> views = {x.view()};
  const auto ran = run(workspace, views);
  return ran.ok() ? "" : ran.error().message;
}

TEST_CASE("a mean of integers is refused: its divisor is a float") {
  for (const DType dtype : {DType::i64, DType::i32}) {
    const Tensor x = convert(Tensor::of<double>({2}, {1.0, 2.0}).view(), dtype);
    Node node;
    node.op = "Mean";
    node.inputs = {"x", "x"};
    CHECK(refusal({}, node, x, x).find("a mean of type") != std::string::npos);
  }
}

TEST_CASE("padding with no value, or one of another type, is refused") {
  const Tensor x = Tensor::of<float>({2}, {1.0f, 2.0f});
  const Tensor y = Tensor::of<float>({4}, {0.0f, 0.0f, 0.0f, 0.0f});
  for (const Tensor& value : {Tensor::of<float>({0}, {}), Tensor::of<std::int64_t>({}, {7})}) {
    Graph graph;
    graph.initialisers["pads"] = Tensor::of<std::int64_t>({2}, {1, 1});
    graph.initialisers["value"] = value;
    Node node;
    node.op = "Pad";
    node.inputs = {"x", "pads", "value"};
    CHECK(refusal(std::move(graph), node, x, y).find("pads with") != std::string::npos);
  }
}
