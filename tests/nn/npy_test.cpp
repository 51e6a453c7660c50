#include <doctest/doctest.h>

#include <algorithm>

#include "canter/nn/weights.h"
#include "file_makers.h"

using namespace canter;
using namespace canter::nn;
using namespace canter::test;

namespace {

std::string header(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

Result<WeightFile> read(const std::string& file) {
  return read_npy(to_bytes(file), "x.npy");
}

std::string refusal(const std::string& file) {
  const Result<WeightFile> read_file = read(file);
  return read_file ? "" : read_file.error().message;
}

template <class T>
std::vector<T> values(const Result<WeightFile>& file) {
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  const auto span = file->tensors.at("array").as<T>();
  return {span.begin(), span.end()};
}

bool has(const std::string& text, std::string_view part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("npy: versions 1 to 3") {
  for (const int version : {1, 2, 3}) {
    const auto file =
        read(make_npy(header("<f4", "False", "(2, 3)"), raw<float>({1, 2, 3, 4, 5, 6}), version));
    CHECK(values<float>(file) == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(file->tensors.at("array").shape() == Shape({2, 3}));
  }
  CHECK(has(refusal(make_npy(header("<f4", "False", "()"), raw<float>({1}), 4)), "version 4"));
}

TEST_CASE("npy: Fortran order, big-endian and both") {
  CHECK(values<std::int16_t>(read(
            make_npy(header("<i2", "True", "(2, 3)"), raw<std::int16_t>({1, 4, 2, 5, 3, 6})))) ==
        std::vector<std::int16_t>{1, 2, 3, 4, 5, 6});
  CHECK(values<std::int16_t>(
            read(make_npy(header(">i2", "False", "(2,)"), std::string("\x01\x02\x03\x04", 4)))) ==
        std::vector<std::int16_t>{0x0102, 0x0304});
  CHECK(values<std::int16_t>(
            read(make_npy(header(">i2", "True", "(1, 2)"), std::string("\x01\x02\x03\x04", 4)))) ==
        std::vector<std::int16_t>{0x0102, 0x0304});
}

TEST_CASE("npy: odd headers that NumPy reads") {
  CHECK(values<float>(read(make_npy("{\"shape\":(1L,),\"fortran_order\":False,\"descr\":\"=f4\"}",
                                    raw<float>({7})))) == std::vector<float>{7});
  const auto u32 =
      read(make_npy(header("<u4", "False", "(1,)"), raw<std::uint32_t>({4000000000u})));
  CHECK(values<std::int64_t>(u32) == std::vector<std::int64_t>{4000000000});
  CHECK(u32->notes.size() == 1);
  CHECK(read(make_npy(header("<f8", "False", "(0, 4)"), "")).ok());
}

TEST_CASE("npy: what cannot be read is named") {
  CHECK(has(refusal(make_npy(header("|O", "False", "(1,)"), "12345678")), "Python objects"));
  CHECK(has(refusal(make_npy(header("<c8", "False", "(1,)"), "12345678")), "'<c8' is not read"));
  CHECK(has(refusal(make_npy(header("<U3", "False", "(1,)"), "12345678")), "'<U3' is not read"));
  CHECK(has(
      refusal(make_npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234")),
      "records"));
  CHECK(
      has(refusal(make_npy(header("<f4", "False", "(2,)"), "1234")), "does not take the 4 bytes"));
  CHECK(has(refusal(make_npy(header("<f4", "False", "(1,)"), "12345")), "does not take"));
  CHECK(has(refusal(make_npy(header("<f4", "False", "(99999999999, 99999999999)"), "1234")),
            "does not take"));
  CHECK(has(refusal(make_npy(header("<f4", "False", "(99999999999999999999,)"), "1234")), "2^63"));
  CHECK(has(refusal(make_npy(header("<f4", "Maybe", "(1,)"), "1234")), "True or False"));
  CHECK(has(refusal(make_npy("{'descr': '<f4', 'shape': (1,)}", "1234")), "needs descr"));
  CHECK(has(refusal(make_npy("{'descr': '<f4', 'descr': '<f4'}", "1234")), "each once"));
  CHECK(has(refusal(make_npy("__import__('os')", "")), "expected '{'"));
  CHECK(has(refusal(make_npy(header("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), "1234")), "8 dim"));
}

TEST_CASE("npy: every truncation is refused") {
  const std::string file = make_npy(header("<f4", "False", "(2,)"), raw<float>({1, 2}));
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_FALSE(read(file.substr(0, size)).ok());
}

TEST_CASE("npy: what is written reads back and is aligned") {
  const std::vector<Tensor> tensors = {
      Tensor::of<float>({2, 2}, {1, 2, 3, 4}), Tensor::of<std::int64_t>({3}, {1, 2, 3}),
      Tensor::of<double>({}, {0.1}),           Tensor::of<Half>({1, 1}, {Half{0x3c00}}),
      Tensor::of<std::uint8_t>({2}, {1, 0}),   Tensor::of<std::int8_t>({1}, {-1}),
      Tensor::of<std::int32_t>({0}, {}),
  };
  for (const Tensor& tensor : tensors) {
    const std::vector<std::byte> bytes = write_npy(tensor.view());
    CHECK((bytes.size() - tensor.size_bytes()) % 64 == 0);
    const Result<WeightFile> file = read_npy(bytes, "copy");
    REQUIRE_MESSAGE(file.ok(), file.error().message);
    const Tensor& read_back = file->tensors.at("array");
    CHECK(read_back.dtype() == tensor.dtype());
    CHECK(read_back.shape() == tensor.shape());
    CHECK(std::ranges::equal(read_back.bytes(), tensor.bytes()));
  }
  const auto widened =
      read_npy(write_npy(Tensor::of<BFloat16>({1}, {BFloat16{0x3f80}}).view()), "bf16");
  CHECK(values<float>(widened) == std::vector<float>{1.0f});
}

TEST_CASE("npz: arrays by name; anything else is refused") {
  const std::string array = make_npy(header("<f4", "False", "(1,)"), raw<float>({3}));
  const auto file =
      read_npz(to_bytes(make_zip({{"a.b.npy", array}, {"c d.npy", array, true}})), "x.npz");
  REQUIRE_MESSAGE(file.ok(), file.error().message);
  CHECK(file->tensors.at("a.b").as<float>()[0] == 3.0f);
  CHECK(file->tensors.contains("c d"));
  const auto other = read_npz(to_bytes(make_zip({{"a.txt", "x"}})), "x.npz");
  CHECK(has(other.error().message, "x.npz: the archive holds 'a.txt'"));
  const auto broken = read_npz(to_bytes(make_zip({{"a.npy", array.substr(0, 30)}})), "x.npz");
  CHECK(has(broken.error().message, "x.npz: array 'a': "));
}
