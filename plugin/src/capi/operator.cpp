// Operators of the host: C callbacks behind nn::Operator.

#include "canter/nn/operator.h"

#include <limits>
#include <span>

#include "capi/context.h"

using namespace canter;
using namespace canter::capi;

/// A node as the host's callbacks see it.
struct canter_node {
  nn::Node node;
};

namespace {

// Behind every output while the host writes it.
constexpr std::size_t kGuardBytes = 64;
constexpr std::byte kGuard{0xa5};
// Sums of a few of these do not wrap around; the engine has a limit of its own below.
constexpr std::size_t kMostBytes = std::numeric_limits<std::size_t>::max() / 64;

canter_tensor c_tensor(const nn::ConstTensorView& view, bool present) {
  canter_tensor tensor{};
  tensor.dtype = present ? static_cast<std::int32_t>(view.dtype) : -1;
  tensor.rank = static_cast<std::uint32_t>(view.shape.rank());
  for (int axis = 0; axis < view.shape.rank(); ++axis) tensor.shape[axis] = view.shape[axis];
  tensor.data = view.data;
  return tensor;
}

/// One call of a callback, with the arrays it is given. No memory is taken.
struct Call {
  Call(const canter_operator_desc& desc, const canter_node& node) {
    call.size = sizeof call;
    call.num_inputs = static_cast<std::uint32_t>(node.node.inputs.size());
    call.num_outputs = static_cast<std::uint32_t>(node.node.outputs.size());
    call.user = desc.user;
    call.node = &node;
    call.inputs = inputs.data();
    call.outputs = outputs.data();
    call.message = message.data();
    for (canter_operator_output& output : outputs) output.dtype = CANTER_DTYPE_F32;
  }

  canter_operator_call call{};
  std::array<canter_tensor, CANTER_MAX_OPERATOR_TENSORS> inputs{};
  std::array<canter_operator_output, CANTER_MAX_OPERATOR_TENSORS> outputs{};
  std::array<char, CANTER_OPERATOR_MESSAGE> message{};
};

class HostOperator final : public nn::Operator {
 public:
  HostOperator(const canter_operator_desc& desc, const nn::Node& node) : desc_(desc), node_{node} {}

  Result<void> plan(nn::PlanContext& context) const override {
    Call call(desc_, node_);
    for (std::uint32_t i = 0; i < call.call.num_inputs; ++i) {
      const int k = static_cast<int>(i);
      call.inputs[i] = c_tensor(context.value(k), context.has_input(k));
    }
    make(desc_.shape, "shape", call);
    std::size_t bytes = scratch_of(call.call.scratch_bytes);
    for (std::uint32_t i = 0; i < call.call.num_outputs; ++i) {
      const nn::ConstTensorView output = described(call.outputs[i], i);
      context.set_output(static_cast<int>(i), output.dtype, output.shape);
      bytes += guarded(output.size_bytes());
      if (bytes > kMostBytes) fail(CANTER_STATUS_LIMIT, "its outputs do not fit in memory");
    }
    // The host's scratch ends where the outputs begin.
    context.set_scratch(bytes);
    const std::span<std::byte> table = context.make_table(sizeof(std::size_t));
    std::memcpy(table.data(), &call.call.scratch_bytes, sizeof(std::size_t));
    return {};
  }

  Result<void> run(const nn::RunContext& context) const override {
    Call call(desc_, node_);
    for (std::uint32_t i = 0; i < call.call.num_inputs; ++i) {
      const bool present = context.has_input(static_cast<int>(i));
      call.inputs[i] = c_tensor(context.input(static_cast<int>(i)), present);
    }
    std::memcpy(&call.call.scratch_bytes, context.table.data(), sizeof(std::size_t));
    call.call.scratch = context.scratch.data();
    std::byte* memory = context.scratch.data() + scratch_of(call.call.scratch_bytes);
    for (std::uint32_t i = 0; i < call.call.num_outputs; ++i)
      memory = lend(context.output(static_cast<int>(i)), memory, call.outputs[i]);
    const std::array<canter_operator_output, CANTER_MAX_OPERATOR_TENSORS> lent = call.outputs;
    make(desc_.run, "run", call);
    for (std::uint32_t i = 0; i < call.call.num_outputs; ++i)
      take_back(context.output(static_cast<int>(i)), lent[i], i);
    return {};
  }

