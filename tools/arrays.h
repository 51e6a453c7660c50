#pragma once

#include <map>
#include <string>
#include <vector>

#include "canter/nn/tensor.h"

namespace canter::tools {

/// NAME=FILE of every argument; a bad call where one is not, or a name comes twice.
/// @param option  "model run: --input", for messages
std::map<std::string, std::string> named_files(const std::vector<std::string>& arguments,
                                               const std::string& option);

/// The array of a .npy file.
nn::Tensor read_array(const std::string& path);

}  // namespace canter::tools
