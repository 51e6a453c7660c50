#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "viewer/panels/panels.h"
#include "viewer/ui/controls.h"
#include "viewer/ui/plot.h"

namespace canter::viewer::panels {
namespace {

/// What is shown has the colour of what is live, what it is held against that of references.
constexpr theme::Color kShown = theme::kAccent, kBeside = theme::kReference;
constexpr theme::Color kFeet[2] = {theme::kLeft, theme::kRight};

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

/// A channel of a reading of a clip with so many; the frame network has the primary one alone.
const phase::ChannelPhase* channel_of(const PhaseNow& now, const phase::PhaseTrack& track,
                                      int channel) {
  if (static_cast<int>(now.channels.size()) == track.channels && now.main() != nullptr)
    return &now.channels[static_cast<std::size_t>(channel)];
  return channel == track.primary ? now.main() : nullptr;
}

/// The amplitude that fills a channel's dial: its greatest, unless it hardly moves beside others.
float full_of(const PhasedClip& clip, int channel) {
  constexpr int kLooks = 256;
  constexpr float kLeast = 0.15f;
  const phase::PhaseTrack& track = clip.phases->track;
  float full = kLeast * clip.full_amplitude;
  for (int f = 0; f < track.frames(); f += std::max(1, track.frames() / kLooks))
    full = std::max(full, track.at(f, channel).amplitude);
  return full;
}

/// Its length on a dial: of what fills it; a confidence as it is.
plot::Hand hand_of(const phase::ChannelPhase& channel, const PhaseNow& now, float full,
                   theme::Color color) {
  const float amplitude =
      now.mode == phase::Mode::frame ? channel.amplitude : channel.amplitude / full;
  return {channel.phase, std::clamp(amplitude, 0.0f, 1.0f), color,
          std::max(kArc_s * channel.frequency_hz, 0.0f)};
}

/// When feet strike, by a channel's phase.
std::vector<plot::Tick> ticks_of(const PhasedClip& clip, int channel) {
  std::vector<plot::Tick> ticks;
  for (std::size_t foot = 0; foot < 2; ++foot)
    for (const PhasedClip::Mark& mark : clip.marks[foot])
      ticks.push_back({mark.channels[static_cast<std::size_t>(channel)].phase, kFeet[foot]});
  return ticks;
}

/// One dial in a square; dragging it scrubs.
void dial(const ui::Context& c, ImVec2 corner, float side, int channel) {
  const PhasePanel& panel = c.state.phase;
  const phase::ClipPhases& clip = *panel.clip->phases;
  const ImVec2 middle(corner.x + 0.5f * side, corner.y + 0.5f * side);
  std::vector<plot::Hand> hands;
  const float full = full_of(*panel.clip, channel);
  const phase::ChannelPhase* shown = channel_of(panel.shown, clip.track, channel);
  if (const auto* beside = channel_of(panel.beside, clip.track, channel); beside != nullptr)
    hands.push_back(hand_of(*beside, panel.beside, full, kBeside));
  if (shown != nullptr) hands.push_back(hand_of(*shown, panel.shown, full, kShown));
  const float radius = 0.5f * side / (plot::kDialArc + plot::kDialArcStep + 0.04f);
  plot::dial(*ImGui::GetWindowDrawList(), middle, radius, hands, ticks_of(*panel.clip, channel));

  const std::string id = "phase.dial." + std::to_string(channel);
  ImGui::SetCursorScreenPos(corner);
  ImGui::InvisibleButton(id.c_str(), ImVec2(side, side));
  std::string tip = format("Channel %d%s", channel,
                           channel == clip.track.primary ? ", which follows the gait" : "");
  if (shown != nullptr)
    tip += format(": phase %.2f, %.2f cycles per second, amplitude %.2f",
                  static_cast<double>(shown->phase), static_cast<double>(shown->frequency_hz),
                  static_cast<double>(shown->amplitude));
  tip +=
      ". Angle: phase, 0 at the top; length: amplitude; arc: how far it gets in a quarter of a "
      "second; ticks: strikes, left blue, right orange. Drag to scrub the clip by this phase";
  ui::mark(c, id, tip.c_str());
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const float x = mouse.x - middle.x, y = mouse.y - middle.y;
  if (ImGui::IsItemActive() && std::hypot(x, y) > c.px(3.0f))
    c.commands.push_back(command::SeekPhase{channel, plot::dial_phase(x, y)});
}

/// The primary channel large, the others beside it in rows.
void dials(const ui::Context& c) {
  const phase::PhaseTrack& track = c.state.phase.clip->phases->track;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const float large = c.px(122.0f), gap = c.px(6.0f);
  dial(c, at, large, track.primary);
  const int others = track.channels - 1;
  int columns = 1;
  while (columns * columns < others) ++columns;
  const int rows = others > 0 ? (others + columns - 1) / columns : 1;
  const float left = at.x + large + c.px(16.0f);
  const float room = width - large - c.px(16.0f);
  const float small =
      std::min((room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns),
               (large - gap * static_cast<float>(rows - 1)) / static_cast<float>(rows));
  int place = 0;
  for (int channel = 0; channel < track.channels; ++channel) {
    if (channel == track.primary) continue;
    // Spread over the room there is.
    const float pitch = room / static_cast<float>(columns);
    const float x = left + pitch * (static_cast<float>(place % columns) + 0.5f) - 0.5f * small;
    const float y = at.y + (small + gap) * static_cast<float>(place / columns);
    dial(c, ImVec2(x, y), small, channel);
    ++place;
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + large + c.px(4.0f)));
}

/// "label    shown    beside" with the values in columns.
void pair(const ui::Context& c, const char* label, const std::string& shown,
          const std::string& beside, theme::Color color, theme::Color beside_color) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = c.px(19.0f);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ui::text_at(draw, c.fonts.small, ImVec2(at.x, at.y + 0.5f * (height - c.fonts.small->FontSize)),
              theme::kQuiet, label);
  ImFont* font = c.fonts.small_number;
  const float y = at.y + 0.5f * (height - font->FontSize);
  const bool alone = c.state.phase.beside_as.empty();
  const float column = alone ? 0.0f : c.px(92.0f);
  ui::text_at(draw, font, ImVec2(at.x + width - column, y), color, shown, 1.0f);
  if (!alone) ui::text_at(draw, font, ImVec2(at.x + width, y), beside_color, beside, 1.0f);
  ImGui::Dummy(ImVec2(width, height - ImGui::GetStyle().ItemSpacing.y));
}

