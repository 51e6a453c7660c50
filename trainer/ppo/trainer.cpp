#include "canter/trainer/trainer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sstream>
#include <string>

#include "canter/base/bytes.h"
#include "canter/base/hash.h"
#include "trainer/ppo/evaluate.h"
#include "trainer/ppo/learner.h"
#include "trainer/ppo/rollout.h"

namespace canter::trainer {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr char kMagic[8] = {'C', 'A', 'N', 'T', 'R', 'A', 'I', 'N'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMostSettings = 1 << 16;
constexpr std::size_t kMostFloats = std::size_t{1} << 30;
constexpr std::size_t kMostLayers = 64;

detail::Normaliser make_normaliser(const Environment& environment, float clip) {
  const auto size = static_cast<std::size_t>(environment.observation_size());
  std::vector<float> mean(size, 0.0f), std(size, 0.0f);
  environment.fixed_normaliser(mean, std);
  return {mean, std, clip};
}

// One process's part of the work, so that all together do what one alone would.
Result<Settings> share_of(const Settings& settings, int processes) {
  Settings share = settings;
  if (settings.environments % processes != 0 || settings.minibatch % processes != 0)
    return Error{ErrorCode::bad_value,
                 "training settings: environments (" + std::to_string(settings.environments) +
                     ") and minibatch (" + std::to_string(settings.minibatch) +
                     ") cannot be shared by " + std::to_string(processes) + " processes"};
  share.environments /= processes;
  share.minibatch /= processes;
  share.group = std::min(share.group, share.environments);
  if (const auto valid = validate(share); !valid)
    return Error{valid.error().code, valid.error().message + " (of each of " +
                                         std::to_string(processes) + " processes)"};
  return share;
}

// How far training is.
struct Counters {
  std::int64_t iteration = 0, samples = 0, next_evaluation = 0;
  double best_reward = -1.0;
  double seconds = 0.0;
};

// What is summed over groups and ranks after collecting.
struct CollectSums {
  double reward = 0.0, ended_steps = 0.0, episodes = 0.0, failures = 0.0, broken = 0.0;
};

}  // namespace

Collective& alone() {
  static Collective one;
  return one;
}

struct Trainer::State {
  State(Environment& e, const Settings& s, Collective& c)
      : settings(s),
        environment(e),
        collective(c),
        pool(s.threads),
        learner(s, e.observation_size(), e.action_size()),
        normaliser(make_normaliser(e, s.observation_clip)),
        slots(s.environments, e.state_bytes(), s.seed, c.rank()),
        samples(s, e),
        random(s.seed, (static_cast<std::uint64_t>(c.rank()) << 32) + 0x75ffffff),
        noise_scale(static_cast<std::size_t>(e.action_size())) {
    for (int group = 0; group < s.environments / s.group; ++group)
      groups.emplace_back(s, e, learner.actor().shape());
    e.noise_scale(noise_scale);
    deviation = noise_scale;
    counters.next_evaluation = s.evaluate_every;
  }

  float noise() const;
  CollectSums collect();
  void evaluate(Iteration& report);
  void note_totals(Iteration& report) const;
  Policy policy() const;
  template <class Visit>
  void visit_state(Visit&& visit);

