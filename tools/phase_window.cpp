// canter phase window: the window network, learned from an autoencoder's phases and held against
// them.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/phase/window_network.h"
#include "canter/trainer/phase.h"
#include "command.h"
#include "phase.h"
#include "phase_lessons.h"

namespace canter::tools {
namespace {

struct WindowArguments {
  std::vector<std::string> clips, exclude;
  std::string network = shipped_phase_network();
  std::string out = "phase_window.safetensors";
  trainer::WindowSettings settings;
  bool json = false;
};

// A clip's features as they come live, with a window before the first frame.
struct WindowLesson {
  Lesson lesson;
  phase::Features features;

  /// [kWindowFrames, kWindowDims] that end at a frame.
  std::span<const float> window(int frame) const {
    const int first = frame + features.margin - phase::kWindowFrames + 1;
    return {features.row(first).data(),
            std::size_t{phase::kWindowFrames} * std::size_t{phase::kWindowDims}};
  }
};

WindowLesson make_window_lesson(const PhaseClip& clip, const phase::Autoencoder& teacher,
                                const std::vector<std::string>& exclude) {
  phase::FeatureSettings settings = phase::settings_for(teacher, true);
  settings.margin = phase::kWindowFrames;
  return {make_lesson(clip, teacher, exclude),
          require(phase::motion_features(clip.skeleton, clip.body, clip.clip, settings))};
}

void add_samples(const WindowLesson& l, trainer::WindowSamples& samples) {
  for (int f = 0; f < l.lesson.track.frames(); ++f) {
    if (!l.lesson.teaches(f)) continue;
    samples.windows.push_back(l.window(f).data());
    for (int c = 0; c < phase::kWindowPhases; ++c)
      for (const float value : l.lesson.target(f, c)) samples.targets.push_back(value);
  }
}

// Of the primary channel, and of all.
struct Errors {
  StudentErrors primary, all;
  nlohmann::ordered_json to_json() const {
    return {{"primary", primary.to_json()}, {"all_channels", all.to_json()}};
  }
};

void compare(const WindowLesson& l, phase::WindowEstimator& estimator, Errors& errors) {
  const int frames = l.lesson.track.frames();
  std::vector<std::vector<float>> phases(
      phase::kWindowPhases, std::vector<float>(static_cast<std::size_t>(frames), 0.0f));
  std::array<phase::FramePhase, phase::kWindowPhases> out;
  for (int f = 0; f < frames; ++f) {
    // A segment's first frame lies just before its start.
    if (!l.lesson.is_steady(f) && !l.lesson.is_steady(f + 1)) continue;
    estimator.run(l.window(f), out);
    for (std::size_t c = 0; c < out.size(); ++c)
      phases[c][static_cast<std::size_t>(f)] = out[c].phase;
  }
  for (int c = 0; c < phase::kWindowPhases; ++c) {
    errors.all.add(l.lesson, c, phases[static_cast<std::size_t>(c)]);
    if (c == l.lesson.track.primary)
      errors.primary.add(l.lesson, c, phases[static_cast<std::size_t>(c)]);
  }
}

void check_teacher(const phase::Autoencoder& teacher, const std::string& path) {
  const phase::AutoencoderInfo& info = teacher.info();
  if (info.channels != phase::kWindowPhases || info.dims != phase::kWindowDims ||
      info.rate_hz != 60.0f)
    throw bad_data(fmt::format(
        "{}: {} channels of {} features at {} Hz; a window network learns from {} of {} at 60",
        path, info.channels, info.dims, info.rate_hz, phase::kWindowPhases, phase::kWindowDims));
}

void show_progress(int step, int steps, bool json) {
  if (json || isatty(STDERR_FILENO) == 0 || step % 10 != 0) return;
  constexpr int kWidth = 30;
  const auto full = static_cast<std::size_t>(kWidth * step / steps);
  fmt::print(stderr, "\r[{}{}] {}/{} steps ", std::string(full, '#'),
             std::string(kWidth - full, '.'), step, steps);
  std::fflush(stderr);
}

void learn(const WindowArguments& a) {
  const phase::Autoencoder teacher = load_phase_network(a.network);
  check_teacher(teacher, a.network);
  std::vector<std::string> skipped;
  std::vector<WindowLesson> lessons;
  for (const PhaseClip& clip : load_phase_clips(a.clips, skipped)) {
    const bool learned = !any_in(a.exclude, clip.name);
    for (const PhaseClip& c : learned ? variants_of({clip}) : std::vector{clip})
      lessons.push_back(make_window_lesson(c, teacher, a.exclude));
  }
  trainer::WindowSamples samples;
  for (const WindowLesson& l : lessons)
    if (!l.lesson.held_out) add_samples(l, samples);
  if (samples.windows.empty()) throw bad_data("no clip to learn from is left");
  double error = 0.0;
  nn::WeightFile file = trainer::learn_window_network(samples, a.settings, &error, [&](int step) {
    show_progress(step, a.settings.steps, a.json);
  });
  // Half as large; what is measured below is what the file holds.
  for (auto& [name, tensor] : file.tensors) tensor = nn::convert(tensor.view(), nn::DType::f16);
  file.metadata = {{"made_by", "canter phase window"},
                   {"teacher", std::filesystem::path(a.network).filename().string()},
                   {"seed", std::to_string(a.settings.seed)},
                   {"steps", std::to_string(a.settings.steps)}};
  write_file(a.out, nn::write_safetensors(file.tensors, file.metadata));
  const auto student = require(phase::make_window_network(std::move(file), a.out));
  phase::WindowEstimator estimator(student);
  Errors on_learned, on_held_out;
  for (const WindowLesson& l : lessons)
    compare(l, estimator, l.lesson.held_out ? on_held_out : on_learned);
  nlohmann::ordered_json out = {{"file", a.out},
                                {"samples", samples.windows.size()},
                                {"error", error},
                                {"learned", on_learned.to_json()},
                                {"held_out", on_held_out.to_json()}};
  fmt::print("{}\n", out.dump(2));
}

}  // namespace

void add_phase_window(CLI::App& phase) {
  CLI::App* command = phase.add_subcommand(
      "window", "Learns the window network from an autoencoder's phases, and measures it");
  auto a = std::make_shared<WindowArguments>();
  command->add_option("CLIPS", a->clips, "Files or folders of motions")->required();
  command->add_option("--network", a->network, "The Periodic Autoencoder that teaches");
  command->add_option("--out", a->out, "The window network");
  command->add_option("--exclude", a->exclude, "Parts of names: clips held out and measured on");
  command->add_option("--seed", a->settings.seed, "Of weights and of what is drawn");
  command->add_option("--steps", a->settings.steps, "Of the optimiser")->check(CLI::PositiveNumber);
  command->add_option("--batch", a->settings.batch, "Windows of a step")
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", a->json, "One JSON object on stdout (it is one in any case)");
  command->callback([a] { learn(*a); });
}

}  // namespace canter::tools
