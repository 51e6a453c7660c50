#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "canter/nn/model.h"

namespace canter::test {

/// Runs a network on the recorded inputs of its folder and compares with the recorded outputs.
struct CaseResult {
  int cases = 0;
  double worst = 0.0;  ///< |got - expected| / (atol + rtol |expected|); passes up to 1
  double max_abs_error = 0.0;
  std::string worst_output;
};

/// @param folder  one of ../shared/data/models; fails the test where something cannot run
CaseResult run_reference_cases(const nn::Model& model, const std::filesystem::path& folder);

}  // namespace canter::test
