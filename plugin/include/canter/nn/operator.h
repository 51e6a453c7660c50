#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "canter/nn/graph.h"
#include "canter/nn/model.h"
#include "canter/nn/tensor.h"

// How operators are written: the built-in ones and those a host registers
// (docs/custom_operators.md).

namespace canter::nn {

/// A node as its operator is made from it, once, when a graph is compiled.
class NodeContext {
 public:
  NodeContext(const Node& node, int opset, const CompileOptions& options,
              std::span<const Tensor* const> constants)
      : node_(node), opset_(opset), options_(options), constants_(constants) {}

  const Node& node() const { return node_; }
  /// Version of the node's domain.
  int opset() const { return opset_; }
  Precision precision() const { return options_.precision; }
  bool reference() const { return options_.reference; }
  /// Where the operator's own copies of weights belong.
  std::pmr::memory_resource* memory() const { return options_.memory; }
  int num_inputs() const { return static_cast<int>(constants_.size()); }
  bool has_input(int i) const {
    return i < num_inputs() && !node_.inputs[static_cast<std::size_t>(i)].empty();
  }
  /// The input's value where it is a constant of the graph; else null.
  const Tensor* constant(int i) const {
    return i < num_inputs() ? constants_[static_cast<std::size_t>(i)] : nullptr;
  }
  /// Says that the operator has its own copy of this constant: it will not see it as an input.
  void consume(int i) { consumed_ |= std::uint64_t{1} << i; }
  bool consumed(int i) const { return i < 64 && (consumed_ >> i & 1) != 0; }
  /// Says how many bytes of weights the operator keeps, for reports.
  void add_weight_bytes(std::size_t bytes) { weight_bytes_ += bytes; }
  std::size_t weight_bytes() const { return weight_bytes_; }

 private:
  const Node& node_;
  int opset_;
  const CompileOptions& options_;
  std::span<const Tensor* const> constants_;
  std::uint64_t consumed_ = 0;
  std::size_t weight_bytes_ = 0;
};

/// What Operator::plan is told and answers, once per set of input shapes.
class PlanContext {
 public:
  PlanContext(std::span<const ConstTensorView> inputs, std::span<const bool> present,
              std::span<const bool> wanted)
      : inputs_(inputs), present_(present), wanted_(wanted), outputs_(wanted.size()) {}

  struct Output {
    DType dtype = DType::f32;
    Shape shape;
    bool set = false;        ///< by one of the three calls below
    int alias_of = -1;       ///< the input whose memory this output is
    bool has_value = false;  ///< `value` is the output, known now
    Tensor value;
  };

  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  bool has_input(int i) const { return i < num_inputs() && present_[static_cast<std::size_t>(i)]; }
  DType dtype(int i) const { return inputs_[static_cast<std::size_t>(i)].dtype; }
  const Shape& shape(int i) const { return inputs_[static_cast<std::size_t>(i)].shape; }
  /// The elements too, where they are known already: constants and what follows from shapes.
  const ConstTensorView& value(int i) const { return inputs_[static_cast<std::size_t>(i)]; }
  bool is_known(int i) const {
    return has_input(i) && inputs_[static_cast<std::size_t>(i)].data != nullptr;
  }
  int num_outputs() const { return static_cast<int>(outputs_.size()); }
  bool wants_output(int i) const {
    return i < num_outputs() && wanted_[static_cast<std::size_t>(i)];
  }

  /// Type of an output. An operator has the outputs it sets by one of these three; a node that
  /// names another is refused.
  void set_output(int i, DType dtype, const Shape& shape);
  /// The output is the memory of input `input` under another shape of as many elements.
  void alias_output(int i, int input, const Shape& shape);
  /// The output depends on shapes and known values alone, and is this.
  void set_value(int i, Tensor value);
  /// Scratch that run() gets, aligned to kBlockAlignment, contents undefined.
  void set_scratch(std::size_t bytes) { scratch_bytes_ = bytes; }
  /// Memory kept with the plan, zeroed, for run() to read; fill it now. At most one per operator.
  std::span<std::byte> make_table(std::size_t bytes);

  std::span<Output> outputs() { return outputs_; }
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  Block take_table() { return std::move(table_); }

 private:
  std::span<const ConstTensorView> inputs_;
  std::span<const bool> present_;
  std::span<const bool> wanted_;
  std::vector<Output> outputs_;
  std::size_t scratch_bytes_ = 0;
  Block table_;
};

/// What Operator::run reads and writes.
struct RunContext {
  std::span<const ConstTensorView> inputs;  ///< data is null where an input is left out or consumed
  std::span<const TensorView> outputs;      ///< data is null where nobody reads the output
  std::span<std::byte> scratch;
  std::span<const std::byte> table;
  /// True in every other run: going through the weights backwards keeps part of them in the cache.
  bool reverse = false;

  const ConstTensorView& input(int i) const { return inputs[static_cast<std::size_t>(i)]; }
  bool has_input(int i) const {
    return static_cast<std::size_t>(i) < inputs.size() && input(i).data != nullptr;
  }
  const TensorView& output(int i) const { return outputs[static_cast<std::size_t>(i)]; }
  bool wants_output(int i) const {
    return static_cast<std::size_t>(i) < outputs.size() && output(i).data != nullptr;
  }
};

/// One operation of a compiled network. Immutable; several threads run it at once.
/// Floating-point values are f32 inside a network, whatever the file says.
class Operator {
 public:
  virtual ~Operator() = default;
  /// Checks types and shapes and says what comes out. Errors say what was expected and found; the
  /// engine puts the node's name before them.
  virtual Result<void> plan(PlanContext& context) const = 0;
  /// Computes. No allocation (an error may allocate its message).
  virtual Result<void> run(const RunContext& context) const = 0;
};

/// Makes the operator of a node. Errors: attributes or constants that cannot be.
using OperatorFactory = std::function<Result<std::unique_ptr<Operator>>(NodeContext&)>;

/// Operators by domain and type. Compile with one of these to add to the built-in operators or to
/// replace them.
class OperatorSet {
 public:
  /// @param domain  empty: ONNX's own
  void add(std::string domain, std::string op, OperatorFactory factory);
  /// Null where there is none.
  const OperatorFactory* find(std::string_view domain, std::string_view op) const;
  /// "Abs, Add, …", sorted.
  std::string list() const;
  std::size_t size() const { return factories_.size(); }

 private:
  std::map<std::pair<std::string, std::string>, OperatorFactory> factories_;
};

/// What Canter runs without anybody's help.
const OperatorSet& builtin_operators();

}  // namespace canter::nn
