// canter mimic train: teaches a body a clip.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "canter/trainer/mimic.h"
#include "canter/trainer/run.h"
#include "command.h"
#include "mimic.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string clip, policy, interface = "tracking", precision, weights = "f32", log;
  double minutes = 0.0, reward = 0.0;
  trainer::Hardships hardships;
  std::int64_t samples = 0;
  std::uint64_t seed = 1;
  int seeds = 1, threads = 0;
  std::vector<std::string> set;
  bool no_clip = false, resume = false, json = false;
  std::string command;  ///< as called, for the record
  trainer::Collective* processes = &trainer::alone();
  /// Only one process speaks and writes what others read.
  bool speaks() const { return processes->rank() == 0; }
};

constexpr std::int64_t kDefaultSamples = 1'500'000;

volatile std::sig_atomic_t interrupted = 0;

// Ctrl+C ends a run like any other limit: with its checkpoint and its policy.
class Interruptible {
 public:
  Interruptible() : before_(std::signal(SIGINT, [](int) { interrupted = 1; })) {}
  ~Interruptible() { std::signal(SIGINT, before_); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  void (*before_)(int);
};

std::string clock_text(double seconds) {
  const auto s = static_cast<int>(seconds);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

// One line per evaluation, and on a terminal one that is rewritten in between.
class Progress {
 public:
  Progress(const trainer::Limits& limits, bool json)
      : limits_(limits), out_(json ? stderr : stdout), live_(isatty(fileno(out_)) != 0) {
    silent_ = json && !live_;
  }

  void show(const trainer::Iteration& i) {
    if (silent_ || (!live_ && !i.evaluated)) return;
    const double spent = i.collect_s + i.update_s;
    rate_ = rate_ == 0.0 ? per_s(i, spent) : 0.8 * rate_ + 0.2 * per_s(i, spent);
    const trainer::Evaluation& e = i.evaluation;
    fmt::print(out_,
               "{}{:7.3f} M samples  {:>5}  return {:.3f}  life {:5.2f} s  {:2}/{} survive  best "
               "{:.3f}  noisy life {:5.2f} s  {:5.0f} samples/s  {} left{}",
               live_ ? "\r" : "", static_cast<double>(i.samples) * 1e-6, clock_text(i.seconds),
               e.reward, e.life_s, e.survived, e.starts, std::max(i.best_reward, 0.0),
               i.train_life_s, rate_, left(i), live_ && !i.evaluated ? " " : "\n");
    std::fflush(out_);
  }

 private:
  static double per_s(const trainer::Iteration& i, double spent) {
    return spent > 0.0 && i.iteration > 0
               ? static_cast<double>(i.samples) / static_cast<double>(i.iteration) / spent
               : 0.0;
  }
  std::string left(const trainer::Iteration& i) const {
    const double whole_rate = i.seconds > 0.0 ? static_cast<double>(i.samples) / i.seconds : 0.0;
    double seconds = 1e12;
    if (limits_.seconds > 0.0) seconds = limits_.seconds - i.seconds;
    if (limits_.samples > 0 && whole_rate > 0.0)
      seconds = std::min(seconds, static_cast<double>(limits_.samples - i.samples) / whole_rate);
    return seconds < 1e9 ? clock_text(std::max(seconds, 0.0)) : "?";
  }

  trainer::Limits limits_;
  std::FILE* out_;
  bool live_ = false, silent_ = false;
  double rate_ = 0.0;
};

nn::Precision precision_of(const char* option, const std::string& name) {
  const auto precision = nn::precision_from(name);
  if (!precision)
    throw bad_call(fmt::format("mimic train: {}: {}", option, precision.error().message));
  return precision.value();
}

trainer::Settings settings_for(const Arguments& a, const mimic::Task& task, std::uint64_t seed) {
  trainer::Settings settings = trainer::mimic_settings(task);
  settings.seed = seed;
  // Processes on one machine share its cores; who wants more threads says so.
  settings.threads = a.processes->size() > 1 ? std::max(a.threads, 1) : threads_or_all(a.threads);
  if (!a.precision.empty()) settings.precision = precision_of("--precision", a.precision);
  change_settings(settings, a.set);
  return settings;
}

// What a seed's run came to.
struct Outcome {
  std::uint64_t seed = 0;
  std::string policy, folder;
  trainer::RunReport report;
  trainer::Evaluation best;
  std::uint64_t hash = 0;
};

Json training_record(const Arguments& a, const trainer::Settings& settings,
                     const trainer::Evaluation& best, double seconds) {
  return {{"seed", settings.seed}, {"samples", best.samples},
          {"wall_s", seconds},     {"threads", settings.threads},
          {"command", a.command},  {"return", best.reward},
          {"life_s", best.life_s}, {"survived", best.survived},
          {"starts", best.starts}, {"settings", trainer::describe(settings)}};
}

void write_policy(const Arguments& a, const NamedTask& clip, const trainer::Settings& settings,
                  const trainer::Policy& policy, const trainer::Evaluation& best, double seconds,
                  const std::string& path) {
  const std::string record = training_record(a, settings, best, seconds).dump();
  const mimic::PolicyFileOptions options{
      precision_of("--weights", a.weights),
      a.no_clip ? mimic::ReferenceIn::caller : mimic::ReferenceIn::file};
  write_file(path, require(mimic::write_policy(clip.made.task, trainer::actor_weights(policy),
                                               record, options)));
}

Outcome train_seed(const Arguments& a, const NamedTask& clip, std::uint64_t seed,
                   const std::string& policy_path, const std::string& folder) {
  const trainer::Settings settings = settings_for(a, clip.made.task, seed);
  const auto environment = trainer::make_mimic_environment(clip.made.task, a.hardships);
  trainer::Trainer trainer = require(trainer::Trainer::make(*environment, settings, *a.processes));
  trainer::Limits limits{a.samples, a.minutes * 60.0, a.reward};
  if (limits.samples == 0 && limits.seconds == 0.0) limits.samples = kDefaultSamples;

  Progress progress(limits, a.json);
  double seconds = 0.0;
  trainer::Callbacks callbacks;
  callbacks.iteration = [&](const trainer::Iteration& i) {
    seconds = i.seconds;
    if (a.speaks()) progress.show(i);
  };
  callbacks.best = [&](const trainer::Policy& policy, const trainer::Evaluation& best) {
    if (a.speaks()) write_policy(a, clip, settings, policy, best, seconds, policy_path);
  };
  callbacks.command = [] {
    return interrupted != 0 ? trainer::Command::stop : trainer::Command::go;
  };
  Outcome outcome{seed, policy_path, folder, {}, {}, 0};
  const std::string files =
      a.speaks() ? folder : folder + fmt::format("/rank{}", a.processes->rank());
  outcome.report = require(trainer::run(trainer, limits, callbacks, {files, a.resume}));
  outcome.best = trainer.best_evaluation();
  outcome.hash = trainer.state_hash();
  if (!a.speaks()) return outcome;
  // Again in any case: a run may have been continued for nothing but its file.
  const bool evaluated = outcome.best.starts > 0;
  write_policy(a, clip, settings, trainer.best_policy(),
               evaluated ? outcome.best : trainer.evaluate(), seconds, policy_path);
  return outcome;
}

Json json_of(const Outcome& o) {
  const trainer::Iteration& last = o.report.last;
  return {{"seed", o.seed},
          {"policy", o.policy},
          {"log", o.folder + "/log.csv"},
          {"samples", last.samples},
          {"seconds", last.seconds},
          {"samples_per_s",
           last.seconds > 0.0 ? static_cast<double>(last.samples) / last.seconds : 0.0},
          {"return", o.best.reward},
          {"life_s", o.best.life_s},
          {"survived", o.best.survived},
          {"starts", o.best.starts},
          {"best_samples", o.best.samples},
          {"resumed", o.report.resumed},
          {"stopped", o.report.stopped},
          {"hash", fmt::format("{:016x}", o.hash)}};
}

std::string with_seed(const std::string& policy, std::uint64_t seed) {
  const std::filesystem::path path(policy);
  return (path.parent_path() / path.stem()).string() + fmt::format(".seed{}", seed) +
         path.extension().string();
}

void make_parent(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) throw bad_data(parent.string() + ": cannot create: " + error.message());
}

std::vector<Outcome> train_seeds(const Arguments& a, const NamedTask& clip) {
  std::vector<Outcome> outcomes;
  for (int i = 0; i < a.seeds && interrupted == 0; ++i) {
    const std::uint64_t seed = a.seed + static_cast<std::uint64_t>(i);
    const std::string policy = a.seeds == 1 ? a.policy : with_seed(a.policy, seed);
    const std::string folder =
        a.log.empty()  ? std::filesystem::path(policy).replace_extension(".train").string()
        : a.seeds == 1 ? a.log
                       : a.log + fmt::format(".seed{}", seed);
    if (!a.json && a.seeds > 1 && a.speaks()) fmt::print("seed {}\n", seed);
    outcomes.push_back(train_seed(a, clip, seed, policy, folder));
  }
  return outcomes;
}

void print(const Arguments& a, const NamedTask& clip, const std::vector<Outcome>& outcomes,
           const Outcome& best) {
  if (a.json) {
    Json out = json_of(best);
    out["policy"] = a.policy;
    out["clip"] = clip.name;
    out["retargeted"] = clip.made.retargeted;
    out["body"] = clip.made.body.name;
    if (a.seeds > 1)
      for (const Outcome& o : outcomes) out["seeds"].push_back(json_of(o));
    fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  for (const Outcome& o : outcomes)
    fmt::print(
        "{}: return {:.3f}, life {:.1f} s, {} of {} survive, at {:.2f} M of {:.2f} M samples, "
        "{} (seed {}, log {}/log.csv)\n",
        o.policy, o.best.reward, o.best.life_s, o.best.survived, o.best.starts,
        static_cast<double>(o.best.samples) * 1e-6,
        static_cast<double>(o.report.last.samples) * 1e-6, clock_text(o.report.last.seconds),
        o.seed, o.folder);
}

void train(Arguments a) {
  if (a.seeds < 1) throw bad_call("mimic train: --seeds starts at 1");
  if (a.minutes < 0.0 || a.samples < 0)
    throw bad_call("mimic train: --minutes and --samples cannot be negative");
  if (!(a.hardships.push_n >= 0.0f) || !(a.hardships.push_every_s > 0.0))
    throw bad_call("mimic train: --push starts at 0, --push-every above it");
  precision_of("--weights", a.weights);
  mimic::TaskOptions options;
  if (a.hardships.push_n > 0.0f) options.max_root_distance_m = trainer::kPushedRootDistance_m;
  const NamedTask clip = load_clip_task(a.clip, a.interface, options);
  if (a.policy.empty()) a.policy = "out/" + clip.name + ".safetensors";
  make_parent(a.policy);
  if (!a.json && a.speaks())
    fmt::print("{}: {}{}, {} observations, {} actions\n", clip.name, clip.made.body.name,
               clip.made.retargeted ? " (carried over, cleaned)" : "",
               clip.made.task.observation_size(), clip.made.task.action_size());

  const Interruptible interruptible;
  const std::vector<Outcome> outcomes = train_seeds(a, clip);
  if (!a.speaks()) return;
  const auto best =
      std::ranges::max_element(outcomes, {}, [](const Outcome& o) { return o.best.reward; });
  if (a.seeds > 1) write_file(a.policy, read_file(best->policy));
  print(a, clip, outcomes, *best);
}

// With the other processes of mpirun, where there are any. One that fails ends them all: they would
// wait for it for ever.
void train_together(Arguments a) {
  const std::unique_ptr<trainer::Collective> processes = trainer::mpi_collective();
  if (processes != nullptr) a.processes = processes.get();
  try {
    train(a);
  } catch (const CommandError& error) {
    if (a.processes->size() > 1) std::fprintf(stderr, "canter: %s\n", error.what());
    a.processes->give_up();
    throw;
  }
}

}  // namespace

void add_mimic_train(CLI::App& mimic) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* train_command = mimic.add_subcommand("train", "Teaches a body a clip (docs/train.md)");
  train_command->add_option("CLIP", a->clip, "Motion file, or a clip's name in motion_data/")
      ->required();
  train_command->add_option("--policy", a->policy, "File to write (default out/CLIP.safetensors)");
  train_command->add_option("--minutes", a->minutes, "Stop after this time");
  train_command->add_option("--samples", a->samples,
                            "Stop after so many control steps (default 1500000 without --minutes)");
  train_command->add_option("--return", a->reward, "Stop when an evaluation reaches this, up to 1");
  train_command->add_option("--seed", a->seed, "Of everything random (default 1)");
  train_command->add_option("--seeds", a->seeds, "Train this many seeds and keep the best");
  train_command->add_option("--threads", a->threads, "Threads (default: all cores)");
  train_command->add_option("--interface", a->interface,
                            "What it sees and says: tracking (default) or deepmimic (197/36)");
  train_command->add_option("--push", a->hardships.push_n,
                            "Push it while it learns: up to this force for 0.2 s, newton");
  train_command->add_option("--push-every", a->hardships.push_every_s,
                            "Mean time between two pushes, seconds (default 2)");
  train_command->add_option("--precision", a->precision,
                            "f32 or bf16 (default: bf16 where the processor has it)");
  train_command->add_option("--weights", a->weights,
                            "What the policy's file holds: f32 (default), f16 or bf16");
  train_command->add_flag("--no-clip", a->no_clip,
                          "Leave the clip out of the policy's file: it is given with --clip then");
  train_command->add_option("--log", a->log,
                            "Folder of the run (default: beside the policy, .train)");
  train_command->add_option("--set", a->set, "Any setting of the trainer, NAME=VALUE");
  train_command->add_flag("--resume", a->resume, "Continue from the folder's checkpoint");
  train_command->add_flag("--json", a->json, "Print one JSON object");
  train_command->callback([a, train_command] {
    a->command = "canter mimic train " + std::filesystem::path(a->clip).filename().string();
    // What decides the policy; not where this machine keeps its files.
    for (const char* name : {"--minutes", "--samples", "--return", "--seed", "--seeds", "--push",
                             "--push-every", "--interface", "--precision", "--weights", "--set"})
      for (const std::string& value : train_command->get_option(name)->results())
        a->command += fmt::format(" {} {}", name, value);
    if (a->no_clip) a->command += " --no-clip";
    train_together(*a);
  });
}

}  // namespace canter::tools
