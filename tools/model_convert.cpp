// canter model convert: any readable network as one file of Canter's, with a passport.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "arrays.h"
#include "command.h"
#include "load_model.h"
#include "model.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string in, out, arch, precision;
  std::vector<std::string> inputs, expected;
  bool json = false;
};

// A file converted again keeps where it first came from.
nn::TextMap provenance_of(const Arguments& a, const nn::ModelSource& source) {
  if (!source.provenance.empty()) return source.provenance;
  return {{"source", std::filesystem::path(a.in).filename().string()},
          {"source_format", source.format},
          {"made_by", "canter 0.1.0"}};
}

std::map<std::string, nn::Tensor> read_arrays(const std::vector<std::string>& arguments,
                                              const std::string& option) {
  std::map<std::string, nn::Tensor> arrays;
  for (const auto& [name, file] : named_files(arguments, "model convert: " + option))
    arrays.emplace(name, read_array(file));
  return arrays;
}

// What PyTorch computed, if it was given.
std::vector<nn::Recording> recordings_of(const Arguments& a) {
  if (a.inputs.empty() != a.expected.empty())
    throw bad_call("model convert: --input and --expect belong together");
  if (a.inputs.empty()) return {};
  nn::Recording recording;
  recording.outputs = read_arrays(a.expected, "--expect");
  recording.inputs = read_arrays(a.inputs, "--input");
  return {recording};
}

void convert(const Arguments& a) {
  if (std::filesystem::path(a.out).extension() != ".safetensors")
    throw bad_call(a.out + ": cannot write this format; expected .safetensors");
  nn::ModelSource source = load_any(a.in, a.arch);
  if (source.architecture.empty())
    throw bad_data(a.in + ": holds weights without a graph (" + source.format +
                   "); describe it with --arch (docs/architecture_file.md), or export the network "
                   "with torch.onnx.export");
  nn::ConvertOptions options;
  options.architecture_source = a.arch.empty() ? a.in : a.arch;
  options.passport.recordings = recordings_of(a);
  options.precision = precision_named(a.precision, source.precision);
  options.provenance = provenance_of(a, source);
  const Result<nn::ModelFile> made =
      nn::make_model_file(source.architecture, std::move(source.tensors), options);
  if (!made) throw bad_data(made.error().message);
  const std::vector<std::byte> bytes = nn::write_model_file(*made);
  write_file(a.out, bytes);
  const double error = made->passport->max_abs_error();
  if (a.json) {
    Json out;
    out["bytes"] = bytes.size();
    out["max_abs_error"] = error;
    out["precision"] = nn::precision_name(options.precision);
    out["notes"] = source.notes;
    fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {}, {} bytes, largest error against f32 {:.3g}\n", a.out,
             nn::precision_name(options.precision), bytes.size(), error);
  for (const std::string& note : source.notes) fmt::print("  note  {}\n", note);
}

}  // namespace

void add_model_convert(CLI::App& model) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command = model.add_subcommand(
      "convert", "One file with weights, architecture, normalisers and a passport");
  command->add_option("IN", a->in, "ONNX, safetensors, .npz or PyTorch's .pt")->required();
  command->add_option("OUT", a->out, "The .safetensors to write")->required();
  command->add_option("--arch", a->arch, "Architecture file, for weights without a graph");
  command->add_option("--precision", a->precision, "f32, f16, bf16 or i8; f32 unless given");
  command->add_option("--input", a->inputs, "NAME=X.npy: an input for which --expect is known");
  command->add_option("--expect", a->expected,
                      "NAME=Y.npy: what PyTorch computed; the conversion fails where it differs");
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { convert(*a); });
}

}  // namespace canter::tools
