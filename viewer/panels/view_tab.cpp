#include <algorithm>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"
#include "viewer/view_table.h"

namespace canter::viewer::panels {
namespace {

void numbers_of(const ui::Context& c, const ViewFlag& flag) {
  static const ViewSettings kDefault;
  for (const ViewNumber& n : view_numbers()) {
    if (n.used_by != flag.value) continue;
    const std::string id = std::string("view.") + n.name;
    const ui::NumberRange range{n.low, n.high, kDefault.*n.value, n.unit, n.decimals};
    if (const auto value =
            ui::slider(c, {id.c_str(), n.label, n.tip}, c.state.view.*n.value, range))
      c.commands.push_back(command::SetNumber{n.value, *value});
  }
}

}  // namespace

void view_tab(const ui::Context& c) {
  static const ViewSettings kDefault;
  ui::heading(c, "In the view");
  for (const ViewFlag& flag : view_flags()) {
    const std::string id = std::string("view.") + flag.name;
    if (const auto value = ui::toggle(c, {id.c_str(), flag.label, flag.tip},
                                      c.state.view.*flag.value, kDefault.*flag.value))
      c.commands.push_back(command::SetFlag{flag.value, *value});
    if (c.state.view.*flag.value) numbers_of(c, flag);
  }
  ui::heading(c, "Drawing");
  constexpr const char* kQualities[] = {"auto", "low", "medium", "high", "ultra"};
  const auto chosen =
      std::find(std::begin(kQualities), std::end(kQualities), c.state.quality_wanted);
  const int index =
      chosen == std::end(kQualities) ? 0 : static_cast<int>(chosen - std::begin(kQualities));
  if (const auto value = ui::choice(
          c, {"view.quality", "Quality", "Multisampling and how fine shadows are; auto measures"},
          kQualities, index, 0))
    c.commands.push_back(command::SetQuality{kQualities[*value]});
  ui::paragraph(c, c.state.renderer + (c.state.quality_wanted == c.state.quality
                                           ? std::string()
                                           : ", now " + c.state.quality));
  ui::heading(c, "Import Doctor");
  if (const auto value =
          ui::toggle(c,
                     {"view.doctor_opens", "Opens by itself",
                      "Its card opens with a file that has something to fix, until it is closed "
                      "for that file"},
                     c.state.view.doctor_opens, kDefault.doctor_opens))
    c.commands.push_back(command::SetFlag{&ViewSettings::doctor_opens, *value});
  ui::heading(c, "Budget");
  if (const auto value = ui::slider(
          c, {"view.budget", "Per frame", "What a host grants the simulation of a frame"},
          c.state.budget_us / 1000.0f,
          {kMinBudget_us / 1000.0f, kMaxBudget_us / 1000.0f, kDefaultBudget_us / 1000.0f, "ms", 1}))
    c.commands.push_back(command::SetBudget{*value * 1000.0f});
}

}  // namespace canter::viewer::panels