 private:
  [[noreturn]] void fail(canter_status status, const std::string& what) const {
    refuse(status, describe(node_.node) + ": " + what);
  }

  static std::size_t scratch_of(std::size_t bytes) { return align_up(std::min(bytes, kMostBytes)); }
  static std::size_t guarded(std::size_t bytes) { return align_up(bytes) + kGuardBytes; }

  // Calls back; whatever goes wrong is a refusal.
  void make(canter_status (*callback)(canter_operator_call*), const char* which, Call& call) const {
    canter_status status = CANTER_STATUS_INTERNAL;
    try {
      status = callback(&call.call);
    } catch (...) {
      fail(CANTER_STATUS_INTERNAL,
           std::string("its ") + which + " function threw an exception; expected a status");
    }
    if (status == CANTER_STATUS_OK) return;
    const bool known = status < 0 && status >= CANTER_STATUS_INTERNAL;
    call.message.back() = '\0';
    std::string what = std::string("its ") + which + " function returned " +
                       (known ? canter_status_name(status) : std::to_string(status).c_str());
    if (call.message.front() != '\0') what += std::string(": ") + call.message.data();
    fail(known ? status : CANTER_STATUS_INTERNAL, what);
  }

  // What the shape function says of an output, checked.
  nn::ConstTensorView described(const canter_operator_output& output, std::uint32_t index) const {
    const std::string place = "its shape function gave output " + std::to_string(index) + " ";
    const auto dtype = static_cast<nn::DType>(output.dtype);
    if (output.dtype < 0 || output.dtype > CANTER_DTYPE_BOOL || dtype == nn::DType::f64 ||
        dtype == nn::DType::f16 || dtype == nn::DType::bf16)
      fail(CANTER_STATUS_BAD_DATA, place + "the type " + std::to_string(output.dtype) +
                                       "; expected F32, an integer or BOOL");
    if (output.rank > CANTER_MAX_RANK)
      fail(CANTER_STATUS_BAD_DATA, place + "the rank " + std::to_string(output.rank) +
                                       "; at most " + std::to_string(CANTER_MAX_RANK));
    const auto shape = nn::Shape::make(std::span(output.shape, output.rank));
    if (!shape)
      fail(CANTER_STATUS_BAD_DATA, place + "a shape that cannot be: " + shape.error().message);
    const auto bytes = nn::checked_size_bytes(dtype, *shape);
    if (!bytes || *bytes > kMostBytes)
      fail(CANTER_STATUS_LIMIT,
           place + "the shape " + shape->text() + ", which does not fit in memory");
    return {dtype, *shape, nullptr};
  }

  // Memory of its own for an output, a guard behind it. Returns where the next one begins.
  static std::byte* lend(const nn::TensorView& output, std::byte* memory,
                         canter_operator_output& lent) {
    lent.dtype = static_cast<std::int32_t>(output.dtype);
    lent.rank = static_cast<std::uint32_t>(output.shape.rank());
    for (int axis = 0; axis < output.shape.rank(); ++axis) lent.shape[axis] = output.shape[axis];
    if (output.data == nullptr) return memory;
    lent.data = memory;
    const std::size_t bytes = output.size_bytes();
    std::fill(memory + bytes, memory + guarded(bytes), kGuard);
    return memory + guarded(bytes);
  }

  void take_back(const nn::TensorView& output, const canter_operator_output& lent,
                 std::uint32_t index) const {
    if (output.data == nullptr) return;
    const auto* memory = static_cast<const std::byte*>(lent.data);
    const std::size_t bytes = output.size_bytes();
    if (!std::all_of(memory + bytes, memory + guarded(bytes),
                     [](std::byte b) { return b == kGuard; }))
      fail(CANTER_STATUS_BAD_DATA, "its run function wrote beyond the end of output " +
                                       std::to_string(index) + ", which its shape function made " +
                                       output.shape.text());
    std::copy(memory, memory + bytes, output.data);
  }

