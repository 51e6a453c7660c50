// The trainer's networks against plain loops and finite differences.
#include "trainer/nn/mlp.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "reference_mlp.h"
#include "trainer/nn/adam.h"

using namespace canter::trainer::detail;
using canter::test::ReferenceMlp;

namespace {

// Odd sizes: nothing is a multiple of a vector.
const MlpShape kShape{{19, 37, 23, 5}};

struct Batch {
  std::vector<std::vector<float>> inputs;
  std::vector<float> output_gradient;  // [rows, outputs]
};

Batch make_batch(const MlpShape& shape, int rows, Random& random) {
  Batch batch;
  const auto fill = [&](std::vector<float>& values) {
    for (float& x : values) x = static_cast<float>(2.0 * random.uniform() - 1.0);
  };
  for (int i = 0; i < rows; ++i) {
    batch.inputs.emplace_back(static_cast<std::size_t>(shape.inputs()));
    fill(batch.inputs.back());
  }
  batch.output_gradient.resize(static_cast<std::size_t>(rows * shape.outputs()));
  fill(batch.output_gradient);
  return batch;
}

Weights make_weights(const MlpShape& shape, Precision precision) {
  Weights weights(shape, precision);
  Random random(7);
  initialise(weights, 0.0f, random);
  // Biases too, so that their place is tested.
  for (int layer = 0; layer < shape.num_layers(); ++layer)
    for (int o = 0; o < shape.out(layer); ++o)
      weights.values()[shape.bias_at(layer) + static_cast<std::size_t>(o)] =
          static_cast<float>(0.2 * random.uniform() - 0.1);
  weights.refresh();
  return weights;
}

struct Result {
  std::vector<float> outputs, gradient;
};

Result run(const Weights& weights, const Batch& batch) {
  const MlpShape& shape = weights.shape();
  const int rows = static_cast<int>(batch.inputs.size());
  MlpPass pass(shape, weights.precision(), rows, MlpPass::Purpose::training);
  for (int i = 0; i < rows; ++i)
    encode(batch.inputs[static_cast<std::size_t>(i)], weights.precision(), pass.input_row(i));
  Result result;
  const auto outputs = pass.forward(weights);
  result.outputs.assign(outputs.begin(), outputs.end());
  result.gradient.resize(shape.num_elements());
  pass.backward(weights, batch.output_gradient, result.gradient);
  return result;
}

struct Reference {
  std::vector<double> outputs, gradient;
};

Reference run_reference(const Weights& weights, const Batch& batch) {
  const MlpShape& shape = weights.shape();
  const ReferenceMlp mlp(shape, weights.values());
  Reference result;
  result.gradient.resize(shape.num_elements());
  for (std::size_t i = 0; i < batch.inputs.size(); ++i) {
    const auto y = mlp.forward(batch.inputs[i]);
    result.outputs.insert(result.outputs.end(), y.begin(), y.end());
    const auto* g = batch.output_gradient.data() + i * y.size();
    const std::vector<double> output_gradient(g, g + y.size());
    mlp.backward(batch.inputs[i], output_gradient, result.gradient);
  }
  return result;
}

template <class A, class B>
double largest_difference(const A& a, const B& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

double relative_distance(const std::vector<float>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0.0, length = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - b[i], 2);
    length += b[i] * b[i];
  }
  return std::sqrt(difference / length);
}

double largest(const std::vector<double>& values) {
  double result = 0.0;
  for (const double v : values) result = std::max(result, std::abs(v));
  return result;
}

}  // namespace

TEST_CASE("an f32 network and its gradient are those of the plain loops") {
  for (const int rows : {1, 3, 64}) {
    CAPTURE(rows);
    Random random(static_cast<std::uint64_t>(rows));
    const Weights weights = make_weights(kShape, Precision::f32);
    const Batch batch = make_batch(kShape, rows, random);
    const Result got = run(weights, batch);
    const Reference expected = run_reference(weights, batch);
    // Rounding of f32 in sums of at most 64 terms.
    CHECK(largest_difference(got.outputs, expected.outputs) < 1e-5 * largest(expected.outputs));
    CHECK(largest_difference(got.gradient, expected.gradient) < 1e-5 * largest(expected.gradient));
  }
}

