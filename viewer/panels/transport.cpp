#include <algorithm>
#include <cmath>
#include <cstdio>

#include "viewer/panels/panels.h"
#include "viewer/timeline.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

/// A finding of the eye: how far along the clip a time is.
float fraction(const Timeline& p, double time_s) {
  return p.duration_s > 0.0 ? static_cast<float>(time_s / p.duration_s) : 0.0f;
}

std::string clock(double time_s) {
  const int minutes = static_cast<int>(time_s / 60.0);
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%06.3f", minutes, time_s - 60.0 * minutes);
  return text;
}

/// One speed of the row of buttons.
void speed_button(const ui::Context& c, const char* id, const char* label, float speed) {
  const bool active = std::abs(std::abs(c.state.timeline.speed) - speed) < 1e-4f;
  if (ui::text_button(c, id, label,
                      "Speed as a factor of the recorded one (keys 1 to 5, R reverses)", active))
    c.commands.push_back(command::SetSpeed{c.state.timeline.speed < 0.0f ? -speed : speed});
  ImGui::SameLine(0.0f, c.px(2.0f));
}

void controls(const ui::Context& c, const ui::Rect& area) {
  const Timeline& p = c.state.timeline;
  ImGui::SetCursorScreenPos(ImVec2(area.min.x + c.px(16.0f), area.min.y + c.px(6.0f)));
  const auto button = [&](const char* id, ui::Icon icon, const char* tip, const Command& command,
                          bool active = false) {
    if (ui::icon_button(c, id, icon, tip, active)) c.commands.push_back(command);
    ImGui::SameLine(0.0f, c.px(4.0f));
  };
  button("transport.first", ui::Icon::first, "To the in point (Home)", command::Seek{p.in_s});
  button("transport.previous", ui::Icon::previous, "One frame back (Left; with Shift ten)",
         command::StepFrames{-1});
  button("transport.play", p.playing ? ui::Icon::pause : ui::Icon::play, "Play or pause (Space)",
         command::TogglePlay{}, p.playing);
  button("transport.next", ui::Icon::next, "One frame on (Right; with Shift ten)",
         command::StepFrames{1});
  button("transport.last", ui::Icon::last, "To the out point (End)", command::Seek{p.out_s});
  ImGui::SameLine(0.0f, c.px(12.0f));
  button("transport.loop", ui::Icon::loop, "Loop (L)", command::SetLoop{!p.loop}, p.loop);
  ImGui::SameLine(0.0f, c.px(12.0f));
  speed_button(c, "transport.speed_10", "0.1", 0.1f);
  speed_button(c, "transport.speed_25", "0.25", 0.25f);
  speed_button(c, "transport.speed_50", "0.5", 0.5f);
  speed_button(c, "transport.speed_100", "1", 1.0f);
  speed_button(c, "transport.speed_200", "2", 2.0f);
  if (p.speed < 0.0f) {
    ImGui::SameLine(0.0f, c.px(8.0f));
    if (ui::text_button(c, "transport.reverse", "reversed", "Play forwards again (R)", true))
      c.commands.push_back(command::SetSpeed{-p.speed});
  }

  // Time and frame at the right end, where they do not move.
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ImFont* large = c.fonts.large_number;
  ImFont* number = c.fonts.number;
  const float base = area.min.y + c.px(20.0f);
  float x = area.max.x - c.px(16.0f);
  char text[64];
  std::snprintf(text, sizeof text, "frame %d / %d", current_frame(p),
                std::max(p.num_frames - 1, 0));
  ui::text_at(draw, number, ImVec2(x, base - 0.5f * number->FontSize), theme::kQuiet, text, 1.0f);
  x -= c.px(176.0f);
  const std::string total = " / " + clock(p.duration_s);
  ui::text_at(draw, number, ImVec2(x, base - 0.5f * number->FontSize), theme::kQuiet, total, 1.0f);
  x -= number->CalcTextSizeA(number->FontSize, 1e9f, 0.0f, total.c_str()).x;
  ui::text_at(draw, large, ImVec2(x, base - 0.5f * large->FontSize - c.px(1.0f)), theme::kText,
              clock(p.time_s), 1.0f);
}

