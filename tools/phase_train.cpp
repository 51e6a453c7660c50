// canter phase train: a Periodic Autoencoder from motions.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/trainer/phase.h"
#include "command.h"
#include "phase.h"
#include "phase_motions.h"

namespace canter::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct TrainArguments {
  std::vector<std::string> clips;
  std::vector<std::string> validate, exclude;
  std::string out = "phase.safetensors";
  trainer::PhaseSettings settings;
  bool past_only = false;
  bool resume = false;
  bool json = false;
  int evaluate_every = 500;
  int patience = 8;
};

bool any_in(const std::vector<std::string>& parts, const std::string& name) {
  for (const std::string& part : parts)
    if (name.find(part) != std::string::npos) return true;
  return false;
}

// The clips by what they are for.
struct Split {
  std::vector<PhaseClip> learn, validate;
  std::string names(const std::vector<PhaseClip>& clips) const {
    std::string text;
    for (const PhaseClip& c : clips) text += (text.empty() ? "" : ", ") + c.name;
    return text;
  }
};

Split split(const TrainArguments& a) {
  std::vector<std::string> skipped;
  Split out;
  for (PhaseClip& c : load_phase_clips(a.clips, skipped)) {
    if (any_in(a.exclude, c.name)) continue;
    (any_in(a.validate, c.name) ? out.validate : out.learn).push_back(std::move(c));
  }
  if (!a.json)
    for (const std::string& why : skipped) fmt::print("left out: {}\n", why);
  if (out.learn.empty()) throw bad_data("no clip to learn from is left");
  return out;
}

std::vector<trainer::PhaseMotion> motions_of(const std::vector<PhaseClip>& clips,
                                             const TrainArguments& a) {
  std::vector<trainer::PhaseMotion> motions;
  phase::FeatureSettings settings;
  settings.margin = 121;
  settings.causal = a.past_only;
  for (const PhaseClip& c : clips) {
    trainer::PhaseMotion motion;
    motion.features = require(phase::motion_features(c.skeleton, c.body, c.clip, settings));
    // Steady gait is drawn three times as often as the rest.
    double steady_s = 0.0;
    for (const phase::GaitSegment& s : c.gait.steady)
      steady_s += static_cast<double>(s.end_s - s.start_s);
    motion.weight =
        1.0f + 2.0f * static_cast<float>(steady_s / static_cast<double>(c.clip.duration_s()));
    motions.push_back(std::move(motion));
  }
  return motions;
}

// The point on the other side, of every point of a humanoid.
std::vector<int> mirrored_points() {
  constexpr int kSpine = 7, kArm = 4;
  std::vector<int> pairs;
  for (int i = 0; i < phase::kBodyPoints; ++i) {
    const int limb = i - kSpine;
    pairs.push_back(limb < 0 ? i
                             : kSpine + limb / (2 * kArm) * 2 * kArm + (limb + kArm) % (2 * kArm));
  }
  return pairs;
}

// How good a network's phases are on clips it does not learn from; smaller is better.
struct Judgement {
  double score = 1e9;
  phase::GaitScores scores;
  nn::WeightFile file;
};
Judgement judge(const trainer::PhaseTrainer& trainer, const Split& clips, bool past_only) {
  Judgement j;
  j.file = trainer.network();
  if (past_only) j.file.metadata["phase.filter"] = "causal";
  const auto network = require(phase::make_autoencoder(j.file, "network in training"));
  const auto learned = tracks_of(network, clips.learn, past_only);
  const int primary = phase::choose_primary(scored(clips.learn, learned), network.info().channels);
  j.file.metadata["phase.primary"] = std::to_string(primary);
  const auto& held = clips.validate.empty() ? clips.learn : clips.validate;
  const auto tracks = tracks_of(network, held, past_only);
  j.scores = phase::score_gait(scored(held, tracks), primary);
  const auto& s = j.scores;
  j.score = s.m3_rms + (1.0 - s.m2_steady) + 0.5 * (1.0 - s.m5a[0]) + 0.5 * (1.0 - s.m5a[1]) +
            s.m4a_median + (s.ratio == 1 ? 0.0 : 1.0);
  if (std::isnan(j.score)) j.score = 1e8;
  return j;
}

// Of a network written before; as bad as any where there is none.
double score_of(const std::string& path) {
  if (!std::filesystem::exists(path)) return Judgement().score;
  const auto file = require(nn::read_safetensors(read_file(path), path));
  const auto found = file.metadata.find("score");
  return found == file.metadata.end() ? Judgement().score
                                      : std::strtod(found->second.c_str(), nullptr);
}

