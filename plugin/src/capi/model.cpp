// Networks and their sessions.

#include "canter/nn/network.h"
#include "capi/context.h"

using namespace canter;
using namespace canter::capi;

namespace {

// Views of the inputs live on the stack, so that a run takes no memory.
constexpr std::size_t kMaxSessionInputs = 64;

static_assert(CANTER_MAX_RANK == nn::Shape::kMaxRank);
static_assert(static_cast<int>(nn::DType::f64) == CANTER_DTYPE_F64 &&
              static_cast<int>(nn::DType::bf16) == CANTER_DTYPE_BF16 &&
              static_cast<int>(nn::DType::boolean) == CANTER_DTYPE_BOOL);

std::optional<nn::Precision> precision_of(std::int32_t precision) {
  switch (precision) {
    case CANTER_PRECISION_OF_FILE:
      return std::nullopt;
    case CANTER_PRECISION_F32:
      return nn::Precision::f32;
    case CANTER_PRECISION_F16:
      return nn::Precision::f16;
    case CANTER_PRECISION_BF16:
      return nn::Precision::bf16;
    case CANTER_PRECISION_I8:
      return nn::Precision::i8;
    default:
      refuse(CANTER_STATUS_INVALID_ARGUMENT, "precision is none of canter_precision");
  }
}

nn::OperatorSet operators_of(canter_context& context) {
  const std::lock_guard lock(context.mutex);
  return context.operators;
}

nn::Model load(canter_context& context, const void* bytes, std::size_t size,
               const canter_model_desc& desc) {
  require_argument(bytes != nullptr || size == 0, "the bytes are null");
  const std::optional<nn::Precision> precision = precision_of(desc.precision);
  nn::Network network =
      take(nn::load_network({static_cast<const std::byte*>(bytes), size}, "model",
                            desc.architecture == nullptr ? "" : desc.architecture),
           CANTER_STATUS_BAD_DATA);
  nn::CompileOptions options;
  options.precision = precision.value_or(network.precision);
  const nn::OperatorSet operators = operators_of(context);
  options.operators = &operators;
  options.memory = &context.memory;
  return take(nn::compile(std::move(network.graph), options), CANTER_STATUS_BAD_DATA);
}

void describe(std::span<const nn::ValueInfo> values, std::uint32_t index,
              canter_tensor_info* info) {
  if (index >= values.size())
    refuse(CANTER_STATUS_INVALID_ARGUMENT,
           "index " + std::to_string(index) + "; there are " + std::to_string(values.size()));
  const nn::ValueInfo& value = values[index];
  canter_tensor_info full = canter_tensor_info_default();
  full.dtype = static_cast<std::int32_t>(value.dtype);
  full.rank = static_cast<std::uint32_t>(value.dims.size());
  for (std::size_t i = 0; i < value.dims.size() && i < CANTER_MAX_RANK; ++i)
    full.shape[i] = value.dims[i].size;
  full.name = value.name.c_str();
  write_out(info, full);
}

nn::ConstTensorView view_of(const canter_tensor& tensor) {
  require_argument(tensor.dtype >= CANTER_DTYPE_F64 && tensor.dtype <= CANTER_DTYPE_BOOL,
                   "dtype is none of canter_dtype");
  require_argument(tensor.rank <= CANTER_MAX_RANK, "rank is above CANTER_MAX_RANK");
  const nn::Shape shape =
      take(nn::Shape::make(std::span(tensor.shape, tensor.rank)), CANTER_STATUS_INVALID_ARGUMENT);
  require_argument(tensor.data != nullptr || shape.num_elements() == 0, "the data are null");
  return {static_cast<nn::DType>(tensor.dtype), shape, static_cast<const std::byte*>(tensor.data)};
}

/// A session entered until the end of the scope; refuses one that is in use.
class SessionUse {
 public:
  SessionUse(canter_context& context, canter_session session) : entry_(find(context, session)) {
    if (!entry_->access.try_write())
      refuse(CANTER_STATUS_BUSY, "the session is in use on another thread");
  }
  ~SessionUse() { entry_->access.leave_write(); }
  SessionUse(const SessionUse&) = delete;
  SessionUse& operator=(const SessionUse&) = delete;
  SessionEntry* operator->() const { return entry_.get(); }

 private:
  std::shared_ptr<SessionEntry> entry_;
};

}  // namespace

