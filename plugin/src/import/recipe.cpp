#include "canter/import/recipe.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "canter/import/doctor.h"

namespace canter::importer {
namespace {

using nlohmann::json;

constexpr const char* kVersionKey = "canter_recipe";
constexpr int kVersion = 1;
constexpr std::size_t kMaxBytes = 1 << 20;

Error fault(std::string_view name, const std::string& what) {
  return Error{ErrorCode::bad_format, std::string(name) + ": " + what};
}

}  // namespace

std::string recipe_path(std::string_view motion_path) {
  return std::string(motion_path) + ".recipe.json";
}

std::string write_recipe(const Recipe& recipe) {
  nlohmann::ordered_json object;
  object[kVersionKey] = kVersion;
  if (recipe.unit_m.has_value()) object["unit_m"] = *recipe.unit_m;
  object["fixes"] = recipe.fixes;
  return object.dump(2) + "\n";
}

Result<Recipe> parse_recipe(std::string_view text, std::string_view name) {
  if (text.size() > kMaxBytes) return fault(name, "a recipe of more than a megabyte");
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object() || !object.contains(kVersionKey))
    return fault(name, "expected a recipe: a JSON object with \"canter_recipe\"");
  if (object[kVersionKey] != kVersion)
    return fault(name, "a recipe of version " + object[kVersionKey].dump() + ", expected 1");
  Recipe recipe;
  if (const auto unit = object.find("unit_m"); unit != object.end()) {
    const double value = unit->is_number() ? unit->get<double>() : 0.0;
    if (!(value > 0.0) || !std::isfinite(static_cast<float>(value)))
      return fault(name, "\"unit_m\" is " + unit->dump() + ", expected a number above 0");
    recipe.unit_m = static_cast<float>(value);
  }
  const json fixes = object.value("fixes", json::array());
  if (!fixes.is_array()) return fault(name, "\"fixes\" is no list");
  for (const json& fix : fixes) {
    if (!fix.is_string()) return fault(name, "the fix " + fix.dump() + " is no text");
    recipe.fixes.push_back(fix.get<std::string>());
  }
  return recipe;
}

Result<Recipe> load_recipe(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad())
    return Error{ErrorCode::io, path + ": cannot read the recipe: " + std::strerror(errno)};
  return parse_recipe(text, path);
}

Result<void> apply_recipe(Scene& scene, const Recipe& recipe) {
  for (const std::string& fix : recipe.fixes)
    if (Result<void> applied = apply_fix(scene, fix); !applied) return applied;
  return {};
}

Result<Scene> load_with_recipe(const std::string& path, const Recipe& recipe) {
  Options options;
  options.unit_m = recipe.unit_m;
  Result<Scene> scene = load_file(path, options);
  if (!scene) return scene;
  if (Result<void> applied = apply_recipe(*scene, recipe); !applied)
    return Error{applied.error().code, path + ": recipe: " + applied.error().message};
  return scene;
}

}  // namespace canter::importer
