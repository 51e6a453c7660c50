// PPO: its parts against numbers by hand, then a task it must learn.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "canter/trainer/trainer.h"
#include "test_environments.h"
#include "trainer/ppo/advantages.h"
#include "trainer/ppo/learner.h"
#include "trainer/ppo/losses.h"
#include "trainer/ppo/moments.h"
#include "trainer/ppo/starts.h"
#include "trainer/ppo/thread_pool.h"

using namespace canter::trainer;
namespace nn = canter::nn;
using canter::test::FollowSine;

namespace {

Settings small_settings() {
  Settings settings;
  settings.hidden = {32, 16};
  settings.environments = 64;
  settings.group = 16;
  settings.steps = 32;
  settings.minibatch = 256;
  settings.episode_steps = 150;
  settings.evaluation_steps = 150;
  settings.evaluation_starts = 8;
  settings.evaluate_every = 8192;
  settings.noise_first = 0.3f;
  settings.noise_last = 0.1f;
  settings.noise_samples = 60'000;
  settings.actor_step = 1e-3f;
  settings.critic_step = 1e-3f;
  return settings;
}

}  // namespace

TEST_CASE("advantages by hand") {
  using detail::Next;
  // γ 0.5, λ 0.5. From behind: a rollout's end, a cut, a failure, a step.
  const std::vector<float> rewards = {1, 2, 3, 4}, values = {1, 1, 1, 1};
  const std::vector<float> next_values = {1, 9, 2, 4};
  const std::vector<Next> next = {Next::same_episode, Next::nothing, Next::cut, Next::cut};
  std::vector<float> advantages(4);
  detail::generalised_advantages(rewards, values, next_values, next, 0.5f, 0.5f, advantages);
  CHECK(advantages[3] == 4 + 0.5f * 4 - 1);
  CHECK(advantages[2] == 3 + 0.5f * 2 - 1);  // cut: the value goes on, the advantage does not
  CHECK(advantages[1] == 2 - 1);             // failed: nothing beyond, whatever its value says
  CHECK(advantages[0] == 1 + 0.5f * 1 - 1 + 0.25f * advantages[1]);
}

TEST_CASE("the actor's gradient is what finite differences measure, and clips as published") {
  const std::vector<float> deviation = {0.2f, 0.3f}, noise = {0.5f, -1.0f};
  const std::vector<float> action = {0.4f, 0.1f};  // mean then: 0.3, 0.4
  std::vector<float> gradient(2);
  const auto loss = [&](const std::vector<float>& mean, float advantage) {
    detail::LossSums sums;
    detail::actor_loss({mean, action, noise, advantage}, deviation, 0.2f, 1.0f, gradient, sums);
    return sums;
  };
  for (const float advantage : {1.5f, -1.5f}) {
    const std::vector<float> mean = {0.31f, 0.42f};
    const detail::LossSums here = loss(mean, advantage);
    const std::vector<float> analytic = gradient;
    CHECK(here.clipped == 0.0);
    // KL of equal normal distributions apart by 0.05 and 0.0667 deviations.
    CHECK(here.kl == doctest::Approx(0.5 * (0.0025 + 0.02 * 0.02 / 0.09)).epsilon(1e-4));
    for (std::size_t j = 0; j < 2; ++j) {
      std::vector<float> above = mean, below = mean;
      above[j] += 1e-3f;
      below[j] -= 1e-3f;
      const double slope = (loss(above, advantage).loss - loss(below, advantage).loss) / 2e-3;
      CHECK(static_cast<double>(analytic[j]) == doctest::Approx(slope).epsilon(2e-3));
    }
  }
  // Twice as likely as then: a good action's gradient is cut, a bad one's is not.
  const std::vector<float> closer = {0.4f, 0.1f};
  CHECK(loss(closer, 1.0f).clipped == 1.0);
  CHECK(gradient == std::vector<float>{-0.0f, -0.0f});
  CHECK(loss(closer, 1.0f).loss == doctest::Approx(-1.2));
  CHECK(loss(closer, -1.0f).clipped == 0.0);
}

