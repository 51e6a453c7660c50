#include <algorithm>
#include <cmath>
#include <cstdio>

#include "viewer/panels/panels.h"
#include "viewer/timeline.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

/// One line of a track, a value per frame of the clip.
struct Curve {
  std::span<const float> values;
  theme::Color color;
};

/// A row of curves with a common scale.
struct CurveTrack {
  const char* id;
  const char* label;
  const char* unit;
  float factor;  ///< from the values' unit to the shown one
  int decimals;
  std::vector<Curve> curves;
};

/// How far along the clip a time is.
float fraction(const Timeline& p, double time_s) {
  return p.duration_s > 0.0 ? static_cast<float>(time_s / p.duration_s) : 0.0f;
}

theme::Color foot_color(const FootContacts& foot) {
  return foot.points.side == Side::right ? theme::kRight : theme::kLeft;
}

bool has_feet(const DocumentClip& clip) {
  return !clip.tracks.contacts.feet.empty();
}

std::vector<CurveTrack> curve_tracks(const State& state) {
  std::vector<CurveTrack> tracks;
  const DocumentClip* clip = state.clip();
  if (clip == nullptr) return tracks;
  if (has_feet(*clip)) {
    CurveTrack feet{"tracks.feet", "feet", "m/s", 1.0f, 2, {}};
    for (std::size_t i = 0; i < clip->tracks.contacts.feet.size(); ++i)
      feet.curves.push_back(
          {clip->tracks.foot_speed_m_s[i], foot_color(clip->tracks.contacts.feet[i])});
    tracks.push_back(std::move(feet));
  }
  tracks.push_back(
      {"tracks.root", "root", "m/s", 1.0f, 2, {{clip->tracks.root_speed_m_s, theme::kReference}}});
  if (!state.difference_m.empty())
    tracks.push_back({"tracks.difference",
                      "difference",
                      "cm",
                      100.0f,
                      1,
                      {{state.difference_m, theme::kSeries[3]}}});
  return tracks;
}

/// Colour of a loop's quality.
theme::Color seam_color(const LoopSeam& seam) {
  if (seam.gap_m < 0.005f && seam.kick_m_s < 1.5f * seam.usual_m_s + 0.1f) return theme::kFine;
  return seam.gap_m < 0.03f ? theme::kContact : theme::kOver;
}

/// What the rows of the transport are drawn with.
struct Rows {
  const ui::Context& c;
  ImDrawList& draw;
  ui::Rect all;   ///< the shared axis over all rows
  float label_x;  ///< where names begin
  float height;   ///< of a row
  float y;        ///< top of the next row

  /// The place of the next row's axis; its name is written at the left.
  ui::Rect next(const char* name) {
    const ui::Rect axis{{all.min.x, y + c.px(2.0f)}, {all.max.x, y + height - c.px(2.0f)}};
    ui::text_at(draw, c.fonts.small, ImVec2(label_x, y + 0.5f * (height - c.fonts.small->FontSize)),
                theme::kQuiet, name);
    draw.AddRectFilled(axis.min, axis.max, theme::kRaised, c.px(theme::kRound));
    y += height;
    return axis;
  }

  /// A value in the label column, `column` places from the right.
  void value(const ui::Rect& axis, int column, theme::Color color, const char* text) const {
    ImFont* font = c.fonts.small_number;
    ui::text_at(draw, font,
                ImVec2(all.min.x - c.px(8.0f) - c.px(46.0f) * static_cast<float>(column),
                       0.5f * (axis.min.y + axis.max.y - font->FontSize)),
                color, text, 1.0f);
  }

  float x_of(double time_s) const {
    return all.min.x + fraction(c.state.timeline, time_s) * all.width();
  }
};