TEST_CASE("the plain loops' gradient is what finite differences measure") {
  Random random(3);
  const Weights weights = make_weights(kShape, Precision::f32);
  const Batch batch = make_batch(kShape, 2, random);
  const std::vector<double> gradient = run_reference(weights, batch).gradient;
  ReferenceMlp mlp(kShape, weights.values());
  const auto loss = [&] {
    double sum = 0.0;
    for (std::size_t i = 0; i < batch.inputs.size(); ++i) {
      const auto y = mlp.forward(batch.inputs[i]);
      for (std::size_t o = 0; o < y.size(); ++o)
        sum += y[o] * static_cast<double>(batch.output_gradient[i * y.size() + o]);
    }
    return sum;
  };
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < gradient.size(); i += 7) {
    CAPTURE(i);
    const double kept = mlp.values()[i];
    mlp.values()[i] = kept + kStep;
    const double above = loss();
    mlp.values()[i] = kept - kStep;
    const double below = loss();
    mlp.values()[i] = kept;
    CHECK(gradient[i] == doctest::Approx((above - below) / (2.0 * kStep)).epsilon(1e-6));
  }
}

TEST_CASE("bf16 follows f32 within its rounding") {
  if (!supports(Precision::bf16)) {
    MESSAGE("SKIPPED: this processor has no bf16 products");
    return;
  }
  Random random(11);
  const Weights weights = make_weights(kShape, Precision::bf16);
  const Batch batch = make_batch(kShape, 64, random);
  const Result got = run(weights, batch);
  const Reference expected = run_reference(weights, batch);
  // bf16 keeps 8 bits: 2^-9 relative per rounding, in three layers of weights and activations.
  // Units near zero switch, and carry the gradient of one sample on or off: hence the lengths of
  // the differences and not the largest.
  const double outputs = relative_distance(got.outputs, expected.outputs);
  const double gradient = relative_distance(got.gradient, expected.gradient);
  MESSAGE("bf16 against f64: outputs " << outputs << ", gradient " << gradient << " of the length");
  CHECK(outputs < 0.02);
  CHECK(gradient < 0.1);
  CHECK(gradient > 1e-4);  // else it was not bf16 that ran
}

TEST_CASE("any thread computes the same bits") {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    if (!supports(precision)) continue;
    Random random(5);
    const MlpShape shape{{60, 128, 64, 12}};
    const Weights weights = make_weights(shape, precision);
    const Batch batch = make_batch(shape, 96, random);
    const Result here = run(weights, batch);
    Result there;
    std::thread([&] { there = run(weights, batch); }).join();
    CHECK(std::memcmp(here.gradient.data(), there.gradient.data(),
                      here.gradient.size() * sizeof(float)) == 0);
    CHECK(here.outputs == there.outputs);
  }
}

TEST_CASE("Adam steps as published") {
  // By hand, gradient 1 then -2 with step size 0.1: the first step is the step size itself.
  Adam adam(2);
  std::vector<float> values = {1.0f, 1.0f};
  adam.step(values, std::vector<float>{1.0f, 4.0f}, 0.1f, 0.25f);
  CHECK(values[0] == doctest::Approx(0.9f));
  CHECK(values[1] == doctest::Approx(0.9f));
  adam.step(values, std::vector<float>{-2.0f, 4.0f}, 0.1f, 1.0f);
  const double m = 0.9 * 0.1 * 0.25 + 0.1 * -2.0;
  const double v = 0.999 * 0.001 * 0.0625 + 0.001 * 4.0;
  const double unbiased = (m / (1.0 - 0.81)) / (std::sqrt(v / (1.0 - 0.999 * 0.999)) + 1e-8);
  CHECK(values[0] == doctest::Approx(0.9 - 0.1 * unbiased).epsilon(1e-5));
  CHECK(norm(std::vector<float>{3.0f, 0.0f, 4.0f}) == doctest::Approx(5.0));
}
