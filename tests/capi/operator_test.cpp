// Operators of the host through the C interface.
#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "canter/nn/weights.h"
#include "heap_probe.h"
#include "host.h"

using namespace canter;
using namespace canter::test;

namespace {

// What the callbacks of a test do beside y = x * factor + known.
struct Behaviour {
  canter_status shape_status = CANTER_STATUS_OK;
  canter_status run_status = CANTER_STATUS_OK;
  bool shape_throws = false, run_throws = false;
  std::int32_t dtype = CANTER_DTYPE_F32;
  std::uint32_t rank = 2;
  std::int64_t columns = 2;
  std::size_t scratch_bytes = 96;
  std::size_t overrun_bytes = 0;
  int shapes = 0, runs = 0;
};

canter_status shape_of(canter_operator_call* call) {
  auto& self = *static_cast<Behaviour*>(call->user);
  ++self.shapes;
  if (self.shape_throws) throw std::runtime_error("thrown by the host");
  CHECK(call->size == sizeof(canter_operator_call));
  CHECK(call->num_inputs == 3);
  CHECK(call->num_outputs == 1);
  CHECK(call->inputs[0].dtype == CANTER_DTYPE_F32);
  CHECK(call->inputs[0].data == nullptr);  // not known before a run
  CHECK(call->inputs[1].dtype == -1);      // left out
  CHECK(call->inputs[2].dtype == CANTER_DTYPE_F32);
  CHECK(call->inputs[2].data != nullptr);  // a constant
  CHECK(call->outputs[0].data == nullptr);
  std::strcpy(call->message, "says the host");
  call->outputs[0].dtype = self.dtype;
  call->outputs[0].rank = self.rank;
  call->outputs[0].shape[0] = call->inputs[0].shape[0];
  call->outputs[0].shape[1] = self.columns;
  call->scratch_bytes = self.scratch_bytes;
  return self.shape_status;
}

canter_status run_of(canter_operator_call* call) {
  auto& self = *static_cast<Behaviour*>(call->user);
  ++self.runs;
  if (self.run_throws) throw 7;
  CHECK(call->scratch_bytes == self.scratch_bytes);
  CHECK(reinterpret_cast<std::uintptr_t>(call->scratch) % 64 == 0);
  std::memset(call->scratch, 0xff, call->scratch_bytes);
  const float factor = canter_node_number(call->node, "factor", 1.0f);
  const auto* x = static_cast<const float*>(call->inputs[0].data);
  const auto* known = static_cast<const float*>(call->inputs[2].data);
  auto* y = static_cast<float*>(call->outputs[0].data);
  const std::int64_t n = call->outputs[0].shape[0] * call->outputs[0].shape[1];
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] * factor + known[i % 2];
  if (self.overrun_bytes != 0)
    std::memset(reinterpret_cast<char*>(y + n) + self.overrun_bytes - 1, 0, 1);
  call->outputs[0].data = nullptr;  // theirs to scribble on, nothing comes of it
  return self.run_status;
}

canter_operator_desc scale_desc(Behaviour& behaviour) {
  canter_operator_desc desc = canter_operator_desc_default();
  desc.domain = "my.own";
  desc.type = "Scale";
  desc.shape = shape_of;
  desc.run = run_of;
  desc.user = &behaviour;
  return desc;
}

constexpr const char* kArchitecture =
    R"({"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 2]}],
        "layers": [{"op": "Scale", "domain": "my.own", "inputs": ["x", "", "known"], "outputs": ["s"],
                    "attributes": {"factor": 2.5, "count": 7, "word": "hm", "list": [4, 5, 6],
                                   "numbers": [0.5, 1.5]}},
                   {"op": "Neg", "inputs": ["s"], "outputs": ["y"]}], "outputs": ["y"]})";

struct OperatorHost {
  explicit OperatorHost(const canter_context_desc* desc = nullptr) {
    REQUIRE(canter_context_create(desc, &context) == CANTER_STATUS_OK);
  }
  ~OperatorHost() { canter_context_destroy(context); }
  OperatorHost(const OperatorHost&) = delete;
  OperatorHost& operator=(const OperatorHost&) = delete;