TEST_CASE("moments merge to those of all numbers together") {
  detail::Random random(1);
  detail::Moments all(3), first(3), second(3);
  std::vector<float> values(3);
  for (int i = 0; i < 1000; ++i) {
    for (float& v : values) v = static_cast<float>(100.0 + random.uniform());
    all.add(values);
    (i < 300 ? first : second).add(values);
  }
  first.merge(second);
  first.merge(detail::Moments(3));
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(first.mean[j] == doctest::Approx(all.mean[j]).epsilon(1e-12));
    CHECK(first.squares[j] == doctest::Approx(all.squares[j]).epsilon(1e-9));
    CHECK(std::sqrt(all.squares[j] / all.count) ==
          doctest::Approx(std::sqrt(1.0 / 12)).epsilon(0.05));
  }
}

TEST_CASE("a change of the value scale leaves values as they were") {
  using namespace detail;
  const MlpShape shape{{3, 8, 1}};
  Weights critic(shape, Precision::f32);
  Random random(2);
  initialise(critic, 0.0f, random);
  ValueScale scale;
  const auto value = [&] {
    MlpPass pass(shape, Precision::f32, 1, MlpPass::Purpose::inference);
    encode(std::vector<float>{0.3f, -0.2f, 0.9f}, Precision::f32, pass.input_row(0));
    return static_cast<double>(pass.forward(critic)[0]) * scale.std + scale.mean;
  };
  for (const double returns : {10.0, 12.0, -3.0}) {
    const double before = value();
    // Two returns, one above and one below.
    const double sums[3] = {2.0, 2.0 * returns, 2.0 * returns * returns + 8.0};
    scale.follow(sums, critic);
    CHECK(value() == doctest::Approx(before).epsilon(1e-5));
  }
  CHECK(scale.mean != 0.0);
}

TEST_CASE("hard starts are drawn more often, every start now and then") {
  using namespace detail;
  Starts starts;
  Starts::Note note;
  for (int bin = 0; bin < Starts::kBins; ++bin)
    note.add((bin + 0.5) / Starts::kBins, bin == 3 ? 0.0 : 1.0);
  starts.update(note);
  Random random(4);
  int hard = 0;
  std::vector<int> seen(Starts::kBins);
  for (int i = 0; i < 4000; ++i) {
    const double start = starts.draw(0.5, random);
    REQUIRE(start >= 0.0);
    REQUIRE(start < 1.0);
    const int bin = static_cast<int>(start * Starts::kBins);
    ++seen[static_cast<std::size_t>(bin)];
    hard += bin == 3 ? 1 : 0;
  }
  // Half anywhere, half by weight 1.1 against 31 times 0.1: 0.5 / 32 + 0.5 * 1.1 / 4.2.
  CHECK(hard / 4000.0 == doctest::Approx(0.147).epsilon(0.15));
  CHECK(std::ranges::min(seen) > 0);
}

TEST_CASE("the pool runs every task once") {
  detail::ThreadPool pool(3);
  for (const int count : {0, 1, 2, 100}) {
    std::vector<int> runs(static_cast<std::size_t>(count));
    pool.run(count, [&](int i, int worker) {
      CHECK(worker >= 0);
      CHECK(worker < 3);
      ++runs[static_cast<std::size_t>(i)];
    });
    CHECK(std::ranges::all_of(runs, [](int n) { return n == 1; }));
  }
}

