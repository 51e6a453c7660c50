#include "canter/nn/onnx.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "canter/nn/model.h"

using namespace canter;
using namespace canter::nn;

namespace {

// ---- a protocol buffer by hand: the reader is not to be judged by Canter's own writer alone

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string number(int field, std::int64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(static_cast<std::uint64_t>(value));
}
std::string bytes(int field, const std::string& value) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(value.size()) + value;
}
std::string fixed32(int field, float value) {
  std::string raw(4, '\0');
  std::memcpy(raw.data(), &value, 4);
  return varint(static_cast<std::uint64_t>(field) << 3 | 5) + raw;
}
std::string raw_floats(std::initializer_list<float> values) {
  std::string raw(values.size() * 4, '\0');
  std::memcpy(raw.data(), values.begin(), raw.size());
  return raw;
}

std::string opset(std::int64_t version, const std::string& domain = "") {
  return bytes(8, bytes(1, domain) + number(2, version));
}
std::string value_info(const std::string& name, std::int64_t type, const std::string& dims) {
  return bytes(1, name) + bytes(2, bytes(1, number(1, type) + bytes(2, dims)));
}
std::string model(const std::string& graph, std::int64_t ir = 8, std::int64_t version = 17) {
  return number(1, ir) + bytes(7, graph) + opset(version);
}

// y = x + c, x [batch, 3].
std::string add_graph(const std::string& constant, const std::string& more = "") {
  const std::string dims = bytes(1, bytes(2, "batch")) + bytes(1, number(1, 3));
  return bytes(1,
               bytes(1, "x") + bytes(1, "c") + bytes(2, "y") + bytes(3, "sum") + bytes(4, "Add")) +
         bytes(5, constant) + bytes(11, value_info("x", 1, dims)) +
         bytes(12, value_info("y", 1, dims)) + more;
}
std::string tensor_c(std::int64_t type, const std::string& data) {
  return number(1, 3) + number(2, type) + bytes(8, "c") + data;
}

Result<Graph> read(const std::string& file) {
  return read_onnx(std::as_bytes(std::span(file.data(), file.size())), "test.onnx");
}
std::string message_of(const std::string& file) {
  const auto graph = read(file);
  REQUIRE_FALSE(graph.ok());
  return graph.error().message;
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("onnx: raw data and every typed field") {
  const std::string packed_ints = varint(1) + varint(2) + varint(3);
  const std::string raw = bytes(9, raw_floats({1, 2, 3}));
  struct Case {
    std::int64_t type;
    std::string data;
    DType dtype;
  };
  std::string doubles(24, '\0');
  const double numbers[] = {1, 2, 3};
  std::memcpy(doubles.data(), numbers, 24);
  const std::string halves = varint(0x3c00) + varint(0x4000) + varint(0x4200);
  const std::string brain = varint(0x3f80) + varint(0x4000) + varint(0x4040);
  for (const Case& c :
       {Case{1, raw, DType::f32}, Case{1, bytes(4, raw_floats({1, 2, 3})), DType::f32},
        Case{1, fixed32(4, 1) + fixed32(4, 2) + fixed32(4, 3), DType::f32},
        Case{11, bytes(10, doubles), DType::f64}, Case{7, bytes(7, packed_ints), DType::i64},
        Case{7, number(7, 1) + number(7, 2) + number(7, 3), DType::i64},
        Case{6, bytes(5, packed_ints), DType::i32}, Case{5, bytes(5, packed_ints), DType::i16},
        Case{3, bytes(5, packed_ints), DType::i8}, Case{2, bytes(5, packed_ints), DType::u8},
        Case{10, bytes(5, halves), DType::f16}, Case{16, bytes(5, brain), DType::bf16}}) {
    const auto graph = read(model(add_graph(tensor_c(c.type, c.data))));
    REQUIRE_MESSAGE(graph.ok(), graph.error().message);
    const Tensor& tensor = graph->initialisers.at("c");
    CHECK(tensor.dtype() == c.dtype);
    const Tensor f = convert(tensor.view(), DType::f32);
    CHECK(f.as<float>()[0] == 1.0f);
    CHECK(f.as<float>()[2] == 3.0f);
  }
}

TEST_CASE("onnx: names, dims, opsets and versions") {
  const std::string good = tensor_c(1, bytes(9, raw_floats({1, 2, 3})));
  const auto graph = read(model(add_graph(good)) + opset(3, "my.own"));
  REQUIRE(graph.ok());
  CHECK(graph->opset == 17);
  CHECK(graph->custom_opsets.at("my.own") == 3);
  CHECK(graph->nodes[0].name == "sum");
  CHECK(graph->inputs[0].shape_text() == "[batch, 3]");
  for (const std::int64_t ir : {3, 10}) CHECK(read(model(add_graph(good), ir)).ok());
  CHECK(has(message_of(model(add_graph(good), 11)), "IR version 11; Canter reads 3 to 10"));
  CHECK(has(message_of(model(add_graph(good), 8, 6)), "opset 6; Canter reads opset 7 on"));
  // Files of old list initialisers among the inputs.
  const auto old =
      read(model(add_graph(good, bytes(11, value_info("c", 1, bytes(1, number(1, 3)))))));
  REQUIRE(old.ok());
  CHECK(old->inputs.size() == 1);
}

TEST_CASE("onnx: what is refused says so, with the place") {
  const std::string good = tensor_c(1, bytes(9, raw_floats({1, 2, 3})));
  const auto refused = [&](const std::string& constant, const std::string& part) {
    const std::string message = message_of(model(add_graph(constant)));
    CHECK_MESSAGE(has(message, part), message);
    CHECK_MESSAGE(has(message, "test.onnx: initialiser 0 at byte "), message);
  };
  refused(tensor_c(1, bytes(13, bytes(1, "location") + bytes(2, "w.bin"))),
          "tensor 'c' keeps its data in another file; save the model as one file");
  refused(tensor_c(1, number(14, 1)), "keeps its data in another file");
  refused(tensor_c(8, bytes(6, "text")), "tensor 'c' has element type 8");
  refused(tensor_c(1, bytes(9, raw_floats({1, 2}))),
          "tensor 'c' of shape [3] and type f32 holds 8 bytes");
  refused(tensor_c(1, bytes(4, raw_floats({1, 2}))), "tensor 'c' of shape [3] holds 2 elements");
  refused(number(1, -1) + number(2, 1) + bytes(8, "c"), "tensor 'c': negative extent -1");
  refused(number(1, std::int64_t{1} << 40) + number(1, std::int64_t{1} << 40) + number(2, 1) +
              bytes(8, "c") + bytes(9, ""),
          "tensor 'c' of shape [1099511627776, 1099511627776]");
  for (int i = 0; i < 1; ++i) {
    std::string dims;
    for (int axis = 0; axis < 9; ++axis) dims += number(1, 1);
    refused(dims + number(2, 1) + bytes(8, "c"), "tensor 'c': rank 9; the limit is 8");
  }

  const std::string branch =
      bytes(1, bytes(2, "y") + bytes(3, "maybe") + bytes(4, "If") +
                   bytes(5, bytes(1, "then_branch") + bytes(6, "") + number(20, 5)));
  CHECK(has(message_of(model(branch)), "node 'maybe' (If) has a sub-graph"));
  CHECK(has(message_of(model(add_graph(good)) + bytes(25, "")), "the model defines functions"));
  CHECK(has(message_of(model(add_graph(good, bytes(15, "")))), "sparse initialisers"));
  CHECK(has(message_of(model(add_graph(good, bytes(5, good)))), "initialiser 'c' is there twice"));
  CHECK(has(message_of(number(1, 8) + opset(17)), "no graph inside"));
  CHECK(has(message_of(number(1, 8) + bytes(7, add_graph(good))), "does not say which opset"));
  CHECK_FALSE(read("").ok());
  CHECK_FALSE(read("this is not a network").ok());
}

TEST_CASE("onnx: a file cut anywhere is refused or read, never worse") {
  const std::string whole = model(add_graph(tensor_c(1, bytes(9, raw_floats({1, 2, 3})))));
  int refused = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    refused += read(whole.substr(0, size)).ok() ? 0 : 1;
  CHECK(refused >= static_cast<int>(whole.size()) - 20);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    auto graph = read(damaged);
    if (graph.ok()) (void)compile(std::move(graph).value());
  }
}

