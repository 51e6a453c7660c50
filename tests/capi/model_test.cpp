// Networks through the C interface.
#include <cstring>

#include "canter/nn/model.h"
#include "canter/nn/network.h"
#include "canter/nn/weights.h"
#include "heap_probe.h"
#include "host.h"

using namespace canter;
using namespace canter::test;

namespace {

constexpr const char* kArchitecture =
    R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 2]}],
        "layers": [{"type": "linear", "tensors": "fc"}, {"type": "relu", "output": "y"}]})";

// y = relu([x0 + 2 x1 + 0.5, -x0])
std::vector<std::byte> weights() {
  nn::TensorMap tensors;
  tensors.emplace("fc.weight", nn::Tensor::of<float>({2, 2}, {1, 2, -1, 0}));
  tensors.emplace("fc.bias", nn::Tensor::of<float>({2}, {0.5f, 0.0f}));
  return nn::write_safetensors(tensors);
}

struct ModelHost {
  explicit ModelHost(const canter_context_desc* desc = nullptr) {
    REQUIRE(canter_context_create(desc, &context) == CANTER_STATUS_OK);
    canter_model_desc model_desc = canter_model_desc_default();
    model_desc.architecture = kArchitecture;
    const std::vector<std::byte> bytes = weights();
    REQUIRE(canter_model_load(context, bytes.data(), bytes.size(), &model_desc, &model) ==
            CANTER_STATUS_OK);
    REQUIRE(canter_session_create(context, model, &session) == CANTER_STATUS_OK);
  }
  ~ModelHost() { canter_context_destroy(context); }
  ModelHost(const ModelHost&) = delete;
  ModelHost& operator=(const ModelHost&) = delete;

  std::string error() const {
    char text[512] = "";
    canter_last_error(context, text, sizeof text);
    return text;
  }

  canter_context* context = nullptr;
  canter_model model{};
  canter_session session{};
};

canter_tensor input(const float* data, std::int64_t batch) {
  canter_tensor tensor{};
  tensor.dtype = CANTER_DTYPE_F32;
  tensor.rank = 2;
  tensor.shape[0] = batch;
  tensor.shape[1] = 2;
  tensor.data = data;
  return tensor;
}

}  // namespace

TEST_CASE("a C host loads a network and runs it") {
  ModelHost host;
  std::uint32_t inputs = 0, outputs = 0;
  CHECK(canter_model_counts(host.context, host.model, &inputs, &outputs) == CANTER_STATUS_OK);
  CHECK(inputs == 1);
  CHECK(outputs == 1);
  canter_tensor_info info = canter_tensor_info_default();
  CHECK(canter_model_input(host.context, host.model, 0, &info) == CANTER_STATUS_OK);
  CHECK(std::string(info.name) == "x");
  CHECK(info.dtype == CANTER_DTYPE_F32);
  CHECK(info.rank == 2);
  CHECK(info.shape[0] == -1);
  CHECK(info.shape[1] == 2);
  CHECK(canter_model_output(host.context, host.model, 0, &info) == CANTER_STATUS_OK);
  CHECK(std::string(info.name) == "y");

  const float x[] = {1, 2, -3, 0};
  const canter_tensor in = input(x, 2);
  REQUIRE(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_OK);
  canter_tensor y{};
  REQUIRE(canter_session_output(host.context, host.session, 0, &y) == CANTER_STATUS_OK);
  CHECK(y.rank == 2);
  CHECK(y.shape[0] == 2);
  const float expected[] = {5.5f, 0, 0, 3};
  CHECK(std::memcmp(y.data, expected, sizeof expected) == 0);
  // The network outlives its handle while a session uses it.
  CHECK(canter_model_destroy(host.context, host.model) == CANTER_STATUS_OK);
  CHECK(canter_model_destroy(host.context, host.model) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_OK);
  CHECK(canter_session_destroy(host.context, host.session) == CANTER_STATUS_OK);
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_INVALID_HANDLE);
}

TEST_CASE("a run of known shapes takes no memory") {
  CountingAllocator allocator;
  canter_context_desc desc = canter_context_desc_default();
  desc.allocator = allocator.as_c();
  {
    ModelHost host(&desc);
    const float x[] = {1, 2};
    const canter_tensor in = input(x, 1);
    REQUIRE(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_OK);
    const long calls = allocator.calls;
    const HeapProbe probe;
    for (int i = 0; i < 10; ++i) canter_session_run(host.context, host.session, &in, 1);
    CHECK(probe.count() == 0);
    CHECK(allocator.calls == calls);
  }
  CHECK(allocator.live == 0);
}

