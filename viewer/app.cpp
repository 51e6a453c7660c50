#include "viewer/app.h"

#include <SDL.h>
#include <backends/imgui_impl_opengl3.h>
#include <backends/imgui_impl_sdl.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "viewer/library.h"
#include "viewer/panels/panels.h"
#include "viewer/report.h"
#include "viewer/timeline.h"

namespace canter::viewer {
namespace {

constexpr double kHeadlessStep_s = 1.0 / 60.0;
constexpr int kHeadlessFrames = 120;
constexpr int kTraceHistory = 1200;
constexpr int kMaxTraceHistory = 100'000;

enum DrawStage { kSkin, kScene, kPanels, kPresent };
constexpr const char* kDrawStages[] = {"skin", "scene", "panels", "present"};

int trace_history(const Options& options) {
  return std::clamp(options.frames, kTraceHistory, kMaxTraceHistory);
}

}  // namespace

App::App(const Options& options, Window window, SceneRenderer renderer)
    : options_(options),
      window_(std::move(window)),
      renderer_(std::move(renderer)),
      stage_(trace_history(options)),
      drawing_(kDrawStages, trace_history(options)) {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  ImGui_ImplSDL2_InitForOpenGL(window_.handle(), window_.gl_context());
  ImGui_ImplOpenGL3_Init("#version 450 core");
  set_scale(options.scale.value_or(window_.display_scale()));

  state_.library = scan_library();
  state_.simulation = &stage_.world().trace();
  state_.drawing = &drawing_;
  state_.renderer = window_.renderer();
  state_.view.panels = options.panels;
  state_.view.bones = options.bones;
  state_.view.ghost = options.ghost;
  state_.view.contacts = options.contacts;
  state_.view.timings = !options.headless || options.timings;
  state_.view.tab = options.tab == "frame" ? Tab::frame : Tab::clip;
  if (!fonts_.missing.empty())
    state_.notices.push_back({false, "Plain fonts", fonts_.missing + "; other fonts stand in."});
  set_quality(options.quality);
}

App::~App() {
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplSDL2_Shutdown();
  ImGui::DestroyContext();
}

void App::set_scale(float scale) {
  state_.view.scale = std::clamp(scale, 0.5f, 4.0f);
  fonts_ = theme::apply(state_.view.scale);
}

void App::set_quality(const std::string& name) {
  // Where the processor makes the pixels, two samples are what it affords beside the rest.
  const std::string wanted = name != "auto"                ? name
                             : window_.software_renderer() ? "medium"
                                                           : "high";
  for (const Quality& level : quality_levels())
    if (wanted == level.name) renderer_.set_quality(level);
  state_.quality = renderer_.quality().name;
}

// --- files --------------------------------------------------------------------------------------

Result<void> App::open_initial_files() {
  // Motions without a mesh play on the character that ships; without one they play as bones.
  const std::vector<LibraryEntry>& characters = state_.library.back().entries;
  if (!characters.empty()) {
    const std::string path = characters.front().path;
    if (Result<DocumentPtr> character = load_document(path); character && (*character)->mesh) {
      default_character_ = *character;
      state_.documents.push_back(default_character_);
      find_or_add(state_.library, path).document = 0;
    } else if (!character) {
      report_error("The character that ships could not be opened", character.error().message);
    }
  }
  std::vector<std::string> paths = options_.files;
  if (paths.empty()) {
    // What ships: the walk, or else the first clip, or else the character alone.
    for (const LibraryGroup& group : state_.library) {
      const std::vector<LibraryEntry>& entries = group.entries;
      const auto walk = std::find_if(entries.begin(), entries.end(),
                                     [](const LibraryEntry& e) { return e.name == "walk"; });
      if (paths.empty() && !entries.empty())
        paths.push_back(walk != entries.end() ? walk->path : entries[0].path);
    }
  }
  for (const std::string& path : paths) {
    if (!options_.headless) {
      start_loading(path);
      continue;
    }
    if (Result<void> opened = finish_loading(path, load_document(path)); !opened) return opened;
  }
  return choose_clip();
}

Result<void> App::choose_clip() {
  if (options_.clip.empty()) return {};
  const Document* document = state_.document();
  const std::size_t count = document == nullptr ? 0 : document->clips.size();
  for (std::size_t i = 0; i < count; ++i)
    if (document->clips[i].name == options_.clip || std::to_string(i) == options_.clip)
      return play(state_.selection.document, static_cast<int>(i));
  return Error{ErrorCode::bad_value, (document == nullptr ? "nothing open" : document->path) +
                                         ": no clip '" + options_.clip + "'; it has " +
                                         std::to_string(count)};
}

void App::start_loading(const std::string& path) {
  LibraryEntry& entry = find_or_add(state_.library, path);
  if (entry.loading) return;
  entry.loading = true;
  entry.error.clear();
  loading_.push_back({path, std::async(std::launch::async, load_document, path)});
}

void App::poll_loading() {
  for (std::size_t i = 0; i < loading_.size();) {
    if (loading_[i].result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      ++i;
      continue;
    }
    Loading done = std::move(loading_[i]);
    loading_.erase(loading_.begin() + static_cast<std::ptrdiff_t>(i));
    if (Result<void> finished = finish_loading(done.path, done.result.get()); !finished)
      report_error("Could not open " + done.path.substr(done.path.find_last_of('/') + 1),
                   finished.error().message);
  }
}

Result<void> App::finish_loading(const std::string& path, Result<DocumentPtr> loaded) {
  LibraryEntry& entry = find_or_add(state_.library, path);
  entry.loading = false;
  if (!loaded) {
    entry.error = loaded.error().message;
    return loaded.error();
  }
  state_.documents.push_back(std::move(loaded).value());
  const int index = static_cast<int>(state_.documents.size()) - 1;
  entry.document = index;
  const Document& document = *state_.documents.back();
  // A file of one character is something to play on; everything else plays.
  if (document.clips.empty() && document.mesh.has_value() && state_.clip() != nullptr) {
    state_.selection.character = index;
    if (Result<void> shown = show(); !shown) return shown;
    frame_character();
    return {};
  }
  return play(index, 0);
}

// --- commands -----------------------------------------------------------------------------------

void App::report_error(const std::string& title, const std::string& text) {
  constexpr std::size_t kMaxNotices = 3;
  if (state_.notices.size() >= kMaxNotices) state_.notices.erase(state_.notices.begin());
  state_.notices.push_back({true, title, text});
}

Result<void> App::play(int document, int clip) {
  const Selection before = state_.selection;
  const Document& next = *state_.documents[static_cast<std::size_t>(document)];
  if (clip >= static_cast<int>(next.clips.size())) clip = -1;
  state_.selection.document = document;
  state_.selection.clip = next.clips.empty() ? -1 : clip;
  // A character without a motion stays the one to play on when a motion comes.
  if (before.clip < 0 && before.document >= 0 && before.document != document &&
      state_.documents[static_cast<std::size_t>(before.document)]->mesh.has_value())
    state_.selection.character = before.document;
  const Timeline timeline_before = state_.timeline;
  if (state_.clip() != nullptr)
    start_clip(state_.timeline, state_.clip()->clip);
  else
    state_.timeline = Timeline{};
  if (options_.time_s.has_value()) {
    seek(state_.timeline, *options_.time_s);
    state_.timeline.playing = false;
  }
  if (Result<void> shown = show(); !shown) {
    state_.selection = before;
    state_.timeline = timeline_before;
    return shown;
  }
  if (before.document != document) frame_character();
  state_.camera.target += Vec3(1, 0, 1) * (stage_.root_position() - state_.camera.target);
  followed_ = stage_.root_position();
  return {};
}

DocumentPtr App::wanted_body() const {
  const Selection& s = state_.selection;
  if (s.character >= 0) return state_.documents[static_cast<std::size_t>(s.character)];
  const DocumentPtr& motion = state_.documents[static_cast<std::size_t>(s.document)];
  return motion->mesh.has_value() ? motion : default_character_;
}

Result<void> App::perform(const Performance& performance) {
  if (Result<void> shown = stage_.show(performance); !shown) return shown;
  state_.retargeted = performance.retargeted;
  state_.worn = performance.body.get();
  if (performance.body == nullptr)
    state_.shown_on = "bare bones";
  else if (performance.retargeted != nullptr)
    state_.shown_on = "retargeted to " + performance.body->title;
  else if (performance.body != performance.motion)
    state_.shown_on = "on " + performance.body->title;
  else
    state_.shown_on = state_.clip() != nullptr ? "on its own mesh" : "in its rest pose";
  step_stage(0.0);
  return {};
}

Result<void> App::show() {
  const Selection& s = state_.selection;
  if (s.document < 0) return {};
  Performance performance;
  performance.motion = state_.documents[static_cast<std::size_t>(s.document)];
  performance.clip = s.clip;
  const DocumentPtr& motion = performance.motion;
  if (motion->mesh.has_value()) performance.body = motion;
  const DocumentPtr body = wanted_body();
  if (body == nullptr || body == motion) return perform(performance);
  if (same_joints(*body, *motion)) {
    performance.body = body;
    return perform(performance);
  }
  if (s.clip < 0) return perform(performance);
  // Another skeleton: carry the clip over. With a window that happens aside, and what can be shown
  // at once is shown meanwhile.
  Result<RetargetedPtr> ready = carried(motion, s.clip, body);
  if (ready && *ready != nullptr) {
    performance.body = body;
    performance.retargeted = *ready;
  } else if (!ready && s.character >= 0) {
    return ready.error();
  }
  return perform(performance);
}

Result<RetargetedPtr> App::carried(const DocumentPtr& motion, int clip, const DocumentPtr& body) {
  for (const RetargetedPtr& known : carried_)
    if (known->motion == motion && known->clip == clip && known->body == body) return known;
  if (options_.headless) return retarget_clip(motion, clip, body);
  start_carrying(motion, clip, body);
  return RetargetedPtr();
}

void App::start_carrying(const DocumentPtr& motion, int clip, const DocumentPtr& body) {
  for (const Carrying& c : carrying_)
    if (c.motion == motion && c.clip == clip && c.body == body) return;
  carrying_.push_back(
      {motion, clip, body, std::async(std::launch::async, retarget_clip, motion, clip, body)});
}

void App::poll_carrying() {
  constexpr std::size_t kKept = 8;
  for (std::size_t i = 0; i < carrying_.size();) {
    if (carrying_[i].result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      ++i;
      continue;
    }
    Carrying done = std::move(carrying_[i]);
    carrying_.erase(carrying_.begin() + static_cast<std::ptrdiff_t>(i));
    const Selection& s = state_.selection;
    const bool wanted = s.document >= 0 && s.clip == done.clip &&
                        state_.documents[static_cast<std::size_t>(s.document)] == done.motion &&
                        wanted_body() == done.body;
    Result<RetargetedPtr> result = done.result.get();
    if (!result) {
      // Bones say enough unless this character was asked for.
      if (wanted && s.character >= 0)
        report_error("Could not play on " + done.body->title, result.error().message);
      continue;
    }
    if (carried_.size() >= kKept) carried_.erase(carried_.begin());
    carried_.push_back(*result);
    if (!wanted) continue;
    if (Result<void> shown = perform({done.motion, done.clip, done.body, *result}); !shown)
      report_error("Could not play on " + done.body->title, shown.error().message);
    else
      frame_character();
  }
}

void App::step_stage(double dt_s) {
  stage_.step(state_.timeline.time_s, state_.timeline.laps, dt_s);
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

void App::apply_commands() {
  // A command may ask for another one; those wait for the next frame.
  Commands commands;
  commands.swap(commands_);
  for (const Command& c : commands) apply(c);
}

void App::apply(const Command& command) {
  Timeline& timeline = state_.timeline;
  const auto report = [&](const Result<void>& result) {
    if (!result) report_error("That did not work", result.error().message);
  };
  std::visit(
      [&](const auto& c) {
        using C = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<C, command::OpenFile>) {
          start_loading(c.path);
        } else if constexpr (std::is_same_v<C, command::PlayClip>) {
          report(play(c.document, c.clip));
        } else if constexpr (std::is_same_v<C, command::ShowOn>) {
          if (state_.clip() == nullptr) return report(play(c.document, -1));
          state_.selection.character = c.document;
          report(show());
          frame_character();
        } else if constexpr (std::is_same_v<C, command::TogglePlay>) {
          timeline.playing = !timeline.playing;
          // Play at the end of a clip that does not loop starts it over.
          const double end = timeline.speed < 0.0f ? timeline.in_s : timeline.out_s;
          if (timeline.playing && !timeline.loop && timeline.time_s == end)
            timeline.time_s = timeline.speed < 0.0f ? timeline.out_s : timeline.in_s;
        } else if constexpr (std::is_same_v<C, command::Seek>) {
          timeline.playing = false;
          seek(timeline, c.time_s);
        } else if constexpr (std::is_same_v<C, command::StepFrames>) {
          step_frames(timeline, c.frames);
        } else if constexpr (std::is_same_v<C, command::SetSpeed>) {
          timeline.speed = std::clamp(c.speed, -5.0f, 5.0f);
        } else if constexpr (std::is_same_v<C, command::SetLoop>) {
          timeline.loop = c.loop;
        } else if constexpr (std::is_same_v<C, command::SetRange>) {
          timeline.in_s = std::clamp(c.in_s, 0.0, timeline.duration_s);
          timeline.out_s = std::clamp(c.out_s, timeline.in_s, timeline.duration_s);
        } else if constexpr (std::is_same_v<C, command::ResetTimeline>) {
          timeline.in_s = 0.0;
          timeline.out_s = timeline.duration_s;
          timeline.speed = 1.0f;
        } else if constexpr (std::is_same_v<C, command::SetTab>) {
          state_.view.tab = c.tab;
        } else if constexpr (std::is_same_v<C, command::SetFlag>) {
          state_.view.*c.flag = c.value;
        } else if constexpr (std::is_same_v<C, command::FrameCharacter>) {
          frame_character();
        } else if constexpr (std::is_same_v<C, command::DismissNotice>) {
          if (c.index < state_.notices.size())
            state_.notices.erase(state_.notices.begin() + static_cast<std::ptrdiff_t>(c.index));
        } else if constexpr (std::is_same_v<C, command::TakeScreenshot>) {
          const std::string path = "canter_" + std::to_string(++screenshots_) + ".png";
          const Result<void> saved = save_screenshot(path);
          if (saved)
            state_.notices.push_back({false, "Screenshot saved", path});
          else
            report_error("No screenshot", saved.error().message);
        } else if constexpr (std::is_same_v<C, command::Quit>) {
          quit_ = true;
        }
      },
      command);
}

// --- input --------------------------------------------------------------------------------------

void App::handle_events() {
  SDL_Event event;
  while (SDL_PollEvent(&event) != 0) {
    ImGui_ImplSDL2_ProcessEvent(&event);
    handle_event(event);
  }
}

// --- the frame ----------------------------------------------------------------------------------

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
  if (glm::length(move) < kJump_m)
    move *= 1.0f - std::exp2(-static_cast<float>(dt_s) / kHalfLife_s);
  followed_ += move;
  state_.camera.target += move;
}

