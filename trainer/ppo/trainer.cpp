#include "canter/trainer/trainer.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "trainer/ppo/evaluate.h"
#include "trainer/ppo/trainer_state.h"

namespace canter::trainer {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
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

}  // namespace

detail::Normaliser detail::make_normaliser(const Environment& environment, float clip) {
  const auto size = static_cast<std::size_t>(environment.observation_size());
  std::vector<float> mean(size, 0.0f), std(size, 0.0f);
  environment.fixed_normaliser(mean, std);
  return {mean, std, clip};
}

Collective& alone() {
  static Collective one;
  return one;
}

float Trainer::State::noise() const {
  const double share = std::min(
      1.0, static_cast<double>(counters.samples) / static_cast<double>(settings.noise_samples));
  return settings.noise_first +
         static_cast<float>(share) * (settings.noise_last - settings.noise_first);
}

detail::CollectSums Trainer::State::collect() {
  for (std::size_t j = 0; j < deviation.size(); ++j) deviation[j] = noise() * noise_scale[j];
  const detail::Collecting reads{settings,   environment, learner.actor(),
                                 normaliser, starts,      deviation};
  pool.run(static_cast<int>(groups.size()), [&](int group, int worker) {
    detail::collect(reads, group, worker, slots, groups[static_cast<std::size_t>(group)], samples);
  });

  // In the order of the groups, whichever thread ran them.
  detail::Moments seen(static_cast<std::size_t>(environment.observation_size()));
  detail::Starts::Note note;
  double sums[6] = {};
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
    sums[5] += group.thrown_away;
  }
  collective.sum(std::span(sums));
  collective.sum(std::span(note.life));
  collective.sum(std::span(note.count));
  merge_ranks(seen, collective);
  normaliser.moments().merge(seen);
  starts.update(note);
  return {sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]};
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
  const detail::CollectSums sums = s.collect();
  const double count =
      static_cast<double>(s.settings.samples_per_iteration()) * s.collective.size();
  report.collect_s = seconds_since(start);
  report.train_reward = sums.reward / std::max(count - sums.thrown_away, 1.0);
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

}  // namespace canter::trainer
