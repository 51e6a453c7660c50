#pragma once

#include <string>
#include <vector>

#include "canter/base/result.h"
#include "viewer/state.h"

namespace canter::viewer {

/// What outlives the window.
struct Settings {
  ViewSettings view;  ///< its switches and numbers only
  std::string quality = "auto";
  float budget_us = 2000.0f;
  std::vector<std::string> folders;           ///< that the clip list shows
  bool hint_seen = false;                     ///< the first-run hint was dismissed
  std::vector<std::string> doctor_dismissed;  ///< files whose Import Doctor was closed

  bool operator==(const Settings&) const = default;
};

/// $XDG_CONFIG_HOME/canter/viewer.json, else below ~/.config; empty without a home.
std::string default_settings_path();

/// Absent file or value: the default; numbers are kept within their range. Errors: a file that is
/// no JSON.
Result<Settings> read_settings(const std::string& path);
/// Through a temporary file, so that a full disk leaves the old settings.
Result<void> write_settings(const std::string& path, const Settings& settings);

}  // namespace canter::viewer
