#pragma once

#include <string>
#include <vector>

namespace canter::test {

/// Folders of ../shared/data/models that hold a network.
std::vector<std::string> network_names();

/// The architecture file of one of them.
std::string architecture_of(const std::string& network);

}  // namespace canter::test
