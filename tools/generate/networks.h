#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "canter/nn/graph.h"

/// The networks `canter model bench` and tests/bench/compare_peers are run on: the shapes of
/// character animation with random weights.
namespace canter::generate {

struct Network {
  std::string name;
  std::string description;
  nn::Graph graph;
};

/// The same for the same seed on every machine.
std::vector<Network> make_networks(std::uint32_t seed = 1);

}  // namespace canter::generate
