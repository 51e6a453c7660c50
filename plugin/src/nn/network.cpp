#include "canter/nn/network.h"

#include "canter/nn/onnx.h"
#include "nn/file_notes.h"
#include "nn/printable.h"
#include "nn/quantised_file.h"

namespace canter::nn {
namespace {

using detail::named;

// ONNX has no magic: its writers begin with the field ir_version.
bool looks_like_onnx(std::span<const std::byte> bytes, std::string_view source) {
  if (file_kind(bytes) != FileKind::unknown) return false;
  return source.ends_with(".onnx") || (!bytes.empty() && bytes[0] == std::byte{0x08});
}

Error has_graph(std::string_view source) {
  return {ErrorCode::bad_value,
          std::string(source) + ": has its graph already; leave the architecture file out"};
}

Result<Graph> load_onnx(std::span<const std::byte> bytes, std::string_view source,
                        std::string_view architecture) {
  if (!architecture.empty()) return has_graph(source);
  Result<Graph> graph = read_onnx(bytes, source);
  if (!graph) return graph.error();
  if (const Result<void> valid = validate(*graph); !valid) return named(source, valid.error());
  return graph;
}

}  // namespace

Result<ModelSource> load_source(std::span<const std::byte> bytes, std::string_view source,
                                std::string_view architecture) {
  ModelSource made;
  if (looks_like_onnx(bytes, source)) {
    Result<Graph> graph = load_onnx(bytes, source, architecture);
    if (!graph) return graph.error();
    made.format = "onnx";
    made.architecture = write_architecture(*graph, made.tensors);
    made.tensors.merge(graph->initialisers);
    made.notes = notes_on(made.tensors);
    return made;
  }
  Result<WeightFile> weights = read_weights(bytes, source);
  if (!weights) return weights.error();
  made.notes = std::move(weights->notes);
  if (!is_model_file(*weights)) {
    made.format = weights->format;
    made.architecture = architecture;
    made.tensors = std::move(weights->tensors);
    return made;
  }
  if (!architecture.empty()) return has_graph(source);
  Result<ModelFile> file = read_model_file(std::move(*weights), source);
  if (!file) return file.error();
  made.format = "canter";
  made.architecture = std::move(file->architecture);
  made.tensors = std::move(file->tensors);
  if (const Result<void> widened = detail::dequantise(made.tensors); !widened)
    return detail::named(source, widened.error());
  made.precision = file->precision;
  made.provenance = std::move(file->provenance);
  made.passport = std::move(file->passport);
  return made;
}

Result<Network> load_network(std::span<const std::byte> bytes, std::string_view source,
                             std::string_view architecture, std::string_view architecture_source) {
  Network network;
  if (looks_like_onnx(bytes, source)) {
    Result<Graph> graph = load_onnx(bytes, source, architecture);
    if (!graph) return graph.error();
    network.format = "onnx";
    network.graph = std::move(*graph);
    network.notes = notes_on(network.graph.initialisers);
    return network;
  }
  Result<ModelSource> read = load_source(bytes, source, architecture);
  if (!read) return read.error();
  if (read->architecture.empty())
    return Error{ErrorCode::unsupported,
                 std::string(source) + ": holds weights without a graph (" + read->format +
                     "); describe it with an architecture file (docs/architecture_file.md), or "
                     "export the network with torch.onnx.export"};
  Result<Architecture> made =
      read_architecture(read->architecture, std::move(read->tensors),
                        architecture.empty() ? source : architecture_source);
  if (!made) return made.error();
  network.format = std::move(read->format);
  network.precision = read->precision;
  network.notes = std::move(read->notes);
  network.graph = std::move(made->graph);
  for (const std::string& name : made->unused)
    network.notes.push_back("no layer uses tensor " + detail::printable(name));
  return network;
}

}  // namespace canter::nn
