// Running: no allocation, one model for several threads, shapes that change, errors with their
// place.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "canter/nn/model.h"
#include "canter/nn/operator.h"
#include "heap_probe.h"

using namespace canter;
using namespace canter::nn;

namespace {

Tensor random_tensor(const Shape& shape, std::mt19937& random) {
  std::normal_distribution<float> normal(0.0f, 0.3f);
  Tensor tensor = Tensor::make(DType::f32, shape).value();
  for (float& x : tensor.as<float>()) x = normal(random);
  return tensor;
}

ValueInfo value(const std::string& name, std::vector<Dim> dims, DType dtype = DType::f32) {
  return {name, dtype, std::move(dims), true};
}
const Dim kBatch{-1, "batch"};
const Dim kTime{-1, "time"};

// One node of every family that keeps state while it runs: embedding, LSTM, attention-like product,
// convolutions both ways, pooling, normalisation, reductions.
Graph busy_graph() {
  std::mt19937 random(3);
  Graph g;
  g.inputs = {value("tokens", {kTime, kBatch}, DType::i64)};
  g.outputs = {value("y", {kBatch, {6, ""}}), value("state", {{1, ""}, kBatch, {8, ""}})};
  auto& w = g.initialisers;
  w["table"] = random_tensor({20, 5}, random);
  w["w"] = random_tensor({1, 32, 5}, random);
  w["r"] = random_tensor({1, 32, 8}, random);
  w["one"] = Tensor::of<std::int64_t>({1}, {1});
  w["k1"] = random_tensor({8, 8, 13}, random);
  w["k2"] = random_tensor({4, 8, 3}, random);
  w["scale"] = random_tensor({8}, random);
  w["fc"] = random_tensor({6, 8}, random);
  const auto pads = [](std::int64_t p) { return std::vector<std::int64_t>{p, p}; };
  g.nodes = {
      {"Gather", "embed", "", {"table", "tokens"}, {"x"}, {}},
      {"LSTM", "lstm", "", {"x", "w", "r"}, {"ys", "state"}, {{"hidden_size", std::int64_t{8}}}},
      {"Squeeze", "", "", {"ys", "one"}, {"seq"}, {}},
      {"Transpose", "", "", {"seq"}, {"rows"}, {{"perm", std::vector<std::int64_t>{1, 0, 2}}}},
      {"LayerNormalization", "", "", {"rows", "scale"}, {"normal"}, {}},
      {"Transpose", "", "", {"normal"}, {"keys"}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}}},
      {"MatMul", "scores", "", {"normal", "keys"}, {"scores"}, {}},
      {"Softmax", "", "", {"scores"}, {"attention"}, {}},
      {"MatMul", "mix", "", {"attention", "normal"}, {"mixed"}, {}},
      {"Transpose",
       "",
       "",
       {"mixed"},
       {"channels"},
       {{"perm", std::vector<std::int64_t>{0, 2, 1}}}},
      {"Conv", "long", "", {"channels", "k1"}, {"c1"}, {{"pads", pads(6)}}},
      {"Conv", "short", "", {"c1", "k2"}, {"c2"}, {{"pads", pads(1)}}},
      {"MaxPool", "", "", {"c2"}, {"p"}, {{"kernel_shape", std::vector<std::int64_t>{2}}}},
      {"ReduceMean",
       "",
       "",
       {"p"},
       {"m"},
       {{"axes", std::vector<std::int64_t>{2}}, {"keepdims", std::int64_t{0}}}},
      {"Concat", "", "", {"m", "m"}, {"mm"}, {{"axis", std::int64_t{1}}}},
      {"Gemm", "fc", "", {"mm", "fc"}, {"z"}, {{"transB", std::int64_t{1}}}},
      {"Tanh", "", "", {"z"}, {"y"}, {}},
  };
  return g;
}

Model busy_model(Precision precision = Precision::f32) {
  CompileOptions options;
  options.precision = precision;
  auto model = compile(busy_graph(), options);
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  return *model;
}

void fill_tokens(Workspace& workspace, unsigned seed) {
  std::mt19937 random(seed);
  for (std::int64_t& token : workspace.input(0).as<std::int64_t>()) token = random() % 20;
}

