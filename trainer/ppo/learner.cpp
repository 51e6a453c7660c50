#include "trainer/ppo/learner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace canter::trainer::detail {
namespace {

constexpr float kActorOutputRange = 0.01f;  // first actions: almost none
constexpr double kScaleRate = 0.2;          // how fast ValueScale follows, per iteration
constexpr double kLeastScale = 1e-3;
constexpr float kStepFactor = 1.3f;  // of one correction of the actor's step size
constexpr float kLeastStep = 1e-6f, kMostStep = 1e-2f;

std::vector<int> sizes_of(int inputs, const std::vector<int>& hidden, int outputs) {
  std::vector<int> sizes = {inputs};
  sizes.insert(sizes.end(), hidden.begin(), hidden.end());
  sizes.push_back(outputs);
  return sizes;
}

// count, Σ x, Σ x² of returns, in the order of the samples.
void add_returns(const Samples& samples, std::span<double> sums) {
  for (std::size_t i = 0; i < samples.reward.size(); ++i) {
    if (samples.thrown_away[i] != 0) continue;
    const double x = static_cast<double>(samples.advantage[i] + samples.value[i]);
    sums[0] += 1.0;
    sums[1] += x;
    sums[2] += x * x;
  }
}

}  // namespace

void ValueScale::follow(std::span<const double> sums, Weights& critic) {
  const double now_mean = sums[1] / sums[0];
  const double now_std = std::sqrt(std::max(sums[2] / sums[0] - now_mean * now_mean, 0.0));
  const double rate = known ? kScaleRate : 1.0;
  const double new_mean = mean + rate * (now_mean - mean);
  const double new_std = std::max(std + rate * (now_std - std), kLeastScale);

  const MlpShape& shape = critic.shape();
  const int last = shape.num_layers() - 1;
  const double ratio = std / new_std;
  for (float& w : critic.values().subspan(shape.weights_at(last), shape.num_weights(last)))
    w = static_cast<float>(static_cast<double>(w) * ratio);
  float& bias = critic.values()[shape.bias_at(last)];
  bias = static_cast<float>((static_cast<double>(bias) * std + mean - new_mean) / new_std);
  critic.refresh();
  *this = {new_mean, new_std, true};
}

Learner::Learner(const Settings& settings, int observations, int actions)
    : settings_(settings),
      sums_(static_cast<std::size_t>(settings.shards)),
      critic_sums_(static_cast<std::size_t>(settings.shards)),
      actor_step_(settings.actor_step),
      order_(static_cast<std::size_t>(settings.samples_per_iteration())),
      target_(order_.size()) {
  const int shard_size = settings.minibatch / settings.shards;
  Random random(settings.seed, 0);
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    Network& n = networks_[i];
    const int outputs = i == 0 ? actions : 1;
    const MlpShape shape{sizes_of(observations, settings.hidden, outputs)};
    n.weights = Weights(shape, settings.precision);
    initialise(n.weights, i == 0 ? kActorOutputRange : 0.0f, random);
    n.adam = Adam(shape.num_elements());
    for (int shard = 0; shard < settings.shards; ++shard) {
      n.passes.emplace_back(shape, settings.precision, shard_size, MlpPass::Purpose::training);
      n.gradients.emplace_back(shape.num_elements() * sizeof(float));
      n.outputs.emplace_back(static_cast<std::size_t>(shard_size * outputs));
    }
  }
}

void Learner::refresh() {
  for (Network& network : networks_) network.weights.refresh();
}

void Learner::evaluate(ThreadPool& pool, std::span<Group> groups, Samples& samples) {
  std::vector<const Beyond*> beyond;
  for (const Group& group : groups)
    for (const Beyond& b : group.beyond) beyond.push_back(&b);
  const auto batch = static_cast<std::size_t>(networks_[1].passes[0].batch());
  const std::size_t count = order_.size(), total = count + beyond.size();

  // Each shard's pass takes every shards-th batch; rows are independent, so any split is right.
  const auto shards = static_cast<std::size_t>(settings_.shards);
  pool.run(settings_.shards, [&](int shard, int) {
    MlpPass& pass = networks_[1].passes[static_cast<std::size_t>(shard)];
    for (std::size_t first = static_cast<std::size_t>(shard) * batch; first < total;
         first += shards * batch) {
      const std::size_t rows = std::min(batch, total - first);
      for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t n = first + i;
        const std::byte* from = n < count ? samples.row(n) : beyond[n - count]->observation.data();
        std::copy_n(from, samples.row_bytes, pass.input_row(static_cast<int>(i)));
      }
      const std::span<const float> values = pass.forward(critic());
      for (std::size_t i = 0; i < rows; ++i) {
        const auto value =
            static_cast<float>(static_cast<double>(values[i]) * scale_.std + scale_.mean);
        const std::size_t n = first + i;
        (n < count ? samples.value[n] : samples.next_value[beyond[n - count]->sample]) = value;
      }
    }
  });
  for (std::size_t i = 0; i < count; ++i)
    if (samples.next[i] == Next::same_episode) samples.next_value[i] = samples.value[i + 1];
}

