// Planning: every shape worked out once, what is known computed, dead tensors' memory reused.

#include "nn/plan.h"

#include <algorithm>
#include <limits>
#include <map>

namespace canter::nn::detail {

namespace {

// Results known when planning are shapes, masks and zero states; larger ones are run instead.
constexpr std::size_t kMostKnownBytes = std::size_t{64} << 20;

struct PlannedValue {
  DType dtype = DType::f32;
  Shape shape;
  std::byte* data = nullptr;
  bool typed = false;  ///< dtype and shape are set
  bool known = false;  ///< elements are there when planning
  int root = -1;       ///< the value whose memory this one is
  int first = 0;       ///< steps between which a root must stay
  int last = -1;
  std::size_t offset = 0;
};

ConstTensorView view_of(const PlannedValue& value, bool known_only) {
  return {value.dtype, value.shape, known_only && !value.known ? nullptr : value.data};
}

class Planner {
 public:
  Planner(const Program& program, std::pmr::memory_resource* memory)
      : program_(program), memory_(memory), values_(program.values.size()) {}

  Result<std::unique_ptr<Plan>> make(std::span<const Shape> input_shapes) {
    plan_ = std::make_unique<Plan>();
    plan_->input_shapes.assign(input_shapes.begin(), input_shapes.end());
    place_constants();
    if (const auto placed = place_inputs(input_shapes); !placed) return placed.error();
    contexts_.resize(program_.steps.size());
    runs_.assign(program_.steps.size(), false);
    for (std::size_t i = 0; i < program_.steps.size(); ++i)
      if (const auto planned = plan_one(i); !planned)
        return Error{planned.error().code,
                     program_.steps[i].place + ": " + planned.error().message};
    find_lifetimes();
    if (const auto laid_out = lay_out(); !laid_out) return laid_out.error();
    bind();
    return std::move(plan_);
  }

 private:
  struct StepContext {
    std::vector<ConstTensorView> inputs;
    std::size_t scratch_bytes = 0;
    int table = -1;
  };

  void place_constants() {
    for (std::size_t v = 0; v < values_.size(); ++v) {
      const ProgramValue& value = program_.values[v];
      values_[v].root = static_cast<int>(v);
      if (!value.constant) continue;
      values_[v].dtype = value.tensor.dtype();
      values_[v].shape = value.tensor.shape();
      // Constants are read only; outputs never alias them to write.
      values_[v].data = const_cast<std::byte*>(value.tensor.bytes().data());
      values_[v].typed = values_[v].known = true;
      if (values_[v].data == nullptr) values_[v].data = &empty_;
    }
  }

  Result<void> place_inputs(std::span<const Shape> shapes) {
    if (shapes.size() != program_.inputs.size())
      return Error{ErrorCode::bad_value, "the network has " +
                                             std::to_string(program_.inputs.size()) + " inputs; " +
                                             std::to_string(shapes.size()) + " shapes are given"};
    std::map<std::string, std::int64_t> symbols;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (const auto fits = check_input(program_.inputs[i], shapes[i], symbols); !fits) return fits;
      PlannedValue& value = values_[static_cast<std::size_t>(program_.input_values[i])];
      value.dtype = program_.inputs[i].dtype;
      value.shape = shapes[i];
      value.typed = true;
    }
    return {};
  }

  static Result<void> check_input(const ValueInfo& info, const Shape& shape,
                                  std::map<std::string, std::int64_t>& symbols) {
    if (!info.has_rank) return {};
    bool fits = shape.rank() == static_cast<int>(info.dims.size());
    for (int axis = 0; fits && axis < shape.rank(); ++axis) {
      const Dim& dim = info.dims[static_cast<std::size_t>(axis)];
      if (!dim.dynamic())
        fits = dim.size == shape[axis];
      else if (!dim.symbol.empty())
        fits = symbols.emplace(dim.symbol, shape[axis]).first->second == shape[axis];
    }
    if (fits) return {};
    return Error{ErrorCode::bad_value, "input '" + info.name + "' has shape " + shape.text() +
                                           "; expected " + info.shape_text()};
  }

