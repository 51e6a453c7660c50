// canter model info: what a network consists of.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "canter/nn/summary.h"
#include "command.h"
#include "load_model.h"
#include "model.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string file, arch;
  bool tensors = false, json = false;
};

Json shape_json(const nn::ValueInfo& info) {
  Json shape = Json::array();
  for (const nn::Dim& dim : info.dims)
    if (!dim.dynamic())
      shape.push_back(dim.size);
    else if (dim.symbol.empty())
      shape.push_back(-1);
    else
      shape.push_back(dim.symbol);
  return shape;
}

Json values_json(const std::vector<nn::ValueInfo>& values) {
  Json list = Json::array();
  for (const nn::ValueInfo& value : values)
    list.push_back({{"name", value.name},
                    {"dtype", nn::dtype_name(value.dtype)},
                    {"shape", shape_json(value)}});
  return list;
}

// What is to be told: the file as it is, and its graph if there is one.
struct Report {
  nn::ModelSource source;
  std::optional<nn::Graph> graph;
  nn::Summary summary;
};

Report look_into(const Arguments& a) {
  Report report;
  report.source = load_any(a.file, a.arch);
  nn::ModelSource& source = report.source;
  if (source.architecture.empty()) {
    report.summary = nn::summarise(source.tensors);
    return report;
  }
  nn::Architecture made = require(
      nn::read_architecture(source.architecture, source.tensors, a.arch.empty() ? a.file : a.arch));
  for (const std::string& name : made.unused)
    source.notes.push_back("no layer uses tensor '" + name + "'");
  report.summary = nn::summarise(made.graph);
  report.graph = std::move(made.graph);
  return report;
}

Json passport_json(const nn::ModelSource& source) {
  if (!source.passport) return nullptr;
  return {{"cases", source.passport->cases.size()},
          {"layers", source.passport->layers.size()},
          {"precision", nn::precision_name(source.precision)},
          {"max_abs_error", source.passport->max_abs_error()}};
}

Json tensors_json(const nn::TensorMap& tensors) {
  Json list = Json::array();
  for (const auto& [name, tensor] : tensors)
    list.push_back({{"name", name},
                    {"dtype", nn::dtype_name(tensor.dtype())},
                    {"shape", tensor.shape().dims()}});
  return list;
}

void print_json(const Report& report) {
  const auto& [source, graph, summary] = report;
  Json out;
  out["format"] = source.format;
  out["operators"] = Json::array();
  for (const auto& [name, count] : summary.operators) out["operators"].push_back(name);
  out["inputs"] = graph ? values_json(graph->inputs) : Json::array();
  out["outputs"] = graph ? values_json(graph->outputs) : Json::array();
  out["parameters"] = summary.parameters;
  out["parameters_without_biases"] = summary.parameters_without_biases;
  out["passport"] = passport_json(source);
  out["has_graph"] = graph.has_value();
  if (graph) {
    out["opset"] = graph->opset;
    out["producer"] = graph->producer;
    out["nodes"] = graph->nodes.size();
    out["operator_counts"] = summary.operators;
  }
  out["precision"] = nn::precision_name(source.precision);
  out["provenance"] = source.provenance;
  out["tensors"] = tensors_json(source.tensors);
  out["notes"] = source.notes;
  fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_graph(const nn::Graph& graph, const nn::Summary& summary) {
  for (const nn::ValueInfo& input : graph.inputs)
    fmt::print("  input       {} {} {}\n", input.name, nn::dtype_name(input.dtype),
               input.shape_text());
  for (const nn::ValueInfo& output : graph.outputs)
    fmt::print("  output      {} {} {}\n", output.name, nn::dtype_name(output.dtype),
               output.shape_text());
  std::string operators;
  for (const auto& [name, count] : summary.operators)
    operators += fmt::format("{}{} {}", operators.empty() ? "" : ", ", count, name);
  fmt::print("  operators   {}\n", operators);
}

void print_text(const Arguments& a, const Report& report) {
  const auto& [source, graph, summary] = report;
  fmt::print("{}\n  format      {}{}\n", a.file, source.format,
             graph ? "" : ", weights without a graph");
  if (graph) print_graph(*graph, summary);
  fmt::print("  parameters  {}, {} without biases, in {} tensors\n", summary.parameters,
             summary.parameters_without_biases, source.tensors.size());
  if (source.passport)
    fmt::print("  passport    {} cases, {} layers, {} with an error of {:.3g}\n",
               source.passport->cases.size(), source.passport->layers.size(),
               nn::precision_name(source.precision), source.passport->max_abs_error());
  for (const auto& [key, text] : source.provenance) fmt::print("  {:<13} {}\n", key, text);
  if (a.tensors || !graph)
    for (const auto& [name, tensor] : source.tensors)
      fmt::print("  tensor      {} {} {}\n", name, nn::dtype_name(tensor.dtype()),
                 tensor.shape().text());
  for (const std::string& note : source.notes) fmt::print("  note        {}\n", note);
}

void info(const Arguments& a) {
  const Report report = look_into(a);
  if (a.json)
    print_json(report);
  else
    print_text(a, report);
}

}  // namespace

void add_model_info(CLI::App& model) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command = model.add_subcommand("info", "What is in a network's file");
  command->add_option("FILE", a->file, "ONNX, safetensors, .npz, .npy or PyTorch's .pt")
      ->required();
  command->add_option("--arch", a->arch, "Architecture file, for weights without a graph");
  command->add_flag("--tensors", a->tensors, "Lists the tensors too");
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { info(*a); });
}

}  // namespace canter::tools