double Learner::prepare(ThreadPool& pool, Collective& collective, Samples& samples) {
  const auto steps = static_cast<std::size_t>(samples.steps);
  pool.run(samples.count / samples.steps, [&](int environment, int) {
    const std::size_t at = static_cast<std::size_t>(environment) * steps;
    const auto part = [&](auto& values) { return std::span(values).subspan(at, steps); };
    generalised_advantages(part(samples.reward), part(samples.value), part(samples.next_value),
                           part(samples.next), settings_.discount, settings_.advantage_decay,
                           part(samples.advantage));
  });

  double returns[3] = {};
  add_returns(samples, returns);
  double spread[3] = {};  // count, Σ A, Σ A²
  for (std::size_t i = 0; i < samples.advantage.size(); ++i) {
    if (samples.thrown_away[i] != 0) continue;
    const auto a = static_cast<double>(samples.advantage[i]);
    spread[0] += 1.0;
    spread[1] += a;
    spread[2] += a * a;
  }
  collective.sum(std::span(returns));
  collective.sum(std::span(spread));
  learned_ = spread[0];
  if (learned_ == 0.0) return 0.0;
  scale_.follow(returns, networks_[1].weights);

  const double mean = spread[1] / spread[0];
  const double std = std::sqrt(std::max(spread[2] / spread[0] - mean * mean, 0.0));
  const double return_mean = returns[1] / returns[0];
  const double return_variance = returns[2] / returns[0] - return_mean * return_mean;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto value = static_cast<double>(samples.advantage[i] + samples.value[i]);
    target_[i] = static_cast<float>((value - scale_.mean) / scale_.std);
    const double normalised = (static_cast<double>(samples.advantage[i]) - mean) / (std + 1e-5);
    samples.advantage[i] = std::clamp(static_cast<float>(normalised), -settings_.advantage_clip,
                                      settings_.advantage_clip);
  }
  return return_variance > 0.0 ? 1.0 - std * std / return_variance : 0.0;
}

void Learner::shuffle(Random& random) {
  // From the same order each time, so that the result depends on the generator alone.
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  for (std::size_t i = order_.size(); i > 1; --i)
    std::swap(order_[i - 1], order_[random.below(static_cast<std::uint32_t>(i))]);
}

UpdateReport Learner::update(ThreadPool& pool, Collective& collective,
                             std::span<const float> deviation, Samples& samples, Random& random) {
  UpdateReport report;
  report.explained = prepare(pool, collective, samples);
  if (learned_ == 0.0) return report;  // every episode broke
  const auto size = static_cast<std::size_t>(settings_.minibatch);
  const int shards = settings_.shards;
  const float weight =
      1.0f / (static_cast<float>(settings_.minibatch) * static_cast<float>(collective.size()));
  double totals[4] = {};  // actor loss, kl, clipped, critic loss of the last epoch
  double norms[2] = {}, steps = 0.0;

  for (int epoch = 0; epoch < settings_.epochs; ++epoch) {
    const bool last = epoch + 1 == settings_.epochs;
    shuffle(random);
    for (std::size_t first = 0; first < order_.size(); first += size) {
      const Minibatch batch{samples, std::span(order_).subspan(first, size), deviation, weight};
      pool.run(2 * shards, [&](int task, int) {
        run_shard(batch, static_cast<std::size_t>(task / shards),
                  static_cast<std::size_t>(task % shards));
      });
      pool.run(2, [&](int n, int) { add_shards(networks_[n]); });
      for (Network& network : networks_) collective.sum(network.gradient(0));
      pool.run(
          2, [&](int n, int) { step(networks_[n], n == 0 ? actor_step_ : settings_.critic_step); });
      if (!last) continue;
      for (std::size_t s = 0; s < sums_.size(); ++s) {
        totals[0] += sums_[s].loss;
        totals[1] += sums_[s].kl;
        totals[2] += sums_[s].clipped;
        totals[3] += critic_sums_[s];
      }
      norms[0] += networks_[0].gradient_norm;
      norms[1] += networks_[1].gradient_norm;
      steps += 1.0;
    }
  }
  collective.sum(std::span(totals));
  const double count = learned_;
  report.actor = {totals[0] / count, totals[1] / count, totals[2] / count};
  report.critic_loss = totals[3] / count;
  report.actor_gradient = norms[0] / steps;
  report.critic_gradient = norms[1] / steps;
  follow_kl(report.actor.kl);
  return report;
}

