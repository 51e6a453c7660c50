#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "viewer/joint_labels.h"
#include "viewer/ui/ui.h"

/// The panels: plain functions over const state that emit commands. Each in a file of its name.
namespace canter::viewer::panels {

/// What plays, on what, and the frame's cost against its budget.
void top_bar(const ui::Context& c, const ui::Rect& area);
/// The files that are or can be opened.
void clip_list(const ui::Context& c, const ui::Rect& area);
/// One open tab about what is on stage.
void inspector(const ui::Context& c, const ui::Rect& area);
/// Controls of time, and tracks that share one time axis and one cursor.
void transport(const ui::Context& c, const ui::Rect& area);
/// What went wrong or needs saying, over the view.
void notices(const ui::Context& c, const ui::Rect& view);
/// What to do first, where nothing is open.
void welcome(const ui::Context& c, const ui::Rect& view);
/// What the import noticed, with the fixes as buttons.
void doctor(const ui::Context& c, const ui::Rect& view);
/// How much of the view's width its card covers, at the right; 0 while it is closed.
float doctor_card(const State& state, const ui::Rect& view);
/// Where the time of a frame goes, stage by stage, over the view's corner; where it ends.
void instruments(const ui::Context& c, const ui::Rect& view);
/// How much of the view's width that covers, at the left; 0 while it is off.
float instruments_card(const State& state, const ui::Rect& view);
/// What hands need to know first, until it is dismissed.
void hint(const ui::Context& c, const ui::Rect& view);
/// Names beside the joints, behind the panels.
void joint_names(const ui::Context& c, std::span<const JointLabel> labels);
/// All keys.
void help(const ui::Context& c, const ui::Rect& view);

/// The tracks below the transport's controls; `area` is the whole transport.
void tracks(const ui::Context& c, const ui::Rect& area);
/// How well the loop closes, as a number beside the controls.
void seam_note(const ui::Context& c, ImVec2 at);
/// Rows of tracks the transport shows for what is on stage.
int num_tracks(const State& state);

/// The clips that are or can be opened, as a list to choose from; the path of the one clicked.
/// @param id      of the list; its rows are "id.NAME"
/// @param chosen  path of the one that is lit
std::optional<std::string> clip_choices(const ui::Context& c, const char* id,
                                        const std::string& chosen, const char* tip);

/// The tab of this name ("clip", "frame" …), if there is one.
std::optional<Tab> tab_named(std::string_view name);

// Tabs of the inspector.
void clip_tab(const ui::Context& c);
void compare_tab(const ui::Context& c);
void blend_tab(const ui::Context& c);
void body_tab(const ui::Context& c);
void phase_tab(const ui::Context& c);
void model_tab(const ui::Context& c);
void view_tab(const ui::Context& c);
void frame_tab(const ui::Context& c);

}  // namespace canter::viewer::panels
