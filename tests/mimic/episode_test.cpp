#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "canter/import/import.h"
#include "canter/mimic/episode.h"
#include "canter/physics/quat_order.h"
#include "canter/physics/rotation.h"
#include "heap_probe.h"
#include "made_up_clip.h"
#include "test_data.h"

using namespace canter;
using namespace canter::mimic;

namespace {

Task make(const TaskOptions& options = {}, float speed_m_s = 0.0f, bool loop = true) {
  RawClip clip = test::made_up_clip(test::humanoid_skeleton(), speed_m_s);
  clip.loop = loop;
  return make_task(physics::humanoid_body(), test::humanoid_skeleton(), clip, options).value();
}

TaskOptions endless() {
  TaskOptions options;
  options.fall = FallSet::none;
  options.max_root_distance_m = options.max_root_turn_rad = 0.0f;
  return options;
}

TaskOptions original() {
  TaskOptions options;
  options.interface = interface_from("deepmimic").value();
  return options;
}

struct Run {
  explicit Run(Task t) : task(std::move(t)), scratch(task), episode(task) {
    action.resize(static_cast<std::size_t>(task.action_size()), 0.0f);
    observation.resize(static_cast<std::size_t>(task.observation_size()));
  }
  EpisodeView view() { return episode_over(task, episode.bytes()); }
  void reset(double phase) { mimic::reset(task, phase, view(), scratch); }
  StepResult step() { return mimic::step(task, action, view(), scratch); }
  std::span<const float> observe() {
    mimic::observe(task, view(), scratch, observation);
    return observation;
  }
  physics::StateView state() { return physics::state_over(task.model(), view().state); }

  Task task;
  mimic::Scratch scratch;
  Episode episode;
  std::vector<float> action, observation;
};

bool same(const Episode& a, const Episode& b) {
  return std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0;
}

// Noisy steps: what a training run does.
void stumble(Run& run, int steps, std::uint32_t seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < steps; ++i) {
    for (float& a : run.action) a = 0.2f * (static_cast<float>(random()) / 2147483648.0f - 1.0f);
    run.observe();
    if (run.step().end != End::running) run.reset(static_cast<double>(random() % 16) / 16.0);
  }
}

}  // namespace

TEST_CASE("an episode begins on the reference") {
  Run run(make());
  CHECK(run.task.episode_bytes() < 1300);
  for (const double phase : {0.0, 0.3, 0.9}) {
    run.reset(phase);
    std::vector<double> positions(43), velocities(34);
    reference_now(run.task, run.view(), positions, velocities);
    for (std::size_t k = 0; k < 43; ++k)
      CHECK(run.state().positions[k] == doctest::Approx(positions[k]));
    for (std::size_t k = 0; k < 34; ++k) CHECK(run.state().velocities[k] == velocities[k]);
    CHECK(run.state().positions[0] == 0.0);
    std::vector<physics::LinkState> links(15);
    physics::forward_kinematics(run.task.model(), positions, velocities, links);
    CHECK(physics::lowest_distance(run.task.model(), links) >= 0.001);
    const StepResult judged = judge(run.task, run.view(), run.scratch);
    CHECK(judged.terms.pose == doctest::Approx(1.0f).epsilon(1e-6));
    CHECK(judged.terms.velocity == doctest::Approx(1.0f).epsilon(1e-6));
    CHECK(judged.terms.com_velocity == doctest::Approx(1.0f).epsilon(1e-6));
    CHECK(judged.position_error_m < 1e-9f);
  }
}

TEST_CASE("the lift is an error of heights until the first lap ends") {
  Run run(make());
  run.reset(0.0);
  const double lift = run.view().head->origin.y;
  CHECK(lift > 0.0);
  const StepResult judged = judge(run.task, run.view(), run.scratch);
  CHECK(judged.terms.root == doctest::Approx(std::exp(-5.0 * lift * lift)));
  CHECK(judged.terms.end_effector == doctest::Approx(std::exp(-40.0 * lift * lift)));
}

