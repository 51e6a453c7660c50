// Imitation tasks as environments, and policies in files.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "canter/import/import.h"
#include "canter/mimic/clip_task.h"
#include "canter/trainer/mimic.h"
#include "reference_mlp.h"
#include "test_data.h"
#include "trainer/ppo/random.h"

using namespace canter::trainer;

namespace {

// Normalise, clip, layers: plainly.
std::vector<double> act(const Policy& policy, std::vector<float> x) {
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = std::clamp((x[i] - policy.mean[i]) / policy.std[i], -policy.observation_clip,
                      policy.observation_clip);
  detail::MlpShape shape{{static_cast<int>(x.size())}};
  for (const Policy::Layer& layer : policy.layers) shape.sizes.push_back(layer.out);
  std::vector<float> values(shape.num_elements());
  for (int i = 0; i < shape.num_layers(); ++i) {
    const Policy::Layer& layer = policy.layers[static_cast<std::size_t>(i)];
    std::ranges::copy(layer.weights, values.begin() + static_cast<long>(shape.weights_at(i)));
    std::ranges::copy(layer.bias, values.begin() + static_cast<long>(shape.bias_at(i)));
  }
  return canter::test::ReferenceMlp(shape, values).forward(x);
}

}  // namespace

TEST_CASE("a trained policy's file computes the same actions") {
  const auto scene =
      canter::importer::load_file((canter::test::source_dir() / "motion_data/walk.clip").string());
  REQUIRE(scene.ok());
  const auto made =
      canter::mimic::make_clip_task(scene.value().skeleton, scene.value().clips[0], "walk");
  REQUIRE(made.ok());
  const canter::mimic::Task& task = made.value().task;
  const auto environment = make_mimic_environment(task);
  Settings settings = mimic_settings(task);
  settings.precision = canter::nn::Precision::f32;
  settings.hidden = {24, 12};
  settings.environments = settings.group = 16;
  settings.steps = 8;
  settings.minibatch = 64;
  auto trainer = Trainer::make(*environment, settings);
  REQUIRE(trainer.ok());
  for (int i = 0; i < 3; ++i) trainer->iterate();
  const Policy policy = trainer->policy();

  const auto bytes = canter::mimic::write_policy(task, actor_weights(policy), "{}");
  REQUIRE_MESSAGE(bytes.ok(), bytes.error().message);
  const auto read = canter::mimic::load_policy(bytes.value(), "policy");
  REQUIRE_MESSAGE(read.ok(), read.error().message);
  auto workspace = canter::mimic::PolicyWorkspace::make(read.value());
  REQUIRE(workspace.ok());
  detail::Random random(1);
  std::vector<float> observation(policy.mean.size()), action(28);
  for (int n = 0; n < 20; ++n) {
    // Around what was seen, some beyond the clip.
    for (std::size_t i = 0; i < observation.size(); ++i)
      observation[i] =
          policy.mean[i] + policy.std[i] * static_cast<float>(16.0 * random.uniform() - 8.0);
    canter::mimic::infer(workspace.value(), observation, action, 1);
    const std::vector<double> expected = act(policy, observation);
    for (std::size_t j = 0; j < action.size(); ++j)
      CHECK(static_cast<double>(action[j]) == doctest::Approx(expected[j]).epsilon(1e-4));
  }
}

TEST_CASE("a start brings the same pushes every time") {
  const auto scene =
      canter::importer::load_file((canter::test::source_dir() / "motion_data/walk.clip").string());
  REQUIRE(scene.ok());
  const auto made =
      canter::mimic::make_clip_task(scene.value().skeleton, scene.value().clips[0], "walk");
  REQUIRE(made.ok());
  const auto calm = make_mimic_environment(made.value().task);
  const auto rough =
      make_mimic_environment(made.value().task, {.push_n = 500.0f, .push_every_s = 0.1});
  const std::vector<float> action(static_cast<std::size_t>(calm->action_size()));
  const auto play = [&](Environment& environment, double start) {
    environment.set_workers(1);
    std::vector<std::byte> state(environment.state_bytes());
    environment.reset(state, start, 0);
    for (int i = 0; i < 12; ++i) environment.step(state, action, 0);
    std::vector<float> seen(static_cast<std::size_t>(environment.observation_size()));
    environment.observe(state, seen, 0);
    return seen;
  };
  CHECK(play(*calm, 0.3) == play(*calm, 0.3));
  CHECK(play(*rough, 0.3) != play(*calm, 0.3));
  CHECK(play(*rough, 0.3) == play(*rough, 0.3));
  // A start beside it, elsewhere pushed: the bodies differ by far more than where they began.
  const auto difference = [](const std::vector<float>& a, const std::vector<float>& b) {
    float sum = 0.0f;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
    return sum;
  };
  const double beside = std::nextafter(0.3, 1.0);
  CHECK(difference(play(*rough, beside), play(*rough, 0.3)) >
        100.0f * difference(play(*calm, beside), play(*calm, 0.3)));
}