  Settings settings;
  Environment& environment;
  Collective& collective;
  detail::ThreadPool pool;
  detail::Learner learner;
  detail::Normaliser normaliser;
  detail::Slots slots;
  detail::Starts starts;
  std::vector<detail::Group> groups;
  detail::Samples samples;
  detail::Random random;  ///< order of the samples
  std::vector<float> noise_scale, deviation;
  Counters counters;
  Policy best;
  Evaluation evaluation, best_evaluation;
};

float Trainer::State::noise() const {
  const double share = std::min(
      1.0, static_cast<double>(counters.samples) / static_cast<double>(settings.noise_samples));
  return settings.noise_first +
         static_cast<float>(share) * (settings.noise_last - settings.noise_first);
}

CollectSums Trainer::State::collect() {
  for (std::size_t j = 0; j < deviation.size(); ++j) deviation[j] = noise() * noise_scale[j];
  const detail::Collecting reads{settings,   environment, learner.actor(),
                                 normaliser, starts,      deviation};
  pool.run(static_cast<int>(groups.size()), [&](int group, int worker) {
    detail::collect(reads, group, worker, slots, groups[static_cast<std::size_t>(group)], samples);
  });

  // In the order of the groups, whichever thread ran them.
  detail::Moments seen(static_cast<std::size_t>(environment.observation_size()));
  detail::Starts::Note note;
  double sums[5] = {};
  for (const detail::Group& group : groups) {
    seen.merge(group.moments);
    for (std::size_t bin = 0; bin < note.life.size(); ++bin) {
      note.life[bin] += group.starts.life[bin];
      note.count[bin] += group.starts.count[bin];
    }
    sums[0] += group.reward_sum;
    sums[1] += group.ended_steps;
    sums[2] += group.episodes;
    sums[3] += group.failures;
    sums[4] += group.broken;
  }
  collective.sum(std::span(sums));
  collective.sum(std::span(note.life));
  collective.sum(std::span(note.count));
  merge_ranks(seen, collective);
  normaliser.moments().merge(seen);
  starts.update(note);
  return {sums[0], sums[1], sums[2], sums[3], sums[4]};
}

Policy Trainer::State::policy() const {
  Policy p;
  p.mean.assign(normaliser.mean().begin(), normaliser.mean().end());
  p.std.assign(normaliser.std().begin(), normaliser.std().end());
  p.observation_clip = normaliser.clip();
  p.samples = counters.samples;
  const detail::Weights& actor = learner.actor();
  for (int i = 0; i < actor.shape().num_layers(); ++i) {
    const auto weights =
        actor.values().subspan(actor.shape().weights_at(i), actor.shape().num_weights(i));
    const auto bias = actor.values().subspan(actor.shape().bias_at(i),
                                             static_cast<std::size_t>(actor.shape().out(i)));
    p.layers.push_back({actor.shape().in(i),
                        actor.shape().out(i),
                        {weights.begin(), weights.end()},
                        {bias.begin(), bias.end()}});
  }
  return p;
}

void Trainer::State::evaluate(Iteration& report) {
  counters.next_evaluation = counters.samples + settings.evaluate_every;
  const auto start = Clock::now();
  // Every rank runs the same episodes and so comes to the same result.
  evaluation = detail::evaluate(settings, environment, learner.actor(), normaliser, pool);
  evaluation.samples = counters.samples;
  report.evaluate_s = seconds_since(start);
  report.evaluated = true;
  if (evaluation.reward > counters.best_reward) {
    report.improved = true;
    counters.best_reward = evaluation.reward;
    best_evaluation = evaluation;
    best = policy();
  }
  counters.seconds += report.evaluate_s;
  note_totals(report);
}

void Trainer::State::note_totals(Iteration& report) const {
  report.iteration = counters.iteration;
  report.samples = counters.samples;
  report.seconds = counters.seconds;
  report.evaluation = evaluation;
  report.best_reward = counters.best_reward;
}

Trainer::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

Result<Trainer> Trainer::make(Environment& environment, const Settings& settings,
                              Collective& collective) {
  if (const auto valid = validate(settings); !valid) return valid.error();
  const auto share = share_of(settings, collective.size());
  if (!share) return share.error();
  if (environment.observation_size() < 1 || environment.action_size() < 1)
    return Error{ErrorCode::bad_value,
                 "training: the environment has " + std::to_string(environment.observation_size()) +
                     " observations and " + std::to_string(environment.action_size()) +
                     " actions, expected at least one of each"};
  environment.set_workers(settings.threads);
  Trainer trainer(std::make_unique<State>(environment, share.value(), collective));
  trainer.state_->best = trainer.policy();
  return trainer;
}

const Settings& Trainer::settings() const {
  return state_->settings;
}
Collective& Trainer::collective() const {
  return state_->collective;
}
Policy Trainer::policy() const {
  return state_->policy();
}
const Policy& Trainer::best_policy() const {
  return state_->best;
}
const Evaluation& Trainer::best_evaluation() const {
  return state_->best_evaluation;
}

Iteration Trainer::status() const {
  Iteration report;
  state_->note_totals(report);
  return report;
}
std::int64_t Trainer::num_iterations() const {
  return state_->counters.iteration;
}
void Trainer::evaluate_now(Iteration& iteration) {
  state_->evaluate(iteration);
}

Evaluation Trainer::evaluate() {
  State& s = *state_;
  Evaluation result =
      detail::evaluate(s.settings, s.environment, s.learner.actor(), s.normaliser, s.pool);
  result.samples = s.counters.samples;
  return result;
}

Iteration Trainer::iterate() {
  State& s = *state_;
  Iteration report;
  const auto start = Clock::now();
  report.noise = static_cast<double>(s.noise());
  report.actor_step = static_cast<double>(s.learner.actor_step());
  const CollectSums sums = s.collect();
  const double count =
      static_cast<double>(s.settings.samples_per_iteration()) * s.collective.size();
  report.collect_s = seconds_since(start);
  report.train_reward = sums.reward / count;
  report.train_life_s =
      sums.episodes > 0.0 ? sums.ended_steps / sums.episodes * s.environment.step_s() : 0.0;
  report.episodes = static_cast<int>(sums.episodes);
  report.failures = static_cast<int>(sums.failures);
  report.broken = static_cast<int>(sums.broken);

  // Before anything is known of the observations, nothing is learned from them.
  const auto update_start = Clock::now();
  if (s.counters.iteration > 0) {
    s.learner.evaluate(s.pool, s.groups, s.samples);
    const detail::UpdateReport update =
        s.learner.update(s.pool, s.collective, s.deviation, s.samples, s.random);
    report.actor_loss = update.actor.loss;
    report.kl = update.actor.kl;
    report.clipped = update.actor.clipped;
    report.critic_loss = update.critic_loss;
    report.actor_gradient = update.actor_gradient;
    report.critic_gradient = update.critic_gradient;
    report.explained = update.explained;
  }
  s.normaliser.refresh();
  report.update_s = seconds_since(update_start);

  ++s.counters.iteration;
  s.counters.samples += static_cast<std::int64_t>(count);
  s.counters.seconds += seconds_since(start);
  if (s.counters.samples >= s.counters.next_evaluation) s.evaluate(report);
  s.note_totals(report);
  return report;
}

// Every byte that decides the future, in a fixed order. The clock is not among them.
template <class Visit>
void Trainer::State::visit_state(Visit&& visit) {
  const auto visit_one = [&](auto& value) { visit(std::as_writable_bytes(std::span(&value, 1))); };
  const auto visit_all = [&](auto& values) { visit(std::as_writable_bytes(std::span(values))); };
  visit_one(counters.iteration);
  visit_one(counters.samples);
  visit_one(counters.next_evaluation);
  visit_one(counters.best_reward);
  learner.visit_state(visit);
  visit_one(normaliser.moments().count);
  visit_all(normaliser.moments().mean);
  visit_all(normaliser.moments().squares);
  visit_one(starts);
  visit_one(random);
  visit_all(slots.slots);
  visit(slots.states.bytes());
}

std::uint64_t Trainer::state_hash() const {
  Hash hash;
  state_->visit_state([&](std::span<std::byte> bytes) { hash.add(bytes.data(), bytes.size()); });
  return hash.value();
}

namespace {

void put_floats(ByteWriter& out, const std::vector<float>& values) {
  out.put(static_cast<std::uint32_t>(values.size()));
  out.put_all(values);
}

std::vector<float> get_floats(ByteReader& in, const char* name) {
  std::vector<float> values(in.get_count(sizeof(float), kMostFloats, name));
  const auto bytes = in.get_bytes(values.size() * sizeof(float), name);
  if (bytes.size() == values.size() * sizeof(float) && !values.empty())
    std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void put_policy(ByteWriter& out, const Policy& policy) {
  put_floats(out, policy.mean);
  put_floats(out, policy.std);
  out.put(policy.observation_clip);
  out.put(policy.samples);
  out.put(static_cast<std::uint32_t>(policy.layers.size()));
  for (const Policy::Layer& layer : policy.layers) {
    out.put(layer.in);
    out.put(layer.out);
    put_floats(out, layer.weights);
    put_floats(out, layer.bias);
  }
}

Policy get_policy(ByteReader& in) {
  Policy policy;
  policy.mean = get_floats(in, "policy mean");
  policy.std = get_floats(in, "policy std");
  policy.observation_clip = in.get<float>("policy clip");
  policy.samples = in.get<std::int64_t>("policy samples");
  policy.layers.resize(in.get_count(sizeof(int), kMostLayers, "policy layers"));
  for (Policy::Layer& layer : policy.layers) {
    layer.in = in.get<int>("layer inputs");
    layer.out = in.get<int>("layer outputs");
    layer.weights = get_floats(in, "layer weights");
    layer.bias = get_floats(in, "layer bias");
  }
  return policy;
}

void put_evaluation(ByteWriter& out, const Evaluation& e) {
  out.put(e.samples);
  out.put(e.reward);
  out.put(e.life_s);
  out.put(e.survived);
  out.put(e.starts);
  put_floats(out, e.rewards);
  put_floats(out, e.lives_s);
}

Evaluation get_evaluation(ByteReader& in) {
  Evaluation e;
  e.samples = in.get<std::int64_t>("evaluation samples");
  e.reward = in.get<double>("evaluation reward");
  e.life_s = in.get<double>("evaluation life");
  e.survived = in.get<int>("evaluation survived");
  e.starts = in.get<int>("evaluation starts");
  e.rewards = get_floats(in, "evaluation rewards");
  e.lives_s = get_floats(in, "evaluation lives");
  return e;
}

// What decides whether two trainers can continue each other: settings, sizes, place among ranks.
std::string identity(const Settings& settings, const Environment& environment,
                     const Collective& collective) {
  return describe(settings) + "observation_size=" + std::to_string(environment.observation_size()) +
         "\naction_size=" + std::to_string(environment.action_size()) +
         "\nstate_bytes=" + std::to_string(environment.state_bytes()) +
         "\nrank=" + std::to_string(collective.rank()) +
         "\nranks=" + std::to_string(collective.size()) + "\n";
}

// "found, expected …" of the first line that differs.
std::string first_difference(const std::string& found, const std::string& expected) {
  std::istringstream a(found), b(expected);
  std::string line_a, line_b;
  while (std::getline(b, line_b)) {
    if (!std::getline(a, line_a)) line_a = "nothing";
    if (line_a != line_b) return line_a + ", expected " + line_b;
  }
  return "further settings, expected none";
}

}  // namespace

std::vector<std::byte> Trainer::save() const {
  State& s = *state_;
  ByteWriter out;
  out.put(kMagic);
  out.put(kVersion);
  out.put_text(identity(s.settings, s.environment, s.collective));
  out.put(s.counters.seconds);
  s.visit_state([&](std::span<std::byte> bytes) { out.put_bytes(bytes.data(), bytes.size()); });
  put_policy(out, s.best);
  put_evaluation(out, s.evaluation);
  put_evaluation(out, s.best_evaluation);
  out.put(hash_bytes(out.bytes().data(), out.size()));
  return out.take();
}

Result<void> Trainer::restore(std::span<const std::byte> bytes, const char* source) {
  State& s = *state_;
  std::uint64_t hash = 0;
  const std::size_t body = bytes.size() < sizeof hash ? 0 : bytes.size() - sizeof hash;
  if (body > 0) std::memcpy(&hash, bytes.data() + body, sizeof hash);

  ByteReader in(bytes.first(body), source);
  const auto magic = in.get_bytes(sizeof kMagic, "the mark of a checkpoint");
  if (in.ok() && std::memcmp(magic.data(), kMagic, sizeof kMagic) != 0)
    in.fail(ErrorCode::bad_format, "this is not a training checkpoint of Canter's");
  const auto version = in.get<std::uint32_t>("version");
  if (in.ok() && version != kVersion)
    in.fail(ErrorCode::unsupported, "checkpoint version " + std::to_string(version) +
                                        ", expected " + std::to_string(kVersion));
  if (in.ok() && hash != hash_bytes(bytes.data(), body))
    in.fail(ErrorCode::bad_value, "the checkpoint is damaged: its hash does not match its bytes");
  const std::string found = in.get_text(kMostSettings, "settings");
  const std::string expected = identity(s.settings, s.environment, s.collective);
  if (in.ok() && found != expected)
    in.fail(ErrorCode::bad_value,
            "the checkpoint was made with " + first_difference(found, expected));
  if (!in.ok()) return in.error();

  s.counters.seconds = in.get<double>("seconds");
  s.visit_state([&](std::span<std::byte> into) {
    const auto from = in.get_bytes(into.size(), "training state");
    if (from.size() == into.size() && !into.empty())
      std::memcpy(into.data(), from.data(), from.size());
  });
  s.best = get_policy(in);
  s.evaluation = get_evaluation(in);
  s.best_evaluation = get_evaluation(in);
  if (!in.ok()) return in.error();
  s.learner.refresh();
  s.normaliser.refresh();
  return {};
}

}  // namespace canter::trainer
