// Learning a window network: its layer against a plain loop, its gradients, a run on made-up waves.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "canter/phase/window_network.h"
#include "canter/trainer/phase.h"
#include "trainer/phase/valid_conv.h"

using namespace canter;
using namespace canter::trainer;

namespace {

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> out(count);
  for (float& v : out) v = static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f;
  return out;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

TEST_CASE("a convolution without padding is the sum it says, and its gradients its transposes") {
  constexpr int kBatch = 3;
  for (const detail::ValidConv::Extent extent :
       {detail::ValidConv::Extent{2, 5, 3, 8, false}, {4, 3, 6, 6, false}}) {
    detail::ValidConv conv(extent, kBatch);
    const auto [in, out, taps, frames, relu] = extent;
    const int shorter = conv.frames_out();
    const auto parameters = random_values(conv.num_parameters(), 1);
    const auto x = random_values(static_cast<std::size_t>(kBatch * frames * in), 2);
    const auto y = conv.forward(parameters, x.data());
    REQUIRE(y.size() == static_cast<std::size_t>(kBatch * shorter * out));
    for (int b = 0; b < kBatch; ++b)
      for (int t = 0; t < shorter; ++t)
        for (int o = 0; o < out; ++o) {
          auto sum =
              static_cast<double>(parameters[conv.num_weights() + static_cast<std::size_t>(o)]);
          for (int k = 0; k < taps; ++k)
            for (int c = 0; c < in; ++c)
              sum +=
                  static_cast<double>(parameters[static_cast<std::size_t>((k * in + c) * out + o)] *
                                      x[static_cast<std::size_t>((b * frames + t + k) * in + c)]);
          CHECK(y[static_cast<std::size_t>((b * shorter + t) * out + o)] ==
                doctest::Approx(sum).epsilon(1e-5));
        }

    // Linear in x and in its parameters: <gy, A d> = <A' gy, d> for any d.
    auto gy = random_values(y.size(), 3);
    std::vector<float> gradient(conv.num_parameters()), gx(x.size());
    conv.backward(parameters, gy, gradient, gx.data());
    const auto dw = random_values(parameters.size(), 4), dx = random_values(x.size(), 5);
    CHECK(dot(gradient, dw) == doctest::Approx(dot(gy, conv.forward(dw, x.data()))).epsilon(1e-4));
    std::vector<float> linear = parameters;
    for (std::size_t i = conv.num_weights(); i < linear.size(); ++i) linear[i] = 0.0f;
    CHECK(dot(gx, dx) == doctest::Approx(dot(gy, conv.forward(linear, dx.data()))).epsilon(1e-4));
  }
}

TEST_CASE("behind ReLU nothing learns from what it kept back") {
  detail::ValidConv conv({1, 1, 1, 4, true}, 1);
  const std::vector<float> parameters = {1.0f, 0.0f}, x = {-1.0f, 2.0f, -3.0f, 4.0f};
  const auto y = conv.forward(parameters, x.data());
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0.0f, 2.0f, 0.0f, 4.0f});
  std::vector<float> gy(4, 1.0f), gradient(2), gx(4);
  conv.backward(parameters, gy, gradient, gx.data());
  CHECK(gx == std::vector<float>{0.0f, 1.0f, 0.0f, 1.0f});
  CHECK(gradient == std::vector<float>{6.0f, 2.0f});
}

TEST_CASE("a window network learns the phase of waves, and is the file's network") {
  constexpr std::size_t kDims = phase::kWindowDims, kFrames = phase::kWindowFrames;
  constexpr std::size_t kMany = 400;
  // Features that go round once a second.
  std::vector<float> table((kMany + kFrames) * kDims);
  const auto phase_at = [](std::size_t row) { return static_cast<double>(row) / 60.0; };
  for (std::size_t r = 0; r < kMany + kFrames; ++r)
    for (std::size_t d = 0; d < kDims; ++d)
      table[r * kDims + d] = static_cast<float>(
          std::sin(6.283185307179586 * (phase_at(r) + 0.11 * static_cast<double>(d))));
  WindowSamples samples;
  for (std::size_t i = 0; i < kMany; i += 7) {
    samples.windows.push_back(table.data() + i * kDims);
    for (int c = 0; c < phase::kWindowPhases; ++c) {
      const double angle = 6.283185307179586 * (phase_at(i + kFrames - 1) + 0.1 * c);
      samples.targets.push_back(static_cast<float>(std::cos(angle)));
      samples.targets.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  WindowSettings settings;
  settings.steps = 60;
  settings.batch = 4;
  int steps = 0;
  double error = 0.0;
  const nn::WeightFile file =
      learn_window_network(samples, settings, &error, [&](int step) { steps = step; });
  CHECK(steps == 60);
  CHECK(file.tensors.at("fc.0.weight").shape() == nn::Shape{256, 25344});
  const auto network = phase::make_window_network(file, "trained");
  REQUIRE_MESSAGE(network.ok(), network.error().message);
  phase::WindowEstimator estimator(*network, 2);
  // Windows between those it has seen.
  std::vector<float> windows(2 * kFrames * kDims);
  std::vector<phase::FramePhase> out(2 * phase::kWindowPhases);
  double worst = 0.0;
  for (std::size_t i = 3; i + 10 < kMany; i += 70) {
    std::copy_n(table.begin() + static_cast<std::ptrdiff_t>(i * kDims), windows.size() / 2,
                windows.begin());
    std::copy_n(table.begin() + static_cast<std::ptrdiff_t>((i + 10) * kDims), windows.size() / 2,
                windows.begin() + static_cast<std::ptrdiff_t>(windows.size() / 2));
    estimator.run(windows, out);
    for (int b = 0; b < 2; ++b)
      for (int c = 0; c < phase::kWindowPhases; ++c) {
        const double truth = phase_at(i + kFrames - 1 + 10 * static_cast<std::size_t>(b)) + 0.1 * c;
        const float got = out[static_cast<std::size_t>(b * phase::kWindowPhases + c)].phase;
        worst = std::max(worst, std::abs(static_cast<double>(phase::cycle_difference(
                                    got, phase::wrap_cycle(static_cast<float>(truth))))));
      }
  }
  MESSAGE("worst phase error " << worst << " cycles, training error " << error);
  CHECK(worst < 0.05);
  // The same again is the same bits; numbers that are none give no phase.
  const nn::WeightFile again = learn_window_network(samples, settings);
  CHECK(std::ranges::equal(again.tensors.at("fc.1.weight").view().bytes(),
                           file.tensors.at("fc.1.weight").view().bytes()));
  windows[5] = std::nanf("");
  estimator.run(windows, out);
  CHECK(out[0].confidence == 0.0f);
  CHECK(out[0].phase == 0.0f);
}

TEST_CASE("files that are no window network are refused by name") {
  const auto refused = phase::make_window_network({}, "empty");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("conv.0.weight") != std::string::npos);
}