TEST_CASE("the original observation holds what the specification says") {
  Run run(make(original()));
  run.reset(0.25);
  const auto seen = run.observe();
  REQUIRE(seen.size() == 197);
  CHECK(seen[0] == doctest::Approx(0.25));
  CHECK(seen[1] == doctest::Approx(run.state().positions[1]));
  // Link 0: the offset (0, 0.07, 0) turned into the heading; its rotation in the world.
  CHECK(seen[2] == doctest::Approx(0.0).scale(1.0));
  CHECK(seen[3] == doctest::Approx(0.07));
  CHECK(seen[4] == doctest::Approx(0.0).scale(1.0));
  CHECK(seen[5] == doctest::Approx(std::cos(0.05)));  // turned by 0.1 rad about Y
  CHECK(seen[7] == doctest::Approx(std::sin(0.05)));
}

TEST_CASE("the tracking observation does not know where north is") {
  Run run(make(endless(), 1.0f));
  run.reset(0.4);
  run.step();
  const std::vector<float> before(run.observe().begin(), run.observe().end());
  // Turn and move body and reference together: only possible on the spot, where the reference's
  // origin may move, so first compare places …
  auto* state = run.view().state.data();
  state[0] += 5.0;
  state[2] -= 3.0;
  run.view().head->origin += glm::dvec3(5.0, 0.0, -3.0);
  const auto moved = run.observe();
  for (std::size_t k = 0; k < moved.size(); ++k)
    CHECK(moved[k] == doctest::Approx(before[k]).scale(1.0).epsilon(1e-5));
  // … then the body's own features under a turn.
  const glm::dquat turn = glm::angleAxis(0.8, glm::dvec3(0, 1, 0));
  physics::to_wxyz(turn * physics::from_wxyz(state + 3), state + 3);
  physics::store3(turn * physics::load3(state + 43), state + 43);
  const auto turned = run.observe();
  for (std::size_t k = 0; k < 226; ++k)
    CHECK(turned[k] == doctest::Approx(before[k]).scale(1.0).epsilon(1e-5));
  double changed = 0.0;
  for (std::size_t k = 226; k < turned.size(); ++k)
    changed = std::max(changed, static_cast<double>(std::abs(turned[k] - before[k])));
  CHECK(changed > 0.1);
}

TEST_CASE("zero output of the original interface: knees and elbows bent, balls straight") {
  Run run(make([] {
    TaskOptions options = original();
    options.fall = FallSet::none;
    options.max_root_distance_m = options.max_root_turn_rad = 0.0f;
    options.physics.gravity_m_s2 = 0.0;
    return options;
  }()));
  run.reset(0.0);
  run.view().state[1] += 50.0;
  for (int i = 0; i < 90; ++i) run.step();
  const auto joints = run.task.model().joints();
  for (std::size_t j = 1; j < joints.size(); ++j) {
    const double* p = run.state().positions.data() + joints[j].position;
    if (joints[j].type == physics::JointType::ball)
      CHECK(glm::length(physics::log_rotation(physics::from_wxyz(p))) < 0.02);
    if (joints[j].type == physics::JointType::hinge)
      CHECK(*p == doctest::Approx(j == 4 || j == 10 ? -1.57 : 1.57).epsilon(0.01));
  }
}