/// The axis all tracks share: ticks, in and out point.
void ruler(const ui::Context& c, const ui::Rect& axis, ImDrawList& draw) {
  const Timeline& p = c.state.timeline;
  draw.AddRectFilled(axis.min, axis.max, theme::kRaised, c.px(theme::kRound));
  if (p.duration_s > 0.0 && (p.in_s > 0.0 || p.out_s < p.duration_s)) {
    const float in = axis.min.x + fraction(p, p.in_s) * axis.width();
    const float out = axis.min.x + fraction(p, p.out_s) * axis.width();
    draw.AddRectFilled(ImVec2(in, axis.min.y), ImVec2(out, axis.max.y),
                       theme::with_alpha(theme::kAccent, 0.12f));
    for (const float x : {in, out})
      draw.AddRectFilled(ImVec2(x - 1.0f, axis.min.y), ImVec2(x + 1.0f, axis.max.y),
                         theme::with_alpha(theme::kAccent, 0.7f));
  }
  if (p.duration_s <= 0.0) return;
  // As many labels as have 80 px each.
  const double step_s = static_cast<double>(plot::nice_ceiling(
      static_cast<float>(p.duration_s) * c.px(80.0f) / std::max(axis.width(), 1.0f)));
  for (double t = 0.0; t <= p.duration_s; t += step_s) {
    const float x = std::round(axis.min.x + fraction(p, t) * axis.width());
    draw.AddLine(ImVec2(x, axis.max.y - c.px(6.0f)), ImVec2(x, axis.max.y), theme::kFaint);
    char text[24];
    std::snprintf(text, sizeof text, step_s < 0.1 ? "%.2f" : "%.1f", t);
    if (x + c.px(32.0f) < axis.max.x)
      ui::text_at(draw, c.fonts.small_number, ImVec2(x + c.px(4.0f), axis.min.y + c.px(5.0f)),
                  theme::kQuiet, text);
  }
}

void speed_track(const ui::Context& c, const ui::Rect& axis, const ui::Rect& label,
                 ImDrawList& draw, const DocumentClip& clip) {
  const std::vector<float>& speed = clip.tracks.root_speed_m_s;
  const float highest = speed.empty() ? 0.0f : *std::max_element(speed.begin(), speed.end());
  const plot::Range range{0.0f, plot::nice_ceiling(std::max(highest, 0.1f))};
  draw.AddRectFilled(axis.min, axis.max, theme::kRaised, c.px(theme::kRound));
  const ui::Rect inside{{axis.min.x, axis.min.y + c.px(3.0f)},
                        {axis.max.x, axis.max.y - c.px(2.0f)}};
  plot::curve(draw, inside, speed, range, theme::kReference, c.px(1.5f), true);
  const auto frame = static_cast<std::size_t>(current_frame(c.state.timeline));
  char text[32];
  std::snprintf(text, sizeof text, "%.2f m/s",
                static_cast<double>(frame < speed.size() ? speed[frame] : 0.0f));
  ui::text_at(draw, c.fonts.small_number,
              ImVec2(label.max.x - c.px(8.0f),
                     label.min.y + 0.5f * (label.height() - c.fonts.small_number->FontSize)),
              theme::kText, text, 1.0f);
}

/// Bars where a foot stands: the left foot above, the right below.
void contact_track(const ui::Context& c, const ui::Rect& axis, ImDrawList& draw,
                   const ContactTrack& contacts) {
  draw.AddRectFilled(axis.min, axis.max, theme::kRaised, c.px(theme::kRound));
  if (c.state.timeline.duration_s <= 0.0) return;
  const float half = 0.5f * axis.height();
  const auto x_of = [&](float time_s) {
    return axis.min.x + fraction(c.state.timeline, static_cast<double>(time_s)) * axis.width();
  };
  for (const FootContacts& foot : contacts.feet) {
    const bool right = foot.points.side == Side::right;
    const float y = axis.min.y + (right ? half : 0.0f);
    for (const ContactInterval& interval : foot.any) {
      const float start = x_of(interval.start_s);
      const float end = std::max(x_of(interval.end_s), start + 1.0f);
      draw.AddRectFilled(ImVec2(start, y + c.px(2.0f)), ImVec2(end, y + half - c.px(2.0f)),
                         theme::with_alpha(right ? theme::kRight : theme::kLeft, 0.85f),
                         c.px(2.0f));
    }
  }
}

