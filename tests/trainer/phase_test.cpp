// Learning a Periodic Autoencoder: its layers against plain loops and finite differences, its runs.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>

#include "canter/phase/track.h"
#include "canter/trainer/phase.h"
#include "trainer/phase/tied_conv.h"
#include "trainer/phase/wave_layer.h"

using namespace canter;
using namespace canter::trainer;

namespace {

constexpr double kTwoPi = 6.283185307179586;

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

// A made-up gait: every feature a wave of the stride's frequency, left and right in opposition.
PhaseMotion striding(float hz, int frames) {
  PhaseMotion motion;
  phase::Features& f = motion.features;
  f.margin = 121;
  f.frames = frames;
  f.dims = 12;
  f.duration_s = static_cast<float>(frames - 1) / 60.0f;
  for (int r = 0; r < frames + 2 * f.margin; ++r)
    for (int d = 0; d < f.dims; ++d)
      f.values.push_back(static_cast<float>(
          (1.0 + 0.1 * d) * std::sin(kTwoPi * (hz * r / 60.0 + (d < 6 ? 0.0 : 0.5) + 0.03 * d))));
  return motion;
}

const std::vector<int> kMirror = {2, 3, 0, 1};

PhaseSettings small_settings() {
  PhaseSettings settings;
  settings.channels = 2;
  settings.hidden = 6;
  settings.batch = 16;
  settings.steps = 150;
  settings.step_size = 3e-3f;
  return settings;
}

}  // namespace

TEST_CASE("a tied convolution is the convolution, and its gradients are the transposes") {
  constexpr int kIn = 3, kOut = 2, kFrames = 7, kBatch = 4;
  detail::TiedConv conv(kIn, kOut, kFrames, kBatch);
  const auto parameters = random_values(conv.num_parameters(), 1);
  const auto x = random_values(kBatch * kIn * kFrames, 2);
  std::vector<float> y(kBatch * kOut * kFrames);
  conv.forward(parameters, x.data(), y.data());
  for (int b = 0; b < kBatch; ++b)
    for (int o = 0; o < kOut; ++o)
      for (int t = 0; t < kFrames; ++t) {
        double sum =
            static_cast<double>(parameters[conv.num_weights() + static_cast<std::size_t>(o)]);
        for (int c = 0; c < kIn; ++c)
          for (int k = 0; k < kFrames; ++k)
            if (const int s = t + k - kFrames / 2; s >= 0 && s < kFrames)
              sum += static_cast<double>(
                  parameters[static_cast<std::size_t>((o * kIn + c) * kFrames + k)] *
                  x[static_cast<std::size_t>((b * kIn + c) * kFrames + s)]);
        CHECK(y[static_cast<std::size_t>((b * kOut + o) * kFrames + t)] ==
              doctest::Approx(sum).epsilon(1e-5));
      }

  // The layer is linear in x and in its weights: <gy, A d> = <A' gy, d> for any d.
  const auto gy = random_values(y.size(), 3);
  std::vector<float> gradient(conv.num_parameters()), gx(x.size());
  conv.backward(x.data(), gy.data(), gradient, gx.data());
  const auto dw = random_values(parameters.size(), 4), dx = random_values(x.size(), 5);
  std::vector<float> moved(parameters), zero(y.size());
  conv.forward(dw, x.data(), zero.data());
  CHECK(dot(gradient, dw) == doctest::Approx(dot(gy, zero)).epsilon(1e-4));
  for (std::size_t i = conv.num_weights(); i < moved.size(); ++i) moved[i] = 0.0f;
  conv.forward(moved, dx.data(), zero.data());
  CHECK(dot(gx, dx) == doctest::Approx(dot(gy, zero)).epsilon(1e-4));
}

