#include "arrays.h"

#include "canter/nn/weights.h"
#include "command.h"

namespace canter::tools {

std::map<std::string, std::string> named_files(const std::vector<std::string>& arguments,
                                               const std::string& option) {
  std::map<std::string, std::string> files;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      throw bad_call(option + " " + argument + "; expected NAME=FILE.npy");
    if (!files.emplace(argument.substr(0, equals), argument.substr(equals + 1)).second)
      throw bad_call(option + " " + argument.substr(0, equals) + " is there twice");
  }
  return files;
}

nn::Tensor read_array(const std::string& path) {
  nn::WeightFile file = require(nn::read_npy(read_file(path), path));
  return std::move(file.tensors.begin()->second);
}

}  // namespace canter::tools