/// "L R" beside the contact track, each lit while its foot stands.
void contact_label(const ui::Context& c, const ui::Rect& label, ImDrawList& draw,
                   const ContactTrack& contacts) {
  const float time_s = static_cast<float>(c.state.timeline.time_s);
  ImFont* font = c.fonts.small_number;
  const float y = label.min.y + 0.5f * (label.height() - font->FontSize);
  for (const FootContacts& foot : contacts.feet) {
    const bool right = foot.points.side == Side::right;
    const theme::Color lit = right ? theme::kRight : theme::kLeft;
    ui::text_at(draw, font, ImVec2(label.max.x - c.px(right ? 8.0f : 24.0f), y),
                in_contact(foot.any, time_s) ? lit : theme::kFaint, right ? "R" : "L", 1.0f);
  }
}

bool has_feet(const DocumentClip& clip) {
  return !clip.tracks.contacts.feet.empty();
}

}  // namespace

int num_tracks(const State& state) {
  const DocumentClip* clip = state.clip();
  if (clip == nullptr) return 0;
  return has_feet(*clip) ? 3 : 2;
}

void transport(const ui::Context& c, const ui::Rect& area) {
  ui::begin_panel(c, "transport", area, 0.0f, 0.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddLine(ImVec2(area.min.x, area.min.y + 0.5f), ImVec2(area.max.x, area.min.y + 0.5f),
               theme::kLine);
  controls(c, area);
  const DocumentClip* clip = c.state.clip();
  if (clip == nullptr) {
    ui::end_panel();
    return;
  }

  const float row = c.px(theme::kTrackRow);
  const float left = area.min.x + c.px(16.0f + theme::kTrackLabel);
  const float right = area.max.x - c.px(16.0f);
  float y = area.min.y + c.px(theme::kTransportRow);
  const float top = y;
  const auto next_track = [&](const char* name) {
    const ui::Rect label{{area.min.x + c.px(16.0f), y}, {left, y + row}};
    ui::text_at(draw, c.fonts.small,
                ImVec2(label.min.x, y + 0.5f * (row - c.fonts.small->FontSize)), theme::kQuiet,
                name);
    y += row;
    return label;
  };
  const auto axis_of = [&](const ui::Rect& label) {
    return ui::Rect{{left, label.min.y + c.px(2.0f)}, {right, label.max.y - c.px(2.0f)}};
  };
  const ui::Rect time_label = next_track("time, s");
  ruler(c, axis_of(time_label), draw);
  if (has_feet(*clip)) {
    const ui::Rect label = next_track("contacts");
    contact_track(c, axis_of(label), draw, clip->tracks.contacts);
    contact_label(c, label, draw, clip->tracks.contacts);
  }
  const ui::Rect speed_label = next_track("speed");
  speed_track(c, axis_of(speed_label), speed_label, draw, *clip);

  // One cursor over all tracks; dragging anywhere on them moves it.
  const ui::Rect all{{left, top}, {right, y}};
  plot::cursor(draw, all, fraction(c.state.timeline, c.state.timeline.time_s), theme::kAccent,
               c.px(2.0f));
  ImGui::SetCursorScreenPos(all.min);
  ImGui::InvisibleButton("transport.scrub",
                         ImVec2(std::max(all.width(), 1.0f), std::max(all.height(), 1.0f)));
  ui::mark(c, "transport.scrub", nullptr);
  if (ImGui::IsItemActive() && all.width() > 1.0f) {
    const float at = std::clamp((ImGui::GetIO().MousePos.x - left) / all.width(), 0.0f, 1.0f);
    c.commands.push_back(command::Seek{static_cast<double>(at) * c.state.timeline.duration_s});
  }
  ui::end_panel();
}

}  // namespace canter::viewer::panels