/// The axis all tracks share: ticks, in and out point, how well the loop closes.
void ruler(Rows& rows, const DocumentClip& clip) {
  const ui::Context& c = rows.c;
  const Timeline& p = c.state.timeline;
  const ui::Rect axis = rows.next("time");
  rows.value(axis, 0, theme::kFaint, "s");
  ImDrawList& draw = rows.draw;
  if (p.duration_s <= 0.0) return;
  if (p.in_s > 0.0 || p.out_s < p.duration_s) {
    const float in = rows.x_of(p.in_s), out = rows.x_of(p.out_s);
    draw.AddRectFilled(ImVec2(in, axis.min.y), ImVec2(out, axis.max.y),
                       theme::with_alpha(theme::kAccent, 0.12f));
    for (const float x : {in, out})
      draw.AddRectFilled(ImVec2(x - 1.0f, axis.min.y), ImVec2(x + 1.0f, axis.max.y),
                         theme::with_alpha(theme::kAccent, 0.7f));
  }
  // As many labels as have 80 px each.
  const double step_s = static_cast<double>(plot::nice_ceiling(
      static_cast<float>(p.duration_s) * c.px(80.0f) / std::max(axis.width(), 1.0f)));
  const int decimals = plot::decimals_of(static_cast<float>(step_s));
  for (double t = 0.0; t <= p.duration_s; t += step_s) {
    const float x = std::round(rows.x_of(t));
    draw.AddLine(ImVec2(x, axis.max.y - c.px(6.0f)), ImVec2(x, axis.max.y), theme::kFaint);
    char text[24];
    std::snprintf(text, sizeof text, "%.*f", decimals, t);
    if (x + c.px(32.0f) < axis.max.x)
      ui::text_at(draw, c.fonts.small_number, ImVec2(x + c.px(4.0f), axis.min.y + c.px(5.0f)),
                  theme::kQuiet, text);
  }
  if (!p.loop || !clip.tracks.seam.measured) return;
  for (const float x : {axis.min.x, axis.max.x - c.px(3.0f)})
    draw.AddRectFilled(ImVec2(x, axis.min.y), ImVec2(x + c.px(3.0f), axis.max.y),
                       seam_color(clip.tracks.seam));
}

/// Bars where a foot stands, the left above; under each bar how much it slides there.
void contact_track(Rows& rows, const DocumentClip& clip) {
  const ui::Context& c = rows.c;
  const ui::Rect axis = rows.next("contacts");
  const float half = 0.5f * axis.height();
  const float time_s = static_cast<float>(c.state.timeline.time_s);
  const std::vector<FootContacts>& feet = clip.tracks.contacts.feet;
  for (std::size_t i = 0; i < feet.size(); ++i) {
    const bool right = feet[i].points.side == Side::right;
    const float y = axis.min.y + (right ? half : 0.0f);
    for (const ContactInterval& interval : feet[i].any) {
      const float start = rows.x_of(static_cast<double>(interval.start_s));
      const float end = std::max(rows.x_of(static_cast<double>(interval.end_s)), start + 1.0f);
      rows.draw.AddRectFilled(ImVec2(start, y + c.px(2.0f)), ImVec2(end, y + half - c.px(2.0f)),
                              theme::with_alpha(foot_color(feet[i]), 0.85f), c.px(2.0f));
    }
    // Slide of 30 cm/s and more is as red as it gets.
    constexpr float kFull_m_s = 0.3f;
    const std::vector<float>& slide = clip.tracks.foot_slide_by_frame_m_s[i];
    std::vector<float> amounts(
        std::min(slide.size(), static_cast<std::size_t>(std::max(axis.width(), 1.0f))));
    plot::heat(slide, kFull_m_s, amounts);
    const float cell = axis.width() / static_cast<float>(std::max<std::size_t>(amounts.size(), 1));
    for (std::size_t a = 0; a < amounts.size(); ++a) {
      if (amounts[a] < 0.05f) continue;
      const float x = axis.min.x + static_cast<float>(a) * cell;
      rows.draw.AddRectFilled(ImVec2(x, y + half - c.px(4.0f)), ImVec2(x + cell, y + half),
                              theme::with_alpha(theme::kOver, amounts[a]));
    }
    rows.value(axis, right ? 0 : 1,
               in_contact(feet[i].any, time_s) ? foot_color(feet[i]) : theme::kFaint,
               right ? "R" : "L");
  }
}

/// The row is there as soon as there is a network, so that nothing moves when its phases come.
bool has_phases(const State& state) {
  return state.phase.networks != nullptr && state.phase.error.empty();
}

