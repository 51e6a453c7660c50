#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canter/base/trace.h"
#include "viewer/blend_bench.h"
#include "viewer/body.h"
#include "viewer/camera.h"
#include "viewer/compare.h"
#include "viewer/document.h"
#include "viewer/latency.h"
#include "viewer/model_document.h"
#include "viewer/overlays.h"
#include "viewer/phase.h"
#include "viewer/pull.h"
#include "viewer/training.h"

namespace canter::viewer {

/// The one time cursor: every track, list and number shows this time.
struct Timeline {
  double time_s = 0.0;
  double duration_s = 0.0;
  float rate_hz = 30.0f;
  int num_frames = 0;
  float speed = 1.0f;  ///< negative plays backwards
  bool playing = true;
  bool loop = true;
  double in_s = 0.0;  ///< what plays lies between these two
  double out_s = 0.0;
  /// Times the whole clip was played through; a clip that walks goes on from where it ended.
  std::int64_t laps = 0;
};

/// What is on stage: a clip, and the character it plays on. Indices into `State::documents`.
struct Selection {
  int document = -1;
  int clip = -1;
  int character = -1;                        ///< -1: the clip's own mesh, or none
  Comparison comparison = Comparison::none;  ///< what stands beside it
  int partner = -1;                          ///< whose first clip, where that is another one
  bool in_phase = false;                     ///< what stands beside keeps step by its phase

  bool operator==(const Selection&) const = default;
};

enum class Tab { clip, compare, blend, body, phase, model, view, frame };
inline constexpr int kNumTabs = static_cast<int>(Tab::frame) + 1;

/// What a host grants the simulation of a frame.
inline constexpr float kMinBudget_us = 100.0f;
inline constexpr float kDefaultBudget_us = 2000.0f;
inline constexpr float kMaxBudget_us = 20000.0f;

struct ViewSettings : Overlays {
  bool panels = true;
  bool follow = true;                        ///< the camera goes along with the character
  bool instruments = false;                  ///< where the time of a frame goes, over the view
  Estimator estimator = Estimator::centred;  ///< of the phase of the character on stage
  bool help = false;
  bool timings = true;       ///< show measured times; off where images must not depend on them
  bool doctor_opens = true;  ///< the Import Doctor opens by itself where a fix waits
  Tab tab = Tab::clip;
  float scale = 1.0f;  ///< interface pixels per design pixel

  bool operator==(const ViewSettings&) const = default;
};

/// A line of the browser: a file that is or can be opened.
struct LibraryEntry {
  std::string path;
  std::string name;
  int document = -1;  ///< index into `State::documents` once opened
  bool loading = false;
  std::string error;  ///< why it could not be opened
};

struct LibraryGroup {
  std::string title;
  std::vector<LibraryEntry> entries;
  std::string folder;                ///< whose files these are, if it was added by hand
  std::vector<std::string> folders;  ///< names of the folders in it
};

/// Something to tell, shown over the view until dismissed.
struct Notice {
  bool error = false;
  std::string title;
  std::string text;
};

/// The card of the Import Doctor, about the file on stage.
struct DoctorState {
  bool open = false;
  bool by_itself = false;              ///< it was opened by what was found, not by hand
  std::vector<std::string> dismissed;  ///< files whose card was closed: it stays so
  bool show_before = false;            ///< the view shows the file without the fix
  /// What is previewed: the file with these fixes instead of those it has. None: nothing.
  std::optional<importer::Recipe> candidate;
  DocumentPtr preview;  ///< the file with them, once it is made
};

/// The blend bench.
struct BlendState {
  BlendSettings settings;
  ClipRef from, to;
  std::string to_path;  ///< file of the second clip; it may still load
  std::string error;    ///< why there is no result
  std::shared_ptr<const BlendResult> result;
  DocumentPtr placed;  ///< the result that is among the documents
};

/// The body that performs the clip on stage, and the one that learns it.
struct BodyPanel {
  BodySetupPtr setup;  ///< null: clips move the character
  BodyView view;       ///< of this frame
  BodyHistory history;
  std::vector<BodyPolicyPtr> choices;  ///< that can drive it; null: none, muscles follow the clip
  int choice = 0;
  float push_n = 150.0f;
  float throw_m_s = 8.0f;
  int num_boxes = 0;         ///< that were thrown at it and are still there
  bool pulls = false;        ///< the push tool: left drag pulls a limb
  std::optional<Hold> hold;  ///< what it pulls now
  TrainingProgress training;
  std::string kept;  ///< where the best policy was written
};

/// Phases: of the clip on stage, of what stands beside, and of both characters in this frame.
struct PhasePanel {
  PhaseNetworksPtr networks;        ///< null: none ship
  std::string error;                ///< why there are no phases
  PhasedClipPtr clip;               ///< null: not known yet
  PhasedClipPtr partner;            ///< of what stands beside
  PhaseNow shown, beside;           ///< of this frame
  std::string shown_as, beside_as;  ///< "clip", "body", "mirrored" …; empty: nobody is beside
  PhaseHistory history;
};

/// Everything the panels read. Changed by commands only (see commands.h).
struct State {
  std::vector<DocumentPtr> documents;
  std::vector<LibraryGroup> browser;
  std::string filter;      ///< what is typed above the list
  LibraryGroup browsed;    ///< the folder whose path is typed there
  float opened_ms = 0.0f;  ///< from asking for the last file to its first pose
  std::string recording;   ///< what is written now, if anything
  Selection selection;
  Timeline timeline;
  std::optional<double> hover_s;    ///< the time the mouse reads in some plot, for all of them
  ComparedPtr compared;             ///< what stands beside the shown character, if anything
  std::vector<float> difference_m;  ///< to the compared character, per frame; empty: none
  ViewSettings view;
  Camera camera;
  std::vector<Notice> notices;
  DoctorState doctor;
  BlendState blend;
  BodyPanel body;
  PhasePanel phase;
  float doctor_height = 480.0f;       ///< that its contents need, pixels
  const Trace* simulation = nullptr;  ///< what a host would pay
  const Trace* drawing = nullptr;     ///< what the viewer adds
  Latency simulation_latency, drawing_latency;
  std::shared_ptr<const HeldTraces> held;  ///< while a frame gone back to is looked at
  float budget_us = kDefaultBudget_us;     ///< of `simulation`, per frame
  ModelDocumentPtr model;                  ///< the network opened last, if any
  RetargetedPtr retargeted;        ///< what plays, where the clip was carried to another body
  const Document* worn = nullptr;  ///< whose mesh is drawn
  std::string shown_on;            ///< in words: what the clip plays on
  std::string renderer;
  std::string quality;                  ///< the level that draws
  std::string quality_wanted = "auto";  ///< what was asked for
  bool hint = false;                    ///< show the first-run hint
  std::size_t undo_depth = 0;
  std::size_t redo_depth = 0;

  const Document* document() const {
    return selection.document < 0 ? nullptr
                                  : documents[static_cast<std::size_t>(selection.document)].get();
  }
  const DocumentClip* clip() const {
    const Document* d = document();
    return d == nullptr || selection.clip < 0 || selection.clip >= static_cast<int>(d->clips.size())
               ? nullptr
               : &d->clips[static_cast<std::size_t>(selection.clip)];
  }
};

}  // namespace canter::viewer
