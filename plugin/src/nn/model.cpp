#include "canter/nn/model.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>

#include "nn/plan.h"

namespace canter::nn {

namespace {

int find_value(std::span<const ValueInfo> values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &ValueInfo::name);
  return found == values.end() ? -1 : static_cast<int>(found - values.begin());
}

void copy_bytes(std::span<const std::byte> from, std::byte* to) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

Result<void> run_timed(detail::Plan& plan) {
  using Clock = std::chrono::steady_clock;
  for (const detail::PlannedStep& step : plan.steps) {
    const auto start = Clock::now();
    if (auto done = step.op->run(step.context); !done) return done;
    plan.layer_ns[static_cast<std::size_t>(step.step)] =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  }
  return {};
}

Result<void> run_plain(detail::Plan& plan) {
  for (detail::PlannedStep& step : plan.steps) {
    step.context.reverse = plan.reverse;
    if (auto done = step.op->run(step.context); !done) return done;
  }
  return {};
}

// Which step failed is found out only then.
Error with_place(const Model& model, detail::Plan& plan, const Error& error) {
  for (const detail::PlannedStep& step : plan.steps)
    if (!step.op->run(step.context).ok())
      return {error.code, model.program().steps[static_cast<std::size_t>(step.step)].place + ": " +
                              error.message};
  return error;
}

}  // namespace

std::string_view precision_name(Precision precision) {
  constexpr std::string_view kNames[] = {"f32", "f16", "bf16", "i8"};
  return kNames[static_cast<std::size_t>(precision)];
}

Result<Precision> precision_from(std::string_view name) {
  for (const Precision p : {Precision::f32, Precision::f16, Precision::bf16, Precision::i8})
    if (precision_name(p) == name) return p;
  return Error{ErrorCode::bad_value,
               "precision '" + std::string(name) + "'; there are f32, f16, bf16 and i8"};
}

std::span<const ValueInfo> Model::inputs() const {
  return program_->inputs;
}
std::span<const ValueInfo> Model::outputs() const {
  return program_->outputs;
}
int Model::find_input(std::string_view name) const {
  return find_value(inputs(), name);
}
int Model::find_output(std::string_view name) const {
  return find_value(outputs(), name);
}
std::span<const LayerInfo> Model::layers() const {
  return program_->layers;
}
Precision Model::precision() const {
  return program_->precision;
}
std::size_t Model::weight_bytes() const {
  return program_->weight_bytes;
}

Workspace::Workspace(Model model, std::pmr::memory_resource* memory)
    : model_(std::move(model)), memory_(memory) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

Result<void> Workspace::prepare(std::span<const Shape> input_shapes) {
  if (plan_ != nullptr && std::ranges::equal(plan_->input_shapes, input_shapes)) return {};
  auto plan = detail::make_plan(model_.program(), input_shapes, memory_);
  if (!plan) return plan.error();
  if (plan_ != nullptr) (*plan)->timing = plan_->timing;
  plan_ = std::move(plan).value();
  return {};
}

TensorView Workspace::input(int index) {
  assert(plan_ != nullptr);
  return plan_->inputs[static_cast<std::size_t>(index)];
}

ConstTensorView Workspace::output(int index) const {
  assert(plan_ != nullptr);
  return plan_->outputs[static_cast<std::size_t>(index)];
}

std::size_t Workspace::memory_bytes() const {
  return plan_ == nullptr ? 0 : plan_->memory_bytes;
}

void Workspace::set_timing(bool on) {
  assert(plan_ != nullptr);
  plan_->timing = on;
}

std::span<const std::int64_t> Workspace::layer_ns() const {
  assert(plan_ != nullptr);
  return plan_->layer_ns;
}

Result<void> run(Workspace& workspace) {
  detail::Plan& plan = *workspace.plan();
  plan.reverse = !plan.reverse;
  auto done = plan.timing ? run_timed(plan) : run_plain(plan);
  if (!done) return with_place(workspace.model(), plan, done.error());
  return done;
}

Result<void> run(Workspace& workspace, std::span<const ConstTensorView> inputs,
                 std::span<const TensorView> outputs) {
  const Model& model = workspace.model();
  const auto same = [&](std::size_t i) {
    return inputs[i].shape == workspace.plan()->input_shapes[i];
  };
  bool planned = workspace.plan() != nullptr && inputs.size() == model.inputs().size();
  for (std::size_t i = 0; planned && i < inputs.size(); ++i) planned = same(i);
  if (!planned) {
    std::vector<Shape> shapes;
    for (const ConstTensorView& input : inputs) shapes.push_back(input.shape);
    if (auto prepared = workspace.prepare(shapes); !prepared) return prepared;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ValueInfo& info = model.inputs()[i];
    if (inputs[i].dtype != info.dtype)
      return Error{ErrorCode::bad_value, "input '" + info.name + "' is of type " +
                                             std::string(dtype_name(inputs[i].dtype)) +
                                             "; expected " + std::string(dtype_name(info.dtype))};
    copy_bytes(inputs[i].bytes(), workspace.input(static_cast<int>(i)).data);
  }
  if (auto done = run(workspace); !done) return done;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ConstTensorView result = workspace.output(static_cast<int>(i));
    if (outputs[i].dtype != result.dtype || outputs[i].shape != result.shape)
      return Error{ErrorCode::bad_value, "output '" + model.outputs()[i].name + "' has shape " +
                                             result.shape.text() + "; there is room for " +
                                             outputs[i].shape.text()};
    copy_bytes(result.bytes(), outputs[i].data);
  }
  return {};
}

Result<void> run(Workspace& workspace, std::span<const float> input, std::span<float> output) {
  const auto to = workspace.input(0).as<float>();
  assert(to.size() == input.size() && workspace.output(0).num_elements() == output.size());
  std::copy(input.begin(), input.end(), to.begin());
  if (auto done = run(workspace); !done) return done;
  const auto from = workspace.output(0).as<float>();
  std::copy(from.begin(), from.end(), output.begin());
  return {};
}

}  // namespace canter::nn
