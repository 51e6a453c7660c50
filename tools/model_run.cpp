// canter model run: a network on arrays from files.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "arrays.h"
#include "canter/nn/weights.h"
#include "command.h"
#include "load_model.h"
#include "model.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string file, arch, output, precision;
  std::vector<std::string> inputs;
  bool json = false;
};

// The inputs in the model's order, of its types.
std::vector<nn::Tensor> read_inputs(const nn::Model& model, const Arguments& a) {
  auto files = named_files(a.inputs, "model run: --input");
  std::vector<nn::Tensor> tensors;
  for (const nn::ValueInfo& input : model.inputs()) {
    const auto found = files.find(input.name);
    if (found == files.end())
      throw bad_call(fmt::format("model run: no --input for '{}' {} of {}", input.name,
                                 input.shape_text(), nn::dtype_name(input.dtype)));
    nn::Tensor tensor = read_array(found->second);
    tensors.push_back(tensor.dtype() == input.dtype ? std::move(tensor)
                                                    : nn::convert(tensor.view(), input.dtype));
    files.erase(found);
  }
  if (!files.empty())
    throw bad_call(fmt::format("model run: {} has no input '{}'", a.file, files.begin()->first));
  return tensors;
}

// A name as a file name: what a path would read otherwise becomes '_'.
std::string file_name(const std::string& name) {
  std::string text = name.empty() ? "output" : name;
  for (char& c : text)
    if (c == '/' || c == '\\' || c == ':' || c == '\0') c = '_';
  if (text == "." || text == "..") text = "_";
  return text + ".npy";
}

void run_model(const Arguments& a) {
  nn::Workspace workspace(load_compiled(a.file, a.arch, a.precision));
  const nn::Model& model = workspace.model();
  const std::vector<nn::Tensor> inputs = read_inputs(model, a);
  std::vector<nn::ConstTensorView> views;
  for (const nn::Tensor& input : inputs) views.push_back(input.view());
  const auto fail = [&](const Error& error) { return bad_data(a.file + ": " + error.message); };
  // Twice: the first run plans and fills the caches.
  std::chrono::nanoseconds elapsed{};
  for (int n = 0; n < 2; ++n) {
    const auto start = std::chrono::steady_clock::now();
    if (const auto ran = nn::run(workspace, views); !ran) throw fail(ran.error());
    elapsed = std::chrono::steady_clock::now() - start;
  }
  std::filesystem::create_directories(a.output);
  Json outputs = Json::array();
  for (std::size_t i = 0; i < model.outputs().size(); ++i) {
    const nn::ConstTensorView output = workspace.output(static_cast<int>(i));
    const std::string path =
        (std::filesystem::path(a.output) / file_name(model.outputs()[i].name)).string();
    write_file(path, nn::write_npy(output));
    outputs.push_back({{"name", model.outputs()[i].name},
                       {"dtype", nn::dtype_name(output.dtype)},
                       {"shape", output.shape.dims()},
                       {"file", path}});
  }
  const double us = static_cast<double>(elapsed.count()) * 1e-3;
  if (a.json) {
    fmt::print("{}\n", Json({{"outputs", outputs}, {"us", us}})
                           .dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  for (const Json& output : outputs)
    fmt::print("{}  {}\n", output["name"].get<std::string>(), output["file"].get<std::string>());
  fmt::print("{:.1f} µs\n", us);
}

}  // namespace

void add_model_run(CLI::App& model) {
  auto a = std::make_shared<Arguments>();
  CLI::App* run = model.add_subcommand("run", "Runs a network on .npy files");
  run->add_option("file", a->file, "Network")->required();
  run->add_option("--arch", a->arch, "Architecture file, for weights without a graph");
  run->add_option("--input", a->inputs, "NAME=FILE.npy, once per input");
  run->add_option("--output", a->output, "Folder that takes NAME.npy per output")->required();
  run->add_option("--precision", a->precision,
                  "Weights as f32, f16, bf16 or i8; the file's own unless given");
  run->add_flag("--json", a->json, "One JSON object on stdout");
  run->callback([a] { run_model(*a); });
}

}  // namespace canter::tools
