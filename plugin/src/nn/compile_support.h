#pragma once

#include <map>
#include <string>

#include "canter/nn/graph.h"
#include "canter/nn/model.h"

namespace canter::nn::detail {

/// How often each value is read; outputs of the graph count too.
std::map<std::string, int> count_readers(const Graph& graph);

/// Drops nodes and initialisers that nothing reads, and names of outputs that nothing reads.
void drop_unread(Graph& graph);

}  // namespace canter::nn::detail