std::vector<float> result(const Workspace& workspace) {
  std::vector<float> all;
  for (const int i : {0, 1}) {
    const auto values = workspace.output(i).as<float>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

// x -> op -> y, x [2, 3] f32 unless said otherwise.
Graph one_node(Node node, std::vector<Dim> dims = {{2, ""}, {3, ""}}, DType dtype = DType::f32) {
  Graph g;
  g.inputs = {value("x", std::move(dims), dtype)};
  g.outputs = {value("y", {})};
  g.outputs[0].has_rank = false;
  g.nodes = {std::move(node)};
  return g;
}

}  // namespace

TEST_CASE("a prepared network runs without touching the heap, in every precision") {
  for (const Precision precision :
       {Precision::f32, Precision::f16, Precision::bf16, Precision::i8}) {
    Workspace workspace(busy_model(precision));
    REQUIRE(workspace.prepare({Shape{9, 3}}).ok());
    fill_tokens(workspace, 1);
    const test::HeapProbe probe;
    for (int n = 0; n < 3; ++n) CHECK(run(workspace).ok());
    CHECK(probe.count() == 0);
    const std::vector<float> first = result(workspace);
    CHECK(run(workspace).ok());
    CHECK(result(workspace) == first);  // in either direction through the weights
  }
}

TEST_CASE("threads share a model and find what one thread finds") {
  const Model model = busy_model();
  constexpr int kThreads = 4;
  std::vector<std::vector<float>> alone(kThreads);
  std::vector<std::vector<float>> together(kThreads);
  const auto work = [&](int i, std::vector<float>& out) {
    Workspace workspace(model);
    if (!workspace.prepare({Shape{7 + i, 2}}).ok()) return;
    fill_tokens(workspace, static_cast<unsigned>(i));
    for (int n = 0; n < 20; ++n)
      if (!run(workspace).ok()) return;
    out = result(workspace);
  };
  for (int i = 0; i < kThreads; ++i) work(i, alone[static_cast<std::size_t>(i)]);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] { work(i, together[static_cast<std::size_t>(i)]); });
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(alone[0].empty());
  CHECK(alone == together);
}

TEST_CASE("shapes may change between runs; every item of a batch is computed alone") {
  Workspace workspace(busy_model());
  REQUIRE(workspace.prepare({Shape{6, 4}}).ok());
  fill_tokens(workspace, 5);
  REQUIRE(run(workspace).ok());
  const std::vector<float> batch = result(workspace);
  const auto tokens = workspace.input(0).as<std::int64_t>();
  const std::vector<std::int64_t> all(tokens.begin(), tokens.end());
  for (std::int64_t b = 0; b < 4; ++b) {
    REQUIRE(workspace.prepare({Shape{6, 1}}).ok());
    for (std::int64_t t = 0; t < 6; ++t)
      workspace.input(0).as<std::int64_t>()[static_cast<std::size_t>(t)] =
          all[static_cast<std::size_t>(t * 4 + b)];
    REQUIRE(run(workspace).ok());
    for (std::size_t k = 0; k < 6; ++k)
      CHECK(result(workspace)[k] ==
            doctest::Approx(batch[static_cast<std::size_t>(b) * 6 + k]).epsilon(1e-4));
    REQUIRE(workspace.prepare({Shape{6, 4}}).ok());
  }
}

TEST_CASE("dead tensors lend their memory") {
  // Twenty layers of one width: two of them live at any time, beside input and output.
  Graph g;
  g.inputs = {value("v0", {kBatch, {1000, ""}})};
  for (int i = 0; i < 20; ++i)
    g.nodes.push_back(
        {"Sin", "", "", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}, {}});
  g.outputs = {value("v20", {kBatch, {1000, ""}})};
  Workspace workspace(compile(g).value());
  REQUIRE(workspace.prepare({Shape{8, 1000}}).ok());
  const std::size_t one = 8 * 1000 * sizeof(float);
  CHECK(workspace.memory_bytes() >= 3 * one);
  CHECK(workspace.memory_bytes() <= 4 * one + 1024);
}