  Result<void> plan_one(std::size_t i) {
    const ProgramStep& step = program_.steps[i];
    StepContext& context = contexts_[i];
    bool all_known = true;
    for (const int v : step.inputs) {
      context.inputs.push_back(v < 0 ? ConstTensorView()
                                     : view_of(values_[static_cast<std::size_t>(v)], true));
      all_known &= v < 0 || values_[static_cast<std::size_t>(v)].known;
    }
    const auto present = std::make_unique<bool[]>(step.present.size() + 1);
    std::copy(step.present.begin(), step.present.end(), present.get());
    const auto wanted = std::make_unique<bool[]>(step.outputs.size() + 1);
    for (std::size_t k = 0; k < step.outputs.size(); ++k) wanted[k] = step.outputs[k] >= 0;

    PlanContext planning(context.inputs, {present.get(), step.present.size()},
                         {wanted.get(), step.outputs.size()});
    if (const auto planned = plan_step(*step.op, planning); !planned) return planned;
    if (all_known && output_bytes(planning) <= kMostKnownBytes)
      return settle_known(step, context, planning);
    runs_[i] = settle_outputs(step, planning);
    context.scratch_bytes = planning.scratch_bytes();
    if (Block table = planning.take_table(); table.size() != 0) {
      context.table = static_cast<int>(plan_->tables.size());
      plan_->tables.push_back(std::move(table));
    }
    return {};
  }

  static std::size_t output_bytes(PlanContext& planning) {
    std::size_t bytes = 0;
    for (const PlanContext::Output& output : planning.outputs())
      bytes += checked_size_bytes(output.dtype, output.shape).value();
    return bytes;
  }

  Result<void> settle_known(const ProgramStep& step, StepContext& context, PlanContext& planning) {
    auto results = evaluate_planned(*step.op, planning, context.inputs, kMostKnownBytes);
    if (!results) return results.error();
    for (std::size_t k = 0; k < step.outputs.size(); ++k)
      if (step.outputs[k] >= 0) set_known(step.outputs[k], std::move((*results)[k]));
    return {};
  }

  void set_known(int v, Tensor tensor) {
    PlannedValue& value = values_[static_cast<std::size_t>(v)];
    value.dtype = tensor.dtype();
    value.shape = tensor.shape();
    value.typed = value.known = true;
    plan_->known.push_back(std::move(tensor));
    value.data = plan_->known.back().bytes().data();
    if (value.data == nullptr) value.data = &empty_;
  }

  // True where something is left to run.
  bool settle_outputs(const ProgramStep& step, PlanContext& planning) {
    bool runs = false;
    for (std::size_t k = 0; k < step.outputs.size(); ++k) {
      if (step.outputs[k] < 0) continue;
      PlanContext::Output& output = planning.outputs()[k];
      if (output.has_value) {
        set_known(step.outputs[k], std::move(output.value));
        continue;
      }
      PlannedValue& value = values_[static_cast<std::size_t>(step.outputs[k])];
      value.dtype = output.dtype;
      value.shape = output.shape;
      value.typed = true;
      if (output.alias_of >= 0) {
        const int source = step.inputs[static_cast<std::size_t>(output.alias_of)];
        const PlannedValue& original = values_[static_cast<std::size_t>(source)];
        value.root = original.root;
        value.known = original.known;
        value.data = original.data;
      } else {
        runs = true;
      }
    }
    return runs;
  }

  PlannedValue& root_of(int v) {
    return values_[static_cast<std::size_t>(values_[static_cast<std::size_t>(v)].root)];
  }

  void find_lifetimes() {
    const int end = static_cast<int>(program_.steps.size());
    for (int i = 0; i < end; ++i) {
      if (!runs_[static_cast<std::size_t>(i)]) continue;
      const ProgramStep& step = program_.steps[static_cast<std::size_t>(i)];
      for (const int v : step.outputs)
        if (v >= 0 && values_[static_cast<std::size_t>(v)].root == v) {
          values_[static_cast<std::size_t>(v)].first = i;
          values_[static_cast<std::size_t>(v)].last = i;
        }
      for (const int v : step.inputs)
        if (v >= 0) root_of(v).last = std::max(root_of(v).last, i);
    }
    // Inputs keep what the caller wrote, outputs what the run left.
    for (const int v : program_.input_values) {
      values_[static_cast<std::size_t>(v)].first = -1;
      values_[static_cast<std::size_t>(v)].last = end;
    }
    for (const int v : program_.output_values) root_of(v).last = end;
  }

