#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/background.h"
#include "viewer/commands.h"
#include "viewer/gamepad.h"
#include "viewer/gfx/canvas.h"
#include "viewer/gfx/image.h"
#include "viewer/gfx/scene_renderer.h"
#include "viewer/platform/window.h"
#include "viewer/recorder.h"
#include "viewer/report.h"
#include "viewer/rewind.h"
#include "viewer/script_run.h"
#include "viewer/settings.h"
#include "viewer/stage.h"
#include "viewer/training.h"
#include "viewer/ui/ui.h"
#include "viewer/undo.h"
#include "viewer/viewer.h"

union SDL_Event;

namespace canter::viewer {

/// The viewer put together. A frame reads: events, loaded files, commands, time, stage, scene,
/// panels, present.
class App : private ScriptHost {
  static constexpr int kRewindFrames = 600;  // ten seconds at 60 Hz

 public:
  App(const Options& options, Window window, SceneRenderer renderer);
  ~App() override;
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Errors as viewer::run.
  Result<void> run();

 private:
  /// A clip on its way to another skeleton.
  struct Carrying {
    DocumentPtr motion;
    int clip = 0;
    DocumentPtr body;
    bool operator==(const Carrying&) const = default;
  };

  /// A file shown at a lower rate, and all of it once that is prepared.
  struct Completing {
    DocumentPtr preliminary;
    DocumentPtr whole;
  };
  /// A file that is made anew with fixes.
  struct Repair {
    enum Purpose { preview, apply };
    DocumentPtr document;
    importer::Recipe recipe;
    Purpose purpose = apply;
  };

  /// Phases of a clip, or why there are none.
  struct Phased {
    PhaseSubject subject;
    PhasedClipPtr clip;
    std::string error;
  };

  // Input.
  void handle_events();
  void handle_event(const SDL_Event& event);
  void handle_key(int code, unsigned modifiers, bool repeated);
  void handle_mouse();
  bool pull_body();
  void forget_body();
  void feed_pointer();

  // Files.
  Result<void> open_initial_files();
  void start_loading(const std::string& path);
  void poll_loading();
  void start_loading_model(const std::string& path);
  void poll_models();
  Result<void> finish_model(const std::string& path, Result<ModelDocumentPtr> loaded);
  void poll_completing();
  void adopt(const Completing& done);
  void replace_document(const DocumentPtr& old, const DocumentPtr& document);
  Result<void> finish_loading(const std::string& path, Result<DocumentPtr> loaded);

  // Commands.
  void apply_commands();
  void apply(const command::OpenFile& c);
  void apply(const command::PlayClip& c);
  void apply(const command::ShowOn& c);
  void apply(const command::TogglePlay& c);
  void apply(const command::Seek& c);
  void apply(const command::Hover& c);
  void apply(const command::GoToFrame& c);
  void apply(const command::StepFrames& c);
  void apply(const command::SetSpeed& c);
  void apply(const command::SetLoop& c);
  void apply(const command::SetRange& c);
  void apply(const command::ResetTimeline& c);
  void apply(const command::SetTab& c);
  void apply(const command::Compare& c);
  void apply(const command::BesideClip& c);
  void apply(const command::KeepStep& c);
  void apply(const command::SetEstimator& c);
  void apply(const command::SeekPhase& c);
  void apply(const command::SetFlag& c);
  void apply(const command::SetNumber& c);
  void apply(const command::SetQuality& c);
  void apply(const command::SetBudget& c);
  void apply(const command::Undo& c);
  void apply(const command::Redo& c);
  void apply(const command::DismissHint& c);
  void apply(const command::OpenDoctor& c);
  void apply(const command::SizeDoctor& c);
  void apply(const command::PreviewFix& c);
  void apply(const command::PreviewUnit& c);
  void apply(const command::ApplyPreview& c);
  void apply(const command::ApplyFix& c);
  void apply(const command::ShowBefore& c);
  void apply(const command::ReplayRecipe& c);
  void apply(const command::SaveRecipe& c);
  void apply(const command::BlendFrom& c);
  void apply(const command::BlendTo& c);
  void apply(const command::SetBlend& c);
  void apply(const command::ShowBlend& c);
  void apply(const command::Simulate& c);
  void apply(const command::ResetBody& c);
  void apply(const command::PushBody& c);
  void apply(const command::SetPush& c);
  void apply(const command::SetThrow& c);
  void apply(const command::ThrowBox& c);
  void apply(const command::SetPull& c);
  void apply(const command::Pull& c);
  void apply(const command::SetRagdoll& c);
  void apply(const command::StartTraining& c);
  void apply(const command::PauseTraining& c);
  void apply(const command::StopTraining& c);
  void apply(const command::KeepPolicy& c);
  void apply(const command::ChoosePolicy& c);
  void apply(const command::FrameCharacter& c);
  void apply(const command::DismissNotice& c);
  void apply(const command::TakeScreenshot& c);
  void apply(const command::Record& c);
  void apply(const command::AddFolder& c);
  void apply(const command::RemoveFolder& c);
  void apply(const command::Filter& c);
  void apply(const command::CloseFile& c);
  void apply(const command::Quit& c);
  void complain(const Result<void>& result);
  void restore(const std::optional<Choices>& choices);

  // The list of files.
  void show_folder(const std::string& folder);
  void forget_document(int closed);

  // The blend bench.
  void start_blend();
  void place_blend();
  void poll_blend();

