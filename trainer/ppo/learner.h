#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "canter/trainer/collective.h"
#include "canter/trainer/settings.h"
#include "trainer/nn/adam.h"
#include "trainer/nn/mlp.h"
#include "trainer/ppo/losses.h"
#include "trainer/ppo/rollout.h"
#include "trainer/ppo/thread_pool.h"

namespace canter::trainer::detail {

/// Mean and deviation that the critic's outputs stand for: value = output * std + mean. Follows the
/// returns, and the last layer is changed so that values stay what they were (van Hasselt et al.
/// 2016, "PopArt").
struct ValueScale {
  double mean = 0.0, std = 1.0;
  bool known = false;

  void follow(std::span<const double> sums, Weights& critic);
};

/// What an update did, summed over the last epoch.
struct UpdateReport {
  LossSums actor;
  double critic_loss = 0.0;
  double actor_gradient = 0.0, critic_gradient = 0.0;  ///< mean norms
  double explained = 0.0;
};

/// Actor and critic, their optimisers, and how they learn from samples.
class Learner {
 public:
  Learner(const Settings& settings, int observations, int actions);

  const Weights& actor() const { return networks_[0].weights; }
  const Weights& critic() const { return networks_[1].weights; }
  float actor_step() const { return actor_step_; }

  /// Values of all samples, and of what lies beyond them, by the critic as it is.
  void evaluate(ThreadPool& pool, std::span<Group> groups, Samples& samples);
  /// Advantages, then epochs of minibatches.
  /// @param deviation  [actions] of the noise the samples were collected with
  UpdateReport update(ThreadPool& pool, Collective& collective, std::span<const float> deviation,
                      Samples& samples, Random& random);

  /// Calls visit(bytes) for every block that a checkpoint keeps, in a fixed order.
  template <class Visit>
  void visit_state(Visit&& visit);
  /// After a checkpoint was read.
  void refresh();

 private:
  struct Network {
    Weights weights;
    Adam adam;
    std::vector<MlpPass> passes;              ///< one per shard
    std::vector<Block> gradients;             ///< one per shard
    std::vector<std::vector<float>> outputs;  ///< gradient of the outputs, per shard
    double gradient_norm = 0.0;
    std::span<float> gradient(std::size_t shard) {
      return gradients[shard].at<float>(0, weights.shape().num_elements());
    }
  };
  struct Minibatch {
    const Samples& samples;
    std::span<const std::size_t> index;  ///< of its samples
    std::span<const float> deviation;
    float weight;  ///< 1 / samples of the minibatch over all processes
  };

  double prepare(ThreadPool& pool, Collective& collective, Samples& samples);
  void shuffle(Random& random);
  void run_shard(const Minibatch& batch, std::size_t network, std::size_t shard);
  void actor_gradient(const Minibatch& batch, std::size_t shard);
  void critic_gradient(const Minibatch& batch, std::size_t shard);
  void add_shards(Network& network);
  void step(Network& network, float step_size);
  void follow_kl(double kl);

  const Settings settings_;
  Network networks_[2];              ///< actor, critic
  std::vector<LossSums> sums_;       ///< actor, per shard
  std::vector<double> critic_sums_;  ///< per shard
  ValueScale scale_;
  float actor_step_;
  double learned_ = 0.0;  ///< samples of all processes that the present update learns from
  std::vector<std::size_t> order_;
  std::vector<float> target_;  ///< [count] returns as the critic's outputs
};

template <class Visit>
void Learner::visit_state(Visit&& visit) {
  for (Network& network : networks_) {
    std::int64_t steps = network.adam.num_steps();
    visit(std::as_writable_bytes(network.weights.values()));
    visit(std::as_writable_bytes(network.adam.first()));
    visit(std::as_writable_bytes(network.adam.second()));
    visit(std::as_writable_bytes(std::span(&steps, 1)));
    network.adam.set_num_steps(steps);
  }
  double scale[3] = {scale_.mean, scale_.std, scale_.known ? 1.0 : 0.0};
  visit(std::as_writable_bytes(std::span(scale)));
  scale_ = {scale[0], scale[1], scale[2] != 0.0};
  visit(std::as_writable_bytes(std::span(&actor_step_, 1)));
}

}  // namespace canter::trainer::detail