TEST_CASE("the weights of a network live in the host's memory, and all of it comes back") {
  // One of each kind that packs weights of its own, and a table that stays a constant.
  constexpr std::int64_t kWidth = 64;
  nn::TensorMap tensors;
  const auto add = [&](const char* name, const nn::Shape& shape) {
    tensors.emplace(name, nn::Tensor::make(nn::DType::f32, shape).value());
  };
  add("table.weight", {512, kWidth});
  add("lstm.weight_ih_l0", {4 * kWidth, kWidth});
  add("lstm.weight_hh_l0", {4 * kWidth, kWidth});
  add("fc.weight", {512, kWidth});
  add("short.weight", {kWidth, 512, 5});
  add("long.weight", {kWidth, kWidth, 15});
  constexpr const char* kNetwork =
      R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": [1, 24], "dtype": "i64"}],
          "layers": [{"type": "embedding", "tensors": "table"},
                     {"type": "lstm", "tensors": "lstm", "batch_first": true},
                     {"type": "linear", "tensors": "fc"},
                     {"type": "transpose", "perm": [0, 2, 1]},
                     {"type": "conv1d", "tensors": "short"},
                     {"type": "conv1d", "tensors": "long", "output": "y"}]})";
  const std::vector<std::byte> bytes = nn::write_safetensors(tensors);

  for (const canter_precision precision : {CANTER_PRECISION_F32, CANTER_PRECISION_I8}) {
    CAPTURE(precision);
    CountingAllocator allocator;
    canter_context_desc desc = canter_context_desc_default();
    desc.allocator = allocator.as_c();
    canter_context* context = nullptr;
    REQUIRE(canter_context_create(&desc, &context) == CANTER_STATUS_OK);
    canter_model_desc model_desc = canter_model_desc_default();
    model_desc.architecture = kNetwork;
    model_desc.precision = precision;
    const long empty = allocator.live_bytes;
    canter_model model{};
    REQUIRE(canter_model_load(context, bytes.data(), bytes.size(), &model_desc, &model) ==
            CANTER_STATUS_OK);
    // What compile reports as weights is there, to the block's alignment.
    nn::CompileOptions options;
    options.precision = precision == CANTER_PRECISION_I8 ? nn::Precision::i8 : nn::Precision::f32;
    auto network = nn::load_network(bytes, "model", kNetwork);
    REQUIRE(network.ok());
    const auto compiled = nn::compile(std::move(network.value().graph), options);
    REQUIRE(compiled.ok());
    const long weights = static_cast<long>(compiled.value().weight_bytes());
    MESSAGE(precision_name(options.precision), ": ", weights, " bytes of weights, ",
            allocator.live_bytes - empty, " taken from the host");
    CHECK(weights > 300000);
    CHECK(allocator.live_bytes - empty >= weights);
    CHECK(allocator.live_bytes - empty < weights + 16384);

    canter_session session{};
    REQUIRE(canter_session_create(context, model, &session) == CANTER_STATUS_OK);
    const std::int64_t x[24] = {};
    const canter_tensor in = {CANTER_DTYPE_I64, 2, {1, 24}, x};
    REQUIRE(canter_session_run(context, session, &in, 1) == CANTER_STATUS_OK);
    CHECK(canter_session_destroy(context, session) == CANTER_STATUS_OK);
    CHECK(canter_model_destroy(context, model) == CANTER_STATUS_OK);
    // Nothing is left of the network but room in the tables.
    CHECK(allocator.live_bytes - empty < 16384);
    canter_context_destroy(context);
    CHECK(allocator.live == 0);
    CHECK(allocator.live_bytes == 0);
  }
}

TEST_CASE("a host without memory left is told so while a network is loaded, and nothing leaks") {
  const std::vector<std::byte> bytes = weights();
  canter_status status = CANTER_STATUS_OUT_OF_MEMORY;
  for (long fail_after = 1; status != CANTER_STATUS_OK; ++fail_after) {
    REQUIRE(fail_after < 100);
    CountingAllocator allocator;
    canter_context_desc desc = canter_context_desc_default();
    desc.allocator = allocator.as_c();
    canter_context* context = nullptr;
    REQUIRE(canter_context_create(&desc, &context) == CANTER_STATUS_OK);
    allocator.fail_after = fail_after;
    canter_model_desc model_desc = canter_model_desc_default();
    model_desc.architecture = kArchitecture;
    canter_model model{};
    status = canter_model_load(context, bytes.data(), bytes.size(), &model_desc, &model);
    CHECK((status == CANTER_STATUS_OK || status == CANTER_STATUS_OUT_OF_MEMORY));
    canter_context_destroy(context);
    CHECK(allocator.live == 0);
  }
}

TEST_CASE("bad networks and bad inputs are refused with their reason") {
  ModelHost host;
  const auto says = [&](const char* part) {
    CAPTURE(host.error());
    return host.error().find(part) != std::string::npos;
  };
  canter_model model{7, 7};
  const std::vector<std::byte> bytes = weights();
  CHECK(canter_model_load(host.context, bytes.data(), 5, nullptr, &model) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(model.index1 == 0);
  CHECK(canter_model_load(host.context, bytes.data(), bytes.size(), nullptr, &model) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(says("weights without a graph"));
  canter_model_desc desc = canter_model_desc_default();
  desc.precision = 9;
  CHECK(canter_model_load(host.context, bytes.data(), bytes.size(), &desc, &model) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_model_load(host.context, nullptr, 5, nullptr, &model) ==
        CANTER_STATUS_INVALID_ARGUMENT);

  canter_tensor y{};
  CHECK(canter_session_output(host.context, host.session, 0, &y) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(says("has not run"));
  const float x[] = {1, 2, 3};
  canter_tensor in = input(x, 1);
  CHECK(canter_session_run(host.context, host.session, &in, 0) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(says("0 inputs; the network has 1"));
  in.shape[1] = 3;
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_INVALID_ARGUMENT);
  in = input(x, -1);
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_INVALID_ARGUMENT);
  in = input(nullptr, 1);
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_INVALID_ARGUMENT);
  in = input(x, 1);
  in.dtype = 77;
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_INVALID_ARGUMENT);
  in = input(x, 1);
  in.rank = 9;
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_INVALID_ARGUMENT);
  in = input(x, 1);
  CHECK(canter_session_run(host.context, host.session, &in, 1) == CANTER_STATUS_OK);
  CHECK(canter_session_output(host.context, host.session, 1, &y) == CANTER_STATUS_INVALID_ARGUMENT);
  canter_tensor_info info = canter_tensor_info_default();
  CHECK(canter_model_input(host.context, host.model, 1, &info) == CANTER_STATUS_INVALID_ARGUMENT);
  info.size = 3;
  CHECK(canter_model_input(host.context, host.model, 0, &info) == CANTER_STATUS_VERSION);
}
