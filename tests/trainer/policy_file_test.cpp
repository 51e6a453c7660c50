// A policy's file computes what the trainer's policy does.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "canter/nn/model_file.h"
#include "canter/trainer/mimic.h"
#include "reference_mlp.h"
#include "test_environments.h"
#include "trainer/ppo/random.h"

using namespace canter::trainer;
namespace nn = canter::nn;

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
  canter::test::FollowSine environment;
  Settings settings;
  settings.hidden = {24, 12};
  settings.environments = 32;
  settings.minibatch = 256;
  auto trainer = Trainer::make(environment, settings);
  REQUIRE(trainer.ok());
  for (int i = 0; i < 5; ++i) trainer->iterate();
  const Policy policy = trainer->policy();
  CHECK(policy.mean[4] == 0.5f);  // given, not learned
  CHECK(policy.std[4] == 0.5f);
  CHECK(policy.std[0] != 1.0f);

  const auto made = make_policy_file(policy, nn::Precision::f32, {{"source", "sine"}});
  REQUIRE(made.ok());
  const auto file = nn::read_model_file(nn::write_model_file(made.value()), "policy");
  REQUIRE(file.ok());
  CHECK(file.value().provenance.at("source") == "sine");
  auto graph = nn::build_graph(file.value());
  REQUIRE(graph.ok());
  CHECK(graph.value().unused.empty());
  auto model = nn::compile(std::move(graph.value().graph));
  REQUIRE(model.ok());
  nn::Workspace workspace(model.value());
  REQUIRE(workspace.prepare({nn::Shape{1, 5}}).ok());
  detail::Random random(1);
  for (int n = 0; n < 20; ++n) {
    std::vector<float> observation(5), action(1);
    // Some beyond the clip.
    for (float& x : observation)
      x = static_cast<float>(20.0 * random.uniform() - 10.0) * (n < 10 ? 0.05f : 1.0f);
    REQUIRE(nn::run(workspace, observation, action).ok());
    CHECK(static_cast<double>(action[0]) ==
          doctest::Approx(act(policy, observation)[0]).epsilon(1e-4));
  }
}
