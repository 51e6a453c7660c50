#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canter/import/import.h"

/// What was done to a file after it was read, so that it can be done again: the Import Doctor's
/// fixes in their order.
namespace canter::importer {

struct Recipe {
  std::optional<float> unit_m;     ///< metres per file unit instead of the guess
  std::vector<std::string> fixes;  ///< codes of findings, in the order their fixes were applied

  bool operator==(const Recipe&) const = default;
};

/// Where the recipe of a motion file lies: beside it, as "<file>.recipe.json".
std::string recipe_path(std::string_view motion_path);

/// JSON: {"canter_recipe": 1, "unit_m": 0.01, "fixes": ["floating"]}.
std::string write_recipe(const Recipe& recipe);
/// @param name  for messages. Errors: no such JSON, another version, a unit that is not above 0.
Result<Recipe> parse_recipe(std::string_view text, std::string_view name);
/// Errors also: the file cannot be read.
Result<Recipe> load_recipe(const std::string& path);

/// Applies the fixes in order. Errors name the fix that the scene has no use for; those before it
/// are applied.
Result<void> apply_recipe(Scene& scene, const Recipe& recipe);

/// load_file() with the recipe's unit, then its fixes.
Result<Scene> load_with_recipe(const std::string& path, const Recipe& recipe);

}  // namespace canter::importer