  canter_operator_desc desc_;
  canter_node node_;
};

nn::OperatorFactory factory_of(const canter_operator_desc& desc) {
  return [desc](nn::NodeContext& context) -> Result<std::unique_ptr<nn::Operator>> {
    const nn::Node& node = context.node();
    if (std::max(node.inputs.size(), node.outputs.size()) > CANTER_MAX_OPERATOR_TENSORS)
      return Error{ErrorCode::limit, "an operator of the host has at most " +
                                         std::to_string(CANTER_MAX_OPERATOR_TENSORS) +
                                         " inputs and outputs"};
    return std::unique_ptr<nn::Operator>(std::make_unique<HostOperator>(desc, node));
  };
}

const nn::Attribute::Value* find_attribute(const canter_node* node, const char* attribute) {
  return node == nullptr || attribute == nullptr ? nullptr : node->node.find(attribute);
}

template <class T>
const T* attribute_of(const canter_node* node, const char* attribute) {
  const nn::Attribute::Value* value = find_attribute(node, attribute);
  return value == nullptr ? nullptr : std::get_if<T>(value);
}

template <class T>
std::uint32_t list_of(const canter_node* node, const char* attribute, T* out,
                      std::uint32_t capacity) {
  const auto* list = attribute_of<std::vector<T>>(node, attribute);
  if (list == nullptr) return 0;
  if (out != nullptr)
    std::copy_n(list->begin(), std::min<std::size_t>(capacity, list->size()), out);
  return static_cast<std::uint32_t>(list->size());
}

}  // namespace

extern "C" {

canter_operator_desc canter_operator_desc_default(void) noexcept {
  canter_operator_desc desc{};
  desc.size = sizeof desc;
  desc.domain = "";
  return desc;
}

canter_status canter_operator_register(canter_context* context,
                                       const canter_operator_desc* desc) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const canter_operator_desc full = read_desc(desc, canter_operator_desc_default());
    require_argument(full.domain != nullptr, "domain is null; ONNX's own is the empty text");
    require_argument(full.type != nullptr && *full.type != '\0', "type is null or empty");
    require_argument(full.shape != nullptr, "the shape function is null");
    require_argument(full.run != nullptr, "the run function is null");
    require_argument(
        *full.domain == '\0' || nn::builtin_operators().find(full.domain, full.type) == nullptr,
        "an operator of this domain and type is Canter's own");
    const std::lock_guard lock(c.mutex);
    if (c.operators.find(full.domain, full.type) != nullptr)
      refuse(CANTER_STATUS_INVALID_ARGUMENT, std::string("operator '") + full.type +
                                                 "' of domain '" + full.domain +
                                                 "' is registered already");
    c.operators.add(full.domain, full.type, factory_of(full));
  });
}

const char* canter_node_name(const canter_node* node) noexcept {
  return node == nullptr ? "" : node->node.name.c_str();
}

int64_t canter_node_integer(const canter_node* node, const char* attribute,
                            int64_t otherwise) noexcept {
  const auto* value = attribute_of<std::int64_t>(node, attribute);
  return value == nullptr ? otherwise : *value;
}

float canter_node_number(const canter_node* node, const char* attribute, float otherwise) noexcept {
  const auto* value = attribute_of<float>(node, attribute);
  return value == nullptr ? otherwise : *value;
}

const char* canter_node_text(const canter_node* node, const char* attribute,
                             const char* otherwise) noexcept {
  const auto* value = attribute_of<std::string>(node, attribute);
  return value == nullptr ? otherwise : value->c_str();
}

uint32_t canter_node_integers(const canter_node* node, const char* attribute, int64_t* out,
                              uint32_t capacity) noexcept {
  return list_of<std::int64_t>(node, attribute, out, capacity);
}

uint32_t canter_node_numbers(const canter_node* node, const char* attribute, float* out,
                             uint32_t capacity) noexcept {
  return list_of<float>(node, attribute, out, capacity);
}

}  // extern "C"
