// canter phase frame: the frame network, learned from an autoencoder's phases and held against
// them.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>

#include "canter/phase/frame_network.h"
#include "canter/trainer/phase.h"
#include "command.h"
#include "phase.h"
#include "phase_motions.h"

namespace canter::tools {
namespace {

struct FrameArguments {
  std::vector<std::string> clips, exclude;
  std::string network = "assets/models/phase.safetensors";
  std::string out = "phase_frame.safetensors";
  trainer::FrameSettings settings;
  bool json = false;
};

// Frames of a clip as the network sees them live, and the teacher's primary channel.
struct Lesson {
  std::string name;
  std::vector<float> inputs;  ///< [frames, kFrameInputs]
  phase::PhaseTrack track;
  phase::Gait gait;
  float gate = 0.0f;  ///< amplitude below which the teacher has no phase
};

Lesson make_lesson(const PhaseClip& clip, const phase::Autoencoder& network) {
  Lesson lesson{clip.name, {}, {}, clip.gait, 0.0f};
  const auto features = require(phase::motion_features(clip.skeleton, clip.body, clip.clip,
                                                       phase::settings_for(network, false)));
  lesson.track = phase::extract_phases(network, features, false);
  phase::FeatureSettings raw;
  raw.margin = 0;
  raw.cutoff_hz = 0.0f;
  const auto live = require(phase::motion_features(clip.skeleton, clip.body, clip.clip, raw));
  const auto dims = static_cast<std::size_t>(live.dims);
  std::vector<float> input(phase::kFrameInputs), amplitudes;
  for (int f = 0; f < live.frames; ++f) {
    phase::frame_input(std::span(live.points).subspan(static_cast<std::size_t>(f) * dims, dims),
                       live.row(f), input);
    lesson.inputs.insert(lesson.inputs.end(), input.begin(), input.end());
    amplitudes.push_back(lesson.track.at(f, lesson.track.primary).amplitude);
  }
  std::nth_element(amplitudes.begin(),
                   amplitudes.begin() + static_cast<std::ptrdiff_t>(amplitudes.size() / 2),
                   amplitudes.end());
  lesson.gate = 0.25f * amplitudes[amplitudes.size() / 2];
  return lesson;
}

bool is_steady(const Lesson& lesson, int frame) {
  const float time_s = static_cast<float>(frame) / lesson.track.rate_hz;
  return std::any_of(
      lesson.gait.steady.begin(), lesson.gait.steady.end(),
      [&](const phase::GaitSegment& s) { return time_s >= s.start_s && time_s <= s.end_s; });
}

void add_samples(const Lesson& lesson, trainer::FrameSamples& samples) {
  const float clip_s = static_cast<float>(lesson.track.frames()) / lesson.track.rate_hz;
  for (int f = 1; f < lesson.track.frames(); ++f) {
    const float time_s = static_cast<float>(f) / lesson.track.rate_hz;
    if (time_s < kEdge_s || time_s > clip_s - kEdge_s) continue;
    const phase::ChannelPhase& c = lesson.track.at(f, lesson.track.primary);
    // Outside of gaits, the less the channel moves the shorter the target.
    const double length =
        is_steady(lesson, f)
            ? 1.0
            : std::min(1.0, static_cast<double>(c.amplitude / (4.0f * lesson.gate + 1e-6f)));
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(c.phase);
    const auto at = lesson.inputs.begin() + static_cast<std::ptrdiff_t>(f) * phase::kFrameInputs;
    samples.inputs.insert(samples.inputs.end(), at, at + phase::kFrameInputs);
    samples.targets.push_back(static_cast<float>(length * std::cos(angle)));
    samples.targets.push_back(static_cast<float>(length * std::sin(angle)));
  }
}

// Differences to the teacher in steady gait.
struct Errors {
  std::vector<double> cycles;     ///< |phase error| of every frame
  std::vector<double> frequency;  ///< relative error of the median speed, of every segment
};
void compare(const Lesson& lesson, phase::FrameEstimator& estimator, Errors& errors) {
  std::vector<phase::FramePhase> out(1);
  std::vector<float> phases;
  for (int f = 0; f < lesson.track.frames(); ++f) {
    estimator.run(
        std::span(lesson.inputs)
            .subspan(static_cast<std::size_t>(f) * phase::kFrameInputs, phase::kFrameInputs),
        out);
    phases.push_back(out[0].phase);
  }
  const auto median_speed = [&](int from, int to, auto&& phase_at) {
    std::vector<double> gains;
    for (int f = from + 1; f <= to; ++f)
      gains.push_back(static_cast<double>(phase::cycle_difference(phase_at(f), phase_at(f - 1))));
    std::nth_element(gains.begin(), gains.begin() + static_cast<std::ptrdiff_t>(gains.size() / 2),
                     gains.end());
    return gains[gains.size() / 2];
  };
  const auto teacher = [&](int f) { return lesson.track.at(f, lesson.track.primary).phase; };
  const auto student = [&](int f) { return phases[static_cast<std::size_t>(f)]; };
  for (const phase::GaitSegment& s : lesson.gait.steady) {
    const int from = static_cast<int>(s.start_s * lesson.track.rate_hz);
    const int to =
        std::min(static_cast<int>(s.end_s * lesson.track.rate_hz), lesson.track.frames() - 1);
    for (int f = from; f <= to; ++f)
      errors.cycles.push_back(
          std::abs(static_cast<double>(phase::cycle_difference(student(f), teacher(f)))));
    const double truth = median_speed(from, to, teacher);
    if (std::abs(truth) > 1e-4)
      errors.frequency.push_back(std::abs(median_speed(from, to, student) - truth) /
                                 std::abs(truth));
  }
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

nlohmann::ordered_json to_json(const Errors& e) {
  double squares = 0.0;
  for (const double c : e.cycles) squares += c * c / static_cast<double>(e.cycles.size());
  return {{"frames", e.cycles.size()},
          {"phase_rms_cycles", std::sqrt(squares)},
          {"phase_median_cycles", percentile(e.cycles, 0.5)},
          {"phase_p95_cycles", percentile(e.cycles, 0.95)},
          {"frequency_median", percentile(e.frequency, 0.5)},
          {"frequency_p95", percentile(e.frequency, 0.95)}};
}

void learn(const FrameArguments& a) {
  const phase::Autoencoder network = load_phase_network(a.network);
  std::vector<std::string> skipped;
  trainer::FrameSamples samples;
  std::vector<Lesson> learned, held_out;
  for (const PhaseClip& clip : load_phase_clips(a.clips, skipped)) {
    const bool out = std::any_of(a.exclude.begin(), a.exclude.end(), [&](const std::string& part) {
      return clip.name.find(part) != std::string::npos;
    });
    (out ? held_out : learned).push_back(make_lesson(clip, network));
  }
  for (const Lesson& lesson : learned) add_samples(lesson, samples);
  if (samples.targets.empty()) throw bad_data("no clip to learn from is left");
  double error = 0.0;
  nn::WeightFile file = trainer::learn_frame_network(samples, a.settings, &error);
  file.metadata = {{"made_by", "canter phase frame"},
                   {"teacher", a.network},
                   {"seed", std::to_string(a.settings.seed)},
                   {"steps", std::to_string(a.settings.steps)}};
  write_file(a.out, nn::write_safetensors(file.tensors, file.metadata));
  const auto student = require(phase::make_frame_network(std::move(file), a.out));
  phase::FrameEstimator estimator(student);
  Errors on_learned, on_held_out;
  for (const Lesson& lesson : learned) compare(lesson, estimator, on_learned);
  for (const Lesson& lesson : held_out) compare(lesson, estimator, on_held_out);
  nlohmann::ordered_json out = {{"file", a.out},
                                {"samples", samples.targets.size() / 2},
                                {"error", error},
                                {"learned", to_json(on_learned)},
                                {"held_out", to_json(on_held_out)}};
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
