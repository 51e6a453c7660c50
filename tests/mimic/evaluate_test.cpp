#include <doctest/doctest.h>

#include "canter/mimic/evaluate.h"
#include "canter/physics/kinematics.h"
#include "canter/physics/quat_order.h"
#include "made_up_clip.h"

using namespace canter;
using namespace canter::mimic;

TEST_CASE("an evaluation adds up") {
  EvaluateOptions options;
  options.episodes = 6;
  options.seconds = 3.0;
  const Policy policy = test::idle_policy(test::made_up_clip(test::humanoid_skeleton(), 1.0f));
  const Evaluation e = evaluate(policy, options);
  REQUIRE(e.episodes.size() == 6);
  double paper = 0.0, life_s = 0.0;
  int survived = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const EpisodeRecord& one = e.episodes[i];
    CHECK(one.start_phase >= static_cast<double>(i) / 6);
    CHECK(one.start_phase < static_cast<double>(i + 1) / 6);
    CHECK(one.nr_paper <= one.life_s / 3.0 + 1e-9);  // nothing is earned after the end
    CHECK(one.nr_paper > 0.0);
    paper += one.nr_paper / 6;
    life_s += one.life_s / 6;
    survived += one.end == End::time_limit ? 1 : 0;
  }
  CHECK(e.nr_paper == doctest::Approx(paper));
  CHECK(e.life_s == doctest::Approx(life_s));
  CHECK(e.survived == survived);
  CHECK(e.survived < 6);  // nobody walks with the drive alone
  CHECK(e.joint_error_rad > 0.0);
  CHECK(e.broken == 0);
  // The terms are those that the return is made of.
  CHECK(static_cast<double>(reward_paper(e.terms)) * life_s / 3.0 ==
        doctest::Approx(e.nr_paper).epsilon(0.02));

  const Evaluation again = evaluate(policy, options);
  CHECK(again.nr_paper == e.nr_paper);
  options.seed = 2;
  CHECK(evaluate(policy, options).episodes[0].start_phase != e.episodes[0].start_phase);
}

TEST_CASE("clips without a loop are measured against the time they have") {
  RawClip clip = test::standing_clip();
  clip.loop = false;
  EvaluateOptions options;
  options.episodes = 4;
  const Evaluation e = evaluate(test::idle_policy(clip), options);
  CHECK(e.survived == 4);
  CHECK(e.possible_life_s < 1.35);
  CHECK(e.life_s == doctest::Approx(e.possible_life_s).epsilon(0.05));
  CHECK(e.nr_paper > 0.95);  // standing still is easy
  CHECK(e.nr_code > 0.95);
}

TEST_CASE("a push too much is found, and not beyond the steps asked for") {
  PushOptions options;
  options.phases = 2;
  options.settle_s = 0.2;
  options.survive_s = 1.5;
  options.step_n = 50.0;
  options.most_n = 1000.0;
  const PushResult r = push_test(test::idle_policy(test::standing_clip()), options);
  CHECK(r.forward_n >= 0.0);
  CHECK(r.forward_n < 1000.0);
  CHECK(r.forward_median_n >= r.forward_n);
  CHECK(r.sideways_median_n >= r.sideways_n);
  CHECK(std::fmod(r.forward_n, 50.0) == 0.0);
  REQUIRE(r.moments.size() == 2);
  const auto [a, b] = std::pair(r.moments[0], r.moments[1]);
  CHECK(std::abs(std::remainder(b.phase - a.phase, 1.0)) == doctest::Approx(0.5));
  CHECK(std::min(a.forward_n, b.forward_n) == r.forward_n);
  CHECK(std::min({a.right_n, b.right_n, a.left_n, b.left_n}) == r.sideways_n);
}

TEST_CASE("a recording is the motion as it was simulated") {
  RecordOptions options;
  options.seconds = 1.0;
  End end = End::running;
  const Policy policy = test::idle_policy(test::standing_clip());
  const RawClip clip = record(policy, options, &end);
  CHECK(end == End::time_limit);
  CHECK(clip.rate_hz == doctest::Approx(60.0f));
  CHECK(clip.num_frames() == 61);
  CHECK(validate(clip, *policy.skeleton()).ok());
  CHECK_FALSE(clip.loop);
  // It stands: the root keeps its height, the hips their places.
  CHECK(clip.frame(60)[0].translation.y ==
        doctest::Approx(clip.frame(0)[0].translation.y).epsilon(0.02));
}