/// A number of both readings' primary channels.
void pair(const ui::Context& c, const char* label, const char* pattern,
          float phase::ChannelPhase::*value) {
  const PhasePanel& panel = c.state.phase;
  const auto text = [&](const PhaseNow& now) {
    return now.main() == nullptr ? std::string("-")
                                 : format(pattern, static_cast<double>(now.main()->*value));
  };
  pair(c, label, text(panel.shown), text(panel.beside), theme::kText, theme::kText);
}

/// What made a phase, and how much of its window it has seen.
std::string made_by(const PhaseNow& now) {
  if (now.mode == phase::Mode::none) return "-";
  if (now.filled < 1.0f)
    return format("%s %.0f%%", phase::mode_name(now.mode), 100.0 * static_cast<double>(now.filled));
  return phase::mode_name(now.mode);
}

void readings(const ui::Context& c) {
  const PhasePanel& panel = c.state.phase;
  pair(c, "", panel.shown_as, panel.beside_as, kShown, kBeside);
  pair(c, "made by", made_by(panel.shown), made_by(panel.beside), theme::kText, theme::kText);
  pair(c, "phase, cycles", "%.3f", &phase::ChannelPhase::phase);
  pair(c, "cycles per second", "%.2f", &phase::ChannelPhase::frequency_hz);
  pair(c, "amplitude", "%.2f", &phase::ChannelPhase::amplitude);
}