  // Bodies.
  Result<void> embody(const BodyPolicyPtr& policy);
  void follow_body();
  void poll_training();
  Result<void> perform_policy(const std::string& path);
  double phase_now() const;

  // Phases.
  void load_networks();
  PhasedClipPtr phased(const PhaseSubject& subject);
  void read_phases();
  void read_partner_phases();
  void follow_phases();
  void poll_phases();
  void finish_phases(const PhaseSubject& subject, Result<PhasedClipPtr> result);
  void poll_partners();
  ClipRef partner() const;
  PhaseMapPtr step_in_phase();

  // The Import Doctor.
  DocumentPtr motion_on_stage() const;
  void repair(importer::Recipe recipe, Repair::Purpose purpose);
  void poll_repairs();
  void offer_doctor();
  void leave_preview();
  void preview(importer::Recipe recipe);
  void show_again();

  // Settings.
  void load_settings();
  Settings settings() const;
  void save_settings();
  bool pointer_down() const;
  Result<void> play(int document, int clip);
  Result<void> show();
  Result<void> perform(const Performance& performance);
  Result<void> update_comparison();
  DocumentPtr wanted_body() const;
  Result<RetargetedPtr> carried(const DocumentPtr& motion, int clip, const DocumentPtr& body);
  void start_carrying(const Carrying& wanted);
  void poll_carrying();
  void finish_carrying(const Carrying& done, Result<RetargetedPtr> result);
  void step_stage(double dt_s);
  void frame_character();
  void report_error(const std::string& title, const std::string& text);

  // What scripts drive.
  const State& state() const override { return state_; }
  ui::Widgets& widgets() override { return widgets_; }
  Pointer& pointer() override { return pointer_; }
  GamepadState& gamepad() override { return gamepad_; }
  bool busy() const override {
    return !loading_.empty() || !completing_.empty() || !adopting_.empty() || !models_.empty() ||
           !carrying_.empty() || !repairing_.empty() || !targets_.empty() || !blending_.empty() ||
           !phasing_.empty() || !partners_.empty() || blend_wanted_;
  }
  Result<void> open(const std::string& path) override;
  void ask(const Command& command) override { commands_.push_back(command); }
  Result<void> choose_clip(const std::string& name) override;
  bool press(const std::string& label) override;
  void resize(int width, int height) override { window_.resize(width, height); }
  void lose_graphics() override { window_.lose(); }
  Result<void> screenshot(const std::string& path, const std::string& widget) override;
  Result<void> report(const std::string& path) override {
    return write_report(path, options_, state_);
  }
  bool scripted() const { return !options_.script.empty(); }

  // The frame.
  Result<void> run_frames();
  /// Whether another frame would look like the last until something happens.
  bool at_rest() const;
  Result<void> recover_graphics();
  Result<void> frame(double dt_s) override;
  void draw_scene(const ui::Layout& layout);
  void draw_panels(const ui::Layout& layout);
  void build_panels(const ui::Layout& layout);
  void follow(double dt_s);
  void set_quality(const std::string& name);
  void use_quality(int level);
  void render(const SceneFrame& scene, const PixelRect& view);
  void set_scale(float scale);
  Result<void> save_screenshot(const std::string& path);
  Result<void> start_recorder(const std::string& path);
  Result<void> stop_recorder();
  Result<void> record_frame();

  Options options_;
  Window window_;
  Canvas canvas_;
  SceneRenderer renderer_;
  Stage stage_;
  Trace drawing_;
  State state_;
  Commands commands_;
  theme::Fonts fonts_;
  ui::Widgets widgets_;
  Pointer pointer_;
  Rewind rewind_;
  UndoStack undo_;
  int gesture_ = 0;  ///< changes of one are undone together
  Settings saved_;
  bool settings_refused_ = false;  ///< saving failed; said once
  GamepadState gamepad_;
  /// A file on its way in.
  struct Loading {
    std::string path;
    std::chrono::steady_clock::time_point asked;
  };
  Background<Loading, Result<Opened>> loading_;
  Background<Completing, Result<DocumentPtr>> completing_;
  std::vector<Completing> adopting_;  ///< whole, but on their way to another skeleton still
  bool patient_ = false;              ///< whoever opens waits, for a retargeted clip too
  Background<std::string, Result<ModelDocumentPtr>> models_;
  Background<Carrying, Result<RetargetedPtr>> carrying_;
  Background<Repair, Result<DocumentPtr>> repairing_;
  Background<std::string, Result<DocumentPtr>> targets_;  ///< of the blend bench
  Background<int, Result<BlendResult>> blending_;
  bool blend_wanted_ = false;           ///< settings changed while one was made
  std::vector<RetargetedPtr> carried_;  ///< the last few, newest at the end
  Background<PhaseSubject, Result<PhasedClipPtr>> phasing_;
  std::vector<Phased> phased_;                             ///< the last few, newest at the end
  Background<std::string, Result<DocumentPtr>> partners_;  ///< that are to stand beside
  std::unique_ptr<Training> training_;
  DocumentPtr default_character_;
  std::unique_ptr<Recorder> recorder_;
  std::optional<QualityChooser> chooser_;  ///< while the quality is chosen by measuring
  Vec3 followed_{0.0f};
  bool quit_ = false;
  int screenshots_ = 0;
  int recordings_ = 0;
};

}  // namespace canter::viewer
