#include "load_model.h"

#include "command.h"

namespace canter::tools {
namespace {

std::string read_architecture_text(const std::string& arch) {
  if (arch.empty()) return {};
  const std::vector<std::byte> bytes = read_file(arch);
  if (bytes.empty()) throw bad_data(arch + ": is empty");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

nn::ModelSource load_any(const std::string& file, const std::string& arch) {
  return require(nn::load_source(read_file(file), file, read_architecture_text(arch)));
}

nn::Model load_compiled(const std::string& file, const std::string& arch,
                        const std::string& precision) {
  nn::Network network =
      require(nn::load_network(read_file(file), file, read_architecture_text(arch), arch));
  nn::CompileOptions options;
  options.precision = precision_named(precision, network.precision);
  Result<nn::Model> model = nn::compile(std::move(network.graph), options);
  if (!model) throw bad_data(file + ": " + model.error().message);
  return std::move(*model);
}

nn::Precision precision_named(const std::string& name, nn::Precision otherwise) {
  if (name.empty()) return otherwise;
  const Result<nn::Precision> precision = nn::precision_from(name);
  if (!precision) throw bad_call("--precision: " + precision.error().message);
  return *precision;
}

}  // namespace canter::tools