TEST_CASE("equal episodes have equal futures, in any scratch and on any thread") {
  Run a(make()), b(make());
  stumble(a, 120, 5);
  stumble(b, 120, 5);
  CHECK(same(a.episode, b.episode));
  stumble(b, 1, 6);
  CHECK_FALSE(same(a.episode, b.episode));

  // Two threads with their own scratch against one thread alternating between episodes in one.
  const Task task = make();
  const auto fly = [&](Episode& episode, mimic::Scratch& scratch, int i) {
    std::vector<float> action(28, 0.02f * static_cast<float>(i % 5));
    step(task, action, episode_over(task, episode.bytes()), scratch);
  };
  std::vector<Episode> together(2, Episode(task)), apart(2, Episode(task));
  mimic::Scratch shared(task);
  for (int i = 0; i < 60; ++i)
    for (Episode& episode : together) fly(episode, shared, i);
  std::vector<std::thread> threads;
  for (Episode& episode : apart)
    threads.emplace_back([&] {
      mimic::Scratch own(task);
      for (int i = 0; i < 60; ++i) fly(episode, own, i);
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t e = 0; e < 2; ++e) CHECK(same(together[e], apart[e]));
}

TEST_CASE("a copied episode goes on as the original would have") {
  Run run(make(endless()));
  for (int i = 0; i < 20; ++i) run.step();
  const Episode saved = run.episode;
  for (int i = 0; i < 20; ++i) run.step();
  const Episode after = run.episode;
  run.episode = saved;
  for (int i = 0; i < 20; ++i) run.step();
  CHECK(same(run.episode, after));
}

TEST_CASE("an action is its physics steps and a judgement") {
  Run whole(make(endless())), parts(make(endless()));
  for (int i = 0; i < 10; ++i) {
    whole.action[3] = parts.action[3] = 0.1f * static_cast<float>(i);
    const StepResult a = whole.step();
    begin_action(parts.task, parts.action, parts.view());
    for (int k = 0; k < parts.task.steps_per_action(); ++k)
      simulate(parts.task, drive(parts.task, parts.view(), parts.scratch), parts.view(),
               parts.scratch);
    const StepResult b = judge(parts.task, parts.view(), parts.scratch);
    CHECK(a.reward == b.reward);
  }
  CHECK(same(whole.episode, parts.episode));
}

TEST_CASE("episodes do not touch the heap") {
  Run run(make(endless(), 1.0f));
  stumble(run, 10, 1);
  test::HeapProbe probe;
  stumble(run, 60, 2);
  run.reset(0.5);
  CHECK(probe.count() == 0);
}

TEST_CASE("falls, straying, time and broken numbers end an episode, each by its name") {
  SUBCASE("fell") {
    TaskOptions options;
    options.max_root_distance_m = options.max_root_turn_rad = 0.0f;
    Run run(make(options));
    run.reset(0.0);
    push(run.view(), {1, {0.0, 0.0, 900.0}, 0.4});
    StepResult result;
    for (int i = 0; i < 120 && result.end == End::running; ++i) result = run.step();
    CHECK(result.end == End::fell);
    CHECK(result.reward == 0.0f);
    const Episode ended = run.episode;
    CHECK(run.step().end == End::fell);  // and stays so
    CHECK(same(ended, run.episode));
  }
  SUBCASE("fall sets") {
    TaskOptions options = endless();
    Run run(make(options));
    push(run.view(), {1, {0.0, 0.0, 900.0}, 0.4});
    for (int i = 0; i < 90; ++i) CHECK(run.step().end == End::running);
  }
  SUBCASE("strayed") {
    TaskOptions options;
    options.fall = FallSet::none;
    Run run(make(options));
    run.reset(0.0);
    run.view().head->origin.x += 0.8;
    CHECK(run.step().end == End::strayed);
    run.reset(0.0);
    physics::to_wxyz(glm::angleAxis(1.4, glm::dvec3(0, 1, 0)), run.view().state.data() + 3);
    CHECK(run.step().end == End::strayed);
  }
  SUBCASE("time limit") {
    TaskOptions options = endless();
    options.episode_s = 0.5;
    Run run(make(options));
    int steps = 1;
    while (run.step().end == End::running) ++steps;
    CHECK(steps == 15);
    CHECK(run.view().head->end == End::time_limit);
  }
  SUBCASE("finished") {
    Run run(make(endless(), 0.0f, false));
    run.reset(0.5);
    int steps = 1;
    while (run.step().end == End::running) ++steps;
    CHECK(run.view().head->end == End::finished);
    CHECK(steps == doctest::Approx(30 * (0.5 + 0.3)).epsilon(0.05));
  }
  SUBCASE("broken") {
    Run run(make());
    run.reset(0.0);
    run.action[4] = NAN;
    const StepResult result = run.step();
    CHECK(result.end == End::broken);
    CHECK(result.fault == physics::Fault::non_finite);
    run.action[4] = 0.0f;
    run.reset(0.0);
    CHECK(run.step().end == End::running);
  }
}

TEST_CASE("at every lap the reference comes back over the body") {
  Run run(make(endless(), 1.0f));
  run.reset(0.9);
  run.view().head->origin.x += 0.3;
  bool synced = false;
  for (int i = 0; i < 6; ++i) {
    run.step();
    std::vector<double> positions(43), velocities(34);
    reference_now(run.task, run.view(), positions, velocities);
    if (run.view().head->time_s < 1.0) {
      CHECK(run.view().head->origin.y > 0.0);  // the lift is still shared
      continue;
    }
    synced = true;
    CHECK(std::abs(positions[0] - run.state().positions[0]) < 0.1);
    CHECK(run.view().head->origin.y == 0.0);
  }
  CHECK(synced);
}

TEST_CASE("starts avoid the phases to skip") {
  TaskOptions options;
  options.skip_starts = {{0.2f, 0.3f}, {0.8f, 1.0f}};
  const Task task = make(options);
  CHECK(start_phase(task, 0.0) == 0.0);
  CHECK(start_phase(task, 0.5) == doctest::Approx(0.45));
  for (int i = 0; i < 1000; ++i) {
    const double phase = start_phase(task, i / 1000.0);
    CHECK_FALSE((phase >= 0.2001 && phase < 0.2999));
    CHECK(phase < 0.8001);
  }
}

TEST_CASE("tasks that cannot be are refused by name") {
  const auto message = [](const std::function<void(TaskOptions&)>& spoil) {
    TaskOptions options;
    spoil(options);
    const auto task = make_task(physics::humanoid_body(), test::humanoid_skeleton(),
                                test::made_up_clip(test::humanoid_skeleton()), options);
    return task.ok() ? std::string() : task.error().message;
  };
  const auto names = [&](const char* word, const std::function<void(TaskOptions&)>& spoil) {
    CHECK_MESSAGE(message(spoil).find(word) != std::string::npos, word << ": " << message(spoil));
  };
  CHECK(message([](TaskOptions&) {}).empty());
  names("control rate", [](TaskOptions& o) { o.control_rate_hz = 0.0; });
  names("multiple", [](TaskOptions& o) { o.control_rate_hz = 50.0; });
  names("residual", [](TaskOptions& o) { o.interface.residual_rad = 0.0f; });
  names("deviations", [](TaskOptions& o) { o.max_root_turn_rad = NAN; });
  names("episode", [](TaskOptions& o) { o.episode_s = 0.0; });
  names("phases to skip", [](TaskOptions& o) { o.skip_starts = {{0.5f, 0.4f}}; });
  names("leave none", [](TaskOptions& o) { o.skip_starts = {{0.0f, 1.0f}}; });
  names("gravity", [](TaskOptions& o) { o.physics.gravity_m_s2 = -1.0; });
}

TEST_CASE("fall sets by clip") {
  CHECK(fall_set_for("humanoid3d_walk") == FallSet::all_but_feet);
  CHECK(fall_set_for("cartwheel") == FallSet::all_but_feet_and_hands);
  CHECK(fall_set_for("humanoid3d_crawl") == FallSet::trunk);
  CHECK(fall_set_for("roll") == FallSet::none);
  CHECK(fall_set_for("getup_faceup") == FallSet::none);
}

// What the body does by itself when driven along the reference: without a policy, for 0.27 s from
// 32 starts. The bounds are the measured values of docs/physics.md with a tenth of slack.
TEST_CASE("driven along the reference, published clips are followed closely") {
  struct Listed {
    const char* clip;
    double error_rad;
  };
  for (const Listed& one : {Listed{"walk", 0.022}, Listed{"run", 0.054}, Listed{"backflip", 0.060},
                            Listed{"spinkick", 0.057}, Listed{"cartwheel", 0.0265}}) {
    const auto path =
        test::shared_data("motions/deepmimic/motions/humanoid3d_" + std::string(one.clip) + ".txt");
    if (!path) return;
    const importer::Scene scene = importer::load_file(path->string()).value();
    Run run(make_task(physics::humanoid_body(), scene.skeleton, scene.clips.front(), endless())
                .value());
    double sum = 0.0;
    for (int start = 0; start < 32; ++start) {
      run.reset(start / 32.0);
      for (int i = 0; i < 8; ++i) sum += static_cast<double>(run.step().joint_error_rad);
    }
    const double error_rad = sum / (32 * 8);
    MESSAGE(one.clip << ": " << error_rad << " rad");
    CHECK(error_rad < 1.1 * one.error_rad);
    CHECK(error_rad > 0.0);
  }
}