TEST_CASE("errors of shapes and values name what was expected and found") {
  Workspace workspace(busy_model());
  CHECK(workspace.prepare({Shape{6}}).error().message ==
        "input 'tokens' has shape [6]; expected [time, batch]");
  CHECK(workspace.prepare(std::span<const Shape>()).error().message ==
        "the network has 1 inputs; 0 shapes are given");
  CHECK(workspace.prepare({Shape{1, 1}}).error().message ==
        "node 'p' (MaxPool): a kernel that reaches over 2 of 1 padded samples");
  REQUIRE(workspace.prepare({Shape{2, 1}}).ok());
  workspace.input(0).as<std::int64_t>()[0] = 20;
  CHECK(run(workspace).error().message ==
        "node 'embed' (Gather): index 20 at position 0; expected 0 to 19");
  const auto absurd = workspace.prepare({Shape{std::int64_t{1} << 40, 1}});
  CHECK(absurd.error().code == ErrorCode::limit);

  Graph two = one_node({"Add", "sum", "", {"x", "z"}, {"y"}, {}}, {kBatch, {3, ""}});
  two.inputs.push_back(value("z", {kBatch, {3, ""}}));
  Workspace pair(compile(two).value());
  CHECK(pair.prepare({Shape{2, 3}, Shape{4, 3}}).error().message ==
        "input 'z' has shape [4, 3]; expected [batch, 3]");
}

TEST_CASE("graphs that cannot be are refused with the node") {
  const auto message = [](Graph g) { return compile(std::move(g)).error().message; };
  Graph cycle = one_node({"Add", "a", "", {"x", "b"}, {"y"}, {}});
  cycle.nodes.push_back({"Relu", "b", "", {"y"}, {"b"}, {}});
  CHECK(message(cycle) == "node 'a' (Add): the graph has a cycle here");
  CHECK(message(one_node({"Add", "a", "", {"x", "b"}, {"y"}, {}})) ==
        "node 'a' (Add): nothing makes its input 'b'");
  Graph twice = one_node({"Relu", "a", "", {"x"}, {"y"}, {}});
  twice.nodes.push_back({"Relu", "b", "", {"x"}, {"y"}, {}});
  CHECK(message(twice) == "node 'b' (Relu): value 'y' is made twice");
  Graph absent = one_node({"Relu", "a", "", {"x"}, {"z"}, {}});
  CHECK(message(absent) == "nothing makes the output 'y'");

  const std::string unknown = message(one_node({"Frobnicate", "f", "", {"x"}, {"y"}, {}}));
  CHECK(
      unknown.starts_with("no such operator: node 'f' (Frobnicate) of opset 17. There are: Abs, "));
  CHECK(unknown.find("LSTM") != std::string::npos);
  const std::string other = message(one_node({"Relu", "f", "my.own", {"x"}, {"y"}, {}}));
  CHECK(other.starts_with("no such operator: node 'f' (Relu) of opset 1 of domain 'my.own'."));

  // A second output that no such operator has, the first left out; also where all is constant.
  const Node two{"Relu", "r", "", {"x"}, {"", "y"}, {}};
  CHECK(Workspace(compile(one_node(two)).value()).prepare({Shape{2, 3}}).error().message ==
        "node 'r' (Relu): it has no output 1");
  Graph constant = one_node(two);
  constant.initialisers["x"] = Tensor::of<float>({2}, {1.0f, 2.0f});
  CHECK(message(constant) == "node 'r' (Relu): it has no output 1");

  // A constant that would be folded into something absurd stays a step, and its plan is refused.
  Graph huge = one_node({"Add", "sum", "", {"x", "big"}, {"y"}, {}});
  huge.initialisers["shape"] = Tensor::of<std::int64_t>({3}, {1 << 20, 1 << 20, 1 << 20});
  huge.nodes.insert(huge.nodes.begin(), {"ConstantOfShape", "big", "", {"shape"}, {"big"}, {}});
  const auto model = compile(huge);
  if (model.ok()) {
    Workspace workspace(*model);
    CHECK(workspace.prepare({Shape{2, 3}}).error().code != ErrorCode::io);
  }
}

