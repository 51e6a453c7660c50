#include <doctest/doctest.h>

#include "canter/nn/weights.h"
#include "file_makers.h"
#include "nn/pickle.h"

using namespace canter;
using namespace canter::nn;
using namespace canter::test;

namespace {

using Records = std::vector<std::pair<std::string, std::string>>;

std::string refusal(const std::string& pickle, const Records& records = {},
                    bool torchscript = false) {
  const auto file = read_torch(to_bytes(make_torch(pickle, records, torchscript)), "x.pt");
  return file ? "" : file.error().message;
}

// A checkpoint {"w": one tensor}.
std::string checkpoint(std::int32_t elements, std::int32_t offset,
                       std::initializer_list<std::int32_t> shape,
                       std::initializer_list<std::int32_t> strides) {
  return PickleMaker()
      .proto()
      .op('}')
      .text("w")
      .tensor("FloatStorage", "0", elements, offset, shape, strides)
      .op('s')
      .stop();
}

const std::string kSix = raw<float>({0, 1, 2, 3, 4, 5});

std::vector<float> read_view(std::int32_t offset, std::initializer_list<std::int32_t> shape,
                             std::initializer_list<std::int32_t> strides) {
  const auto file = read_torch(
      to_bytes(make_torch(checkpoint(6, offset, shape, strides), {{"0", kSix}})), "x.pt");
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  const auto values = file->tensors.at("w").as<float>();
  return {values.begin(), values.end()};
}

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("torch: views of storages become dense tensors") {
  CHECK(read_view(0, {2, 3}, {3, 1}) == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(read_view(0, {3, 2}, {1, 3}) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(read_view(1, {2, 2}, {3, 1}) == std::vector<float>{1, 2, 4, 5});
  CHECK(read_view(5, {}, {}) == std::vector<float>{5});
  CHECK(read_view(2, {3}, {0}) == std::vector<float>{2, 2, 2});
  CHECK(read_view(6, {0, 4}, {4, 1}).empty());
}

TEST_CASE("torch: views outside of their storage are refused") {
  for (const std::string& pickle :
       {checkpoint(6, 1, {2, 3}, {3, 1}), checkpoint(6, 0, {7}, {1}), checkpoint(6, -1, {1}, {1}),
        checkpoint(6, 0, {2}, {2147483647}), checkpoint(6, 7, {0}, {1}),
        checkpoint(6, 5, {2}, {-1})})
    CHECK(has(refusal(pickle, {{"0", kSix}}), "x.pt: tensor 'w': shape ["));
  CHECK(has(refusal(checkpoint(6, 0, {-1}, {1}), {{"0", kSix}}), "tensor 'w'"));
  CHECK(
      has(refusal(checkpoint(5, 0, {5}, {1}), {{"0", kSix}}), "has 24 bytes; a FloatStorage of 5"));
  CHECK(has(refusal(checkpoint(6, 0, {6}, {1}), {{"1", kSix}}), "no record 'm/data/0'"));
  // An expanded view that would take gigabytes.
  CHECK(has(refusal(checkpoint(6, 0, {100000, 100000}, {0, 0}), {{"0", kSix}}), "t.clone()"));
}

TEST_CASE("torch: byte order of the archive") {
  const std::string big("\x3f\x80\x00\x00", 4);
  std::string file = make_zip(
      {{"m/data.pkl", checkpoint(1, 0, {1}, {1})}, {"m/data/0", big}, {"m/byteorder", "big"}});
  const auto read = read_torch(to_bytes(file), "x.pt");
  REQUIRE(read.ok());
  CHECK(read->tensors.at("w").as<float>()[0] == 1.0f);
  file = make_zip({{"m/data.pkl", checkpoint(1, 0, {1}, {1})}, {"m/byteorder", "middle"}});
  CHECK(has(read_torch(to_bytes(file), "x.pt").error().message, "byteorder is 'middle'"));
}

TEST_CASE("torch: nested checkpoints keep their keys, numbers and texts") {
  const std::string pickle = PickleMaker()
                                 .proto()
                                 .op('}')
                                 .op('(')
                                 .text("epoch")
                                 .integer(12)
                                 .text("list")
                                 .op('(')
                                 .tensor("FloatStorage", "0", 6, 0, {6}, {1})
                                 .text("a text")
                                 .op('l')
                                 .text("state")
                                 .op('}')
                                 .integer(7)
                                 .tensor("FloatStorage", "0", 6, 2, {1}, {1})
                                 .op('s')
                                 .op('u')
                                 .stop();
  const auto file = read_torch(to_bytes(make_torch(pickle, {{"0", kSix}})), "x.pt");
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  CHECK(file->tensors.at("list.0").num_elements() == 6);
  CHECK(file->tensors.at("state.7").as<float>()[0] == 2.0f);
  CHECK(file->metadata.at("epoch") == "12");
  CHECK(file->metadata.at("list.1") == "a text");
}

TEST_CASE("torch: every other global is refused by name") {
  const std::pair<const char*, const char*> globals[] = {
      {"os", "system"},
      {"posix", "system"},
      {"builtins", "eval"},
      {"builtins", "getattr"},
      {"torch.nn.modules.linear", "Linear"},
      {"torch.storage", "_load_from_bytes"},
      {"numpy.core.multiarray", "_reconstruct"},
      {"collections", "OrderedDict.clear"},
      {"torch", "load"},
      {"__main__", "Net"},
      {"__torch__", "Net"},  // only TorchScript archives have these
  };
  for (const auto& [module, name] : globals) {
    const std::string full = std::string(module) + "." + name;
    const std::string pickle =
        PickleMaker().proto().global(module, name).text("touch /tmp/x").op('\x85').op('R').stop();
    CHECK(has(refusal(pickle), "the global '" + full + "' is not among"));
    const std::string by_stack =
        PickleMaker().proto(4).text(module).text(name).op('\x93').op(')').op('R').stop();
    CHECK(has(refusal(by_stack), "'" + full + "'"));
  }
  // One line whatever the name holds.
  const std::string pickle =
      PickleMaker().proto(4).text("a\nb").text("c\x1b[31m").op('\x93').stop();
  CHECK(has(refusal(pickle), "'a\\x0ab.c\\x1b[31m'"));
}

TEST_CASE("torch: calls and objects of the wrong kind are refused") {
  const auto start = [] { return PickleMaker().proto(); };
  CHECK(has(refusal(start().text("x").op(')').op('R').stop()), "not a function"));
  CHECK(has(refusal(start().global("collections", "OrderedDict").text("x").op('R').stop()),
            "not a tuple"));
  CHECK(has(refusal(start().global("torch", "FloatStorage").op(')').op('R').stop()),
            "not a function"));
  CHECK(has(refusal(start().global("torch._utils", "_rebuild_tensor_v2").op(')').op('R').stop()),
            "without storage"));
  CHECK(has(refusal(start().text("x").op('Q').stop()), "persistent id"));
  CHECK(has(refusal(start().global("torch", "Size").op(')').op('\x81').stop()), "not a class"));
  CHECK(has(refusal(start().op('i').stop()), "opcode 105"));
  CHECK(has(refusal(start().op('\x82').stop()), "opcode 130"));
  CHECK(has(refusal(start().get(3).stop()), "memo entry 3 was not set"));
  CHECK(has(refusal(start().op('a').stop()), "the stack is empty"));
  CHECK(has(refusal(start().op('t').stop()), "no mark"));
  CHECK(has(refusal(start().op('N').op('(').op('a').stop()), "the stack is empty"));
  CHECK(
      has(refusal(start().op('}').text("k").op('(').text("k").op('u').stop()), "without a value"));
  CHECK(has(refusal(start().op('N').op('N').stop()), "2 values on the stack"));
  CHECK(has(refusal(start().op('N').op('N').op('s').stop()), "the stack is empty"));
  CHECK(has(refusal(std::string("\x80\x63N.", 4)), "protocol 99"));
  CHECK(has(refusal("N"), "opcode takes 1 bytes, but only 0 remain"));
}

TEST_CASE("torch: circles and floods end") {
  const std::string circle =
      PickleMaker().proto().op(']').put(0).get(0).op('a').stop();  // a list of itself
  CHECK(has(refusal(circle), "in a circle"));
  // Ten times ten times ten ... references to one list.
  PickleMaker laughs;
  laughs.proto().op(']').put(0);
  for (std::uint8_t level = 1; level < 20; ++level) {
    laughs.op(']').put(level).op('(');
    for (int i = 0; i < 10; ++i) laughs.get(static_cast<std::uint8_t>(level - 1));
    laughs.op('e');
  }
  // The lists stay on the stack; keep the last.
  std::string pickle = laughs.op('\x85').op('0').stop();
  CHECK_FALSE(refusal(pickle).empty());
  PickleMaker nested;
  nested.proto();
  for (int i = 0; i < 10000; ++i) nested.op('(');
  CHECK(has(refusal(nested.stop()), "nested too deeply"));
  PickleMaker tuples;
  tuples.proto().op('N');
  for (int i = 0; i < 1000; ++i) tuples.op('\x85');
  CHECK(has(refusal(tuples.stop()), "nested too deeply"));
  CHECK(has(refusal("\x80\x02" + std::string(2 << 20, ']') + "."), "million"));
  CHECK(has(refusal("\x80\x02" + std::string(2 << 20, 'N') + "."), "million"));
}

TEST_CASE("torch: TorchScript objects are read as their attributes") {
  const std::string pickle = PickleMaker()
                                 .proto()
                                 .global("__torch__", "Net")
                                 .op(')')
                                 .op('\x81')
                                 .op('}')
                                 .op('(')
                                 .text("training")
                                 .op('\x89')
                                 .text("fc")
                                 .global("__torch__.torch.nn", "Linear")
                                 .op(')')
                                 .op('\x81')
                                 .op('}')
                                 .text("weight")
                                 .tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1})
                                 .op('s')
                                 .op('b')
                                 .op('u')
                                 .op('b')
                                 .stop();
  const auto file = read_torch(to_bytes(make_torch(pickle, {{"0", kSix}}, true)), "x.pt");
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  CHECK(file->format == "torchscript");
  CHECK(file->tensors.at("fc.weight").shape() == Shape({2, 3}));
  REQUIRE(file->notes.size() == 1);
  CHECK(has(file->notes[0], "torch.onnx.export"));
  CHECK(file->metadata.empty());
}

TEST_CASE("torch: other files are refused with advice") {
  CHECK(has(read_weights(to_bytes(std::string("\x80\x02\x8a\x0a", 4)), "old.pt").error().message,
            "old.pt: a bare pickle"));
  CHECK(has(read_weights(to_bytes("\x89HDF\r\n"), "k.h5").error().message, "tf2onnx"));
  CHECK(has(read_weights(to_bytes("hello"), "x").error().message, "neither"));
  CHECK(has(read_weights({}, "x").error().message, "neither"));
  CHECK(has(read_torch(to_bytes(make_zip({{"a", "b"}})), "x.pt").error().message, "no data.pkl"));
}

TEST_CASE("torch: every truncation of a pickle is refused") {
  const std::string pickle = checkpoint(6, 0, {2, 3}, {3, 1});
  CHECK(refusal(pickle, {{"0", kSix}}).empty());
  for (std::size_t size = 0; size < pickle.size(); ++size)
    CHECK_FALSE(nn::detail::read_pickle(to_bytes(pickle.substr(0, size))).ok());
}