TEST_CASE("the wave layer's gradients are what finite differences measure") {
  constexpr int kFrames = 21;
  for (const bool newest : {false, true}) {
    const detail::WaveLayer layer(2, kFrames, 10.0f, newest);
    const auto heads = random_values(layer.num_parameters(), 1);
    auto latent = random_values(kFrames, 2);
    for (int t = 0; t < kFrames; ++t)
      latent[static_cast<std::size_t>(t)] += 2.0f * static_cast<float>(std::sin(0.6 * t));
    const auto g = random_values(kFrames, 3);
    const auto loss = [&](std::span<const float> h, std::span<const float> l) {
      std::vector<float> wave(kFrames);
      layer.forward(h, 1, l.data(), 0.3, wave.data());
      return dot(wave, g);
    };
    std::vector<float> gh(heads.size(), 0.0f), gl(kFrames);
    layer.backward(heads, 1, latent.data(), 0.3, g.data(), gh, gl.data());
    const auto check = [&](std::vector<float> values, std::span<const float> gradient, auto f) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        constexpr float kStep = 1e-2f;
        const float middle = values[i];
        values[i] = middle + kStep;
        const double up = f(values);
        values[i] = middle - kStep;
        const double down = f(values);
        values[i] = middle;
        // Third-order terms of a step this size, and f32 sums.
        CHECK(gradient[i] == doctest::Approx((up - down) / (2.0 * static_cast<double>(kStep)))
                                 .epsilon(2e-2)
                                 .scale(1.0));
      }
    };
    check(heads, gh, [&](std::span<const float> h) { return loss(h, latent); });
    check(latent, gl, [&](std::span<const float> l) { return loss(heads, l); });
  }
}

TEST_CASE("a still curve has no wave and no gradient but its mean's") {
  const detail::WaveLayer layer(1, 21, 10.0f, false);
  const auto heads = random_values(layer.num_parameters(), 1);
  const std::vector<float> still(21, 0.0f);
  std::vector<float> wave(21), gl(21), gh(heads.size(), 0.0f);
  layer.forward(heads, 0, still.data(), 0.0, wave.data());
  layer.backward(heads, 0, still.data(), 0.0, random_values(21, 2).data(), gh, gl.data());
  for (std::size_t t = 0; t < 21; ++t) {
    CHECK(wave[t] == 0.0f);
    CHECK(std::isfinite(gl[t]));
  }
}

TEST_CASE("training finds the phase of waves, at a speed it has not seen") {
  std::vector<PhaseMotion> motions = {striding(0.8f, 300), striding(1.1f, 300),
                                      striding(1.5f, 300)};
  PhaseSettings settings = small_settings();
  settings.mirror = false;
  settings.steps = 400;
  PhaseTrainer trainer(settings, motions, kMirror);
  double first = trainer.step(), error = 0.0;
  while (trainer.steps_done() < settings.steps) error = trainer.step();
  MESSAGE("error " << first << " to " << error);
  CHECK(error < 0.5 * first);
  const auto network = phase::make_autoencoder(trainer.network(), "trained");
  REQUIRE_MESSAGE(network.ok(), network.error().message);
  CHECK(network->info().frames == 121);
  CHECK(network->info().rate_hz == 60.0f);
  const PhaseMotion unseen = striding(1.25f, 300);
  const phase::PhaseTrack track = phase::extract_phases(*network, unseen.features, false);
  // The stronger channel goes round with the wave: one way, at its speed.
  const int c = track.at(150, 0).amplitude > track.at(150, 1).amplitude ? 0 : 1;
  double gained = 0.0;
  for (int f = 1; f < 300; ++f)
    gained += static_cast<double>(
        phase::cycle_difference(track.at(f, c).phase, track.at(f - 1, c).phase));
  CHECK(std::abs(gained) / (299.0 / 60.0) == doctest::Approx(1.25).epsilon(0.05));
}

TEST_CASE("windows at other tempos teach speeds that no motion has") {
  const std::vector<PhaseMotion> motions = {striding(1.0f, 300)};
  const PhaseMotion unseen = striding(1.3f, 300);
  // How well a network that has seen one speed rebuilds another.
  const auto error_of = [&](float tempo) {
    PhaseSettings settings = small_settings();
    settings.mirror = false;
    settings.tempo = tempo;
    PhaseTrainer trainer(settings, motions, kMirror);
    while (trainer.steps_done() < settings.steps) trainer.step();
    const auto network = phase::make_autoencoder(trainer.network(), "trained");
    REQUIRE_MESSAGE(network.ok(), network.error().message);
    phase::Encoder encoder(*network);
    std::vector<phase::ChannelPhase> channels(2);
    double errors = 0.0, squares = 0.0;
    for (int f = 0; f < 300; f += 30) {
      const auto window = unseen.features.window(f, 121);
      encoder.encode(window, channels);
      const auto output = encoder.decode(channels);
      for (std::size_t t = 0; t < 121; ++t)
        for (std::size_t d = 0; d < 12; ++d) {
          errors += std::pow(static_cast<double>(window[t * 12 + d] - output[d * 121 + t]), 2);
          squares += std::pow(static_cast<double>(window[t * 12 + d]), 2);
        }
    }
    return errors / squares;
  };
  const double narrow = error_of(1.0f), wide = error_of(1.5f);
  MESSAGE("error at a speed 1.3 times the learned one: " << narrow << ", with tempos " << wide);
  CHECK(wide < 0.7 * narrow);
}

