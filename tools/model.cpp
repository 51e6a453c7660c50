// canter model: networks of any format.

#include "model.h"

#include <CLI/CLI.hpp>

#include "canter/nn/onnx.h"
#include "canter/nn/weights.h"
#include "command.h"

namespace canter::tools {

nn::Graph load_graph(const std::string& file, const std::string& arch) {
  const std::vector<std::byte> bytes = read_file(file);
  if (nn::file_kind(bytes) == nn::FileKind::unknown) {
    if (!arch.empty()) throw bad_call(file + ": an ONNX file needs no --arch");
    return require(nn::read_onnx(bytes, file));
  }
  throw bad_data(file + ": holds weights without a graph; export the network to ONNX");
}

nn::Model compile_model(nn::Graph graph, const std::string& file, const std::string& precision) {
  nn::CompileOptions options;
  const auto chosen = nn::precision_from(precision);
  if (!chosen) throw bad_call("--precision: " + chosen.error().message);
  options.precision = *chosen;
  auto model = nn::compile(std::move(graph), options);
  if (!model) throw bad_data(file + ": " + model.error().message);
  return std::move(model).value();
}

void add_model(CLI::App& app) {
  CLI::App* model = app.add_subcommand("model", "Networks: run and measure");
  model->require_subcommand(1);
  add_model_bench(*model);
  add_model_run(*model);
}

}  // namespace canter::tools