void show_progress(const TrainArguments& a, int step, double error, double seconds) {
  if (a.json || isatty(STDERR_FILENO) == 0) return;
  constexpr int kWidth = 30;
  const int full = kWidth * step / a.settings.steps;
  fmt::print(stderr, "\r[{}{}] {}/{} steps, error {:.3f}, {:.0f} s left ",
             std::string(static_cast<std::size_t>(full), '#'),
             std::string(static_cast<std::size_t>(kWidth - full), '.'), step, a.settings.steps,
             error, seconds / step * (a.settings.steps - step));
  std::fflush(stderr);
}

void train(TrainArguments& a) {
  const Split clips = split(a);
  if (a.past_only) a.settings.pivot = phase::Pivot::newest;
  const auto motions = motions_of(clips.learn, a);
  require(trainer::validate(a.settings, motions[0].features.dims, motions[0].features.rate_hz));
  trainer::PhaseTrainer trainer(a.settings, motions, mirrored_points());
  const std::string checkpoint = a.out + ".checkpoint";
  if (a.resume && std::filesystem::exists(checkpoint))
    require(trainer.restore(read_file(checkpoint)));

  const auto begun = Clock::now();
  const int first = trainer.steps_done();
  Judgement best;
  if (first > 0) best.score = score_of(a.out);
  int best_step = 0, since_best = 0;
  double error = 1.0;
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  while (trainer.steps_done() < a.settings.steps && since_best < a.patience) {
    const double now = trainer.step();
    error += 0.02 * (now - error);
    const int step = trainer.steps_done();
    if (step % 20 == 0) show_progress(a, step, error, seconds() * step / std::max(1, step - first));
    if (step % a.evaluate_every != 0 && step != a.settings.steps) continue;
    Judgement j = judge(trainer, clips, a.past_only);
    write_file(checkpoint, trainer.save());
    if (!a.json)
      fmt::print(
          "{:6} steps {:5.0f} s: error {:.4f}; held out: monotone {:.4f}, R2 {:.4f}, residual "
          "{:.4f}, speed off by {:.4f}, strikes {:.3f} {:.3f}, score {:.4f}{}\n",
          step, seconds(), error, j.scores.m2_steady, j.scores.m3_r2, j.scores.m3_rms,
          j.scores.m4a_median, j.scores.m5a[0], j.scores.m5a[1], j.score,
          j.score < best.score ? " *" : "");
    std::fflush(stdout);
    ++since_best;
    if (j.score >= best.score) continue;
    since_best = 0;
    best = std::move(j);
    best_step = step;
    best.file.metadata["trained_on"] = clips.names(clips.learn);
    best.file.metadata["validated_on"] = clips.names(clips.validate);
    best.file.metadata["seed"] = std::to_string(a.settings.seed);
    best.file.metadata["steps"] = std::to_string(step);
    best.file.metadata["score"] = std::to_string(best.score);
    best.file.metadata["made_by"] = "canter phase train";
    write_file(a.out, nn::write_safetensors(best.file.tensors, best.file.metadata));
  }
  nlohmann::ordered_json out = {{"steps", trainer.steps_done()},
                                {"best_step", best_step},
                                {"seconds", seconds()},
                                {"error", error},
                                {"score", best.score},
                                {"clips", clips.learn.size()},
                                {"held_out", clips.validate.size()}};
  if (a.json)
    fmt::print("{}\n", out.dump(2));
  else
    fmt::print("{}: step {} of {}, {:.1f} minutes\n", a.out, best_step, trainer.steps_done(),
               seconds() / 60.0);
}

}  // namespace

void add_phase_train(CLI::App& phase) {
  CLI::App* command = phase.add_subcommand("train", "Learns a Periodic Autoencoder from motions");
  auto a = std::make_shared<TrainArguments>();
  command->add_option("CLIPS", a->clips, "Files or folders of motions")->required();
  command->add_option("--out", a->out, "The network; beside it OUT.checkpoint");
  command->add_option("--channels", a->settings.channels, "Phases");
  command->add_option("--seed", a->settings.seed, "Of weights and of what is drawn");
  command->add_option("--steps", a->settings.steps, "Of the optimiser, at most");
  command->add_option("--batch", a->settings.batch, "Windows of a step");
  command->add_option("--step-size", a->settings.step_size, "Adam's, to begin with");
  command->add_option("--validate", a->validate,
                      "Parts of names: clips held out, on which the best network is chosen");
  command->add_option("--exclude", a->exclude, "Parts of names: clips left for `eval`");
  command->add_option("--evaluate-every", a->evaluate_every, "Steps between two judgements")
      ->check(CLI::PositiveNumber);
  command->add_option("--patience", a->patience, "Judgements without a better one that end it")
      ->check(CLI::PositiveNumber);
  command->add_option("--horizon", a->settings.horizon_s,
                      "Seconds by which phases must tell earlier and later windows too");
  command->add_flag("--past-only", a->past_only, "Windows that end now, of causal features");
  command->add_flag("--resume", a->resume, "Go on from the checkpoint, where there is one");
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { train(*a); });
}

}  // namespace canter::tools