TEST_CASE("a task is learned, in f32 and bf16, with start weighting and without") {
  for (const nn::Precision precision : {nn::Precision::f32, nn::Precision::bf16}) {
    for (const float hard_starts : {0.0f, 0.5f}) {
      FollowSine environment;
      Settings settings = small_settings();
      settings.precision = precision;
      settings.hard_starts = hard_starts;
      if (!validate(settings)) continue;  // no bf16 here
      CAPTURE(nn::precision_name(precision));
      auto trainer = Trainer::make(environment, settings);
      REQUIRE(trainer.ok());
      const Evaluation before = trainer->evaluate();
      CHECK(before.reward < 0.4);
      CHECK(before.survived < before.starts);
      Iteration last;
      while (last.samples < 80'000) last = trainer->iterate();
      CHECK(trainer->policy().mean[4] == 0.5f);  // given, not learned
      CHECK(trainer->policy().std[4] == 0.5f);
      CHECK(trainer->policy().std[0] != 1.0f);
      MESSAGE("reward before " << before.reward << ", best " << last.best_reward << " after "
                               << last.samples << " samples");
      CHECK(last.best_reward > 0.85);
      CHECK(trainer->best_evaluation().survived == settings.evaluation_starts);
      CHECK(trainer->best_policy().samples == trainer->best_evaluation().samples);
      CHECK_FALSE(environment.strange_worker);
    }
  }
}

TEST_CASE("equal seeds give equal bits, with any number of threads; others do not") {
  const auto hash_after = [](std::uint64_t seed, int threads) {
    FollowSine environment;
    Settings settings = small_settings();
    settings.seed = seed;
    settings.threads = threads;
    auto trainer = Trainer::make(environment, settings);
    REQUIRE(trainer.ok());
    for (int i = 0; i < 6; ++i) trainer->iterate();
    return trainer->state_hash();
  };
  const std::uint64_t one = hash_after(1, 1);
  CHECK(hash_after(1, 1) == one);
  CHECK(hash_after(1, 2) == one);
  CHECK(hash_after(1, 5) == one);
  CHECK(hash_after(2, 1) != one);
}

TEST_CASE("half, saved and continued is the whole, bit for bit") {
  FollowSine environment;
  const Settings settings = small_settings();
  const auto make = [&] {
    auto trainer = Trainer::make(environment, settings);
    REQUIRE(trainer.ok());
    return std::move(*trainer);
  };
  Trainer whole = make();
  for (int i = 0; i < 10; ++i) whole.iterate();
  Trainer half = make();
  for (int i = 0; i < 5; ++i) half.iterate();
  const std::vector<std::byte> checkpoint = half.save();
  CHECK(half.state_hash() != whole.state_hash());
  Trainer rest = make();
  REQUIRE(rest.restore(checkpoint, "test").ok());
  CHECK(rest.save() == checkpoint);
  Iteration last;
  for (int i = 0; i < 5; ++i) last = rest.iterate();
  CHECK(last.iteration == 10);
  CHECK(rest.state_hash() == whole.state_hash());
  CHECK(rest.best_policy().layers[0].weights == whole.best_policy().layers[0].weights);
  CHECK(rest.best_evaluation().rewards == whole.best_evaluation().rewards);
}

TEST_CASE("a checkpoint that does not fit is refused with the reason") {
  FollowSine environment;
  Settings settings = small_settings();
  auto trainer = Trainer::make(environment, settings);
  REQUIRE(trainer.ok());
  trainer->iterate();
  const std::vector<std::byte> good = trainer->save();
  const auto refusal = [&](const std::vector<std::byte>& bytes, const Settings& with) {
    auto other = Trainer::make(environment, with);
    REQUIRE(other.ok());
    const auto result = other->restore(bytes, "run.checkpoint");
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message.find("run.checkpoint") != std::string::npos);
    return result.error().message;
  };
  std::vector<std::byte> bytes = good;
  bytes[bytes.size() / 2] ^= std::byte{1};
  CHECK(refusal(bytes, settings).find("damaged") != std::string::npos);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{40}, good.size() - 1})
    refusal({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}, settings);
  bytes = good;
  bytes[0] = std::byte{'X'};
  CHECK(refusal(bytes, settings).find("not a training checkpoint") != std::string::npos);
  settings.steps = 64;
  CHECK(refusal(good, settings).find("steps=32, expected steps=64") != std::string::npos);
  // Threads are no part of what is learned.
  settings = small_settings();
  settings.threads = 3;
  auto other = Trainer::make(environment, settings);
  CHECK(other->restore(good, "run.checkpoint").ok());
}

