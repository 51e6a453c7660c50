#include "viewer/app.h"

#include <SDL.h>
#include <backends/imgui_impl_opengl3.h>
#include <backends/imgui_impl_sdl.h>
#include <glad/gl.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>

#include "viewer/keys.h"
#include "viewer/library.h"
#include "viewer/panels/panels.h"
#include "viewer/timeline.h"
#include "viewer/view_table.h"

namespace canter::viewer {
namespace {

constexpr double kHeadlessStep_s = 1.0 / 60.0;
constexpr int kHeadlessFrames = 120;
constexpr float kSceneBudget_ms =
    20.0f;  // of a thirtieth of a second; panels and display get the rest
constexpr int kTraceHistory = 1200;
constexpr int kMaxTraceHistory = 100'000;

enum DrawStage { kSkin, kScene, kPanels, kGui, kPresent };
constexpr const char* kDrawStages[] = {"skin", "scene", "panels", "gui", "present"};

int trace_history(const Options& options) {
  return std::clamp(options.frames, kTraceHistory, kMaxTraceHistory);
}

}  // namespace

App::App(const Options& options, Window window, SceneRenderer renderer)
    : options_(options),
      window_(std::move(window)),
      canvas_(window_.headless()),
      renderer_(std::move(renderer)),
      stage_(trace_history(options)),
      drawing_(kDrawStages, trace_history(options)),
      rewind_(kRewindFrames) {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  ImGui_ImplSDL2_InitForOpenGL(window_.handle(), window_.gl_context());
  ImGui_ImplOpenGL3_Init("#version 450 core");
  set_scale(options.scale.value_or(window_.display_scale()));

  state_.browser = scan_library();
  state_.simulation = &stage_.world().trace();
  state_.drawing = &drawing_;
  state_.renderer = window_.renderer();
  load_settings();
  state_.view.panels = options.panels;
  state_.view.bones |= options.bones;
  state_.view.ghost |= options.ghost;
  state_.view.contacts |= options.contacts;
  for (const ViewFlag& f : view_flags())
    if (std::count(options.show.begin(), options.show.end(), f.name) > 0)
      state_.view.*f.value = true;
  for (const ComparisonName& name : comparison_names())
    if (options.compare == name.id) state_.selection.comparison = name.kind;
  state_.view.timings = !options.headless || options.timings;
  state_.view.tab = panels::tab_named(options.tab).value_or(Tab::clip);
  if (!fonts_.missing.empty())
    state_.notices.push_back({false, "Plain fonts",
                              fonts_.missing +
                                  (fonts_.missing.find(',') == std::string::npos ? " is" : " are") +
                                  " not installed; other fonts stand in."});
  set_quality(options.quality != "auto" ? options.quality : saved_.quality);
}

App::~App() {
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplSDL2_Shutdown();
  ImGui::DestroyContext();
}

void App::set_scale(float scale) {
  state_.view.scale = std::clamp(scale, 0.5f, 4.0f);
  fonts_ = theme::apply(state_.view.scale, options_.fonts);
}

void App::set_quality(const std::string& name) {
  state_.quality_wanted = name;
  chooser_.reset();
  int level = find_quality(name.c_str());
  if (level < 0) {
    // "auto": what such a machine is likely to afford. With a window its first frames are measured;
    // headless images depend on no clock.
    level = find_quality(window_.software_renderer() ? "medium" : "high");
    if (!options_.headless) chooser_.emplace(level, kSceneBudget_ms);
  }
  use_quality(level);
}

void App::use_quality(int level) {
  const Quality& quality = quality_levels()[static_cast<std::size_t>(level)];
  if (const Result<void> set = renderer_.set_quality(quality); !set)
    report_error(std::string("No quality ") + quality.name, set.error().message);
  state_.quality = renderer_.quality().name;
}

void App::render(const SceneFrame& scene, const PixelRect& view) {
  const auto draw = [&]() {
    renderer_.render(scene, canvas_.id(), window_.width(), window_.height(), view);
  };
  if (!chooser_) return draw();
  const auto follow = [&](int level_before) {
    if (chooser_->level() != level_before) use_quality(chooser_->level());
  };
  int level = chooser_->level();
  chooser_->expect_bodies(scene.meshes.size());
  follow(level);
  const std::int64_t before = renderer_.num_drawn();
  const auto start = std::chrono::steady_clock::now();
  draw();
  if (chooser_->done() || renderer_.num_drawn() == before) return;
  // Only the dozen frames that are measured wait for the pixels.
  glFinish();
  const std::chrono::duration<float, std::milli> took = std::chrono::steady_clock::now() - start;
  level = chooser_->level();
  chooser_->add(took.count());
  follow(level);
}

void App::step_stage(double dt_s) {
  const Timeline& t = state_.timeline;
  // The world lives at the speed of the clip, and only forwards.
  const double lived_s = !t.playing ? 0.0 : dt_s * static_cast<double>(std::max(t.speed, 0.0f));
  stage_.put_reference_beside(state_.view.reference && state_.view.beside);
  stage_.step(t.time_s, t.laps, lived_s);
  follow_body();
  follow_phases();
}

void App::frame_character() {
  Camera& camera = state_.camera;
  const Vec3 low = stage_.low(), high = stage_.high();
  const Vec3 root = stage_.root_position();
  // From the floor up, unless the body reaches well below it.
  const float bottom = low.y < -0.2f * (high.y - low.y) ? low.y : 0.0f;
  camera.target = Vec3(root.x, 0.5f * (bottom + high.y), root.z);
  camera.yaw_rad = stage_.facing_rad() + options_.yaw_deg.value_or(32.0f) * kPi / 180.0f;
  camera.pitch_rad = 0.16f;
  // The character takes about three quarters of what the panels leave free.
  const float height = static_cast<float>(std::max(window_.height(), 1));
  const float width = static_cast<float>(std::max(window_.width(), 1));
  const ui::Layout free =
      ui::layout(width, height, state_.view.scale, state_.view.panels, panels::num_tracks(state_));
  const float tall = std::max(high.y - bottom, 0.2f) * height / std::max(free.view.height(), 1.0f);
  const float wide = glm::length(Vec2(high.x - low.x, high.z - low.z)) * height /
                     std::max(free.view.width(), 1.0f);
  constexpr float kFill = 0.74f;
  camera.distance_m =
      0.5f * std::max(tall, wide) / (kFill * std::tan(0.5f * camera.vertical_fov_rad));
  followed_ = root;
}

void App::handle_events() {
  SDL_Event event;
  while (SDL_PollEvent(&event) != 0) {
    ImGui_ImplSDL2_ProcessEvent(&event);
    handle_event(event);
  }
}

void App::follow(double dt_s) {
  const Vec3 root = stage_.root_position();
  if (!state_.view.follow) {
    followed_ = root;
    return;
  }
  // The camera trails by a tenth of a second, except over jumps such as the seam of a loop.
  constexpr float kHalfLife_s = 0.1f;
  constexpr float kJump_m = 1.0f;
  Vec3 move = root - followed_;
  move.y = 0.0f;
  // Where no time passes, as on scrubbing, there is nothing to trail.
  if (dt_s > 0.0 && glm::length(move) < kJump_m)
    move *= 1.0f - std::exp2(-static_cast<float>(dt_s) / kHalfLife_s);
  followed_ += move;
  state_.camera.target += move;
}

void App::draw_scene(const ui::Layout& layout) {
  SceneFrame scene;
  {
    Trace::Scope timer(&drawing_, kSkin);
    stage_.draw(state_.view, scene);
  }
  Trace::Scope timer(&drawing_, kScene);
  const int width = window_.width(), height = window_.height();
  // The Doctor's card covers its side from top to bottom, the instruments a corner of theirs.
  const float covered = panels::doctor_card(state_, layout.view) -
                        0.5f * panels::instruments_card(state_, layout.view);
  const Vec2 middle(0.5f * (layout.view.min.x + layout.view.max.x - covered),
                    0.5f * (layout.view.min.y + layout.view.max.y));
  state_.camera.screen_shift =
      Vec2(2.0f * middle.x / static_cast<float>(std::max(width, 1)) - 1.0f,
           1.0f - 2.0f * middle.y / static_cast<float>(std::max(height, 1)));
  scene.camera = state_.camera;
  const PixelRect view{
      static_cast<int>(layout.view.min.x), height - static_cast<int>(layout.view.max.y),
      static_cast<int>(layout.view.width()), static_cast<int>(layout.view.height())};
  canvas_.bind(width, height);
  render(scene, view);
  canvas_.bind(width, height);
}

void App::draw_panels(const ui::Layout& layout) {
  {
    Trace::Scope timer(&drawing_, kPanels);
    build_panels(layout);
    ImGui::Render();
  }
  Trace::Scope timer(&drawing_, kGui);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

void App::build_panels(const ui::Layout& layout) {
  widgets_.begin_frame();
  // Named so that scripts can use the mouse on the character.
  widgets_.add({"view", layout.view, true, false, layout.view});
  const ui::Context c{state_, commands_, fonts_, widgets_, state_.view.scale};
  if (state_.selection.document < 0 && loading_.empty()) panels::welcome(c, layout.view);
  if (state_.view.names) {
    const ui::Rect& view = layout.view;
    const float margin = c.px(theme::kGutter);
    panels::joint_names(
        c, stage_.labels(
               state_.camera,
               {Vec2(window_.width(), window_.height()),
                Vec2(view.min.x + margin, view.min.y + margin),
                Vec2(view.max.x - panels::doctor_card(state_, view) - margin, view.max.y - margin),
                fonts_.small->FontSize}));
  }
  if (state_.view.panels) {
    panels::top_bar(c, layout.top);
    if (layout.left.width() > 0.0f) panels::clip_list(c, layout.left);
    if (layout.right.width() > 0.0f) panels::inspector(c, layout.right);
    panels::transport(c, layout.bottom);
  }
  panels::instruments(c, layout.view);
  panels::doctor(c, layout.view);
  if (state_.hint) panels::hint(c, layout.view);
  panels::notices(c, layout.view);
  if (state_.view.help) panels::help(c, layout.view);
}

Result<void> App::recover_graphics() {
  // What was on the card is dropped while its context is still there to be told.
  ImGui_ImplOpenGL3_Shutdown();
  renderer_ = SceneRenderer();
  stage_.release_graphics();
  canvas_ = Canvas(window_.headless());
  if (Result<void> renewed = window_.renew(); !renewed) return renewed;
  ImGui_ImplOpenGL3_Init("#version 450 core");
  Result<SceneRenderer> renderer = SceneRenderer::create();
  if (!renderer) return renderer.error();
  renderer_ = std::move(renderer).value();
  use_quality(find_quality(state_.quality.c_str()));
  state_.notices.push_back(
      {false, "The graphics card was reset", "Everything was set up anew; nothing is lost."});
  return {};
}

Result<void> App::frame(double dt_s) {
  if (window_.lost())
    if (Result<void> recovered = recover_graphics(); !recovered) return recovered;
  handle_events();
  poll_loading();
  poll_completing();
  poll_carrying();
  poll_repairs();
  poll_blend();
  poll_training();
  poll_phases();
  poll_partners();
  apply_gamepad(gamepad_, dt_s, state_, commands_);
  apply_commands();
  if (!pointer_down()) ++gesture_;
  undo_.note(choices_of(state_), gesture_);
  state_.undo_depth = undo_.depth();
  state_.redo_depth = undo_.redo_depth();
  save_settings();
  advance(state_.timeline, dt_s);
  step_stage(dt_s);
  follow(dt_s);
  if (state_.held == nullptr) rewind_.record(state_, stage_.world());
  state_.simulation_latency.update(*state_.simulation);
  state_.drawing_latency.update(drawing_);

  drawing_.begin_frame();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplSDL2_NewFrame();
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize =
      ImVec2(static_cast<float>(window_.width()), static_cast<float>(window_.height()));
  if (options_.headless || scripted()) feed_pointer();
  ImGui::NewFrame();
  const ui::Layout layout = ui::layout(io.DisplaySize.x, io.DisplaySize.y, state_.view.scale,
                                       state_.view.panels, panels::num_tracks(state_));
  handle_mouse();
  draw_scene(layout);
  draw_panels(layout);
  Result<void> recorded = record_frame();
  {
    Trace::Scope timer(&drawing_, kPresent);
    window_.present();
  }
  drawing_.end_frame();
  return recorded;
}

void App::load_settings() {
  if (options_.settings.empty()) return;
  Result<Settings> read = read_settings(options_.settings);
  if (!read) report_error("Settings could not be read", read.error().message);
  saved_ = read ? *read : Settings();
  const float scale = state_.view.scale;
  state_.view = saved_.view;
  state_.view.scale = scale;
  state_.budget_us = saved_.budget_us;
  state_.hint = !saved_.hint_seen;
  state_.doctor.dismissed = saved_.doctor_dismissed;
  for (const std::string& folder : saved_.folders) {
    // A folder that is gone, such as a stick that was pulled, is no longer shown.
    LibraryGroup group = scan_folder(folder);
    if (!group.entries.empty() || !group.folders.empty())
      state_.browser.insert(state_.browser.begin() + 1, std::move(group));
  }
}

Settings App::settings() const {
  Settings now = saved_;
  for (const ViewFlag& flag : view_flags()) now.view.*flag.value = state_.view.*flag.value;
  for (const ViewNumber& n : view_numbers()) now.view.*n.value = state_.view.*n.value;
  now.quality = state_.quality_wanted;
  now.budget_us = state_.budget_us;
  now.hint_seen = !state_.hint;
  now.view.doctor_opens = state_.view.doctor_opens;
  now.doctor_dismissed = state_.doctor.dismissed;
  now.folders.clear();
  for (auto group = state_.browser.rbegin(); group != state_.browser.rend(); ++group)
    if (!group->folder.empty()) now.folders.push_back(group->folder);
  return now;
}

void App::save_settings() {
  // While something is dragged it changes every frame.
  if (options_.settings.empty() || settings_refused_ || pointer_down()) return;
  const Settings now = settings();
  if (now == saved_) return;
  saved_ = now;
  if (Result<void> saved = write_settings(options_.settings, now); !saved) {
    settings_refused_ = true;
    report_error("Settings are not kept", saved.error().message);
  }
}

bool App::pointer_down() const {
  return ImGui::IsMouseDown(ImGuiMouseButton_Left);
}

bool App::press(const std::string& label) {
  for (const Key& key : keys()) {
    if (label != key.label) continue;
    handle_key(key.code,
               (key.shift ? unsigned{KMOD_SHIFT} : 0u) | (key.ctrl ? unsigned{KMOD_CTRL} : 0u),
               false);
    return true;
  }
  return false;
}

Result<void> App::screenshot(const std::string& path, const std::string& widget) {
  if (widget.empty()) return save_screenshot(path);
  const ui::Widget* found = widgets_.find(widget);
  if (found == nullptr)
    return Error{ErrorCode::bad_value, "nothing on screen is called '" + widget + "'"};
  const ui::Rect& r = found->rect;
  return write_png(path, crop(canvas_.read(), static_cast<int>(r.min.x), static_cast<int>(r.min.y),
                              static_cast<int>(r.max.x), static_cast<int>(r.max.y)));
}

bool App::at_rest() const {
  const bool playing = state_.timeline.playing && state_.clip() != nullptr;
  constexpr float kArrived_m = 1e-4f;
  Vec3 to_go = stage_.root_position() - followed_;
  to_go.y = 0.0f;
  const bool following = state_.view.follow && glm::length(to_go) > kArrived_m;
  const auto moved = [](float axis) { return axis != 0.0f; };
  const bool steering = std::any_of(gamepad_.axes.begin(), gamepad_.axes.end(), moved);
  return !options_.headless && !scripted() && !steering && recorder_ == nullptr && !playing &&
         !following && !busy() && commands_.empty() && !pointer_down() && !widgets_.waits() &&
         !ImGui::GetIO().WantTextInput;
}

Result<void> App::run_frames() {
  const int frames = options_.headless && options_.frames == 0 ? kHeadlessFrames : options_.frames;
  const double tick_s = 1.0 / static_cast<double>(SDL_GetPerformanceFrequency());
  Uint64 last = SDL_GetPerformanceCounter();
  int still = 0;
  for (int i = 0; !quit_ && (frames == 0 || i < frames); ++i) {
    // A few frames more than nothing needs, for what ImGui shows one frame late.
    constexpr int kSettled = 4;
    still = at_rest() ? still + 1 : 0;
    if (frames == 0 && still > kSettled) {
      constexpr int kNap_ms = 250;
      if (SDL_WaitEventTimeout(nullptr, kNap_ms) == 0) continue;
      still = 0;
    }
    const Uint64 now = SDL_GetPerformanceCounter();
    // A window that was dragged or a laptop that slept must not make the clip leap.
    const double elapsed_s = std::min(static_cast<double>(now - last) * tick_s, 0.1);
    last = now;
    // The first frame shows the time it was asked for.
    const double dt_s = options_.headless || recorder_ != nullptr ? kHeadlessStep_s : elapsed_s;
    if (Result<void> done = frame(i == 0 ? 0.0 : dt_s); !done) return done;
    if (window_.width() == 0) SDL_Delay(50);
  }
  return {};
}

Result<void> App::run() {
  std::optional<Script> script;
  if (scripted()) {
    Result<Script> loaded = load_script(options_.script);
    if (!loaded) return loaded.error();
    script = std::move(loaded).value();
  }
  if (Result<void> opened = open_initial_files(); !opened) return opened;
  if (options_.simulate)
    if (Result<void> performed = embody(nullptr); !performed) return performed;
  if (!options_.record.empty())
    if (Result<void> started = start_recorder(options_.record); !started) return started;
  if (Result<void> ran = script ? run_script(*script, *this) : run_frames(); !ran) return ran;
  save_settings();
  if (Result<void> finished = stop_recorder(); !finished) return finished;
  if (!options_.screenshot.empty())
    if (Result<void> saved = save_screenshot(options_.screenshot); !saved) return saved;
  return options_.report.empty() ? Result<void>() : report(options_.report);
}

}  // namespace canter::viewer