/// The manifold's curves as heat, a strip per channel, the primary one above: bright where A sin is
/// greatest.
void phase_track(Rows& rows, float shown) {
  const ui::Context& c = rows.c;
  const ui::Rect axis = rows.next("phase");
  c.widgets.add({"tracks.phase", axis, true, false, axis});
  const PhasedClipPtr& clip = c.state.phase.clip;
  if (clip == nullptr) return;
  const phase::PhaseTrack& track = clip->phases->track;
  const float height = axis.height() / static_cast<float>(std::max(track.channels, 1));
  const float cell = c.px(3.0f);
  std::vector<float> amounts;
  for (int channel = 0, place = 1; channel < track.channels; ++channel) {
    const bool primary = channel == track.primary;
    const float top = axis.min.y + height * static_cast<float>(primary ? 0 : place++);
    const std::vector<float>& wave = clip->waves[static_cast<std::size_t>(channel)];
    amounts.resize(
        std::min(wave.size(), static_cast<std::size_t>(std::max(axis.width() / cell, 1.0f))));
    plot::heat(wave, 1.0f, amounts);
    plot::heat_strip(rows.draw, {{axis.min.x, top}, {axis.max.x, top + height - 1.0f}}, amounts);
  }
  const PhaseNow now = reading_at(track, static_cast<double>(shown) * c.state.timeline.duration_s);
  if (now.main() == nullptr) return;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", static_cast<double>(now.main()->phase));
  rows.value(axis, 0, theme::kReference, text);
  std::snprintf(text, sizeof text, "%.2f Hz", static_cast<double>(now.main()->frequency_hz));
  rows.value(axis, 1, theme::kFaint, text);
}

/// What hovering shows of a row, drawn when all rows are there.
struct RowMarks {
  ui::Rect area;
  plot::Range range;
  std::vector<plot::Mark> marks;
};

RowMarks curve_track(Rows& rows, const CurveTrack& track, float shown) {
  const ui::Context& c = rows.c;
  const ui::Rect axis = rows.next(track.label);
  float highest = 0.0f;
  for (const Curve& curve : track.curves)
    for (const float v : curve.values) highest = std::max(highest, v);
  const plot::Range range{0.0f, plot::nice_ceiling(std::max(highest, 0.01f))};
  const ui::Rect inside{{axis.min.x, axis.min.y + c.px(3.0f)},
                        {axis.max.x, axis.max.y - c.px(2.0f)}};
  RowMarks marks{inside, range, {}};
  for (std::size_t i = 0; i < track.curves.size(); ++i) {
    const Curve& curve = track.curves[i];
    plot::curve(rows.draw, inside, curve.values, range, curve.color, c.px(1.5f),
                track.curves.size() == 1);
    const float value = plot::value_at(curve.values, shown);
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", track.decimals,
                  static_cast<double>(value * track.factor));
    marks.marks.push_back({value, curve.color, text});
    rows.value(axis, static_cast<int>(track.curves.size() - 1 - i), curve.color, text);
  }
  ui::text_at(rows.draw, c.fonts.small_number,
              ImVec2(rows.label_x + c.px(72.0f),
                     0.5f * (axis.min.y + axis.max.y - c.fonts.small_number->FontSize)),
              theme::kFaint, track.unit, 1.0f);
  c.widgets.add({track.id, axis, true, false, axis});
  return marks;
}

/// When the clips blend, while what the blend bench made is on stage.
void transition(const Rows& rows) {
  const BlendState& blend = rows.c.state.blend;
  if (blend.result == nullptr || blend.placed == nullptr ||
      rows.c.state.document() != blend.placed.get())
    return;
  rows.draw.AddRectFilled(
      ImVec2(rows.x_of(static_cast<double>(blend.result->begin_s)), rows.all.min.y),
      ImVec2(rows.x_of(static_cast<double>(blend.result->end_s)), rows.all.max.y),
      theme::with_alpha(theme::kReference, 0.12f));
}