void App::draw_scene(const ui::Layout& layout) {
  SceneFrame scene;
  {
    Trace::Scope timer(&drawing_, kSkin);
    stage_.draw(state_.view, state_.timeline.time_s, scene);
  }
  Trace::Scope timer(&drawing_, kScene);
  const int width = window_.width(), height = window_.height();
  const Vec2 middle(0.5f * (layout.view.min.x + layout.view.max.x),
                    0.5f * (layout.view.min.y + layout.view.max.y));
  state_.camera.screen_shift =
      Vec2(2.0f * middle.x / static_cast<float>(std::max(width, 1)) - 1.0f,
           1.0f - 2.0f * middle.y / static_cast<float>(std::max(height, 1)));
  scene.camera = state_.camera;
  const PixelRect view{
      static_cast<int>(layout.view.min.x), height - static_cast<int>(layout.view.max.y),
      static_cast<int>(layout.view.width()), static_cast<int>(layout.view.height())};
  renderer_.render(scene, 0, width, height, view);
}

void App::draw_panels(const ui::Layout& layout) {
  Trace::Scope timer(&drawing_, kPanels);
  const ui::Context c{state_, commands_, fonts_, state_.view.scale};
  if (state_.selection.document < 0 && loading_.empty()) panels::welcome(c, layout.view);
  if (state_.view.panels) {
    panels::top_bar(c, layout.top);
    if (layout.left.width() > 0.0f) panels::clip_list(c, layout.left);
    if (layout.right.width() > 0.0f) panels::inspector(c, layout.right);
    panels::transport(c, layout.bottom);
  }
  panels::notices(c, layout.view);
  if (state_.view.help) panels::help(c, layout.view);
  ImGui::Render();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

Result<void> App::frame(double dt_s) {
  handle_events();
  poll_loading();
  poll_carrying();
  apply_commands();
  advance(state_.timeline, dt_s);
  step_stage(dt_s);
  follow(dt_s);

  drawing_.begin_frame();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplSDL2_NewFrame();
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize =
      ImVec2(static_cast<float>(window_.width()), static_cast<float>(window_.height()));
  if (options_.headless) {
    io.DeltaTime = static_cast<float>(kHeadlessStep_s);
    io.MousePos = ImVec2(-1e9f, -1e9f);
  }
  ImGui::NewFrame();
  const ui::Layout layout = ui::layout(io.DisplaySize.x, io.DisplaySize.y, state_.view.scale,
                                       state_.view.panels, panels::num_tracks(state_));
  handle_mouse();
  draw_scene(layout);
  draw_panels(layout);
  Result<void> recorded;
  if (recorder_ != nullptr) recorded = recorder_->add(read_pixels());
  {
    Trace::Scope timer(&drawing_, kPresent);
    window_.present();
  }
  drawing_.end_frame();
  return recorded;
}

Image App::read_pixels() const {
  Image image{window_.width(), window_.height(), {}};
  const auto row = static_cast<std::size_t>(image.width) * 4;
  image.rgba.resize(row * static_cast<std::size_t>(image.height));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glBindFramebuffer(GL_READ_FRAMEBUFFER, 0);
  glReadPixels(0, 0, image.width, image.height, GL_RGBA, GL_UNSIGNED_BYTE, image.rgba.data());
  // OpenGL's rows come from the bottom.
  for (std::size_t top = 0, bottom = static_cast<std::size_t>(image.height); top + 1 < bottom--;
       ++top)
    std::swap_ranges(image.rgba.begin() + static_cast<std::ptrdiff_t>(top * row),
                     image.rgba.begin() + static_cast<std::ptrdiff_t>((top + 1) * row),
                     image.rgba.begin() + static_cast<std::ptrdiff_t>(bottom * row));
  return image;
}

Result<void> App::save_screenshot(const std::string& path) {
  if (window_.width() < 1 || window_.height() < 1)
    return Error{ErrorCode::io, path + ": the window is minimised, there is nothing to save"};
  return write_png(path, read_pixels());
}

Result<void> App::run() {
  if (Result<void> opened = open_initial_files(); !opened) return opened;
  if (!options_.record.empty()) {
    Result<Recorder> recorder =
        Recorder::start(options_.record, window_.width(), window_.height(), 60);
    if (!recorder) return recorder.error();
    recorder_ = std::make_unique<Recorder>(std::move(recorder).value());
  }
  const int frames = options_.headless && options_.frames == 0 ? kHeadlessFrames : options_.frames;
  const double tick_s = 1.0 / static_cast<double>(SDL_GetPerformanceFrequency());
  Uint64 last = SDL_GetPerformanceCounter();
  for (int i = 0; !quit_ && (frames == 0 || i < frames); ++i) {
    const Uint64 now = SDL_GetPerformanceCounter();
    // A window that was dragged or a laptop that slept must not make the clip leap.
    const double elapsed_s = std::min(static_cast<double>(now - last) * tick_s, 0.1);
    last = now;
    // The first frame shows the time it was asked for.
    const double dt_s = options_.headless || recorder_ != nullptr ? kHeadlessStep_s : elapsed_s;
    if (Result<void> done = frame(i == 0 ? 0.0 : dt_s); !done) return done;
    if (window_.width() == 0) SDL_Delay(50);
  }
  if (recorder_ != nullptr)
    if (Result<void> finished = recorder_->finish(); !finished) return finished;
  if (!options_.screenshot.empty())
    if (Result<void> saved = save_screenshot(options_.screenshot); !saved) return saved;
  if (!options_.report.empty()) return write_report(options_, state_);
  return {};
}

}  // namespace canter::viewer