void Learner::run_shard(const Minibatch& batch, std::size_t network, std::size_t shard) {
  Network& n = networks_[network];
  MlpPass& pass = n.passes[shard];
  const auto rows = static_cast<std::size_t>(pass.batch());
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t sample = batch.index[shard * rows + i];
    std::memcpy(pass.input_row(static_cast<int>(i)),
                batch.samples.observations.data() + sample * batch.samples.row_bytes,
                batch.samples.row_bytes);
  }
  network == 0 ? actor_gradient(batch, shard) : critic_gradient(batch, shard);
  pass.backward(n.weights, n.outputs[shard], n.gradient(shard));
}

void Learner::actor_gradient(const Minibatch& batch, std::size_t shard) {
  Network& n = networks_[0];
  const std::span<const float> means = n.passes[shard].forward(n.weights);
  const auto actions = static_cast<std::size_t>(batch.samples.actions);
  const auto rows = static_cast<std::size_t>(n.passes[shard].batch());
  LossSums sums;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t sample = batch.index[shard * rows + i];
    const std::span<float> gradient = std::span(n.outputs[shard]).subspan(i * actions, actions);
    if (batch.samples.thrown_away[sample] != 0) {
      std::ranges::fill(gradient, 0.0f);
      continue;
    }
    const ActorSample s{means.subspan(i * actions, actions),
                        std::span(batch.samples.action).subspan(sample * actions, actions),
                        std::span(batch.samples.noise).subspan(sample * actions, actions),
                        batch.samples.advantage[sample]};
    actor_loss(s, batch.deviation, settings_.ratio_clip, batch.weight, gradient, sums);
  }
  sums_[shard] = sums;
}

void Learner::critic_gradient(const Minibatch& batch, std::size_t shard) {
  Network& n = networks_[1];
  const std::span<const float> values = n.passes[shard].forward(n.weights);
  double loss = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t sample = batch.index[shard * values.size() + i];
    const float error = batch.samples.thrown_away[sample] != 0 ? 0.0f : values[i] - target_[sample];
    n.outputs[shard][i] = batch.weight * error;
    loss += 0.5 * static_cast<double>(error) * static_cast<double>(error);
  }
  critic_sums_[shard] = loss;
}

void Learner::add_shards(Network& network) {
  const std::span<float> total = network.gradient(0);
  for (std::size_t shard = 1; shard < network.gradients.size(); ++shard) {
    const std::span<const float> part = network.gradient(shard);
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += part[i];
  }
}

void Learner::step(Network& network, float step_size) {
  const std::span<const float> gradient = network.gradient(0);
  network.gradient_norm = norm(gradient);
  // A gradient that is not finite would end all learning: that step is left out.
  if (!std::isfinite(network.gradient_norm)) return;
  const double most = static_cast<double>(settings_.gradient_norm);
  const double scale = network.gradient_norm > most ? most / network.gradient_norm : 1.0;
  network.adam.step(network.weights.values(), gradient, step_size, static_cast<float>(scale));
  network.weights.refresh();
}

void Learner::follow_kl(double kl) {
  const double target = static_cast<double>(settings_.kl_target);
  if (kl > target * 1.5) actor_step_ /= kStepFactor;
  if (kl < target / 1.5) actor_step_ *= kStepFactor;
  actor_step_ = std::clamp(actor_step_, kLeastStep, kMostStep);
}

}  // namespace canter::trainer::detail