  canter_status add(Behaviour& behaviour) {
    const canter_operator_desc desc = scale_desc(behaviour);
    return canter_operator_register(context, &desc);
  }
  canter_status load() {
    nn::TensorMap tensors;
    tensors.emplace("known", nn::Tensor::of<float>({2}, {1.0f, 3.0f}));
    const std::vector<std::byte> bytes = nn::write_safetensors(tensors);
    canter_model_desc desc = canter_model_desc_default();
    desc.architecture = kArchitecture;
    const canter_status status =
        canter_model_load(context, bytes.data(), bytes.size(), &desc, &model);
    return status == CANTER_STATUS_OK ? canter_session_create(context, model, &session) : status;
  }
  canter_status run() {
    const canter_tensor in = {CANTER_DTYPE_F32, 2, {3, 2}, x.data()};
    return canter_session_run(context, session, &in, 1);
  }
  std::vector<float> y() {
    canter_tensor out{};
    REQUIRE(canter_session_output(context, session, 0, &out) == CANTER_STATUS_OK);
    const auto* data = static_cast<const float*>(out.data);
    return {data, data + out.shape[0] * out.shape[1]};
  }
  std::string error() const {
    char text[512] = "";
    canter_last_error(context, text, sizeof text);
    return text;
  }

  canter_context* context = nullptr;
  canter_model model{};
  canter_session session{};
  std::array<float, 6> x{1, 2, 3, 4, 5, 6};
};

// Registers, loads and runs with one thing wrong; what the first failing call says.
canter_status outcome(Behaviour behaviour, std::string* message) {
  OperatorHost host;
  REQUIRE(host.add(behaviour) == CANTER_STATUS_OK);
  canter_status status = host.load();
  if (status == CANTER_STATUS_OK) status = host.run();
  *message = host.error();
  return status;
}

void check_outcome(const Behaviour& behaviour, canter_status status, const char* part) {
  std::string message;
  CHECK(outcome(behaviour, &message) == status);
  CAPTURE(message);
  CHECK(message.find(part) != std::string::npos);
  if (status != CANTER_STATUS_OK) CHECK(message.find("node 's' (Scale)") != std::string::npos);
}

}  // namespace

TEST_CASE("a network runs an operator of a C host") {
  Behaviour behaviour;
  OperatorHost host;
  REQUIRE(host.add(behaviour) == CANTER_STATUS_OK);
  REQUIRE(host.load() == CANTER_STATUS_OK);
  REQUIRE(host.run() == CANTER_STATUS_OK);
  CHECK(host.y() == std::vector<float>{-3.5f, -8, -8.5f, -13, -13.5f, -18});
  const int shapes = behaviour.shapes;
  const HeapProbe probe;
  for (int i = 0; i < 10; ++i) CHECK(host.run() == CANTER_STATUS_OK);
  CHECK(probe.count() == 0);
  CHECK(behaviour.shapes == shapes);
  CHECK(behaviour.runs == 11);
}

TEST_CASE("attributes of a node reach the callbacks") {
  OperatorHost host;
  canter_operator_desc desc = canter_operator_desc_default();
  desc.domain = "my.own";
  desc.type = "Scale";
  desc.shape = [](canter_operator_call* call) -> canter_status {
    const canter_node* node = call->node;
    CHECK(canter_node_integer(node, "count", 1) == 7);
    CHECK(canter_node_integer(node, "factor", 1) == 1);  // another kind
    CHECK(canter_node_integer(node, "absent", -4) == -4);
    CHECK(canter_node_number(node, "factor", 0) == 2.5f);
    CHECK(canter_node_number(node, nullptr, 9) == 9);
    CHECK(canter_node_number(nullptr, "factor", 9) == 9);
    CHECK(std::string(canter_node_text(node, "word", "")) == "hm");
    CHECK(canter_node_text(node, "absent", nullptr) == nullptr);
    std::int64_t list[2] = {};
    CHECK(canter_node_integers(node, "list", list, 2) == 3);
    CHECK(list[1] == 5);
    CHECK(canter_node_integers(node, "list", nullptr, 9) == 3);
    CHECK(canter_node_integers(node, "absent", list, 2) == 0);
    float numbers[3] = {};
    CHECK(canter_node_numbers(node, "numbers", numbers, 3) == 2);
    CHECK(numbers[1] == 1.5f);
    CHECK(std::string(canter_node_name(nullptr)).empty());
    return CANTER_STATUS_LIMIT;
  };
  desc.run = [](canter_operator_call*) -> canter_status { return CANTER_STATUS_OK; };
  REQUIRE(canter_operator_register(host.context, &desc) == CANTER_STATUS_OK);
  REQUIRE(host.load() == CANTER_STATUS_OK);
  CHECK(host.run() == CANTER_STATUS_LIMIT);
}

