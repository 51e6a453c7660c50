// canter phase train: a Periodic Autoencoder from motions.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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

// Frames before and after a clip that its windows may reach for: two windows, for the tempo.
constexpr int kMargin = 242;

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
  int seeds = 1;
};

// The clips by what they are for.
struct Split {
  std::vector<PhaseClip> learn, validate;
  std::vector<PhaseClip> variants;  ///< of those validated on
  std::vector<phase::Features> learn_features, variant_features;
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
  phase::FeatureSettings settings;
  settings.margin = kMargin;
  settings.causal = a.past_only;
  out.learn_features = features_of(out.learn, settings);
  out.variants = variants_of(out.validate);
  out.variant_features = features_of(out.variants, settings);
  return out;
}

std::vector<trainer::PhaseMotion> motions_of(const Split& clips) {
  std::vector<trainer::PhaseMotion> motions;
  for (std::size_t i = 0; i < clips.learn.size(); ++i) {
    const PhaseClip& c = clips.learn[i];
    trainer::PhaseMotion motion;
    motion.features = clips.learn_features[i];
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

// How good phases are, by what is wanted of them; smaller is better. A twentieth of the segments
// may be off in speed by more: strikes are not seen to the frame.
double badness(const phase::GaitScores& s) {
  const double score = s.m3_rms + (1.0 - s.m2_steady) + 0.5 * (1.0 - s.m5a[0]) +
                       0.5 * (1.0 - s.m5a[1]) + s.m4a_p95 + (s.ratio == 1 ? 0.0 : 1.0);
  return std::isnan(score) ? 1e8 : score;
}

// A network's best channel on clips it does not learn from.
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
  const bool judged = !clips.variants.empty();
  const auto tracks =
      tracks_of(network, judged ? clips.variant_features : clips.learn_features, past_only);
  const auto held = scored(judged ? clips.variants : clips.learn, tracks);
  for (int channel = 0; channel < network.info().channels; ++channel) {
    const phase::GaitScores scores = phase::score_gait(held, channel);
    if (badness(scores) >= j.score) continue;
    j.score = badness(scores);
    j.scores = scores;
    j.file.metadata["phase.primary"] = std::to_string(channel);
  }
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

// How one seed's training went.
struct Run {
  std::uint64_t seed = 0;
  int steps = 0;
  int best_step = 0;
  double score = Judgement().score;
  double error = 1.0;
};

void show_judgement(const TrainArguments& a, const Run& run, const Judgement& j, double seconds) {
  if (a.json) return;
  const phase::GaitScores& s = j.scores;
  fmt::print(
      "{:6} steps {:5.0f} s: error {:.4f}; held out: monotone {:.4f}, R2 {:.4f}, residual {:.4f}, "
      "speed off by {:.4f}, at most {:.4f}, strikes {:.3f} {:.3f}, score {:.4f}{}\n",
      run.steps, seconds, run.error, s.m2_steady, s.m3_r2, s.m3_rms, s.m4a_median, s.m4a_p95,
      s.m5a[0], s.m5a[1], j.score, j.score < run.score ? " *" : "");
  std::fflush(stdout);
}

void write_network(const TrainArguments& a, const Split& clips, const Run& run,
                   nn::WeightFile file) {
  file.metadata["trained_on"] = clips.names(clips.learn);
  file.metadata["validated_on"] = clips.names(clips.validate);
  file.metadata["seed"] = std::to_string(run.seed);
  file.metadata["steps"] = std::to_string(run.best_step);
  file.metadata["score"] = std::to_string(run.score);
  file.metadata["made_by"] = "canter phase train";
  write_file(a.out, nn::write_safetensors(file.tensors, file.metadata));
}

// One seed. Networks that are better than the best so far go to the file.
Run train_seed(const TrainArguments& a, const Split& clips, double best_score) {
  trainer::PhaseTrainer trainer(a.settings, motions_of(clips), mirrored_points());
  const std::string checkpoint = a.out + ".checkpoint";
  if (a.resume && std::filesystem::exists(checkpoint))
    require(trainer.restore(read_file(checkpoint)));
  const auto begun = Clock::now();
  const int first = trainer.steps_done();
  Run run;
  run.seed = a.settings.seed;
  run.steps = first;
  if (first > 0) run.score = score_of(a.out);
  int since_best = 0;
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  while (run.steps < a.settings.steps && since_best < a.patience) {
    const double now = trainer.step();
    run.error += 0.02 * (now - run.error);
    run.steps = trainer.steps_done();
    if (run.steps % 20 == 0)
      show_progress(a, run.steps, run.error,
                    seconds() * run.steps / std::max(1, run.steps - first));
    if (run.steps % a.evaluate_every != 0 && run.steps != a.settings.steps) continue;
    Judgement j = judge(trainer, clips, a.past_only);
    write_file(checkpoint, trainer.save());
    show_judgement(a, run, j, seconds());
    ++since_best;
    if (j.score >= run.score) continue;
    since_best = 0;
    run.score = j.score;
    run.best_step = run.steps;
    if (run.score < best_score) write_network(a, clips, run, std::move(j.file));
  }
  return run;
}

void train(TrainArguments& a) {
  if (a.seeds > 1 && a.resume) throw bad_call("phase train: --resume goes on with one seed");
  const Split clips = split(a);
  if (a.past_only) a.settings.pivot = phase::Pivot::newest;
  require(
      trainer::validate(a.settings, clips.learn_features[0].dims, clips.learn_features[0].rate_hz));
  const auto begun = Clock::now();
  Run best;
  auto runs = nlohmann::ordered_json::array();
  for (int i = 0; i < a.seeds; ++i, ++a.settings.seed) {
    const Run run = train_seed(a, clips, best.score);
    runs.push_back({{"seed", run.seed}, {"best_step", run.best_step}, {"score", run.score}});
    if (!a.json)
      fmt::print("seed {}: score {:.4f} at step {}\n", run.seed, run.score, run.best_step);
    if (i == 0 || run.score < best.score) best = run;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  nlohmann::ordered_json out = {
      {"steps", best.steps}, {"best_step", best.best_step}, {"seconds", seconds},
      {"error", best.error}, {"score", best.score},         {"seed", best.seed},
      {"runs", runs},        {"clips", clips.learn.size()}, {"held_out", clips.validate.size()}};
  if (a.json)
    fmt::print("{}\n", out.dump(2));
  else
    fmt::print("{}: seed {}, step {} of {}, {:.1f} minutes\n", a.out, best.seed, best.best_step,
               best.steps, seconds / 60.0);
}

}  // namespace

void add_phase_train(CLI::App& phase) {
  CLI::App* command = phase.add_subcommand("train", "Learns a Periodic Autoencoder from motions");
  auto a = std::make_shared<TrainArguments>();
  command->add_option("CLIPS", a->clips, "Files or folders of motions")->required();
  command->add_option("--out", a->out, "The network; beside it OUT.checkpoint");
  command->add_option("--channels", a->settings.channels, "Phases");
  command->add_option("--seed", a->settings.seed, "Of weights and of what is drawn");
  command->add_option("--seeds", a->seeds, "How many from --seed on; the best network is kept")
      ->check(CLI::PositiveNumber);
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
  command->add_option("--memory", a->settings.memory,
                      "Steps that networks are averaged over before they are judged");
  command->add_option("--tempo", a->settings.tempo,
                      "Factor up to which windows are played faster or slower");
  command->add_flag("--past-only", a->past_only, "Windows that end now, of causal features");
  command->add_flag("--resume", a->resume, "Go on from the checkpoint, where there is one");
  command->add_flag("--json", a->json, "One JSON object on stdout");
  command->callback([a] { train(*a); });
}

}  // namespace canter::tools
