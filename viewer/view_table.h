#pragma once

#include <span>

#include "viewer/state.h"

namespace canter::viewer {

/// A switch of the view: one table for the View tab, the settings file and scripts.
struct ViewFlag {
  const char* name;  ///< in files and scripts; widgets are "view.<name>"
  const char* label;
  const char* tip;
  bool ViewSettings::*value;
};
std::span<const ViewFlag> view_flags();

/// A number of the view.
struct ViewNumber {
  const char* name;
  const char* label;
  const char* tip;
  float ViewSettings::*value;
  float low, high;
  const char* unit;
  int decimals;
  bool ViewSettings::*used_by;  ///< the switch it belongs to
};
std::span<const ViewNumber> view_numbers();

}  // namespace canter::viewer