  // Largest first, each at the lowest place that is free during its lifetime.
  Result<void> lay_out() {
    std::vector<int> roots;
    for (std::size_t v = 0; v < values_.size(); ++v)
      if (values_[v].root == static_cast<int>(v) && !values_[v].known && values_[v].typed &&
          values_[v].last >= values_[v].first)
        roots.push_back(static_cast<int>(v));
    std::vector<std::size_t> sizes(values_.size(), 0);
    for (const int v : roots) {
      const auto& value = values_[static_cast<std::size_t>(v)];
      const auto size = checked_size_bytes(value.dtype, value.shape);
      if (!size) return size.error();
      sizes[static_cast<std::size_t>(v)] = align_up(std::max<std::size_t>(*size, 1));
    }
    std::ranges::stable_sort(roots, [&](int a, int b) {
      return sizes[static_cast<std::size_t>(a)] > sizes[static_cast<std::size_t>(b)];
    });
    std::size_t total = 0;
    std::vector<int> placed;
    for (const int v : roots) {
      place(v, sizes, placed);
      total = std::max(
          total, values_[static_cast<std::size_t>(v)].offset + sizes[static_cast<std::size_t>(v)]);
      if (total > program_.max_memory_bytes) return too_large(total);
    }
    scratch_offset_ = total;
    std::size_t scratch = 0;
    for (const StepContext& context : contexts_) scratch = std::max(scratch, context.scratch_bytes);
    if (scratch > program_.max_memory_bytes - total) return too_large(scratch);
    plan_->memory_bytes = total + align_up(scratch);
    plan_->memory = Block(plan_->memory_bytes, memory_);
    return {};
  }

  Error too_large(std::size_t bytes) const {
    return {ErrorCode::limit, "with these input shapes the network needs more than " +
                                  std::to_string(bytes) + " bytes; the limit is " +
                                  std::to_string(program_.max_memory_bytes)};
  }

  void place(int v, const std::vector<std::size_t>& sizes, std::vector<int>& placed) {
    PlannedValue& value = values_[static_cast<std::size_t>(v)];
    // `placed` is sorted by offset: walk the gaps between those that live at the same time.
    std::size_t offset = 0;
    for (const int other : placed) {
      const PlannedValue& o = values_[static_cast<std::size_t>(other)];
      if (o.last < value.first || o.first > value.last) continue;
      if (offset + sizes[static_cast<std::size_t>(v)] <= o.offset) break;
      offset = std::max(offset, o.offset + sizes[static_cast<std::size_t>(other)]);
    }
    value.offset = offset;
    placed.insert(
        std::ranges::upper_bound(
            placed, offset, {}, [&](int o) { return values_[static_cast<std::size_t>(o)].offset; }),
        v);
  }

  void bind() {
    for (std::size_t v = 0; v < values_.size(); ++v) {
      PlannedValue& value = values_[v];
      const PlannedValue& root = values_[static_cast<std::size_t>(value.root)];
      if (!value.known && value.typed) value.data = plan_->memory.data() + root.offset;
    }
    const std::span<std::byte> scratch = plan_->memory.bytes().subspan(scratch_offset_);
    plan_->step_inputs.resize(program_.steps.size());
    plan_->step_outputs.resize(program_.steps.size());
    for (std::size_t i = 0; i < program_.steps.size(); ++i)
      if (runs_[i]) bind_step(i, scratch);
    for (const int v : program_.input_values) {
      const PlannedValue& value = values_[static_cast<std::size_t>(v)];
      plan_->inputs.push_back({value.dtype, value.shape, value.data});
    }
    for (const int v : program_.output_values)
      plan_->outputs.push_back(view_of(values_[static_cast<std::size_t>(v)], false));
    plan_->layer_ns.assign(program_.steps.size(), 0);
  }

