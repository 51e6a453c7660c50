#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "canter/nn/weights.h"
#include "file_makers.h"

using namespace canter;
using namespace canter::nn;
using namespace canter::test;

namespace {

Result<WeightFile> read(const std::string& file) {
  return read_safetensors(to_bytes(file), "x.safetensors");
}

std::string refusal(const std::string& header, const std::string& data = "") {
  const Result<WeightFile> file = read(make_safetensors(header, data));
  return file ? "" : file.error().message;
}

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("safetensors: what is written reads back, bit for bit") {
  TensorMap tensors;
  tensors.emplace("f32", Tensor::of<float>({2, 2}, {1.0f, -0.0f, 1e-40f, 3.0f}));
  tensors.emplace("f16", Tensor::of<Half>({3}, {Half{1}, Half{2}, Half{0x7c00}}));
  tensors.emplace("bf16", Tensor::of<BFloat16>({1}, {BFloat16{0x3f80}}));
  tensors.emplace("u8", Tensor::of<std::uint8_t>({3}, {1, 2, 3}));
  tensors.emplace("i64", Tensor::of<std::int64_t>({}, {-5}));
  tensors.emplace("f64", Tensor::of<double>({1}, {0.1}));
  tensors.emplace("empty", Tensor::of<std::int16_t>({0, 7}, {}));
  tensors.emplace("naïve \"name\"\n", Tensor::of<std::int8_t>({1}, {-1}));
  const auto bytes = write_safetensors(tensors, {{"made by", "a \"test\""}});
  const Result<WeightFile> file = read_safetensors(bytes, "copy");
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  CHECK(file->metadata.at("made by") == "a \"test\"");
  REQUIRE(file->tensors.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    CAPTURE(name);
    const Tensor& read = file->tensors.at(name);
    CHECK(read.dtype() == tensor.dtype());
    CHECK(read.shape() == tensor.shape());
    CHECK(std::ranges::equal(read.bytes(), tensor.bytes()));
  }
  // Another program may map the data: it is aligned.
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  CHECK(header % 8 == 0);
}

TEST_CASE("safetensors: types without a DType are widened exactly, with a note") {
  const std::string header = R"({"a":{"dtype":"U16","shape":[2],"data_offsets":[0,4]},)"
                             R"("b":{"dtype":"U32","shape":[1],"data_offsets":[4,8]},)"
                             R"("c":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[8,10]},)"
                             R"("d":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[10,14]}})";
  const std::string data = raw<std::uint16_t>({65535, 1}) + raw<std::uint32_t>({4294967295u}) +
                           raw<std::uint8_t>({0x3c, 0xfc}) +
                           raw<std::uint8_t>({0x7e, 0x01, 0xb8, 0x7f});
  const Result<WeightFile> file = read(make_safetensors(header, data));
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  CHECK(file->tensors.at("a").as<std::int32_t>()[0] == 65535);
  CHECK(file->tensors.at("b").as<std::int64_t>()[0] == 4294967295);
  const auto e5m2 = file->tensors.at("c").as<Half>();
  CHECK(to_float(e5m2[0]) == 1.0f);
  CHECK(std::isinf(to_float(e5m2[1])));
  const auto e4m3 = file->tensors.at("d").as<Half>();
  CHECK(to_float(e4m3[0]) == 448.0f);
  CHECK(to_float(e4m3[1]) == 0x1p-9f);
  CHECK(to_float(e4m3[2]) == -1.0f);
  CHECK(std::isnan(to_float(e4m3[3])));
  CHECK(file->notes.size() == 6);  // four widened, two tensors that are not finite
}

TEST_CASE("safetensors: NaN and infinite weights are reported") {
  const Result<WeightFile> file =
      read(make_safetensors(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})",
                            raw<float>({NAN, 1.0f, -INFINITY})));
  REQUIRE(file.ok());
  REQUIRE(file->notes.size() == 1);
  CHECK(file->notes[0] == "tensor 'w' holds 1 NaN and 1 infinite values of 3");
}

TEST_CASE("safetensors: tensors must tile the data") {
  const std::string eight(8, '\0');
  CHECK(has(refusal(R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                    eight),
            "x.safetensors: tensor 'b': overlaps tensor 'a' at byte 4 of the data"));
  CHECK(has(refusal(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                    eight),
            "tensor 'b': 1 bytes of the data before it"));
  CHECK(has(refusal(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", eight),
            "5 bytes of the data belong to no tensor"));
  CHECK(has(refusal(R"({"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})", eight),
            "tensor 'a': data_offsets [0, 9] lie outside of the data, 8 bytes"));
  CHECK(has(refusal(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}})", eight), "[8, 0]"));
  CHECK(has(refusal(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight),
            "shape [3] of F32 does not take the 8 bytes"));
  CHECK(has(refusal(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                    R"("a":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}})",
                    eight),
            "tensor 'a': it comes twice"));
}

TEST_CASE("safetensors: headers that lie are refused with the place") {
  CHECK(has(refusal(R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", "0123"),
            "tensor 'a': element type 'F33' is not among those that are read: F64, F32"));
  CHECK(has(refusal(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "0123"), "'a'"));
  CHECK(has(refusal(R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", "0123"), "'a'"));
  CHECK(has(refusal(R"({"a":{"dtype":"F32","shape":[1]}})"), "needs dtype, shape"));
  CHECK(
      has(refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})"), "two data_offsets"));
  CHECK(has(refusal(R"({"a":{"dtype":"F32","dtype":"F32"}})"), "two of the key 'dtype'"));
  CHECK(has(refusal(R"({"a":{"color":"F32"}})"), "key 'color'"));
  CHECK(has(refusal(R"({"a":[[]]})"), "a list"));
  CHECK(has(refusal(R"({"a":)"), "not valid JSON"));
  CHECK(has(refusal(R"([1])"), "a list"));
  CHECK(has(refusal(""), "not valid JSON"));
  CHECK(has(refusal(R"({"__metadata__":{"a":1}})"), "a number"));
  CHECK(has(refusal(R"({"__metadata__":{"a":"1","a":"2"}})"), "two of the key"));
  // Absurd shapes whose product overflows.
  CHECK(
      has(refusal(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})"),
          "does not take"));
  CHECK(
      has(refusal(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "0"),
          "dimensions"));
  CHECK(refusal(R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", "\x02") ==
        "x.safetensors: tensor 'a': a boolean that is 2 instead of 0 or 1");
  const std::string deep(100000, '[');
  CHECK(has(refusal(deep), "a list"));
}

TEST_CASE("safetensors: every truncation is refused") {
  const std::string file = make_safetensors(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", raw<float>({1.0f, 2.0f}));
  CHECK(read(file).ok());
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_FALSE(read(file.substr(0, size)).ok());
  std::string huge = file;
  huge[7] = '\x7f';  // a header length of 2^62
  CHECK_FALSE(read(huge).ok());
}
