#pragma once

#include <memory_resource>
#include <vector>

#include "nn/program.h"

namespace canter::nn::detail {

/// One step with everything it needs, pointers included.
struct PlannedStep {
  const Operator* op = nullptr;
  int step = 0;  ///< index into Program::steps
  RunContext context;
};

/// A program laid out for one set of input shapes: where every value lives and what runs.
struct Plan {
  std::vector<Shape> input_shapes;
  std::vector<TensorView> inputs;
  std::vector<ConstTensorView> outputs;
  std::vector<PlannedStep> steps;  ///< without those whose result is known
  std::size_t memory_bytes = 0;
  bool reverse = false;
  bool timing = false;
  std::vector<std::int64_t> layer_ns;

  // Storage behind the spans above.
  std::vector<std::vector<ConstTensorView>> step_inputs;
  std::vector<std::vector<TensorView>> step_outputs;
  std::vector<Block> tables;
  std::vector<Tensor> known;  ///< values computed when planning
  Block memory;
};

Result<std::unique_ptr<Plan>> make_plan(const Program& program, std::span<const Shape> input_shapes,
                                        std::pmr::memory_resource* memory);

}  // namespace canter::nn::detail
