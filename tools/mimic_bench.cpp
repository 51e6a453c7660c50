// canter mimic bench: how fast this machine simulates and learns.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "canter/trainer/mimic.h"
#include "command.h"
#include "mimic.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string clip = "walk", interface = "tracking";
  int threads = 0, iterations = 4;
  std::vector<std::string> set;
  bool json = false;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Physics alone, on one thread: the reference as the target, from everywhere in the clip.
double physics_steps_per_s(const mimic::Task& task) {
  constexpr double kSeconds = 1.0;
  constexpr int kSteps = 15;  // of one start: before a body that nobody balances has fallen
  const auto environment = trainer::make_mimic_environment(task);
  environment->set_workers(1);
  std::vector<std::byte> state(environment->state_bytes());
  const std::vector<float> action(static_cast<std::size_t>(environment->action_size()));
  std::int64_t steps = 0;
  const auto start = Clock::now();
  for (int n = 0; seconds_since(start) < kSeconds; ++n) {
    environment->reset(state, (n % 16) / 16.0, 0);
    for (int i = 0; i < kSteps; ++i) {
      steps += task.steps_per_action();
      if (environment->step(state, action, 0).ending != trainer::Ending::running) break;
    }
  }
  return static_cast<double>(steps) / seconds_since(start);
}

struct Speed {
  double collect_per_s = 0.0, update_per_s = 0.0, samples_per_s = 0.0;
};

// Iterations of a fresh policy, the first two left out: they are slower and faster.
Speed train_speed(const mimic::Task& task, const Arguments& a, nn::Precision precision) {
  trainer::Settings settings = trainer::mimic_settings(task);
  settings.precision = precision;
  settings.threads = threads_or_all(a.threads);
  change_settings(settings, a.set);
  const auto environment = trainer::make_mimic_environment(task);
  trainer::Trainer trainer = require(trainer::Trainer::make(*environment, settings));
  for (int i = 0; i < 2; ++i) trainer.iterate();
  double collect_s = 0.0, update_s = 0.0;
  for (int i = 0; i < a.iterations; ++i) {
    const trainer::Iteration done = trainer.iterate();
    collect_s += done.collect_s;
    update_s += done.update_s;
  }
  const double samples = static_cast<double>(settings.samples_per_iteration()) * a.iterations;
  return {samples / collect_s, samples / update_s, samples / (collect_s + update_s)};
}

Json json_of(const Speed& s) {
  return {{"collect_per_s", s.collect_per_s},
          {"update_per_s", s.update_per_s},
          {"samples_per_s", s.samples_per_s}};
}

void bench(const Arguments& a) {
  if (a.iterations < 1) throw bad_call("mimic bench: --iterations starts at 1");
  const NamedTask clip = load_clip_task(a.clip, a.interface, {});
  const double physics = physics_steps_per_s(clip.made.task);
  const Speed f32 = train_speed(clip.made.task, a, nn::Precision::f32);
  const bool has_bf16 = trainer::fastest_precision() == nn::Precision::bf16;
  const Speed bf16 = has_bf16 ? train_speed(clip.made.task, a, nn::Precision::bf16) : Speed{};
  if (a.json) {
    Json out = {{"physics_steps_per_s", physics}};
    out.update(json_of(has_bf16 ? bf16 : f32));
    out["f32"] = json_of(f32);
    if (has_bf16) out["bf16"] = json_of(bf16);
    fmt::print("{}\n", out.dump(2));
    return;
  }
  fmt::print("{}: {:.0f} physics steps/s on one thread\n", clip.name, physics);
  const auto row = [](const char* name, const Speed& s) {
    fmt::print("  {:5} collecting {:6.0f}, updating {:6.0f}, overall {:6.0f} samples/s\n", name,
               s.collect_per_s, s.update_per_s, s.samples_per_s);
  };
  row("f32", f32);
  if (has_bf16) row("bf16", bf16);
}

}  // namespace

void add_mimic_bench(CLI::App& mimic) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* bench_command =
      mimic.add_subcommand("bench", "Times physics, collecting and updating on this machine");
  bench_command->add_option("CLIP", a->clip, "Motion file, or a clip's name (default walk)");
  bench_command->add_option("--threads", a->threads, "Threads of the trainer (default: all cores)");
  bench_command->add_option("--interface", a->interface, "tracking (default) or deepmimic");
  bench_command->add_option("--iterations", a->iterations, "To measure over (default 4)");
  bench_command->add_option("--set", a->set, "Any setting of the trainer, NAME=VALUE");
  bench_command->add_flag("--json", a->json, "Print one JSON object");
  bench_command->callback([a] { bench(*a); });
}

}  // namespace canter::tools
