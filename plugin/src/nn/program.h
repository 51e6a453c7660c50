#pragma once

// A compiled network as its workspace runs it.

#include <memory>
#include <string>
#include <vector>

#include "canter/nn/model.h"
#include "canter/nn/operator.h"

namespace canter::nn::detail {

/// A value of the network by index: its constant, if it is one.
struct ProgramValue {
  std::string name;
  bool constant = false;
  Tensor tensor;
};

struct ProgramStep {
  std::unique_ptr<Operator> op;
  std::string place;          ///< "node 'fc1' (Gemm)"
  std::vector<int> inputs;    ///< values; -1: left out, or the operator has its own copy
  std::vector<bool> present;  ///< the node has this input, whether or not the operator keeps a copy
  std::vector<int> outputs;   ///< values; -1: nobody reads it
};

struct Program {
  std::vector<ProgramValue> values;
  std::vector<ProgramStep> steps;
  std::vector<LayerInfo> layers;  ///< one per step
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::vector<int> input_values;
  std::vector<int> output_values;
  Precision precision = Precision::f32;
  std::size_t weight_bytes = 0;
  std::size_t max_memory_bytes = 0;
};

/// Calls the operator's plan and checks its answer. Errors carry no place.
Result<void> plan_step(const Operator& op, PlanContext& context);

/// Plans and runs an operator whose inputs are all known. Errors: its own; limit where the outputs
/// are larger than `max_bytes`.
Result<std::vector<Tensor>> evaluate(const Operator& op, std::span<const ConstTensorView> inputs,
                                     std::span<const bool> present, std::span<const bool> wanted,
                                     std::size_t max_bytes);
/// The same after plan_step.
Result<std::vector<Tensor>> evaluate_planned(const Operator& op, PlanContext& context,
                                             std::span<const ConstTensorView> inputs,
                                             std::size_t max_bytes);

}  // namespace canter::nn::detail
