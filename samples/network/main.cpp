// Runs a network with a layer of our own in it. See README.md.
#include <canter/nn/onnx.h>
#include <canter/nn/operator.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace nn = canter::nn;

namespace {

// y = x / |row|, for a matrix x: a layer that ONNX does not have.
class UnitRows : public nn::Operator {
 public:
  canter::Result<void> plan(nn::PlanContext& context) const override {
    const nn::Shape& shape = context.shape(0);
    if (shape.rank() != 2)
      return canter::Error{canter::ErrorCode::bad_value,
                           "expected a matrix, found " + shape.text()};
    context.set_output(0, nn::DType::f32, shape);
    return {};
  }

  canter::Result<void> run(const nn::RunContext& context) const override {
    const nn::Shape& shape = context.input(0).shape;
    const float* x = context.input(0).as<float>().data();
    float* y = context.output(0).as<float>().data();
    for (std::int64_t row = 0; row < shape[0]; ++row, x += shape[1], y += shape[1]) {
      float squares = 0.0f;
      for (std::int64_t i = 0; i < shape[1]; ++i) squares += x[i] * x[i];
      const float scale = squares > 0.0f ? 1.0f / std::sqrt(squares) : 0.0f;
      for (std::int64_t i = 0; i < shape[1]; ++i) y[i] = x[i] * scale;
    }
    return {};
  }
};

// What an exporter writes for a module with a custom layer: a node of a domain of its own.
nn::Graph example_graph() {
  nn::Graph graph;
  graph.inputs = {{"x", nn::DType::f32, {{-1, "batch"}, {2, ""}}}};
  graph.outputs = {{"y", nn::DType::f32, {{-1, "batch"}, {2, ""}}}};
  graph.initialisers["w"] = nn::Tensor::of<float>({2, 2}, {3.0f, 0.0f, 4.0f, 0.5f});
  graph.nodes = {{"MatMul", "layer", "", {"x", "w"}, {"z"}, {}},
                 {"UnitRows", "unit", "my.own", {"z"}, {"y"}, {}}};
  return graph;
}

canter::Result<nn::Graph> load(const char* path) {
  // The file's pages are looked at where they are; Canter keeps nothing of them.
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  if (file < 0 || fstat(file, &about) != 0 || about.st_size <= 0)
    return canter::Error{canter::ErrorCode::io, std::string("cannot read ") + path};
  const auto size = static_cast<std::size_t>(about.st_size);
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED)
    return canter::Error{canter::ErrorCode::io, std::string("cannot read ") + path};
  auto graph = nn::read_onnx({static_cast<const std::byte*>(bytes), size}, path);
  munmap(bytes, size);
  return graph;
}

canter::Result<void> show(nn::Graph graph) {
  nn::OperatorSet own;
  own.add("my.own", "UnitRows",
          [](nn::NodeContext&) -> canter::Result<std::unique_ptr<nn::Operator>> {
            return std::unique_ptr<nn::Operator>(std::make_unique<UnitRows>());
          });
  nn::CompileOptions options;
  options.operators = &own;
  const canter::Result<nn::Model> model = nn::compile(std::move(graph), options);
  if (!model) return model.error();

  // Dynamic extents are 1 here; every f32 input is filled with ones.
  std::vector<nn::Shape> shapes;
  for (const nn::ValueInfo& input : model->inputs()) {
    nn::Shape shape;
    for (const nn::Dim& dim : input.dims) shape.push_back(dim.dynamic() ? 1 : dim.size);
    shapes.push_back(shape);
  }
  nn::Workspace workspace(*model);
  if (const auto planned = workspace.prepare(shapes); !planned) return planned;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (const nn::TensorView x = workspace.input(static_cast<int>(i)); x.dtype == nn::DType::f32)
      for (float& value : x.as<float>()) value = 1.0f;
  if (const auto ran = nn::run(workspace); !ran) return ran;

  for (std::size_t i = 0; i < model->outputs().size(); ++i) {
    const nn::ConstTensorView y = workspace.output(static_cast<int>(i));
    std::printf("%s %s", model->outputs()[i].name.c_str(), y.shape.text().c_str());
    if (y.dtype == nn::DType::f32)
      for (std::size_t k = 0; k < y.num_elements() && k < 8; ++k)
        std::printf(" %.6f", static_cast<double>(y.as<float>()[k]));
    std::printf("\n");
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) return std::fprintf(stderr, "usage: network [FILE.onnx]\n"), 2;
  canter::Result<nn::Graph> graph = argc == 2 ? load(argv[1]) : example_graph();
  if (!graph) return std::fprintf(stderr, "network: %s\n", graph.error().message.c_str()), 1;
  const canter::Result<void> shown = show(std::move(graph).value());
  if (!shown) return std::fprintf(stderr, "network: %s\n", shown.error().message.c_str()), 1;
  return 0;
}
