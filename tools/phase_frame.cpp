// canter phase frame: the frame network, learned from an autoencoder's phases and held against
// them.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/phase/frame_network.h"
#include "canter/trainer/phase.h"
#include "command.h"
#include "phase.h"
#include "phase_lessons.h"

namespace canter::tools {
namespace {

struct FrameArguments {
  std::vector<std::string> clips, exclude;
  std::string network = shipped_phase_network();
  std::string out = "phase_frame.safetensors";
  trainer::FrameSettings settings;
  bool json = false;
};

// Frames of a clip as the network sees them live, [frames, kFrameInputs].
std::vector<float> inputs_of(const PhaseClip& clip) {
  phase::FeatureSettings raw;
  raw.margin = 0;
  raw.cutoff_hz = 0.0f;
  const auto live = require(phase::motion_features(clip.skeleton, clip.body, clip.clip, raw));
  const auto dims = static_cast<std::size_t>(live.dims);
  std::vector<float> all(static_cast<std::size_t>(live.frames) * phase::kFrameInputs);
  for (int f = 0; f < live.frames; ++f)
    phase::frame_input(std::span(live.points).subspan(static_cast<std::size_t>(f) * dims, dims),
                       live.row(f),
                       std::span(all).subspan(static_cast<std::size_t>(f) * phase::kFrameInputs,
                                              phase::kFrameInputs));
  return all;
}

struct FrameLesson {
  Lesson lesson;
  std::vector<float> inputs;

  std::span<const float> input(int frame) const {
    return std::span(inputs).subspan(static_cast<std::size_t>(frame) * phase::kFrameInputs,
                                     phase::kFrameInputs);
  }
};

void add_samples(const FrameLesson& l, trainer::FrameSamples& samples) {
  for (int f = 1; f < l.lesson.track.frames(); ++f) {
    if (!l.lesson.teaches(f)) continue;
    const auto input = l.input(f);
    samples.inputs.insert(samples.inputs.end(), input.begin(), input.end());
    for (const float value : l.lesson.target(f, l.lesson.track.primary))
      samples.targets.push_back(value);
  }
}

void compare(const FrameLesson& l, phase::FrameEstimator& estimator, StudentErrors& errors) {
  phase::FramePhase out;
  std::vector<float> phases;
  for (int f = 0; f < l.lesson.track.frames(); ++f) {
    estimator.run(l.input(f), {&out, 1});
    phases.push_back(out.phase);
  }
  errors.add(l.lesson, l.lesson.track.primary, phases);
}

void learn(const FrameArguments& a) {
  const phase::Autoencoder network = load_phase_network(a.network);
  std::vector<std::string> skipped;
  trainer::FrameSamples samples;
  std::vector<FrameLesson> lessons;
  for (const PhaseClip& clip : load_phase_clips(a.clips, skipped))
    lessons.push_back({make_lesson(clip, network, a.exclude), inputs_of(clip)});
  for (const FrameLesson& l : lessons)
    if (!l.lesson.held_out) add_samples(l, samples);
  if (samples.targets.empty()) throw bad_data("no clip to learn from is left");
  double error = 0.0;
  nn::WeightFile file = trainer::learn_frame_network(samples, a.settings, &error);
  file.metadata = {{"made_by", "canter phase frame"},
                   {"teacher", std::filesystem::path(a.network).filename().string()},
                   {"seed", std::to_string(a.settings.seed)},
                   {"steps", std::to_string(a.settings.steps)}};
  write_file(a.out, nn::write_safetensors(file.tensors, file.metadata));
  const auto student = require(phase::make_frame_network(std::move(file), a.out));
  phase::FrameEstimator estimator(student);
  StudentErrors on_learned, on_held_out;
  for (const FrameLesson& l : lessons)
    compare(l, estimator, l.lesson.held_out ? on_held_out : on_learned);
  nlohmann::ordered_json out = {{"file", a.out},
                                {"samples", samples.targets.size() / 2},
                                {"error", error},
                                {"learned", on_learned.to_json()},
                                {"held_out", on_held_out.to_json()}};
  fmt::print("{}\n", out.dump(2));
}

}  // namespace

void add_phase_frame(CLI::App& phase) {
  CLI::App* command = phase.add_subcommand(
      "frame", "Learns the frame network from an autoencoder's phases, and measures it");
  auto a = std::make_shared<FrameArguments>();
  command->add_option("CLIPS", a->clips, "Files or folders of motions")->required();
  command->add_option("--network", a->network, "The Periodic Autoencoder that teaches");
  command->add_option("--out", a->out, "The frame network");
  command->add_option("--exclude", a->exclude, "Parts of names: clips held out and measured on");
  command->add_option("--seed", a->settings.seed, "Of weights and of what is drawn");
  command->add_option("--steps", a->settings.steps, "Of the optimiser")->check(CLI::PositiveNumber);
  command->add_flag("--json", a->json, "One JSON object on stdout (it is one in any case)");
  command->callback([a] { learn(*a); });
}

}  // namespace canter::tools