extern "C" {

canter_model_desc canter_model_desc_default(void) noexcept {
  canter_model_desc desc{};
  desc.size = sizeof desc;
  return desc;
}

canter_tensor_info canter_tensor_info_default(void) noexcept {
  canter_tensor_info info{};
  info.size = sizeof info;
  return info;
}

canter_status canter_model_load(canter_context* context, const void* bytes, size_t size,
                                const canter_model_desc* desc, canter_model* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    const canter_model_desc defaults = canter_model_desc_default();
    auto model = std::allocate_shared<const nn::Model>(
        std::pmr::polymorphic_allocator<nn::Model>(&c.memory),
        load(c, bytes, size, desc == nullptr ? defaults : read_desc(desc, defaults)));
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_model>(c.models.add(std::move(model)));
  });
}

canter_status canter_model_destroy(canter_context* context, canter_model model) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    find(c, model);
    const std::lock_guard lock(c.mutex);
    c.models.remove(id_of<ModelId>(model));
  });
}

canter_status canter_model_counts(canter_context* context, canter_model model, uint32_t* inputs,
                                  uint32_t* outputs) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const auto found = find(c, model);
    if (inputs != nullptr) *inputs = static_cast<std::uint32_t>(found->inputs().size());
    if (outputs != nullptr) *outputs = static_cast<std::uint32_t>(found->outputs().size());
  });
}

canter_status canter_model_input(canter_context* context, canter_model model, uint32_t index,
                                 canter_tensor_info* info) noexcept {
  return guard(context, __func__,
               [&](canter_context& c) { describe(find(c, model)->inputs(), index, info); });
}

canter_status canter_model_output(canter_context* context, canter_model model, uint32_t index,
                                  canter_tensor_info* info) noexcept {
  return guard(context, __func__,
               [&](canter_context& c) { describe(find(c, model)->outputs(), index, info); });
}

canter_status canter_session_create(canter_context* context, canter_model model,
                                    canter_session* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    *out = {};
    const auto found = find(c, model);
    auto session = std::allocate_shared<SessionEntry>(
        std::pmr::polymorphic_allocator<SessionEntry>(&c.memory), *found, &c.memory);
    const std::lock_guard lock(c.mutex);
    *out = handle_of<canter_session>(c.sessions.add(std::move(session)));
  });
}

canter_status canter_session_destroy(canter_context* context, canter_session session) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    find(c, session);
    const std::lock_guard lock(c.mutex);
    c.sessions.remove(id_of<SessionId>(session));
  });
}

canter_status canter_session_run(canter_context* context, canter_session session,
                                 const canter_tensor* inputs, uint32_t num_inputs) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    const SessionUse use(c, session);
    const nn::Model& model = use->workspace.model();
    if (num_inputs != model.inputs().size())
      refuse(CANTER_STATUS_INVALID_ARGUMENT, std::to_string(num_inputs) +
                                                 " inputs; the network has " +
                                                 std::to_string(model.inputs().size()));
    require_argument(inputs != nullptr || num_inputs == 0, "the inputs are null");
    std::array<nn::ConstTensorView, kMaxSessionInputs> views;
    if (num_inputs > views.size())
      refuse(CANTER_STATUS_LIMIT, "more than " + std::to_string(views.size()) + " inputs");
    for (std::uint32_t i = 0; i < num_inputs; ++i) views[i] = view_of(inputs[i]);
    use->has_run = false;
    take(nn::run(use->workspace, std::span(views).first(num_inputs)),
         CANTER_STATUS_INVALID_ARGUMENT);
    use->has_run = true;
  });
}

canter_status canter_session_output(canter_context* context, canter_session session, uint32_t index,
                                    canter_tensor* out) noexcept {
  return guard(context, __func__, [&](canter_context& c) {
    require_argument(out != nullptr, "out is null");
    const SessionUse use(c, session);
    require_argument(use->has_run, "the session has not run");
    require_argument(index < use->workspace.model().outputs().size(), "no output of this index");
    const nn::ConstTensorView view = use->workspace.output(static_cast<int>(index));
    canter_tensor tensor{};
    tensor.dtype = static_cast<std::int32_t>(view.dtype);
    tensor.rank = static_cast<std::uint32_t>(view.shape.rank());
    for (int i = 0; i < view.shape.rank(); ++i) tensor.shape[i] = view.shape[i];
    tensor.data = view.data;
    *out = tensor;
  });
}

}  // extern "C"