TEST_CASE("registrations that cannot be are refused") {
  OperatorHost host;
  Behaviour behaviour;
  const auto status_with = [&](auto&& change) {
    canter_operator_desc desc = scale_desc(behaviour);
    change(desc);
    return canter_operator_register(host.context, &desc);
  };
  CHECK(canter_operator_register(host.context, nullptr) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(status_with([](auto& d) { d.shape = nullptr; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(status_with([](auto& d) { d.run = nullptr; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(status_with([](auto& d) { d.type = nullptr; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(status_with([](auto& d) { d.type = ""; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(status_with([](auto& d) { d.domain = nullptr; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(status_with([](auto& d) { d.size = 4; }) == CANTER_STATUS_VERSION);
  // What fusion makes is Canter's own.
  CHECK(status_with([](auto& d) { d.domain = "canter", d.type = "Linear"; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.load() == CANTER_STATUS_BAD_DATA);
  CHECK(host.error().find("no such operator: node 's' (Scale)") != std::string::npos);

  CHECK(host.add(behaviour) == CANTER_STATUS_OK);
  CHECK(host.add(behaviour) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.error().find("'Scale' of domain 'my.own' is registered already") != std::string::npos);
  CHECK(host.load() == CANTER_STATUS_OK);
}

TEST_CASE("a host may put its own operator in the place of ONNX's") {
  OperatorHost host;
  Behaviour behaviour;
  REQUIRE(host.add(behaviour) == CANTER_STATUS_OK);
  canter_operator_desc desc = canter_operator_desc_default();
  desc.type = "Neg";
  desc.shape = [](canter_operator_call* call) -> canter_status {
    call->outputs[0].rank = 2;
    std::memcpy(call->outputs[0].shape, call->inputs[0].shape, sizeof call->outputs[0].shape);
    return CANTER_STATUS_OK;
  };
  desc.run = [](canter_operator_call* call) -> canter_status {
    std::memset(call->outputs[0].data, 0, 24);
    return CANTER_STATUS_OK;
  };
  REQUIRE(canter_operator_register(host.context, &desc) == CANTER_STATUS_OK);
  REQUIRE(host.load() == CANTER_STATUS_OK);
  REQUIRE(host.run() == CANTER_STATUS_OK);
  CHECK(host.y() == std::vector<float>(6, 0.0f));
}

TEST_CASE("whatever a callback does wrong becomes a status") {
  check_outcome({}, CANTER_STATUS_OK, "");
  Behaviour b;
  b.shape_status = CANTER_STATUS_INVALID_ARGUMENT;
  check_outcome(b, CANTER_STATUS_INVALID_ARGUMENT,
                "its shape function returned CANTER_STATUS_INVALID_ARGUMENT: says the host");
  b = {}, b.run_status = CANTER_STATUS_BUSY;
  check_outcome(b, CANTER_STATUS_BUSY, "its run function returned CANTER_STATUS_BUSY");
  // No status there is, though one that the enumeration has room for.
  b = {}, b.run_status = static_cast<canter_status>(7);
  check_outcome(b, CANTER_STATUS_INTERNAL, "its run function returned 7");
  b = {}, b.shape_throws = true;
  check_outcome(b, CANTER_STATUS_INTERNAL, "its shape function threw an exception");
  b = {}, b.run_throws = true;
  check_outcome(b, CANTER_STATUS_INTERNAL, "its run function threw an exception");

  // Shape functions that lie.
  b = {}, b.dtype = 42;
  check_outcome(b, CANTER_STATUS_BAD_DATA, "gave output 0 the type 42");
  b = {}, b.dtype = CANTER_DTYPE_F16;
  check_outcome(b, CANTER_STATUS_BAD_DATA, "expected F32, an integer or BOOL");
  b = {}, b.rank = 9;
  check_outcome(b, CANTER_STATUS_BAD_DATA, "the rank 9");
  b = {}, b.columns = -2;
  check_outcome(b, CANTER_STATUS_BAD_DATA, "a shape that cannot be");
  b = {}, b.columns = std::numeric_limits<std::int64_t>::max();
  check_outcome(b, CANTER_STATUS_LIMIT, "does not fit in memory");
  b = {}, b.scratch_bytes = std::numeric_limits<std::size_t>::max() - 3;
  std::string message;
  CHECK(outcome(b, &message) == CANTER_STATUS_LIMIT);
  // It says one thing and does another.
  for (const std::size_t overrun : {1, 4, 64}) {
    b = {}, b.overrun_bytes = overrun;
    check_outcome(b, CANTER_STATUS_BAD_DATA, "wrote beyond the end of output 0");
  }
}
