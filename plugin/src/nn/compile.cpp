// From a graph to a program: types made uniform, constants folded, operators made.

#include <algorithm>
#include <set>
#include <utility>

#include "canter/nn/model.h"
#include "canter/nn/operator.h"
#include "nn/compile_support.h"
#include "nn/op_support.h"
#include "nn/optimise.h"
#include "nn/program.h"

namespace canter::nn {

struct ModelAccess {
  static Model make(std::shared_ptr<const detail::Program> program) {
    Model model;
    model.program_ = std::move(program);
    return model;
  }
};

namespace detail {

std::map<std::string, int> count_readers(const Graph& graph) {
  std::map<std::string, int> readers;
  for (const Node& node : graph.nodes)
    for (const std::string& input : node.inputs)
      if (!input.empty()) ++readers[input];
  for (const ValueInfo& output : graph.outputs) ++readers[output.name];
  return readers;
}

void drop_unread(Graph& graph) {
  std::set<std::string> read;
  for (const ValueInfo& output : graph.outputs) read.insert(output.name);
  std::vector<Node> kept;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {  // readers come after what they read
    Node& node = graph.nodes[i];
    bool needed = false;
    for (std::string& output : node.outputs) {
      if (read.contains(output))
        needed = true;
      else
        output.clear();
    }
    if (!needed) continue;
    for (const std::string& input : node.inputs)
      if (!input.empty()) read.insert(input);
    kept.push_back(std::move(node));
  }
  std::ranges::reverse(kept);
  graph.nodes = std::move(kept);
  std::erase_if(graph.initialisers, [&](const auto& item) { return !read.contains(item.first); });
}

}  // namespace detail

namespace {

using namespace detail;

// Folding must not make a small file into a large network.
constexpr std::size_t kMostFoldedBytes = std::size_t{16} << 20;

bool is_narrow_float(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f64;
}

// Constant and ConstantOfShape hold values in attributes; the first become initialisers.
Result<void> lift_constants(Graph& graph) {
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    if (node.op != "Constant" || !node.domain.empty() || node.outputs.size() != 1) {
      kept.push_back(std::move(node));
      continue;
    }
    Tensor tensor;
    if (const auto* value = node.find("value"); value && std::holds_alternative<Tensor>(*value))
      tensor = std::get<Tensor>(*value);
    else if (node.find("value_float") != nullptr)
      tensor = Tensor::of<float>({}, {node.number("value_float", 0.0f)});
    else if (node.find("value_int") != nullptr)
      tensor = Tensor::of<std::int64_t>({}, {node.integer("value_int", 0)});
    else if (node.find("value_ints") != nullptr)
      tensor =
          Tensor::of<std::int64_t>({static_cast<std::int64_t>(node.integers("value_ints").size())},
                                   std::span<const std::int64_t>(node.integers("value_ints")));
    else if (const auto* floats = node.find("value_floats");
             floats && std::holds_alternative<std::vector<float>>(*floats))
      tensor = Tensor::of<float>(
          {static_cast<std::int64_t>(std::get<std::vector<float>>(*floats).size())},
          std::span<const float>(std::get<std::vector<float>>(*floats)));
    else
      return Error{ErrorCode::unsupported, describe(node) + ": a constant without a dense value"};
    graph.initialisers[node.outputs[0]] = std::move(tensor);
  }
  graph.nodes = std::move(kept);
  return {};
}

// Inside a network floats are f32: constants and casts are changed, inputs and outputs are cast.
void make_floats_uniform(Graph& graph) {
  for (auto& [name, tensor] : graph.initialisers)
    if (is_narrow_float(tensor.dtype())) tensor = convert(tensor.view(), DType::f32);
  constexpr std::int64_t kOnnxFloat = 1, kOnnxHalf = 10, kOnnxDouble = 11, kOnnxBFloat16 = 16;
  for (Node& node : graph.nodes) {
    if (node.op != "Cast" || !node.domain.empty()) continue;
    const std::int64_t to = node.integer("to", kOnnxFloat);
    if (to == kOnnxHalf || to == kOnnxDouble || to == kOnnxBFloat16)
      node.set("to", std::int64_t{kOnnxFloat});
  }
  std::vector<Node> casts;
  const auto cast = [&](const std::string& from, const std::string& to, DType dtype) {
    Node node{"Cast", "", kCanterDomain, {from}, {to}, {}};
    node.set("dtype", static_cast<std::int64_t>(dtype));
    return node;
  };
  const auto rename = [&](const std::string& from, const std::string& to, bool outputs) {
    for (Node& node : graph.nodes)
      for (std::string& name : outputs ? node.outputs : node.inputs)
        if (name == from) name = to;
  };
  for (const ValueInfo& input : graph.inputs) {
    if (!is_narrow_float(input.dtype)) continue;
    rename(input.name, input.name + "/f32", false);
    casts.push_back(cast(input.name, input.name + "/f32", DType::f32));
  }
  for (const ValueInfo& output : graph.outputs) {
    if (!is_narrow_float(output.dtype)) continue;
    const std::string inner = output.name + "/inner";
    rename(output.name, inner, true);
    rename(output.name, inner, false);
    graph.nodes.push_back(cast(inner, output.name, output.dtype));
  }
  graph.nodes.insert(graph.nodes.begin(), std::make_move_iterator(casts.begin()),
                     std::make_move_iterator(casts.end()));
}

class Compiler {
 public:
  Compiler(Graph graph, const CompileOptions& options)
      : graph_(std::move(graph)), options_(options) {}

