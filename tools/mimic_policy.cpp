// canter mimic eval, push, record, convert: what a trained policy can do, and its file.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "canter/mimic/evaluate.h"
#include "canter/nn/model_file.h"
#include "command.h"
#ifdef CANTER_HAS_TRAINER
#include "mimic.h"
#endif
#include "mimic_clip.h"
#include "write_motion.h"

namespace canter::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string policy, out, clip, weights = "f32";
  mimic::EvaluateOptions evaluate;
  mimic::PushOptions push;
  mimic::RecordOptions record;
  double rate_hz = 0.0;
  bool no_clip = false, json = false;
};

void print(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

// Hands a policy's bytes to `use(bytes)`, or to `use(bytes, clip)` with the clip of --clip where
// they do not hold it.
template <class Use>
auto with_clip(const Arguments& a, Use&& use) {
  const std::vector<std::byte> bytes = read_file(a.policy);
  const mimic::PolicySummary summary = require(mimic::summarise_policy(bytes, a.policy));
  if (summary.has_reference) return require(use(bytes));
  if (a.clip.empty())
    throw bad_call(a.policy + ": does not hold the clip it imitates, '" + summary.clip_name +
                   "'; give the clip's file with --clip");
  const importer::Scene scene = load_clip_scene(a.clip);
  return require(use(bytes, mimic::BroughtClip{scene.skeleton, scene.clips.front()}));
}

mimic::Policy read_policy(const Arguments& a) {
  return with_clip(a, [&](std::span<const std::byte> bytes, const auto&... clip) {
    return mimic::load_policy(bytes, a.policy, clip...);
  });
}

// The policy, at another physics rate if asked for.
mimic::Policy open_policy(const Arguments& a) {
  mimic::Policy policy = read_policy(a);
  if (a.rate_hz == 0.0) return policy;
  mimic::TaskOptions options = policy.task().options();
  options.physics.rate_hz = a.rate_hz;
  // Contacts as stiff as the rate allows, as the quality mode has them.
  options.physics.contact_time_s =
      a.rate_hz > 120.0 ? physics::quality_options().contact_time_s : 0.02;
  const Result<mimic::Policy> other = mimic::with_options(policy, options);
  if (!other) throw bad_call("mimic: --rate: " + other.error().message);
  return other.value();
}

Json json_of(const mimic::EpisodeRecord& episode) {
  return {{"start_phase", episode.start_phase},
          {"life_s", episode.life_s},
          {"nr_paper", episode.nr_paper},
          {"nr_code", episode.nr_code},
          {"end", mimic::describe(episode.end)}};
}

Json json_of(const mimic::RewardTerms& terms) {
  return {{"pose", terms.pose},
          {"velocity", terms.velocity},
          {"end_effector", terms.end_effector},
          {"root", terms.root},
          {"com_position", terms.com_position},
          {"com_velocity", terms.com_velocity}};
}

void evaluate(const Arguments& a) {
  if (a.evaluate.episodes < 1 || a.evaluate.episodes > 4096 || !(a.evaluate.seconds > 0.0) ||
      a.evaluate.seconds > 3600.0)
    throw bad_call("mimic eval: --episodes 1 to 4096, --seconds above 0, at most 3600");
  const mimic::Policy policy = open_policy(a);
  const mimic::Evaluation e = mimic::evaluate(policy, a.evaluate);
  if (a.json) {
    Json episodes = Json::array();
    for (const mimic::EpisodeRecord& episode : e.episodes) episodes.push_back(json_of(episode));
    print({{"clip", policy.clip_name()},
           {"nr_paper", e.nr_paper},
           {"nr_code", e.nr_code},
           {"life_s", e.life_s},
           {"possible_life_s", e.possible_life_s},
           {"joint_error_rad", e.joint_error_rad},
           {"position_error_m", e.position_error_m},
           {"terms", json_of(e.terms)},
           {"survived", e.survived},
           {"broken", e.broken},
           {"episodes", a.evaluate.episodes},
           {"seconds", a.evaluate.seconds},
           {"seed", a.evaluate.seed},
           {"physics_rate_hz", policy.task().options().physics.rate_hz},
           {"per_episode", std::move(episodes)}});
    return;
  }
  fmt::print(
      "{}: return {:.3f} (paper's reward), {:.3f} (code's), life {:.2f} of {:.2f} s, {} of "
      "{} survive\n  off by {:.3f} rad per joint and {:.3f} m per link\n",
      policy.clip_name(), e.nr_paper, e.nr_code, e.life_s, e.possible_life_s, e.survived,
      a.evaluate.episodes, e.joint_error_rad, e.position_error_m);
  fmt::print(
      "  while it lives: pose {:.3f}, velocity {:.3f}, end effectors {:.3f}, root {:.3f}, mass "
      "centre {:.3f}, its velocity {:.3f}\n",
      e.terms.pose, e.terms.velocity, e.terms.end_effector, e.terms.root, e.terms.com_position,
      e.terms.com_velocity);
  if (e.broken > 0) fmt::print("  the simulation of {} failed\n", e.broken);
}

void push(const Arguments& a) {
  if (a.push.phases < 1 || a.push.phases > 256 || !(a.push.step_n >= 1.0))
    throw bad_call("mimic push: --phases 1 to 256, --step at least 1 N");
  const mimic::Policy policy = open_policy(a);
  const mimic::PushResult r = mimic::push_test(policy, a.push);
  if (a.json) {
    Json moments = Json::array();
    for (const mimic::PushedMoment& m : r.moments)
      moments.push_back({{"phase", m.phase},
                         {"forward_n", m.forward_n},
                         {"right_n", m.right_n},
                         {"left_n", m.left_n}});
    print({{"clip", policy.clip_name()},
           {"forward_n", r.forward_n},
           {"sideways_n", r.sideways_n},
           {"forward_median_n", r.forward_median_n},
           {"sideways_median_n", r.sideways_median_n},
           {"phases", a.push.phases},
           {"duration_s", a.push.duration_s},
           {"survive_s", a.push.survive_s},
           {"step_n", a.push.step_n},
           {"moments", std::move(moments)}});
    return;
  }
  fmt::print(
      "{}: {:.0f} N forward and {:.0f} N sideways at every one of {} moments; {:.0f} and "
      "{:.0f} N at half of them\n",
      policy.clip_name(), r.forward_n, r.sideways_n, a.push.phases, r.forward_median_n,
      r.sideways_median_n);
}

void record(const Arguments& a) {
  if (!(a.record.seconds > 0.0) || a.record.seconds > 3600.0 || !(a.record.start_phase >= 0.0) ||
      !(a.record.start_phase <= 1.0))
    throw bad_call("mimic record: --seconds above 0, at most 3600; --phase 0 to 1");
  const mimic::Policy policy = open_policy(a);
  importer::Scene scene;
  scene.skeleton = *policy.skeleton();
  mimic::End end = mimic::End::running;
  const RawClip clip = mimic::record(policy, a.record, &end);
  const std::vector<std::byte> bytes = encode_motion(scene, clip, a.out);
  write_file(a.out, bytes);
  if (a.json) {
    print({{"clip", policy.clip_name()},
           {"frames", clip.num_frames()},
           {"fps", clip.rate_hz},
           {"duration_s", clip.duration_s()},
           {"bytes", bytes.size()},
           {"end", mimic::describe(end)}});
    return;
  }
  fmt::print("{}: {} frames at {:.6g} Hz, {} bytes; {}\n", a.out, clip.num_frames(), clip.rate_hz,
             bytes.size(), mimic::describe(end));
}

void convert(const Arguments& a) {
  const Result<nn::Precision> precision = nn::precision_from(a.weights);
  if (!precision) throw bad_call("mimic convert: --weights: " + precision.error().message);
  const mimic::PolicyFileOptions options{
      *precision, a.no_clip ? mimic::ReferenceIn::caller : mimic::ReferenceIn::file};
  const std::vector<std::byte> file =
      with_clip(a, [&](std::span<const std::byte> bytes, const auto&... clip) {
        return mimic::convert_policy(bytes, a.policy, clip..., options);
      });
  write_file(a.out, file);
  const nn::ModelFile written = require(nn::read_model_file(file, a.out));
  const double error = written.passport->max_abs_error();
  if (a.json) {
    print({{"bytes", file.size()},
           {"weights", a.weights},
           {"max_abs_error", error},
           {"has_clip", !a.no_clip}});
    return;
  }
  fmt::print("{}: {}, {} bytes, {}the clip; largest error of an action against f32 {:.3g}\n", a.out,
             a.weights, file.size(), a.no_clip ? "without " : "with ", error);
}

CLI::App* add(CLI::App& mimic, const char* name, const char* what,
              const std::shared_ptr<Arguments>& a) {
  CLI::App* command = mimic.add_subcommand(name, what);
  command->add_option("POLICY", a->policy, "File that canter mimic train wrote")->required();
  command->add_option("--clip", a->clip, "The clip it imitates, where its file does not hold it");
  command->add_flag("--json", a->json, "Print one JSON object");
  return command;
}

CLI::App* add_simulated(CLI::App& mimic, const char* name, const char* what,
                        const std::shared_ptr<Arguments>& a) {
  CLI::App* command = add(mimic, name, what, a);
  command->add_option("--rate", a->rate_hz, "Physics steps per second (default: as trained)");
  return command;
}

void add_policy_commands(CLI::App& mimic) {
  {
    auto a = std::make_shared<Arguments>();
    CLI::App* command =
        add_simulated(mimic, "eval", "Returns, survival and errors over many episodes", a);
    command->add_option("--episodes", a->evaluate.episodes, "How many (default 32)");
    command->add_option("--seconds", a->evaluate.seconds, "Length of each (default 20)");
    command->add_option("--seed", a->evaluate.seed, "Where they start (default 1)");
    command->callback([a] { evaluate(*a); });
  }
  {
    auto a = std::make_shared<Arguments>();
    CLI::App* command =
        add_simulated(mimic, "push", "Largest push of 0.2 s on the root it survives", a);
    command->add_option("--phases", a->push.phases, "Moments of the clip to push at (default 8)");
    command->add_option("--step", a->push.step_n, "Forces are multiples of this, N (default 20)");
    command->callback([a] { push(*a); });
  }
  {
    auto a = std::make_shared<Arguments>();
    CLI::App* command =
        add_simulated(mimic, "record", "The simulated motion as a .clip, .bvh or .glb", a);
    command->add_option("OUT", a->out, "The file to write; its extension says the format")
        ->required();
    command->add_option("--seconds", a->record.seconds, "How long (default 10)");
    command->add_option("--phase", a->record.start_phase, "Where in the clip it starts");
    command->callback([a] { record(*a); });
  }
  {
    auto a = std::make_shared<Arguments>();
    CLI::App* command =
        add(mimic, "convert", "The same policy with narrower weights, or no clip", a);
    command->add_option("OUT", a->out, "The .safetensors to write")->required();
    command->add_option("--weights", a->weights, "f32 (default), f16, bf16 or i8");
    command->add_flag("--no-clip", a->no_clip,
                      "Leave the clip out: whoever loads the policy brings it (--clip)");
    command->callback([a] { convert(*a); });
  }
}

}  // namespace

void add_mimic(CLI::App& app) {
  CLI::App* mimic = app.add_subcommand("mimic", "Policies: a body that performs clips itself");
  mimic->require_subcommand(1);
  add_policy_commands(*mimic);
#ifdef CANTER_HAS_TRAINER
  add_mimic_bench(*mimic);
  add_mimic_train(*mimic);
#endif
}

}  // namespace canter::tools
