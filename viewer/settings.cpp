#include "viewer/settings.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "viewer/view_table.h"

namespace canter::viewer {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

template <class T>
void read(const json& object, const char* name, T& value) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  try {
    value = found->get<T>();
  } catch (const json::exception&) {
    // A value of another type is as good as none.
  }
}

}  // namespace

std::string default_settings_path() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/')
    return (fs::path(config) / "canter" / "viewer.json").string();
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return (fs::path(home) / ".config" / "canter" / "viewer.json").string();
}

Result<Settings> read_settings(const std::string& path) {
  Settings settings;
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return settings;
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object())
    return Error{ErrorCode::bad_format, path + ": expected a JSON object; the defaults are used"};
  const json view = object.value("view", json::object());
  if (view.is_object()) {
    for (const ViewFlag& flag : view_flags()) read(view, flag.name, settings.view.*flag.value);
    for (const ViewNumber& n : view_numbers()) {
      float& value = settings.view.*n.value;
      read(view, n.name, value);
      value = std::clamp(value, n.low, n.high);
    }
  }
  read(object, "quality", settings.quality);
  read(object, "budget_us", settings.budget_us);
  settings.budget_us = std::clamp(settings.budget_us, kMinBudget_us, kMaxBudget_us);
  read(object, "folders", settings.folders);
  read(object, "hint_seen", settings.hint_seen);
  read(object, "doctor_opens", settings.view.doctor_opens);
  read(object, "doctor_dismissed", settings.doctor_dismissed);
  return settings;
}

Result<void> write_settings(const std::string& path, const Settings& settings) {
  nlohmann::ordered_json object;
  for (const ViewFlag& flag : view_flags()) object["view"][flag.name] = settings.view.*flag.value;
  for (const ViewNumber& n : view_numbers()) object["view"][n.name] = settings.view.*n.value;
  object["quality"] = settings.quality;
  object["budget_us"] = settings.budget_us;
  object["folders"] = settings.folders;
  object["hint_seen"] = settings.hint_seen;
  object["doctor_opens"] = settings.view.doctor_opens;
  object["doctor_dismissed"] = settings.doctor_dismissed;

  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const std::string temporary = path + ".new";
  errno = 0;
  std::ofstream out(temporary, std::ios::binary);
  out << object.dump(2) << '\n';
  out.close();
  if (out) fs::rename(temporary, path, error);
  if (out && !error) return {};
  const std::string why = error ? error.message() : std::strerror(errno);
  fs::remove(temporary, error);
  return Error{ErrorCode::io, path + ": settings cannot be saved: " + why};
}

}  // namespace canter::viewer
