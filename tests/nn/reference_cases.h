#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "canter/nn/architecture.h"
#include "canter/nn/model.h"

namespace canter::test {

/// Runs a network on the recorded inputs of its folder and compares with the recorded outputs.
struct CaseResult {
  int cases = 0;
  /// Largest |got - expected| / (atol + rtol |expected|); passes up to 1. NaN counts as infinite.
  double worst = 0.0;
  double max_abs_error = 0.0;
  std::string worst_output;
};

/// |got - expected| <= atol + rtol |expected|, for every element.
struct Tolerance {
  double atol = 0.0;
  double rtol = 0.0;
};

/// @param folder     one of ../shared/data/models; fails the test where something cannot run
/// @param tolerance  default: the folder's own
CaseResult run_reference_cases(const nn::Model& model, const std::filesystem::path& folder,
                               std::optional<Tolerance> tolerance = {});

/// A network from its safetensors and its architecture file (architecture_of); fails the test where
/// it cannot be made.
/// @param models  ../shared/data/models
nn::Architecture read_network(const std::filesystem::path& models, const std::string& network);

/// What the folder's info.json says.
nlohmann::json reference_info(const std::filesystem::path& folder);

}  // namespace canter::test
