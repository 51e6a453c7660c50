#include "viewer/keys.h"

#include <SDL_keycode.h>

#include <algorithm>

#include "viewer/timeline.h"

namespace canter::viewer {
namespace {

using State_ = const State&;
using Answer = std::optional<Command>;

template <int frames>
Answer step(State_) {
  return command::StepFrames{frames};
}

/// `percent` of the recorded speed, in the direction it plays.
template <int percent>
Answer speed(State_ s) {
  const float magnitude = static_cast<float>(percent) / 100.0f;
  return command::SetSpeed{s.timeline.speed < 0.0f ? -magnitude : magnitude};
}

template <auto flag>
Answer toggle(State_ s) {
  return command::SetFlag{flag, !(s.view.*flag)};
}

template <int step>
Answer tab(State_ s) {
  const int next = (static_cast<int>(s.view.tab) + step + kNumTabs) % kNumTabs;
  return command::SetTab{static_cast<Tab>(next)};
}

Answer set_in(State_ s) {
  const Timeline& p = s.timeline;
  return command::SetRange{p.time_s, p.time_s < p.out_s ? p.out_s : p.duration_s};
}

Answer set_out(State_ s) {
  const Timeline& p = s.timeline;
  return command::SetRange{p.time_s > p.in_s ? p.in_s : 0.0, p.time_s};
}

constexpr const char* kTime = "Time";
constexpr const char* kView = "View";

constexpr Key kKeys[] = {
    {SDLK_SPACE, false, "Space", kTime, "play or pause",
     [](State_) -> Answer { return command::TogglePlay{}; }},
    {SDLK_LEFT, false, "Left", kTime, "one frame back", step<-1>},
    {SDLK_RIGHT, false, "Right", kTime, "one frame on", step<1>},
    {SDLK_LEFT, true, "Shift Left", kTime, "ten frames back", step<-10>},
    {SDLK_RIGHT, true, "Shift Right", kTime, "ten frames on", step<10>},
    {SDLK_HOME, false, "Home", kTime, "to the in point",
     [](State_ s) -> Answer { return command::Seek{s.timeline.in_s}; }},
    {SDLK_END, false, "End", kTime, "to the out point",
     [](State_ s) -> Answer { return command::Seek{s.timeline.out_s}; }},
    {SDLK_LEFTBRACKET, false, "[", kTime, "in point here", set_in},
    {SDLK_RIGHTBRACKET, false, "]", kTime, "out point here", set_out},
    {SDLK_BACKSPACE, false, "Backspace", kTime, "play the whole clip at its speed",
     [](State_) -> Answer { return command::ResetTimeline{}; }},
    {SDLK_l, false, "L", kTime, "loop",
     [](State_ s) -> Answer { return command::SetLoop{!s.timeline.loop}; }},
    {SDLK_r, false, "R", kTime, "reverse",
     [](State_ s) -> Answer { return command::SetSpeed{-s.timeline.speed}; }},
    {SDLK_1, false, "1", kTime, "a tenth of the speed", speed<10>},
    {SDLK_2, false, "2", kTime, "a quarter of the speed", speed<25>},
    {SDLK_3, false, "3", kTime, "half the speed", speed<50>},
    {SDLK_4, false, "4", kTime, "as recorded", speed<100>},
    {SDLK_5, false, "5", kTime, "twice the speed", speed<200>},
    {SDLK_f, false, "F", kView, "frame the character",
     [](State_) -> Answer { return command::FrameCharacter{}; }},
    {SDLK_c, false, "C", kView, "camera follows the character", toggle<&ViewSettings::follow>},
    {SDLK_b, false, "B", kView, "bare bones", toggle<&ViewSettings::bones>},
    {SDLK_g, false, "G", kView, "ghost of the source skeleton", toggle<&ViewSettings::ghost>},
    {SDLK_k, false, "K", kView, "mark feet that stand", toggle<&ViewSettings::contacts>},
    {SDLK_s, false, "S", kView, "skeleton through the mesh", toggle<&ViewSettings::skeleton>},
    {SDLK_a, false, "A", kView, "joint axes", toggle<&ViewSettings::axes>},
    {SDLK_j, false, "J", kView, "joint names", toggle<&ViewSettings::names>},
    {SDLK_t, false, "T", kView, "trails", toggle<&ViewSettings::trails>},
    {SDLK_h, false, "H", kView, "ghost of another time", toggle<&ViewSettings::later>},
    {SDLK_v, false, "V", kView, "velocity arrows", toggle<&ViewSettings::velocities>},
    {SDLK_o, false, "O", kView, "phase rings", toggle<&ViewSettings::phase_rings>},
    {SDLK_i, false, "I", kView, "instruments over the view", toggle<&ViewSettings::instruments>},
    {SDLK_z, false, "Ctrl Z", kTime, "undo", [](State_) -> Answer { return command::Undo{}; },
     true},
    {SDLK_y, false, "Ctrl Y", kTime, "redo", [](State_) -> Answer { return command::Redo{}; },
     true},
    {SDLK_m, false, "M", kView, "mirror image beside",
     [](State_ s) -> Answer {
       const bool mirrored = s.selection.comparison == Comparison::mirror;
       return command::Compare{mirrored ? Comparison::none : Comparison::mirror};
     }},
    {SDLK_p, false, "P", kView, "push tool: left drag pulls a limb of the body",
     [](State_ s) -> Answer { return command::SetPull{!s.body.pulls}; }},
    {SDLK_x, false, "X", kView, "throw a box at the body",
     [](State_) -> Answer { return command::ThrowBox{}; }},
    {SDLK_TAB, false, "Tab", kView, "panels", toggle<&ViewSettings::panels>},
    {SDLK_PAGEUP, false, "Page Up", kView, "the tab before", tab<-1>},
    {SDLK_PAGEDOWN, false, "Page Down", kView, "the next tab", tab<1>},
    {SDLK_F12, false, "F12", kView, "save a screenshot",
     [](State_) -> Answer { return command::TakeScreenshot{}; }},
    {SDLK_F12, true, "Shift F12", kView, "record a video, or stop it",
     [](State_ s) -> Answer {
       return command::Record{{}, !s.recording.empty()};
     }},
    {SDLK_SLASH, true, "?", kView, "this list", toggle<&ViewSettings::help>},
};

}  // namespace

std::span<const Key> keys() {
  return kKeys;
}

std::optional<Command> key_command(const State& state, int code, bool shift, bool ctrl) {
  // Where a layout has its own key for "?", Shift is part of the character already.
  if (code == SDLK_QUESTION) return toggle<&ViewSettings::help>(state);
  if (code == SDLK_ESCAPE && state.view.help) return toggle<&ViewSettings::help>(state);
  if (code == SDLK_ESCAPE && state.doctor.open) return command::OpenDoctor{false};
  const auto key = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& k) {
    return k.code == code && k.shift == shift && k.ctrl == ctrl;
  });
  return key == std::end(kKeys) ? std::nullopt : key->command(state);
}

}  // namespace canter::viewer
