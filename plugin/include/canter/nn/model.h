#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canter/nn/graph.h"
#include "canter/nn/tensor.h"

namespace canter::nn {

class OperatorSet;

namespace detail {
struct Program;
struct Plan;
}  // namespace detail

/// What the weights of Linear, Conv and recurrent layers are stored as. Sums are always f32 (i8:
/// exact integers, with one scale per output channel and inputs quantised as they come).
enum class Precision : std::uint8_t { f32, f16, bf16, i8 };

/// "f32", "f16", "bf16", "i8".
std::string_view precision_name(Precision precision);
Result<Precision> precision_from(std::string_view name);

struct CompileOptions {
  Precision precision = Precision::f32;
  /// The plain scalar loops instead of the vector kernels.
  bool reference = false;
  /// Folding of constants, BatchNorm and normalisers, fusion of bias and activation.
  bool optimise = true;
  /// Most memory a Workspace may take, and a folded constant. Larger is an error (limit).
  std::size_t max_memory_bytes = std::size_t{4} << 30;
  /// Where packed weights and constants live; must outlive every copy of the model. While a network
  /// is compiled, its graph stays where it is.
  std::pmr::memory_resource* memory = std::pmr::get_default_resource();
  /// Operators of the host beside the built-in ones; must outlive the call only.
  const OperatorSet* operators = nullptr;
};

/// One step of a compiled network, for tables and messages.
struct LayerInfo {
  std::string name;  ///< of the node it came from
  std::string op;
  std::int64_t parameters = 0;
  std::size_t weight_bytes = 0;  ///< as stored
};

/// A compiled network. Immutable, shared by threads, cheap to copy (copies share the data).
class Model {
 public:
  Model() = default;

  std::span<const ValueInfo> inputs() const;
  std::span<const ValueInfo> outputs() const;
  /// Index of the input or output of this name; -1 where there is none.
  int find_input(std::string_view name) const;
  int find_output(std::string_view name) const;
  /// The steps in the order in which they run, after fusion.
  std::span<const LayerInfo> layers() const;
  Precision precision() const;
  /// Packed weights and constants, bytes.
  std::size_t weight_bytes() const;
  /// For the runtime's own use.
  const detail::Program& program() const { return *program_; }

 private:
  friend struct ModelAccess;
  std::shared_ptr<const detail::Program> program_;
};

/// Prepares a network to run: checks it, folds constants, fuses, packs the weights.
/// Errors: what validate() refuses; unsupported (an operator, with the node's name, type, opset and
/// the operators there are); bad_value (attributes or constant shapes that do not fit).
Result<Model> compile(Graph graph, const CompileOptions& options = {});

/// Memory of one user of a model: planned once per set of input shapes, then free of allocation.
/// Movable. One thread at a time.
class Workspace {
 public:
  /// Keeps the model alive. Nothing is planned yet.
  explicit Workspace(Model model,
                     std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

  /// Works out every shape for these input shapes (in the model's order) and takes the memory.
  /// Does nothing where they are the planned ones. Errors: bad_value (a shape that does not fit the
  /// input or an operator, naming node, expected and found), limit (memory), unsupported.
  Result<void> prepare(std::span<const Shape> input_shapes);
  Result<void> prepare(std::initializer_list<Shape> input_shapes) {
    return prepare(std::span(input_shapes.begin(), input_shapes.size()));
  }

  /// Where inputs are written and outputs read, after prepare(). Outputs hold the last run's values
  /// until the next.
  TensorView input(int index);
  ConstTensorView output(int index) const;

  const Model& model() const { return model_; }
  /// Activations and scratch, bytes, after prepare().
  std::size_t memory_bytes() const;
  /// Measures every layer of the next runs; costs two clock readings per layer.
  void set_timing(bool on);
  /// Nanoseconds each of Model::layers() took in the last timed run.
  std::span<const std::int64_t> layer_ns() const;
  /// For the runtime's own use.
  detail::Plan* plan() { return plan_.get(); }

 private:
  Model model_;
  std::pmr::memory_resource* memory_ = nullptr;
  std::unique_ptr<detail::Plan> plan_;
};

/// Runs the network on what Workspace::input() holds. The workspace must be prepared (asserted).
/// No allocation. Errors: bad_value, where values of the input are out of range (an index of an
/// embedding), naming the node.
Result<void> run(Workspace& workspace);

/// The same from and to the caller's memory: prepares where the shapes are new, copies in and runs.
/// @param inputs   one view per input, in the model's order
/// @param outputs  one view per output, or none to read Workspace::output(); shapes are checked
Result<void> run(Workspace& workspace, std::span<const ConstTensorView> inputs,
                 std::span<const TensorView> outputs = {});

/// A network with one f32 input and one f32 output, prepared: copies in, runs, copies out.
/// Sizes must be those of Workspace::input(0) and output(0) (asserted). No allocation.
Result<void> run(Workspace& workspace, std::span<const float> input, std::span<float> output);

}  // namespace canter::nn
