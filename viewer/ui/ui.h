#pragma once

#include <imgui.h>

#include <string>
#include <string_view>

#include "viewer/commands.h"
#include "viewer/ui/theme.h"
#include "viewer/ui/widgets.h"

/// The few widgets the panels are made of, on ImGui. Every widget has an id of the form
/// "panel.widget", unique in the window.
namespace canter::viewer::ui {

/// Where the panels lie and what they leave free.
struct Layout {
  Rect top, left, right, bottom;
  Rect view;  ///< what no panel covers
};
Layout layout(float width, float height, float scale, bool panels, int num_tracks);

/// What a panel is given: what is, how to ask for a change, how to draw.
struct Context {
  const State& state;
  Commands& commands;
  const theme::Fonts& fonts;
  Widgets& widgets;  ///< what this frame draws, by name
  float scale = 1.0f;

  float px(float design_pixels) const { return design_pixels * scale; }
};

/// A panel over the edge of the view: an ImGui window that cannot be moved. Ends with `end_panel`.
void begin_panel(const Context& c, const char* id, const Rect& rect, float padding_x,
                 float padding_y);
void end_panel();

enum class Icon { play, pause, first, last, previous, next, loop, close, up };

/// A square button with a drawn icon; `active` lights it.
bool icon_button(const Context& c, const char* id, Icon icon, const char* tooltip,
                 bool active = false);
/// A button with words, as wide as they need.
bool text_button(const Context& c, const char* id, const char* label, const char* tooltip,
                 bool active = false);
/// Gives the item ImGui just laid out a name that scripts can use, and its tooltip. Every control
/// calls this once. @param changed  whether its value differs from the default
void mark(const Context& c, std::string_view id, const char* tip, bool changed = false);

/// "label ……… value unit" over the whole width, the value in tabular figures, right-aligned.
void row(const Context& c, const char* label, const char* value, theme::Color color = theme::kText);
/// "before → after", or with a ">" where the font has no arrow.
std::string change(const Context& c, std::string_view before, std::string_view after);
/// A quiet heading with air above.
void heading(const Context& c, const char* text);
/// The text with line ends instead of blanks where it would be wider. A word that is wider itself
/// stays whole.
std::string wrapped(ImFont* font, std::string_view text, float width);
/// Text that wraps at the panel's width.
void paragraph(const Context& c, std::string_view text, theme::Color color = theme::kQuiet);

/// Text at a place, without layout. `align` 0: starts at x, 1: ends at x, 0.5: centred.
void text_at(ImDrawList& draw, ImFont* font, ImVec2 at, theme::Color color, std::string_view text,
             float align = 0.0f);
/// The text, shortened in the middle with "…" until it fits.
std::string fit(ImFont* font, std::string_view text, float width);

}  // namespace canter::viewer::ui