  Result<Model> compile() {
    CANTER_TRY(validate(graph_));
    CANTER_TRY(lift_constants(graph_));
    make_floats_uniform(graph_);
    CANTER_TRY(validate(graph_));
    drop_unread(graph_);
    CANTER_TRY(check_operators());
    CANTER_TRY(fold_constants());
    if (options_.optimise) {
      optimise(graph_, options_.precision);
      CANTER_TRY(fold_constants());
    }
    drop_unread(graph_);
    CANTER_TRY(build());
    return ModelAccess::make(std::move(program_));
  }

 private:
  const OperatorFactory* find(const Node& node) const {
    if (options_.operators != nullptr)
      if (const auto* found = options_.operators->find(node.domain, node.op)) return found;
    return builtin_operators().find(node.domain, node.op);
  }

  int opset_of(const Node& node) const {
    if (node.domain.empty() || node.domain == kCanterDomain) return graph_.opset;
    const auto found = graph_.custom_opsets.find(node.domain);
    return found == graph_.custom_opsets.end() ? 1 : found->second;
  }

  // All missing operators at once, so that nobody fixes a network one node at a time.
  Result<void> check_operators() const {
    std::string missing;
    std::set<std::pair<std::string, std::string>> named;
    for (const Node& node : graph_.nodes) {
      if (find(node) != nullptr || !named.insert({node.domain, node.op}).second) continue;
      if (!missing.empty()) missing += "; ";
      missing += describe(node) + " of opset " + std::to_string(opset_of(node));
      if (!node.domain.empty()) missing += " of domain '" + node.domain + "'";
    }
    if (missing.empty()) return {};
    std::string list = builtin_operators().list();
    if (options_.operators != nullptr && options_.operators->size() != 0)
      list += ", and of the host " + options_.operators->list();
    return Error{ErrorCode::unsupported, "no such operator: " + missing + ". There are: " + list};
  }

  struct Made {
    std::unique_ptr<Operator> op;
    std::uint64_t consumed = 0;
    std::size_t weight_bytes = 0;
  };

  Result<Made> make_operator(const Node& node) const {
    std::vector<const Tensor*> constants;
    for (const std::string& input : node.inputs) {
      const auto found = graph_.initialisers.find(input);
      constants.push_back(found == graph_.initialisers.end() ? nullptr : &found->second);
    }
    NodeContext context(node, opset_of(node), options_, constants);
    auto op = (*find(node))(context);
    if (!op) return Error{op.error().code, describe(node) + ": " + op.error().message};
    Made made{std::move(op).value(), 0, context.weight_bytes()};
    for (int i = 0; i < context.num_inputs() && i < 64; ++i)
      if (context.consumed(i)) made.consumed |= std::uint64_t{1} << i;
    return made;
  }

  bool reads_constants_only(const Node& node) const {
    return std::ranges::all_of(node.inputs, [&](const std::string& input) {
      return input.empty() || graph_.initialisers.contains(input);
    });
  }

  Result<void> fold_constants() {
    std::vector<Node> kept;
    for (Node& node : graph_.nodes) {
      if (!reads_constants_only(node)) {
        kept.push_back(std::move(node));
        continue;
      }
      auto folded = fold(node);
      if (!folded) return folded.error();
      if (!*folded) kept.push_back(std::move(node));
    }
    graph_.nodes = std::move(kept);
    return {};
  }

