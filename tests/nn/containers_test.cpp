// The shared networks and the zoo of element types, in every container.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "canter/nn/weights.h"
#include "test_data.h"

using namespace canter;
using namespace canter::nn;
namespace fs = std::filesystem;

namespace {

WeightFile load(const fs::path& path) {
  Result<WeightFile> file = read_weights(test::read_file(path), path.filename().string());
  REQUIRE_MESSAGE(file.ok(), (file.ok() ? "" : file.error().message));
  return std::move(*file);
}

void check_equal(const Tensor& a, const Tensor& b) {
  CHECK(a.dtype() == b.dtype());
  CHECK(a.shape() == b.shape());
  CHECK(std::ranges::equal(a.bytes(), b.bytes()));
}

// Python's text of a number.
double number(const std::string& text) {
  if (text == "True") return 1.0;
  if (text == "False") return 0.0;
  return std::stod(text);
}

void check_values(const Tensor& tensor, const nlohmann::json& wanted) {
  std::vector<std::int64_t> shape = wanted["shape"];
  CHECK(tensor.shape() == Shape(std::span<const std::int64_t>(shape)));
  const std::vector<std::string> texts = wanted["values"];
  REQUIRE(tensor.num_elements() == texts.size());
  if (tensor.dtype() == DType::i64) {  // beyond a double's digits
    for (std::size_t i = 0; i < texts.size(); ++i)
      CHECK(tensor.as<std::int64_t>()[i] == std::stoll(texts[i]));
    return;
  }
  const Tensor wide = convert(tensor.view(), DType::f64);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const double value = number(texts[i]);
    CHECK(wide.as<double>()[i] == value);
    CHECK(std::signbit(wide.as<double>()[i]) == std::signbit(value));
  }
}

constexpr std::pair<const char*, DType> kZooTypes[] = {
    {"f64", DType::f64}, {"f32", DType::f32}, {"f16", DType::f16},
    {"i64", DType::i64}, {"i32", DType::i32}, {"i16", DType::i16},
    {"i8", DType::i8},   {"u8", DType::u8},   {"bool", DType::boolean},
};

}  // namespace

TEST_CASE("containers: every shared network has the same bits in all its files") {
  const auto folder = test::shared_data("models");
  if (!folder) return;
  int files = 0;
  int networks = 0;
  for (const auto& entry : fs::directory_iterator(*folder)) {
    if (!fs::exists(entry.path() / "weights.safetensors")) continue;
    CAPTURE(entry.path().string());
    const WeightFile reference = load(entry.path() / "weights.safetensors");
    CHECK(reference.notes.empty());
    const auto info = nlohmann::json::parse(test::read_file(entry.path() / "info.json"));
    CHECK(reference.tensors.size() == info["tensors"].size());
    for (const auto& [name, about] : info["tensors"].items()) {
      const std::vector<std::int64_t> shape = about["shape"];
      REQUIRE(reference.tensors.contains(name));
      CHECK(reference.tensors.at(name).shape() == Shape(std::span<const std::int64_t>(shape)));
    }
    ++networks;
    for (const char* other : {"weights.npz", "state_dict.pt", "scripted.pt"}) {
      if (!fs::exists(entry.path() / other)) continue;
      CAPTURE(other);
      const WeightFile file = load(entry.path() / other);
      ++files;
      CHECK(file.tensors.size() == reference.tensors.size());
      for (const auto& [name, tensor] : reference.tensors) {
        CAPTURE(name);
        REQUIRE(file.tensors.contains(name));
        check_equal(file.tensors.at(name), tensor);
      }
    }
  }
  CHECK(networks == 23);
  CHECK(files == 51);
}

TEST_CASE("containers: the zoo reads as its list of values says") {
  const auto folder = test::shared_data("models/formats");
  if (!folder) return;
  const auto values = nlohmann::json::parse(test::read_file(*folder / "zoo_values.json"));
  const WeightFile safetensors = load(*folder / "zoo.safetensors");
  CHECK(safetensors.tensors.size() == values.size());
  for (const auto& [name, wanted] : values.items()) {
    CAPTURE(name);
    REQUIRE(safetensors.tensors.contains(name));
    check_values(safetensors.tensors.at(name), wanted);
  }
  for (const char* archive : {"zoo.npz", "zoo_deflated.npz"}) {
    const WeightFile npz = load(*folder / archive);
    for (const auto& [name, dtype] : kZooTypes) {
      CAPTURE(name);
      CHECK(npz.tensors.at(name).dtype() == dtype);
      check_equal(npz.tensors.at(name), safetensors.tensors.at(name));
    }
    check_equal(npz.tensors.at("scalar"), safetensors.tensors.at("scalar"));
    check_equal(npz.tensors.at("empty"), safetensors.tensors.at("empty"));
    CHECK(npz.tensors.contains("fortran"));
    CHECK(npz.tensors.contains("big_endian"));
  }
  const WeightFile stored = load(*folder / "zoo.npz");
  const WeightFile deflated = load(*folder / "zoo_deflated.npz");
  for (const auto& [name, tensor] : stored.tensors) check_equal(deflated.tensors.at(name), tensor);
}

TEST_CASE("containers: bfloat16, unpadded headers, both versions of npy") {
  const auto folder = test::shared_data("models/formats");
  if (!folder) return;
  const WeightFile bf16 = load(*folder / "bf16.safetensors");
  const WeightFile wanted = load(*folder / "bf16_expected.npz");
  for (const auto& [name, tensor] : bf16.tensors) {
    CHECK(tensor.dtype() == DType::bf16);
    REQUIRE(wanted.tensors.contains(name));
    check_equal(convert(tensor.view(), DType::f32), wanted.tensors.at(name));
  }
  CHECK(load(*folder / "no_padding.safetensors").tensors.size() == 1);
  check_equal(load(*folder / "version1.npy").tensors.at("array"),
              load(*folder / "version2.npy").tensors.at("array"));
}

TEST_CASE("containers: a nested checkpoint with views of one storage") {
  const auto folder = test::shared_data("models/formats");
  if (!folder) return;
  const WeightFile file = load(*folder / "checkpoint.pt");
  const WeightFile wanted = load(*folder / "checkpoint_expected.npz");
  const std::map<std::string, std::string> places = {{"weight", "model_state_dict.weight"},
                                                     {"bias", "model_state_dict.bias"},
                                                     {"base", "views.base"},
                                                     {"transposed", "views.transposed"},
                                                     {"slice", "views.slice"}};
  CHECK(wanted.tensors.size() == places.size());
  for (const auto& [name, place] : places) {
    CAPTURE(name);
    REQUIRE(file.tensors.contains(place));
    check_equal(file.tensors.at(place), wanted.tensors.at(name));
  }
  CHECK(file.tensors.at("half").dtype() == DType::f16);
  CHECK(file.tensors.at("bf16").dtype() == DType::bf16);
  CHECK(file.tensors.at("i64").dtype() == DType::i64);
  CHECK(file.tensors.at("u8").dtype() == DType::u8);
  CHECK(file.tensors.at("b").dtype() == DType::boolean);
  CHECK(file.tensors.at("scalar").shape() == Shape());
  CHECK(file.tensors.at("empty").shape() == Shape({0, 3}));
  CHECK(file.metadata.at("epoch") == "12");
  CHECK(file.metadata.at("loss") == "0.125");
  CHECK(file.metadata.at("name") == "checkpoint");
  CHECK(file.metadata.at("pair.1") == "2.5");
}
