#pragma once

#include <string>

#include "canter/nn/graph.h"
#include "canter/nn/model.h"

namespace CLI {
class App;
}

/// `canter model`: one file per subcommand, and what they share.
namespace canter::tools {

/// Reads a network of any format. Ends the command where that fails.
/// @param arch  architecture file for weights without a graph; empty: none
nn::Graph load_graph(const std::string& file, const std::string& arch);

/// Compiles with the precision of this name; the command ends where it cannot.
nn::Model compile_model(nn::Graph graph, const std::string& file, const std::string& precision);

// Called once by add_model.
void add_model_bench(CLI::App& model);
void add_model_run(CLI::App& model);

}  // namespace canter::tools
