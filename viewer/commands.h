#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "viewer/state.h"

namespace canter::viewer {

/// What panels, keys and the command line ask for; App::apply carries it out.
namespace command {

struct OpenFile {
  std::string path;
};
struct PlayClip {
  int document = -1;
  int clip = 0;
};
struct ShowOn {  ///< plays on this document's mesh; -1: on the clip's own
  int document = -1;
};
struct TogglePlay {};
struct Seek {  ///< scrubbing: also pauses
  double time_s = 0.0;
};
struct Hover {  ///< reading a plot: every plot shows its value there, this frame
  double time_s = 0.0;
};
struct GoToFrame {         ///< back to a frame of the latency history
  bool simulation = true;  ///< which trace counts
  std::int64_t frame = 0;  ///< its number there
};
struct StepFrames {
  int frames = 1;
};
struct SetSpeed {
  float speed = 1.0f;
};
struct SetLoop {
  bool loop = true;
};
struct SetRange {
  double in_s = 0.0;
  double out_s = 0.0;
};
struct ResetTimeline {};  ///< the whole clip, at its own speed
struct SetTab {
  Tab tab = Tab::clip;
};
struct SetFlag {
  bool ViewSettings::*flag = nullptr;
  bool value = false;
};
struct SetNumber {
  float ViewSettings::*number = nullptr;
  float value = 0.0f;
};
struct SetQuality {
  std::string name;
};
struct SetBudget {
  float us = kDefaultBudget_us;
};
struct Undo {};
struct Redo {};
struct DismissHint {};
struct OpenDoctor {
  bool open = true;
};
struct SizeDoctor {  ///< the card asks for the height of its contents
  float height = 0.0f;
};
struct PreviewFix {  ///< empty: leave the preview
  std::string code;
};
struct PreviewUnit {  ///< another unit of the file; other fixes are judged anew
  float unit_m = 1.0f;
};
struct ApplyPreview {};  ///< keeps what is previewed
struct ApplyFix {        ///< empty: every one there is
  std::string code;
};
struct ShowBefore {
  bool before = false;
};
struct ReplayRecipe {};
struct SaveRecipe {};
struct Compare {  ///< what stands beside the shown character
  Comparison with = Comparison::none;
};
struct BlendFrom {};  ///< the first clip is the one on stage, at its time
struct BlendTo {      ///< the second clip is the first of this file
  std::string path;
};
struct SetBlend {
  BlendSettings settings;
};
struct ShowBlend {
  int kind = 0;  ///< of BlendKind
};
struct BesideClip {  ///< the first clip of this file stands beside the one on stage
  std::string path;
};
struct KeepStep {  ///< what stands beside keeps step by its phase, or plays by its own time
  bool in_phase = true;
};
struct SetEstimator {
  Estimator estimator = Estimator::centred;
};
struct SeekPhase {  ///< scrubbing by a dial: to the nearest time at which a channel has this phase
  int channel = 0;
  float phase = 0.0f;
};
struct Simulate {  ///< a body performs the clip on stage, or no longer
  bool on = true;
};
struct ResetBody {};  ///< back onto the reference, at the time cursor
struct PushBody {     ///< the pelvis, for 0.2 s, in newtons: forward and to the left
  float forward_n = 0.0f;
  float left_n = 0.0f;
};
struct SetPush {
  float n = 150.0f;
};
struct SetThrow {  ///< how fast boxes fly
  float m_s = 8.0f;
};
struct ThrowBox {};  ///< at the body, from where one looks
struct SetPull {     ///< the push tool
  bool on = true;
};
struct Pull {  ///< the link in the hand towards it; nothing: let go
  std::optional<Hold> hold;
};
struct SetRagdoll {
  bool limp = true;
};
struct StartTraining {};
struct PauseTraining {
  bool paused = true;
};
struct StopTraining {};
struct KeepPolicy {};  ///< writes the best policy so far beside where the viewer was started
struct ChoosePolicy {  ///< which policy drives the body; an index into BodyPanel::choices
  int choice = 0;
};
struct FrameCharacter {};
struct DismissNotice {
  std::size_t index = 0;
};
struct TakeScreenshot {};
struct Record {       ///< starts, or stops what runs
  std::string path;   ///< empty: canter_1.mp4 and so on
  bool stop = false;  ///< only stop
};
struct AddFolder {  ///< to the list of files
  std::string path;
};
struct RemoveFolder {
  std::string path;
};
struct Filter {  ///< shows what has these letters, or the folder of this path
  std::string text;
};
struct CloseFile {
  int document = -1;
};
struct Quit {};

}  // namespace command

using Command = std::variant<
    command::OpenFile, command::PlayClip, command::ShowOn, command::TogglePlay, command::Seek,
    command::Hover, command::GoToFrame, command::StepFrames, command::SetSpeed, command::SetLoop,
    command::SetRange, command::ResetTimeline, command::SetTab, command::SetFlag,
    command::SetNumber, command::SetQuality, command::SetBudget, command::Undo, command::Redo,
    command::DismissHint, command::BlendFrom, command::BlendTo, command::SetBlend,
    command::ShowBlend, command::OpenDoctor, command::SizeDoctor, command::PreviewFix,
    command::PreviewUnit, command::ApplyPreview, command::ApplyFix, command::ShowBefore,
    command::ReplayRecipe, command::SaveRecipe, command::Compare, command::BesideClip,
    command::KeepStep, command::SetEstimator, command::SeekPhase, command::Simulate,
    command::ResetBody, command::PushBody, command::SetPush, command::SetThrow, command::ThrowBox,
    command::SetPull, command::Pull, command::SetRagdoll, command::StartTraining,
    command::PauseTraining, command::StopTraining, command::KeepPolicy, command::ChoosePolicy,
    command::FrameCharacter, command::DismissNotice, command::TakeScreenshot, command::Record,
    command::AddFolder, command::RemoveFolder, command::Filter, command::CloseFile, command::Quit>;

/// Commands in the order they were given; applied once per frame.
using Commands = std::vector<Command>;

}  // namespace canter::viewer