TEST_CASE("a slice that cuts one axis twice, or lists of unlike lengths, is refused") {
  const auto message = [](std::vector<std::int64_t> axes, std::vector<std::int64_t> steps) {
    Graph g = one_node({"Slice", "s", "", {"x", "from", "to", "axes", "steps"}, {"y"}, {}},
                       {{4, ""}, {8, ""}});
    const auto integers = [&](const char* name, std::vector<std::int64_t> values) {
      g.initialisers[name] =
          Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
    };
    integers("from", {3, 3});
    integers("to", {std::numeric_limits<std::int64_t>::max(), 8});
    integers("axes", std::move(axes));
    integers("steps", std::move(steps));
    const auto model = compile(std::move(g));
    if (!model.ok()) return model.error().message;
    const auto planned = Workspace(*model).prepare({Shape{4, 8}});
    return planned.ok() ? std::string("fine") : planned.error().message;
  };
  CHECK(message({0, 1}, {1, std::int64_t{1} << 40}) == "fine");
  CHECK(message({1, -1}, {1, 1}).ends_with("axis -1 is cut twice"));
  CHECK(message({0, 1}, {1}).ends_with("starts, ends, axes and steps are of different lengths"));
}

TEST_CASE("f16 and f64 networks take and give their own types") {
  for (const DType dtype : {DType::f16, DType::f64, DType::bf16}) {
    Graph g = one_node({"Mul", "m", "", {"x", "w"}, {"y"}, {}}, {{2, ""}, {3, ""}}, dtype);
    g.outputs[0].dtype = dtype;
    g.initialisers["w"] = convert(Tensor::of<float>({3}, {1.0f, 2.0f, -0.5f}).view(), dtype);
    Workspace workspace(compile(g).value());
    const Tensor x =
        convert(Tensor::of<float>({2, 3}, {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}).view(), dtype);
    const ConstTensorView views[] = {x.view()};
    REQUIRE(run(workspace, views).ok());
    CHECK(workspace.output(0).dtype == dtype);
    const Tensor y = convert(workspace.output(0), DType::f32);
    const float expected[] = {1.0f, 4.0f, -1.5f, 4.0f, 10.0f, -3.0f};
    CHECK(std::ranges::equal(y.as<float>(), expected));
    const Tensor wrong = Tensor::of<std::int64_t>({2, 3}, {1, 2, 3, 4, 5, 6});
    const ConstTensorView bad[] = {wrong.view()};
    CHECK(run(workspace, bad).error().message.starts_with("input 'x' is of type i64; expected "));
  }
}

TEST_CASE("folding and fusion: few steps, the same numbers") {
  std::mt19937 random(4);
  Graph g;
  g.inputs = {value("x", {kBatch, {10, ""}})};
  g.outputs = {value("y", {kBatch, {4, ""}})};
  const auto positive = [&](const Shape& shape) {
    Tensor t = random_tensor(shape, random);
    for (float& v : t.as<float>()) v = 0.5f + std::abs(v);
    return t;
  };
  g.initialisers["mean"] = random_tensor({10}, random);
  g.initialisers["std"] = positive({10});
  g.initialisers["w1"] = random_tensor({7, 10}, random);
  g.initialisers["b1"] = random_tensor({7}, random);
  for (const char* name : {"scale", "shift", "m"})
    g.initialisers[name] = random_tensor({7}, random);
  g.initialisers["v"] = positive({7});
  g.initialisers["w2"] = random_tensor({7, 4}, random);
  g.initialisers["out_scale"] = positive({4});
  g.initialisers["out_mean"] = random_tensor({4}, random);
  g.nodes = {{"Sub", "", "", {"x", "mean"}, {"a"}, {}},
             {"Div", "", "", {"a", "std"}, {"b"}, {}},
             {"Gemm", "fc1", "", {"b", "w1", "b1"}, {"c"}, {{"transB", std::int64_t{1}}}},
             // An epsilon large enough to be missed.
             {"BatchNormalization",
              "",
              "",
              {"c", "scale", "shift", "m", "v"},
              {"d"},
              {{"epsilon", 0.25f}}},
             {"Elu", "", "", {"d"}, {"e"}, {}},
             {"MatMul", "fc2", "", {"e", "w2"}, {"f"}, {}},
             {"Mul", "", "", {"f", "out_scale"}, {"h"}, {}},
             {"Add", "", "", {"h", "out_mean"}, {"y"}, {}}};
  CompileOptions plain;
  plain.optimise = false;
  plain.reference = true;
  const Model slow = compile(g, plain).value();
  const Model fast = compile(g).value();
  CHECK(slow.layers().size() == 8);
  CHECK(fast.layers().size() == 2);
  const Tensor x = random_tensor({5, 10}, random);
  const ConstTensorView views[] = {x.view()};
  Workspace a(slow);
  Workspace b(fast);
  REQUIRE(run(a, views).ok());
  REQUIRE(run(b, views).ok());
  for (std::size_t i = 0; i < 20; ++i)
    CHECK(b.output(0).as<float>()[i] == doctest::Approx(a.output(0).as<float>()[i]).epsilon(1e-5));
}