  // False where the result is too large to keep.
  Result<bool> fold(const Node& node) {
    auto made = make_operator(node);
    if (!made) return made.error();
    std::vector<ConstTensorView> inputs;
    const auto present = std::make_unique<bool[]>(node.inputs.size() + 1);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      present[i] = !node.inputs[i].empty();
      inputs.push_back(present[i] ? graph_.initialisers.at(node.inputs[i]).view()
                                  : ConstTensorView());
      // An empty constant is known, too.
      static constexpr std::byte kNothing{};
      if (present[i] && inputs.back().data == nullptr) inputs.back().data = &kNothing;
    }
    const auto wanted = std::make_unique<bool[]>(node.outputs.size() + 1);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) wanted[i] = !node.outputs[i].empty();
    auto results = evaluate(*made->op, inputs, {present.get(), node.inputs.size()},
                            {wanted.get(), node.outputs.size()},
                            std::min(kMostFoldedBytes, options_.max_memory_bytes));
    if (!results && results.error().code == ErrorCode::limit) return false;
    if (!results)
      return Error{results.error().code, describe(node) + ": " + results.error().message};
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (wanted[i]) graph_.initialisers[node.outputs[i]] = std::move((*results)[i]);
    return true;
  }

  // ---- the program

  Result<void> build() {
    program_ = std::make_shared<Program>();
    program_->precision = options_.precision;
    program_->max_memory_bytes = options_.max_memory_bytes;
    for (const ValueInfo& input : graph_.inputs)
      program_->input_values.push_back(value_of(input.name));
    readers_ = count_readers(graph_);
    for (const Node& node : graph_.nodes)
      if (const auto added = add_step(node); !added) return added;
    for (const ValueInfo& output : graph_.outputs)
      program_->output_values.push_back(value_of(output.name));
    keep_constants();
    program_->inputs = std::move(graph_.inputs);
    program_->outputs = std::move(graph_.outputs);
    return {};
  }

  int value_of(const std::string& name) {
    const auto [found, is_new] = indices_.emplace(name, static_cast<int>(program_->values.size()));
    if (is_new) program_->values.push_back({name, false, {}});
    return found->second;
  }

  std::int64_t parameters_of(const Node& node) const {
    std::int64_t count = 0;
    for (const std::string& input : node.inputs)
      if (const auto found = graph_.initialisers.find(input);
          found != graph_.initialisers.end() && found->second.dtype() == DType::f32)
        count += found->second.shape().num_elements();
    return count;
  }

  Result<void> add_step(const Node& node) {
    auto made = make_operator(node);
    if (!made) return made.error();
    ProgramStep step;
    step.op = std::move(made->op);
    step.place = describe(node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const bool consumed = i < 64 && (made->consumed >> i & 1) != 0;
      step.present.push_back(!node.inputs[i].empty());
      step.inputs.push_back(consumed || node.inputs[i].empty() ? -1 : value_of(node.inputs[i]));
    }
    for (const std::string& output : node.outputs)
      step.outputs.push_back(output.empty() ? -1 : value_of(output));
    program_->layers.push_back({node.name.empty() ? node.outputs[0] : node.name, node.op,
                                parameters_of(node), made->weight_bytes});
    program_->weight_bytes += made->weight_bytes;
    program_->steps.push_back(std::move(step));
    let_go(node, made->consumed);
    return {};
  }

  // Constants that the last of their readers has packed go at once, so that a network is never kept
  // twice.
  void let_go(const Node& node, std::uint64_t consumed) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto readers = readers_.find(node.inputs[i]);
      if (readers == readers_.end() || --readers->second > 0) continue;
      const bool packed = i < 64 && (consumed >> i & 1) != 0;
      if (packed && !indices_.contains(node.inputs[i])) graph_.initialisers.erase(node.inputs[i]);
    }
  }

  // The tensor where the model's memory is to be.
  Tensor in_memory(Tensor tensor) const {
    if (options_.memory == std::pmr::get_default_resource()) return tensor;
    Tensor moved = Tensor::make(tensor.dtype(), tensor.shape(), options_.memory).value();
    std::ranges::copy(tensor.bytes(), moved.bytes().begin());
    return moved;
  }

  // Constants that operators have packed are let go.
  void keep_constants() {
    for (ProgramValue& value : program_->values) {
      const auto found = graph_.initialisers.find(value.name);
      if (found == graph_.initialisers.end()) continue;
      value.constant = true;
      value.tensor = in_memory(std::move(found->second));
      program_->weight_bytes += value.tensor.size_bytes();
    }
  }

  Graph graph_;
  const CompileOptions& options_;
  std::shared_ptr<Program> program_;
  std::map<std::string, int> indices_;
  std::map<std::string, int> readers_;  ///< that are still to come
};

}  // namespace

namespace detail {

Result<std::vector<Tensor>> evaluate(const Operator& op, std::span<const ConstTensorView> inputs,
                                     std::span<const bool> present, std::span<const bool> wanted,
                                     std::size_t max_bytes) {
  PlanContext context(inputs, present, wanted);
  if (const auto planned = plan_step(op, context); !planned) return planned.error();
  return evaluate_planned(op, context, inputs, max_bytes);
}

}  // namespace detail

Result<Model> compile(Graph graph, const CompileOptions& options) {
  return Compiler(std::move(graph), options).compile();
}

}  // namespace canter::nn
