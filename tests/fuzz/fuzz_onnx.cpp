// Any bytes as an ONNX file: refused with a message, or a network that compiles and runs without
// harm.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "canter/nn/model.h"
#include "canter/nn/onnx.h"

namespace {

using namespace canter::nn;

// Enough for the seeds, little enough that absurd shapes are refused at once.
constexpr std::size_t kMemory = std::size_t{1} << 22;
constexpr std::int64_t kMostMultiplies = 1 << 24;

void run_once(const Model& model, std::int64_t extent) {
  std::vector<canter::nn::Shape> shapes;
  for (const ValueInfo& input : model.inputs()) {
    Shape shape;
    for (const Dim& dim : input.dims) shape.push_back(dim.dynamic() ? extent : dim.size);
    shapes.push_back(shape);
  }
  Workspace workspace(model);
  if (!workspace.prepare(shapes).ok()) return;
  // Large weights over many positions only cost time.
  const auto work = static_cast<std::int64_t>(workspace.memory_bytes() + 1) *
                    static_cast<std::int64_t>(model.weight_bytes() + 1);
  if (work < kMostMultiplies) (void)run(workspace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const canter::Result<Graph> graph = read_onnx(std::as_bytes(std::span(data, size)), "fuzz");
  if (!graph.ok()) return 0;
  (void)write_onnx(*graph);
  for (const bool reference : {false, true}) {
    CompileOptions options;
    options.reference = reference;
    options.optimise = !reference;
    options.max_memory_bytes = kMemory;
    const canter::Result<Model> model = compile(*graph, options);
    if (!model.ok()) return 0;
    for (const std::int64_t extent : {1, 3}) run_once(*model, extent);
  }
  return 0;
}