  void bind_step(std::size_t i, std::span<std::byte> scratch) {
    const ProgramStep& step = program_.steps[i];
    for (const int v : step.inputs)
      plan_->step_inputs[i].push_back(v < 0 ? ConstTensorView()
                                            : view_of(values_[static_cast<std::size_t>(v)], false));
    for (const int v : step.outputs) {
      const PlannedValue none;
      const PlannedValue& value = v < 0 ? none : values_[static_cast<std::size_t>(v)];
      plan_->step_outputs[i].push_back({value.dtype, value.shape, value.data});
    }
    PlannedStep planned;
    planned.op = step.op.get();
    planned.step = static_cast<int>(i);
    planned.context.inputs = plan_->step_inputs[i];
    planned.context.outputs = plan_->step_outputs[i];
    planned.context.scratch = scratch.first(contexts_[i].scratch_bytes);
    if (contexts_[i].table >= 0)
      planned.context.table = plan_->tables[static_cast<std::size_t>(contexts_[i].table)].bytes();
    plan_->steps.push_back(planned);
  }

  const Program& program_;
  std::pmr::memory_resource* memory_;
  std::unique_ptr<Plan> plan_;
  std::vector<PlannedValue> values_;
  std::vector<StepContext> contexts_;
  std::vector<bool> runs_;
  std::size_t scratch_offset_ = 0;
  // What a known value without elements points at.
  static inline std::byte empty_{};
};

}  // namespace

Result<void> plan_step(const Operator& op, PlanContext& context) {
  if (const auto planned = op.plan(context); !planned) return planned;
  for (int i = 0; i < context.num_outputs(); ++i) {
    const PlanContext::Output& output = context.outputs()[static_cast<std::size_t>(i)];
    if (context.wants_output(i) && !output.set)
      return Error{ErrorCode::bad_value, "it has no output " + std::to_string(i)};
    const auto size = checked_size_bytes(output.dtype, output.shape);
    if (!size) return size.error();
  }
  return {};
}

Result<std::vector<Tensor>> evaluate_planned(const Operator& op, PlanContext& context,
                                             std::span<const ConstTensorView> inputs,
                                             std::size_t max_bytes) {
  std::vector<Tensor> results;
  std::vector<TensorView> views;
  std::size_t bytes = context.scratch_bytes();
  bool runs = false;
  for (int i = 0; i < context.num_outputs(); ++i) {
    PlanContext::Output& output = context.outputs()[static_cast<std::size_t>(i)];
    const auto size = checked_size_bytes(output.dtype, output.shape);
    if (!size) return size.error();
    bytes += *size;
    if (bytes > max_bytes)
      return Error{ErrorCode::limit,
                   "its constant result takes more than " + std::to_string(max_bytes) + " bytes"};
    if (output.has_value) {
      results.push_back(std::move(output.value));
    } else if (output.alias_of >= 0) {
      ConstTensorView source = inputs[static_cast<std::size_t>(output.alias_of)];
      results.push_back(Tensor::copy_of(source));
      results.back().reshape(output.shape);
    } else {
      auto tensor = Tensor::make(output.dtype, output.shape);
      if (!tensor) return tensor.error();
      results.push_back(std::move(tensor).value());
      runs |= context.wants_output(i);
    }
  }
  for (int i = 0; i < context.num_outputs(); ++i) {
    views.push_back(results[static_cast<std::size_t>(i)].view());
    if (!context.wants_output(i)) views.back().data = nullptr;
  }
  if (!runs) return results;
  Block scratch(context.scratch_bytes());
  const Block table = context.take_table();
  RunContext running;
  running.inputs = inputs;
  running.outputs = views;
  running.scratch = scratch.bytes();
  running.table = table.bytes();
  if (const auto ran = op.run(running); !ran) return ran.error();
  return results;
}

Result<std::unique_ptr<Plan>> make_plan(const Program& program, std::span<const Shape> input_shapes,
                                        std::pmr::memory_resource* memory) {
  return Planner(program, memory).make(input_shapes);
}

}  // namespace canter::nn::detail