TEST_CASE("a run that is continued is the run that was not cut") {
  const std::vector<PhaseMotion> motions = {striding(1.0f, 200)};
  PhaseSettings settings = small_settings();
  settings.memory = 3.0f;
  PhaseTrainer whole(settings, motions, kMirror), cut(settings, motions, kMirror);
  for (int i = 0; i < 5; ++i) {
    whole.step();
    cut.step();
  }
  PhaseTrainer again(settings, motions, kMirror);
  REQUIRE(again.restore(cut.save()).ok());
  CHECK(again.steps_done() == 5);
  for (int i = 0; i < 5; ++i) CHECK(whole.step() == again.step());
  CHECK(whole.save() == again.save());

  PhaseSettings other = settings;
  other.seed = 7;
  PhaseTrainer stranger(other, motions, kMirror);
  CHECK_FALSE(stranger.restore(cut.save()).ok());
  auto bytes = cut.save();
  bytes.resize(bytes.size() / 2);
  CHECK_FALSE(again.restore(bytes).ok());
}

TEST_CASE("a network with a memory is the mean of the last ones") {
  const std::vector<PhaseMotion> motions = {striding(1.0f, 200)};
  PhaseSettings settings = small_settings();
  PhaseTrainer plain(settings, motions, kMirror);
  settings.memory = 2.0f;  // the first three steps weigh the same
  PhaseTrainer averaging(settings, motions, kMirror);
  const auto bias = [](const PhaseTrainer& trainer) {
    return trainer.network().tensors.at("conv1.bias").as<float>()[0];
  };
  float sum = 0.0f;
  for (int i = 0; i < 3; ++i) {
    CHECK(plain.step() == averaging.step());
    sum += bias(plain);
  }
  CHECK(bias(averaging) == doctest::Approx(sum / 3.0f).epsilon(1e-6));
  plain.step();
  averaging.step();
  CHECK(bias(averaging) == doctest::Approx(sum / 3.0f * 2.0f / 3.0f + bias(plain) / 3.0f));
}

TEST_CASE("settings out of range are refused by name") {
  const auto refusal = [](auto change) {
    PhaseSettings settings;
    change(settings);
    const auto checked = validate(settings, 69, 60.0f);
    return checked.ok() ? std::string("accepted") : checked.error().message;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(refusal([](PhaseSettings&) {}) == "accepted");
  CHECK(has(refusal([](PhaseSettings& s) { s.channels = 0; }), "channels"));
  CHECK(has(refusal([](PhaseSettings& s) { s.batch = 0; }), "batch"));
  CHECK(has(refusal([](PhaseSettings& s) { s.steps = 0; }), "steps"));
  CHECK(has(refusal([](PhaseSettings& s) { s.stride = 7; }), "stride"));
  CHECK(has(refusal([](PhaseSettings& s) { s.step_size = 0.0f; }), "step_size"));
  CHECK(has(refusal([](PhaseSettings& s) { s.horizon_s = -1.0f; }), "horizon_s"));
  CHECK(has(refusal([](PhaseSettings& s) { s.weight_decay = 2.0f; }), "weight_decay"));
  CHECK(has(refusal([](PhaseSettings& s) { s.tempo = 0.9f; }), "tempo"));
  CHECK(has(refusal([](PhaseSettings& s) { s.memory = -1.0f; }), "memory"));
  CHECK_FALSE(validate(PhaseSettings(), 70, 60.0f).ok());
}
