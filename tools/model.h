#pragma once

namespace CLI {
class App;
}

/// `canter model`: one file per subcommand.
namespace canter::tools {

// Called once by add_model.
void add_model_bench(CLI::App& model);
void add_model_convert(CLI::App& model);
void add_model_info(CLI::App& model);
void add_model_run(CLI::App& model);
void add_model_verify(CLI::App& model);

}  // namespace canter::tools