/// The item that takes the mouse over all tracks: drag to scrub, hover to read.
void scrub(const ui::Context& c, const ui::Rect& all) {
  ImGui::SetCursorScreenPos(all.min);
  ImGui::InvisibleButton("transport.scrub",
                         ImVec2(std::max(all.width(), 1.0f), std::max(all.height(), 1.0f)));
  const Timeline& p = c.state.timeline;
  c.widgets.add({"transport.scrub", all, true, false, all});
  if (all.width() <= 1.0f || p.duration_s <= 0.0) return;
  const float at = std::clamp((ImGui::GetIO().MousePos.x - all.min.x) / all.width(), 0.0f, 1.0f);
  const double time_s = static_cast<double>(at) * p.duration_s;
  if (ImGui::IsItemActive()) c.commands.push_back(command::Seek{time_s});
  if (ImGui::IsItemHovered()) c.commands.push_back(command::Hover{time_s});
}

}  // namespace

int num_tracks(const State& state) {
  const DocumentClip* clip = state.clip();
  if (clip == nullptr) return 0;
  return 1 + (has_feet(*clip) ? 1 : 0) + (has_phases(state) ? 1 : 0) +
         static_cast<int>(curve_tracks(state).size());
}

void seam_note(const ui::Context& c, ImVec2 at) {
  const DocumentClip* clip = c.state.clip();
  if (clip == nullptr || !clip->tracks.seam.measured || !c.state.timeline.loop) return;
  const LoopSeam& seam = clip->tracks.seam;
  char text[32];
  std::snprintf(text, sizeof text, "seam %.1f mm", static_cast<double>(seam.gap_m) * 1000.0);
  ImFont* font = c.fonts.small_number;
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0.0f, text);
  ui::text_at(*ImGui::GetWindowDrawList(), font, ImVec2(at.x, at.y - 0.5f * size.y),
              seam_color(seam), text);
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y - c.px(14.0f)));
  ImGui::InvisibleButton("transport.seam", ImVec2(size.x, c.px(28.0f)));
  char tip[384];
  std::snprintf(tip, sizeof tip,
                "How well the loop closes, the way over the floor taken out: the farthest a joint "
                "jumps from the last frame to the first. Its velocity changes by %.2f m/s there, "
                "elsewhere from frame to frame by %.2f m/s. Green: below 5 mm and no harder than "
                "elsewhere. Yellow: below 30 mm.",
                static_cast<double>(seam.kick_m_s), static_cast<double>(seam.usual_m_s));
  ui::mark(c, "transport.seam", tip);
}

void tracks(const ui::Context& c, const ui::Rect& area) {
  const DocumentClip* clip = c.state.clip();
  if (clip == nullptr) return;
  const Timeline& p = c.state.timeline;
  const float height = c.px(theme::kTrackRow);
  const float top = area.min.y + c.px(theme::kTransportRow);
  const ui::Rect all{
      {area.min.x + c.px(16.0f + theme::kTrackLabel), top},
      {area.max.x - c.px(16.0f), top + height * static_cast<float>(num_tracks(c.state))}};
  scrub(c, all);
  Rows rows{c, *ImGui::GetWindowDrawList(), all, area.min.x + c.px(16.0f), height, top};
  const bool hovered = c.state.hover_s.has_value();
  const float shown = fraction(p, c.state.hover_s.value_or(p.time_s));
  ruler(rows, *clip);
  if (has_feet(*clip)) contact_track(rows, *clip);
  if (has_phases(c.state)) phase_track(rows, shown);
  std::vector<RowMarks> marks;
  for (const CurveTrack& track : curve_tracks(c.state))
    marks.push_back(curve_track(rows, track, shown));
  transition(rows);
  // One cursor over all tracks, and a thin one where the mouse reads them.
  if (hovered)
    plot::cursor(rows.draw, all, shown, theme::with_alpha(theme::kText, 0.4f), c.px(1.0f));
  plot::cursor(rows.draw, all, fraction(p, p.time_s), theme::kAccent, c.px(2.0f));
  if (!hovered) return;
  for (const RowMarks& row : marks)
    plot::value_marks(rows.draw, c.fonts.small_number, row.area, shown, row.marks, row.range);
}

}  // namespace canter::viewer::panels