TEST_CASE("run on spans and per-layer times") {
  std::mt19937 random(4);
  Graph g = one_node({"Gemm", "fc", "", {"x", "w"}, {"y"}, {{"transB", std::int64_t{1}}}});
  g.initialisers["w"] = random_tensor({70, 3}, random);
  Workspace workspace(compile(g).value());
  REQUIRE(workspace.prepare({Shape{2, 3}}).ok());
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  std::vector<float> y(140);
  REQUIRE(run(workspace, x, y).ok());
  CHECK(y[0] != 0.0f);
  CHECK(std::ranges::equal(y, workspace.output(0).as<float>()));
  workspace.set_timing(true);
  REQUIRE(run(workspace).ok());
  REQUIRE(workspace.layer_ns().size() == 1);
  CHECK(workspace.layer_ns()[0] > 0);
}

namespace {

// y = x / |row|: a layer no exporter knows.
class UnitRows : public Operator {
 public:
  Result<void> plan(PlanContext& context) const override {
    if (context.shape(0).rank() != 2)
      return Error{ErrorCode::bad_value, "expected a matrix, found " + context.shape(0).text()};
    context.set_output(0, DType::f32, context.shape(0));
    return {};
  }
  Result<void> run(const RunContext& context) const override {
    const Shape& shape = context.input(0).shape;
    const float* x = context.input(0).as<float>().data();
    float* y = context.output(0).as<float>().data();
    for (std::int64_t r = 0; r < shape[0]; ++r, x += shape[1], y += shape[1]) {
      float sum = 0.0f;
      for (std::int64_t i = 0; i < shape[1]; ++i) sum += x[i] * x[i];
      for (std::int64_t i = 0; i < shape[1]; ++i) y[i] = x[i] / std::sqrt(sum);
    }
    return {};
  }
};

}  // namespace

TEST_CASE("a host's own operator runs like the others") {
  OperatorSet own;
  own.add("my.own", "UnitRows", [](NodeContext&) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<UnitRows>());
  });
  CompileOptions options;
  options.operators = &own;
  Graph g = one_node({"UnitRows", "unit", "my.own", {"x"}, {"y"}, {}});
  CHECK_FALSE(compile(g).ok());
  Workspace workspace(compile(g, options).value());
  const Tensor x = Tensor::of<float>({2, 3}, {3.0f, 0.0f, 4.0f, 0.0f, 2.0f, 0.0f});
  const ConstTensorView views[] = {x.view()};
  REQUIRE(run(workspace, views).ok());
  const float expected[] = {0.6f, 0.0f, 0.8f, 0.0f, 1.0f, 0.0f};
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(workspace.output(0).as<float>()[i] == doctest::Approx(expected[i]));
  Graph vector = one_node({"UnitRows", "unit", "my.own", {"x"}, {"y"}, {}}, {{3, ""}});
  Workspace bad(compile(vector, options).value());
  CHECK(bad.prepare({Shape{3}}).error().message ==
        "node 'unit' (UnitRows): expected a matrix, found [3]");
  // A name of ONNX's own can be replaced.
  own.add("", "Relu", [](NodeContext&) -> Result<std::unique_ptr<Operator>> {
    return std::unique_ptr<Operator>(std::make_unique<UnitRows>());
  });
  Workspace replaced(compile(one_node({"Relu", "", "", {"x"}, {"y"}, {}}), options).value());
  REQUIRE(run(replaced, views).ok());
  CHECK(replaced.output(0).as<float>()[0] == doctest::Approx(0.6f));
}