TEST_CASE("an episode whose numbers are not finite is counted apart from failures") {
  FollowSine environment;
  environment.break_at = 5;
  auto trainer = Trainer::make(environment, small_settings());
  REQUIRE(trainer.ok());
  Iteration last;
  for (int i = 0; i < 4; ++i) last = trainer->iterate();
  // No episode gets beyond its fifth step, and few stray that soon.
  CHECK(last.broken > 64 * 4);
  CHECK(last.failures < last.broken / 10);
  CHECK(last.failures == last.episodes);
  CHECK(std::isfinite(last.critic_loss));
  const Policy policy = trainer->policy();
  for (const Policy::Layer& layer : policy.layers)
    for (const float w : layer.weights) REQUIRE(std::isfinite(w));
}

TEST_CASE("nothing is learned from episodes that broke") {
  const auto learned = [](float wages) {
    canter::test::Fuse environment(wages);
    Settings settings = small_settings();
    settings.hard_starts = 0.5f;
    settings.evaluate_every = 1 << 20;  // evaluations do see what they earned
    auto trainer = Trainer::make(environment, settings);
    REQUIRE(trainer.ok());
    Iteration last;
    for (int i = 0; i < 5; ++i) last = trainer->iterate();
    CHECK(last.broken > 100);
    CHECK(last.episodes > 100);
    CHECK(last.broken + last.episodes == 64 * 32 / environment.kSteps);
    CHECK(last.failures == 0);
    CHECK(last.train_life_s == doctest::Approx(environment.kSteps * environment.step_s()));
    CHECK(last.train_reward <= 1.0);
    CHECK(last.train_reward > 0.5);
    return trainer->state_hash();
  };
  // Whatever they earned before.
  const std::uint64_t hash = learned(0.0f);
  CHECK(learned(1000.0f) == hash);
  CHECK(learned(-1.0f) == hash);
}

TEST_CASE("where every episode breaks, the policy stays as it is") {
  canter::test::Fuse environment(0.5f, 1.0);
  auto trainer = Trainer::make(environment, small_settings());
  REQUIRE(trainer.ok());
  const Policy before = trainer->policy();
  Iteration last;
  for (int i = 0; i < 3; ++i) last = trainer->iterate();
  CHECK(last.episodes == 0);
  CHECK(last.broken == 64 * 32 / environment.kSteps);
  const Policy after = trainer->policy();
  for (std::size_t i = 0; i < before.layers.size(); ++i)
    CHECK(after.layers[i].weights == before.layers[i].weights);
}

TEST_CASE("settings out of range are refused by name") {
  const auto refusal = [](auto change) {
    Settings settings = small_settings();
    change(settings);
    const auto result = validate(settings);
    REQUIRE_FALSE(result.ok());
    return result.error().message;
  };
  CHECK(validate(small_settings()).ok());
  CHECK(refusal([](Settings& s) { s.environments = 0; }).find("environments is 0") !=
        std::string::npos);
  CHECK(refusal([](Settings& s) { s.group = 7; }).find("group is 7") != std::string::npos);
  CHECK(refusal([](Settings& s) { s.minibatch = 1000; }).find("minibatch") != std::string::npos);
  CHECK(refusal([](Settings& s) { s.shards = 3; }).find("shards") != std::string::npos);
  CHECK(refusal([](Settings& s) { s.discount = 1.0f; }).find("discount") != std::string::npos);
  CHECK(refusal([](Settings& s) { s.hidden.clear(); }).find("hidden") != std::string::npos);
  CHECK(refusal([](Settings& s) {
          s.kl_target = std::numeric_limits<float>::quiet_NaN();
        }).find("kl_target is nan") != std::string::npos);
  CHECK(refusal([](Settings& s) { s.precision = nn::Precision::i8; }).find("i8") !=
        std::string::npos);
}