TEST_CASE("onnx: what is written reads back") {
  Graph g;
  g.name = "small";
  g.producer = "canter";
  g.opset = 15;
  g.custom_opsets["my.own"] = 2;
  g.inputs = {{"x", DType::i64, {{-1, "batch"}, {3, ""}}, true}};
  g.outputs = {{"y", DType::f32, {}, false}};
  g.initialisers["w"] = Tensor::of<float>({2}, {1.5f, -2.0f});
  g.initialisers["none"] = Tensor::make(DType::f16, {0, 3}).value();
  g.nodes = {{"Op",
              "n",
              "my.own",
              {"x", "", "w"},
              {"y", ""},
              {{"i", std::int64_t{-3}},
               {"f", 0.5f},
               {"s", std::string("text")},
               {"is", std::vector<std::int64_t>{1, -2}},
               {"fs", std::vector<float>{0.25f}},
               {"ss", std::vector<std::string>{"a", "b"}},
               {"t", Tensor::of<double>({}, {2.5})}}}};
  const std::vector<std::byte> file = write_onnx(g);
  const auto back = read_onnx(file, "back");
  REQUIRE_MESSAGE(back.ok(), back.error().message);
  CHECK(back->name == "small");
  CHECK(back->opset == 15);
  CHECK(back->custom_opsets == g.custom_opsets);
  CHECK(back->inputs[0].shape_text() == "[batch, 3]");
  CHECK(back->inputs[0].dtype == DType::i64);
  CHECK_FALSE(back->outputs[0].has_rank);
  CHECK(back->initialisers.at("w").as<float>()[1] == -2.0f);
  CHECK(back->initialisers.at("none").shape() == Shape{0, 3});
  const Node& n = back->nodes[0];
  CHECK(n.domain == "my.own");
  CHECK(n.inputs == g.nodes[0].inputs);
  CHECK(n.outputs == g.nodes[0].outputs);
  CHECK(n.integer("i", 0) == -3);
  CHECK(n.number("f", 0) == 0.5f);
  CHECK(n.text("s", "") == "text");
  CHECK(n.integers("is") == std::vector<std::int64_t>{1, -2});
  CHECK(std::get<std::vector<float>>(*n.find("fs")) == std::vector<float>{0.25f});
  CHECK(std::get<std::vector<std::string>>(*n.find("ss")) == std::vector<std::string>{"a", "b"});
  CHECK(std::get<Tensor>(*n.find("t")).as<double>()[0] == 2.5);
  CHECK(write_onnx(*back) == file);
}