/// The clip's way through the manifold, where feet strike on it, and where the character is.
void manifold(const ui::Context& c, const ui::Rect& area) {
  const PhasePanel& panel = c.state.phase;
  const PhasedClip& clip = *panel.clip;
  const phase::PhaseTrack& track = clip.phases->track;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  draw.PushClipRect(area.min, area.max, true);
  // A long clip is a ball of wool: its thread is thin.
  const bool long_clip = track.duration_s > 4.0f;
  plot::path(draw, area, clip.path, clip.fit, track.loop,
             theme::with_alpha(theme::kReference, long_clip ? 0.25f : 0.7f),
             c.px(long_clip ? 1.0f : 2.0f));
  for (std::size_t foot = 0; foot < 2; ++foot)
    for (const PhasedClip::Mark& mark : clip.marks[foot])
      draw.AddCircleFilled(plot::place(area, clip.fit, mark.place), c.px(3.0f), kFeet[foot], 12);
  if (panel.beside.main() != nullptr && clip.projection.takes(panel.beside.channels))
    draw.AddCircle(plot::place(area, clip.fit, clip.projection(panel.beside.channels)), c.px(5.0f),
                   kBeside, 16, c.px(2.0f));
  plot::trace(draw, area, panel.history.trail, clip.fit, kShown, c.px(2.0f));
  if (panel.shown.main() != nullptr && clip.projection.takes(panel.shown.channels))
    draw.AddCircleFilled(plot::place(area, clip.fit, clip.projection(panel.shown.channels)),
                         c.px(5.0f), kShown, 16);
  draw.PopClipRect();
  ImGui::SetCursorScreenPos(area.min);
  ImGui::InvisibleButton("phase.manifold", ImVec2(area.width(), area.height()));
  ui::mark(c, "phase.manifold",
           "The phase manifold (A sin, A cos of every channel) along its two strongest directions, "
           "turned so that it runs as the large dial: the clip's way, strikes of both feet, and "
           "the character's point with its last second");
}

/// How far the shown one is ahead of the one beside it, the last ten seconds.
void ahead_curve(const ui::Context& c, const ui::Rect& area) {
  const PhasePanel& panel = c.state.phase;
  const std::vector<float>& ahead = panel.history.ahead;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(area.min, area.max, theme::kRaised, c.px(theme::kRound));
  float most = 0.02f;
  for (const float v : ahead) most = std::max(most, std::abs(v));
  const plot::Range range{-plot::nice_ceiling(most), plot::nice_ceiling(most)};
  const float share = static_cast<float>(ahead.size()) / static_cast<float>(PhaseHistory::kFrames);
  const ui::Rect inside{{area.min.x + c.px(6.0f), area.min.y + c.px(40.0f)},
                        {area.max.x - c.px(6.0f), area.max.y - c.px(18.0f)}};
  plot::level(draw, inside, 0.0f, range, theme::kFaint);
  plot::curve(draw, {{inside.max.x - share * inside.width(), inside.min.y}, inside.max}, ahead,
              range, kShown, c.px(1.5f));
  const float x = area.min.x + c.px(8.0f);
  ui::text_at(draw, c.fonts.small, ImVec2(x, area.min.y + c.px(4.0f)), theme::kQuiet,
              panel.shown_as + " ahead of " + panel.beside_as);
  const auto* main = panel.beside.main();
  const std::string now =
      main == nullptr || panel.shown.main() == nullptr
          ? std::string("-")
          : format("%+.3f cycles", static_cast<double>(phase::cycle_difference(
                                       panel.shown.main()->phase, main->phase)));
  ui::text_at(draw, c.fonts.number, ImVec2(x, area.min.y + c.px(20.0f)), theme::kText, now);
  ui::text_at(draw, c.fonts.small_number, ImVec2(x, area.max.y - c.px(16.0f)), theme::kFaint,
              format("\u00b1%g, 10 s", static_cast<double>(range.high)));
  ImGui::SetCursorScreenPos(area.min);
  ImGui::InvisibleButton("phase.ahead", ImVec2(area.width(), area.height()));
  ui::mark(c, "phase.ahead",
           "Phase of what is shown less that of what it is held against, primary channel");
}

