#include "viewer/model_document.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "canter/nn/network.h"

namespace canter::viewer {
namespace {

constexpr int kTimedRuns = 41;
/// Extents that change, tried in turn; the first is the batch's.
constexpr std::array<std::int64_t, 4> kExtents = {1, 7, 32, 128};

Result<std::vector<std::byte>> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::io, path + ": cannot open"};
  const std::vector<char> text((std::istreambuf_iterator<char>(in)),
                               std::istreambuf_iterator<char>());
  std::vector<std::byte> bytes(text.size());
  std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

std::string architecture_beside(const std::string& path) {
  std::ifstream in(std::filesystem::path(path).replace_extension(".json"), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<ModelDocument::Value> values(const std::vector<nn::ValueInfo>& infos) {
  std::vector<ModelDocument::Value> list;
  for (const nn::ValueInfo& info : infos) list.push_back({info.name, info.shape_text()});
  return list;
}

/// Plans for one example and the smallest other extents that the network takes.
Result<void> plan(nn::Workspace& workspace) {
  Result<void> planned = Error{ErrorCode::bad_value, "no input"};
  for (const std::int64_t other : kExtents) {
    std::vector<nn::Shape> shapes;
    for (const nn::ValueInfo& input : workspace.model().inputs()) {
      nn::Shape shape;
      for (const nn::Dim& dim : input.dims) {
        const bool batch = dim.symbol.empty() ? &dim == input.dims.data() : dim.symbol == "batch";
        shape.push_back(!dim.dynamic() ? dim.size : batch ? 1 : other);
      }
      shapes.push_back(shape);
    }
    planned = workspace.prepare(shapes);
    if (planned) break;
  }
  return planned;
}

float median(std::vector<std::int64_t>& ns) {
  const auto middle = ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2);
  std::ranges::nth_element(ns, middle);
  return static_cast<float>(*middle) * 1e-3f;
}

/// Zeros go in: times hardly depend on values, and indices of 0 are in every table.
Result<void> time_layers(nn::Workspace& workspace, ModelDocument& document) {
  using Clock = std::chrono::steady_clock;
  if (Result<void> planned = plan(workspace); !planned) return planned;
  std::vector<std::vector<std::int64_t>> layers(document.layers.size());
  std::vector<std::int64_t> whole;
  for (int n = 0; n < kTimedRuns; ++n) {
    workspace.set_timing(false);
    const auto start = Clock::now();
    if (Result<void> ran = nn::run(workspace); !ran) return ran;
    whole.push_back(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
    workspace.set_timing(true);
    if (Result<void> ran = nn::run(workspace); !ran) return ran;
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].push_back(workspace.layer_ns()[i]);
  }
  for (std::size_t i = 0; i < layers.size(); ++i) document.layers[i].us = median(layers[i]);
  document.total_us = median(whole);
  document.workspace_bytes = workspace.memory_bytes();
  return {};
}

Result<void> look_into(nn::Network network, ModelDocument& document) {
  document.format = network.format;
  document.precision = nn::precision_name(network.precision);
  document.inputs = values(network.graph.inputs);
  document.outputs = values(network.graph.outputs);
  document.summary = nn::summarise(network.graph);
  document.notes = std::move(network.notes);
  nn::CompileOptions options;
  options.precision = network.precision;
  Result<nn::Model> model = nn::compile(std::move(network.graph), options);
  if (!model) return model.error();
  document.weight_bytes = model->weight_bytes();
  for (const nn::LayerInfo& layer : model->layers())
    document.layers.push_back({layer.name, layer.op, layer.parameters, layer.weight_bytes, 0.0f});
  nn::Workspace workspace(*model);
  return time_layers(workspace, document);
}

Result<void> replay_passport(std::span<const std::byte> bytes, ModelDocument& document) {
  Result<nn::ModelFile> file = nn::read_model_file(bytes, document.path);
  if (!file) return file.error();
  const auto source = file->provenance.find("source");
  if (source != file->provenance.end()) document.source = source->second;
  if (!file->passport) return {};
  Result<nn::Verification> done = nn::verify(*file);
  if (!done) return done.error();
  document.verification = std::move(*done);
  return {};
}

}  // namespace

bool is_model_path(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  for (const char* known : {".onnx", ".safetensors", ".npz", ".pt", ".pth"})
    if (extension == known) return true;
  return false;
}

Result<ModelDocumentPtr> load_model_document(const std::string& path) {
  const Result<std::vector<std::byte>> bytes = read_file(path);
  if (!bytes) return bytes.error();
  auto document = std::make_shared<ModelDocument>();
  document->path = path;
  document->title = std::filesystem::path(path).filename().string();
  Result<nn::Network> network = nn::load_network(*bytes, path);
  if (!network && network.error().code == ErrorCode::unsupported)
    if (const std::string beside = architecture_beside(path); !beside.empty())
      network = nn::load_network(*bytes, path, beside,
                                 std::filesystem::path(path).replace_extension(".json").string());
  if (!network) return network.error();
  const auto named = [&](const Error& error) {
    return Error{error.code, path + ": " + error.message};
  };
  if (Result<void> looked = look_into(std::move(*network), *document); !looked)
    return named(looked.error());
  if (document->format == "canter")
    if (Result<void> replayed = replay_passport(*bytes, *document); !replayed)
      return named(replayed.error());
  return ModelDocumentPtr(std::move(document));
}

}  // namespace canter::viewer
