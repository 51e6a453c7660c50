// canter model: networks of any format.

#include "model.h"

#include <CLI/CLI.hpp>

#include "command.h"

namespace canter::tools {

void add_model(CLI::App& app) {
  CLI::App* model = app.add_subcommand("model", "Networks: what is in them, proof, use, speed");
  model->require_subcommand(1);
  add_model_bench(*model);
  add_model_convert(*model);
  add_model_info(*model);
  add_model_run(*model);
  add_model_verify(*model);
}

}  // namespace canter::tools