/// All channels as numbers, where nothing is compared.
void channel_table(const ui::Context& c, const ui::Rect& area) {
  const PhaseNow& now = c.state.phase.shown;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  ImFont* font = c.fonts.small_number;
  const float step =
      std::min(c.px(20.0f), area.height() / static_cast<float>(now.channels.size() + 1));
  const auto line = [&](float y, theme::Color color, const std::string& name,
                        const std::string& phase, const std::string& hz) {
    ui::text_at(draw, font, ImVec2(area.min.x + c.px(4.0f), y), color, name);
    ui::text_at(draw, font, ImVec2(area.min.x + 0.62f * area.width(), y), color, phase, 1.0f);
    ui::text_at(draw, font, ImVec2(area.max.x - c.px(4.0f), y), color, hz, 1.0f);
  };
  line(area.min.y, theme::kFaint, "channel", "phase", "Hz");
  for (std::size_t i = 0; i < now.channels.size(); ++i) {
    const phase::ChannelPhase& channel = now.channels[i];
    line(area.min.y + step * static_cast<float>(i + 1),
         static_cast<int>(i) == now.primary ? kShown : theme::kQuiet, format("%zu", i),
         format("%.2f", static_cast<double>(channel.phase)),
         format("%.2f", static_cast<double>(channel.frequency_hz)));
  }
}

void plane(const ui::Context& c) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = c.px(134.0f);
  const ui::Rect left{at, {at.x + height, at.y + height}};
  const ui::Rect right{{left.max.x + c.px(8.0f), at.y}, {at.x + width, at.y + height}};
  manifold(c, left);
  if (c.state.phase.beside_as.empty())
    channel_table(c, right);
  else
    ahead_curve(c, right);
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height + c.px(4.0f)));
}

void estimators(const ui::Context& c) {
  const PhaseNetworks& networks = *c.state.phase.networks;
  ui::heading(c, "Made by");
  std::vector<const char*> words;
  std::vector<EstimatorName> offered;
  int chosen = 0;
  for (const EstimatorName& name : estimator_names()) {
    if (!has_estimator(networks, name.kind)) continue;
    if (name.kind == c.state.view.estimator) chosen = static_cast<int>(words.size());
    words.push_back(name.id);
    offered.push_back(name);
  }
  if (const auto picked = ui::choice(
          c,
          {"phase.by", "",
           "What makes the phase of the character on stage, in the world's step; its cost is the "
           "row phase of the Frame tab"},
          words, chosen, 0))
    c.commands.push_back(command::SetEstimator{offered[static_cast<std::size_t>(*picked)].kind});
  ui::paragraph(c, offered[static_cast<std::size_t>(chosen)].effect + std::string("."));
}

void keep_step(const ui::Context& c) {
  ui::heading(c, "Two in step");
  if (c.state.compared == nullptr) {
    if (ui::wide_button(c, {"phase.compare", "Put another clip beside it",
                            "The Compare tab has the clips; then both can be locked in phase"}))
      c.commands.push_back(command::SetTab{Tab::compare});
    return;
  }
  if (const auto on = ui::toggle(c,
                                 {"phase.lock", "Locked in phase",
                                  "What stands beside plays faster or slower, so that it keeps "
                                  "step with what is shown"},
                                 c.state.selection.in_phase, false))
    c.commands.push_back(command::KeepStep{*on});
}

/// Why there is nothing to see, and what to do about it.
bool nothing_yet(const ui::Context& c) {
  const PhasePanel& panel = c.state.phase;
  if (c.state.clip() == nullptr)
    ui::paragraph(c, "Open a motion: where it is in its cycle is read from how its joints move.");
  else if (panel.networks == nullptr)
    ui::paragraph(c,
                  "There is no network that reads phases: assets/models/phase.safetensors is "
                  "missing. `canter phase train` makes one.");
  else if (!panel.error.empty())
    ui::paragraph(c, panel.error, theme::kOver);
  else if (panel.clip == nullptr)
    ui::paragraph(c, "The clip's phases are being read.");
  else
    return false;
  return true;
}

}  // namespace

void phase_tab(const ui::Context& c) {
  if (nothing_yet(c)) return;
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  dials(c);
  readings(c);
  ImGui::Dummy(ImVec2(0.0f, c.px(2.0f)));
  plane(c);
  estimators(c);
  keep_step(c);
}

}  // namespace canter::viewer::panels
