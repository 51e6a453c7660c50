#include "canter/phase/autoencoder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>

#include "heap_probe.h"
#include "networks.h"
#include "test_data.h"

using namespace canter;
using namespace canter::phase;
using test::NetworkShape;

namespace {

constexpr double kTwoPi = 6.283185307179586;

Autoencoder make(nn::WeightFile file) {
  auto network = make_autoencoder(std::move(file), "test");
  REQUIRE_MESSAGE(network.ok(), network.error().message);
  return std::move(*network);
}

// Frames of a smooth made-up motion.
class Frames {
 public:
  Frames(int dims, unsigned seed) : dims_(dims), random_(seed), state_(2 * dims, 0.0f) {}
  std::span<const float> next() {
    for (int d = 0; d < dims_; ++d) {
      const float noise = static_cast<float>(random_() >> 8) * 0x1p-23f - 1.0f;
      float& v = state_[static_cast<std::size_t>(dims_ + d)];
      v = 0.95f * v + 0.3f * noise;
      state_[static_cast<std::size_t>(d)] = v;
    }
    return std::span(state_).first(static_cast<std::size_t>(dims_));
  }

 private:
  int dims_;
  std::mt19937 random_;
  std::vector<float> state_;
};

double cycle_error(double a, double b) {
  const double d = a - b;
  return std::abs(d - std::round(d));
}

// Largest differences of channels with power enough to have a phase.
struct Worst {
  double phase = 0.0, rest = 0.0;
  void add(const ChannelPhase& a, const ChannelPhase& b) {
    phase = std::max(phase, cycle_error(a.phase, b.phase));
    for (const auto& [x, y] : {std::pair{a.frequency_hz, b.frequency_hz},
                               {a.amplitude, b.amplitude},
                               {a.offset, b.offset}})
      rest = std::max(rest, std::abs(static_cast<double>(x) - y) /
                                std::max(1.0, std::abs(static_cast<double>(y))));
  }
};

}  // namespace

TEST_CASE("both variants are what the specification says, in double precision") {
  for (const Variant variant : {Variant::batch_norm_tanh, Variant::time_norm_elu})
    for (const int frames : {21, 31}) {
      NetworkShape shape;
      shape.bounded = frames == 31 && variant == Variant::batch_norm_tanh;
      shape.variant = variant;
      shape.frames = frames;
      CAPTURE(frames);
      const nn::WeightFile file = test::random_network(shape);
      nn::WeightFile copy = file;
      copy.metadata = {{"phase.window_s", "2"}};
      const Autoencoder network = make(std::move(copy));
      CHECK(network.info().variant == variant);
      CHECK(network.info().dims == shape.dims);
      Encoder encoder(network);
      Frames source(shape.dims, 7);
      std::vector<float> window(static_cast<std::size_t>(shape.dims * frames));
      for (int t = 0; t < frames; ++t) {
        const auto row = source.next();
        for (int d = 0; d < shape.dims; ++d)
          window[static_cast<std::size_t>(d * frames + t)] = row[static_cast<std::size_t>(d)];
      }
      std::vector<ChannelPhase> channels(3);
      encoder.encode_transposed(window, channels);
      const test::PlainResult plain = test::run_plain(file, shape, window);
      for (std::size_t i = 0; i < plain.latent.size(); ++i)
        CHECK(encoder.latent()[i] == doctest::Approx(plain.latent[i]).epsilon(1e-4).scale(1.0));
      for (std::size_t m = 0; m < 3; ++m) {
        // p on the circle; the reported frequency has its axis corrected.
        CHECK(cycle_error(channels[m].phase, plain.phase[m]) < 1e-4);
        CHECK(channels[m].frequency_hz * frames / (frames - 1.0) ==
              doctest::Approx(plain.frequency[m]).epsilon(1e-4));
        CHECK(channels[m].amplitude == doctest::Approx(plain.amplitude[m]).epsilon(1e-4));
        CHECK(channels[m].offset == doctest::Approx(plain.offset[m]).epsilon(1e-4).scale(1.0));
      }
      const auto output = encoder.decode(channels);
      for (std::size_t i = 0; i < plain.output.size(); ++i)
        CHECK(output[i] == doctest::Approx(plain.output[i]).epsilon(1e-3).scale(1.0));
    }
}

TEST_CASE("the frequency of clean sines is biased as the specification's table says") {
  struct Row {
    float hz, low, high, amplitude_low;
  };
  // 121 frames at 60 fps, on the code's axis.
  constexpr Row kRows[] = {{0.50f, 0.5000f, 0.5005f, 0.996f}, {0.75f, 0.7171f, 1.5130f, 0.950f},
                           {1.00f, 0.9999f, 1.0019f, 0.996f}, {1.25f, 1.2040f, 1.9173f, 0.980f},
                           {1.50f, 1.4997f, 1.5038f, 0.996f}, {2.00f, 1.9994f, 2.0062f, 0.996f},
                           {2.25f, 2.2043f, 2.8125f, 0.991f}, {3.00f, 2.9984f, 3.0121f, 0.996f}};
  for (const Row& row : kRows) {
    CAPTURE(row.hz);
    const Autoencoder network = make(test::transparent_network(121, 60.0f, row.hz));
    CHECK(network.info().rate_hz == 60.0f);
    CHECK(network.info().window_s == 2.0f);
    Encoder encoder(network);
    double low = 1e9, high = 0.0, weak = 1e9, strong = 0.0, phase_error = 0.0;
    for (int step = 0; step < 200; ++step) {
      std::vector<float> window(3 * 121, 0.0f);
      for (int t = 0; t < 121; ++t)
        window[static_cast<std::size_t>(t)] =
            static_cast<float>(std::sin(kTwoPi * (row.hz * (t - 60) / 60.0 + step / 200.0)));
      ChannelPhase c;
      encoder.encode_transposed(window, {&c, 1});
      const double f = c.frequency_hz * 121.0 / 120.0;
      low = std::min(low, f);
      high = std::max(high, f);
      weak = std::min(weak, static_cast<double>(c.amplitude));
      strong = std::max(strong, static_cast<double>(c.amplitude));
      phase_error = std::max(phase_error, cycle_error(c.phase, step / 200.0));
    }
    CHECK(low == doctest::Approx(row.low).epsilon(2e-4));
    CHECK(high == doctest::Approx(row.high).epsilon(2e-4));
    CHECK(weak == doctest::Approx(row.amplitude_low).epsilon(1e-3));
    CHECK(strong == doctest::Approx(1.004).epsilon(1e-3));
    // The projection's own error (section 3.3).
    CHECK(phase_error < 0.02);
  }
}

TEST_CASE("the reference network's phases, amplitudes, frequencies and offsets") {
  const auto folder = test::shared_data("models/periodic_autoencoder");
  if (!folder) return;
  const auto loaded =
      load_autoencoder(test::read_file(*folder / "weights.safetensors"), "weights.safetensors");
  REQUIRE_MESSAGE(loaded.ok(), loaded.error().message);
  const AutoencoderInfo& info = loaded->info();
  CHECK(info.dims == 78);
  CHECK(info.hidden == 26);
  CHECK(info.channels == 5);
  CHECK(info.frames == 121);
  const auto array = [&](int batch, const std::string& name) {
    const std::string file = "b" + std::to_string(batch) + "_" + name + ".npy";
    auto read = nn::read_npy(test::read_file(*folder / file), file);
    REQUIRE(read.ok());
    const auto values = read->tensors.begin()->second.as<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  // Of the folder's info.json.
  const auto near = [](double got, double expected) {
    return std::abs(got - expected) <= 2e-5 + 1e-4 * std::abs(expected);
  };
  for (const int batch : {1, 4}) {
    Encoder encoder(*loaded, batch);
    std::vector<ChannelPhase> c(static_cast<std::size_t>(5 * batch));
    encoder.encode_transposed(array(batch, "input"), c);
    const auto phase = array(batch, "expected_phase"),
               frequency = array(batch, "expected_frequency"),
               amplitude = array(batch, "expected_amplitude"),
               offset = array(batch, "expected_offset"), latent = array(batch, "expected_latent"),
               output = array(batch, "expected");
    double worst = 0.0;
    for (std::size_t i = 0; i < c.size(); ++i) {
      worst = std::max(worst, cycle_error(c[i].phase, phase[i]));
      CHECK(cycle_error(c[i].phase, phase[i]) <= 1e-4);
      CHECK(near(c[i].frequency_hz * 121.0 / 120.0, frequency[i]));
      CHECK(near(c[i].amplitude, amplitude[i]));
      CHECK(near(c[i].offset, offset[i]));
    }
    for (std::size_t i = 0; i < latent.size(); ++i) CHECK(near(encoder.latent()[i], latent[i]));
    const auto decoded = encoder.decode(c);
    for (std::size_t i = 0; i < output.size(); ++i) CHECK(near(decoded[i], output[i]));
    MESSAGE("batch " << batch << ": largest phase error " << worst << " cycles");
  }
}

TEST_CASE("sliding is the plain form, and stays so") {
  for (const Variant variant : {Variant::batch_norm_tanh, Variant::time_norm_elu}) {
    NetworkShape shape;
    shape.variant = variant;
    shape.dims = 78;
    shape.hidden = 26;
    shape.channels = 8;
    shape.frames = 121;
    const Autoencoder network = make(test::random_network(shape));
    SlidingEncoder sliding(network);
    Encoder plain(network);
    std::vector<float> state(sliding.state_size());
    sliding.start(state);
    Frames source(shape.dims, 3);
    std::vector<ChannelPhase> slid(8), whole(8);
    Worst early, late;
    constexpr int kFrames = 20000;  // 5.5 minutes at 60 fps
    for (int f = 0; f < kFrames; ++f) {
      const bool look = f % 97 == 0;
      const SlideItem item{state, source.next().data(), look ? slid.data() : nullptr};
      sliding.advance({&item, 1});
      if (!look) continue;
      plain.encode(sliding.window(state), whole);
      Worst& worst = f < 1000 ? early : late;
      for (std::size_t m = 0; m < 8; ++m) worst.add(slid[m], whole[m]);
    }
    MESSAGE("first 1000 frames: phase " << early.phase << " cycles, others " << early.rest
                                        << " relative; later: " << late.phase << ", " << late.rest);
    CHECK(early.phase < 1e-4);
    CHECK(early.rest < 1e-4);
    // No drift: later is as early, not twenty times it.
    CHECK(late.phase < 1e-4);
    CHECK(late.rest < 1e-4);
  }
}

TEST_CASE("empty taps are left out, and nothing else") {
  for (const int every : {2, 3, 7, 121}) {
    CAPTURE(every);
    NetworkShape shape;
    shape.frames = 121;
    nn::WeightFile file = test::random_network(shape);
    const auto old = file.tensors.at("conv1.weight");
    std::vector<float> taps(old.as<float>().begin(), old.as<float>().end());
    for (std::size_t i = 0; i < taps.size(); ++i)
      if (i % 121 % static_cast<std::size_t>(every) != 1) taps[i] = 0.0f;
    file.tensors["conv1.weight"] = nn::Tensor::of(old.shape(), std::span<const float>(taps));
    const Autoencoder network = make(std::move(file));
    SlidingEncoder sliding(network);
    Encoder plain(network);
    std::vector<float> state(sliding.state_size());
    sliding.start(state);
    Frames source(shape.dims, 3);
    std::vector<ChannelPhase> slid(3), whole(3);
    Worst worst;
    for (int f = 0; f < 300; ++f) {
      const SlideItem item{state, source.next().data(), slid.data()};
      sliding.advance({&item, 1});
      plain.encode(sliding.window(state), whole);
      for (std::size_t m = 0; m < 3; ++m) worst.add(slid[m], whole[m]);
    }
    CHECK(worst.phase < 1e-4);
    CHECK(worst.rest < 1e-4);
  }
}

TEST_CASE("who shares a batch does not matter, and a state copied goes on alike") {
  NetworkShape shape;
  const Autoencoder network = make(test::random_network(shape));
  SlidingEncoder batched(network, 4), alone(network, 1);
  constexpr std::size_t kCrowd = 7;
  const std::size_t size = batched.state_size();
  std::vector<float> states(kCrowd * size), lonely(size);
  for (std::size_t c = 0; c < kCrowd; ++c) batched.start(std::span(states).subspan(c * size, size));
  alone.start(lonely);
  std::vector<Frames> sources;
  for (unsigned c = 0; c < kCrowd; ++c) sources.emplace_back(shape.dims, c);
  Frames same(shape.dims, 2);
  std::vector<ChannelPhase> out(kCrowd * 3), one(3);
  std::vector<SlideItem> items(kCrowd);
  for (int f = 0; f < 100; ++f) {
    for (std::size_t c = 0; c < kCrowd; ++c)
      items[c] = {std::span(states).subspan(c * size, size), sources[c].next().data(),
                  out.data() + 3 * c};
    batched.advance(items);
    const SlideItem item{lonely, same.next().data(), one.data()};
    alone.advance({&item, 1});
    Worst worst;
    for (std::size_t m = 0; m < 3; ++m) worst.add(out[6 + m], one[m]);
    CHECK(worst.phase < 1e-4);
    CHECK(worst.rest < 1e-4);
  }
  // The snapshot is the floats.
  std::vector<float> copy = lonely;
  std::vector<ChannelPhase> again = one;
  Frames a(shape.dims, 9), b(shape.dims, 9);
  for (int f = 0; f < 30; ++f) {
    const SlideItem first{lonely, a.next().data(), one.data()};
    const SlideItem second{copy, b.next().data(), again.data()};
    alone.advance({&first, 1});
    alone.advance({&second, 1});
    for (std::size_t m = 0; m < 3; ++m) CHECK(one[m].phase == again[m].phase);
  }
  CHECK(lonely == copy);
}

TEST_CASE("a body that stands still has no amplitude and keeps its frequency") {
  const Autoencoder network = make(test::transparent_network(121, 60.0f, 1.0f));
  Encoder encoder(network);
  const std::vector<float> still(3 * 121, 0.0f);
  ChannelPhase c;
  c.frequency_hz = 1.25f;
  encoder.encode(still, {&c, 1});
  CHECK(c.amplitude == 0.0f);
  CHECK(c.frequency_hz == 1.25f);
  CHECK(std::isfinite(c.phase));
  ChannelPhase fresh;
  encoder.encode(still, {&fresh, 1});
  CHECK(fresh.frequency_hz == 0.0f);
}

TEST_CASE("a running network does not touch the heap") {
  const Autoencoder network = make(test::random_network({}));
  SlidingEncoder sliding(network, 2);
  Encoder encoder(network);
  const std::size_t size = sliding.state_size();
  std::vector<float> states(3 * size);
  std::vector<ChannelPhase> out(9);
  const std::vector<float> row(9, 0.5f), window(9 * 21, 0.5f);
  std::vector<SlideItem> items;
  for (std::size_t c = 0; c < 3; ++c) {
    items.push_back({std::span(states).subspan(c * size, size), row.data(), out.data() + 3 * c});
    sliding.start(items.back().state);
  }
  sliding.advance(items);
  encoder.encode(window, std::span(out).first(3));
  const test::HeapProbe probe;
  for (int i = 0; i < 20; ++i) {
    sliding.advance(items);
    encoder.encode(window, std::span(out).first(3));
  }
  CHECK(probe.count() == 0);
}

TEST_CASE("files that are no autoencoder are refused with the tensor's name") {
  const auto refusal = [](auto change) {
    nn::WeightFile file = test::random_network({});
    change(file);
    const auto network = make_autoencoder(std::move(file), "net.safetensors");
    return network.ok() ? std::string("accepted") : network.error().message;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(refusal([](nn::WeightFile& f) { f.tensors.erase("conv1.weight"); }), "conv1.weight"));
  CHECK(has(refusal([](nn::WeightFile& f) { f.tensors.erase("fc.2.bias"); }), "fc.2.bias"));
  CHECK(has(refusal([](nn::WeightFile& f) { f.tensors.erase("bn_conv1.weight"); }), "norm1.alpha"));
  CHECK(
      has(refusal([](nn::WeightFile& f) {
            f.tensors.find("conv2.weight")->second = *nn::Tensor::make(nn::DType::f32, {3, 4, 20});
          }),
          "conv2.weight"));
  CHECK(
      has(refusal([](nn::WeightFile& f) {
            f.tensors.find("conv1.weight")->second = *nn::Tensor::make(nn::DType::f32, {4, 9, 20});
          }),
          "odd"));
  CHECK(has(refusal([](nn::WeightFile& f) {
              f.tensors.find("bn_conv1.running_var")->second.as<float>()[1] = -1.0f;
            }),
            "running_var"));
  CHECK(has(refusal([](nn::WeightFile& f) {
              f.tensors.find("conv1.bias")->second.as<float>()[0] =
                  std::numeric_limits<float>::quiet_NaN();
            }),
            "conv1.bias"));
  for (const auto& [key, value] : {std::pair{"phase.rate_hz", "0"},
                                   {"phase.rate_hz", "fast"},
                                   {"phase.primary", "3"},
                                   {"phase.filter", "none"},
                                   {"phase.pivot", "start"}})
    CHECK(has(refusal([&](nn::WeightFile& f) { f.metadata[key] = value; }), key));
  CHECK(refusal([](nn::WeightFile&) {}) == "accepted");
}

TEST_CASE("metadata are read back as written") {
  AutoencoderInfo info;
  info.rate_hz = 50.0f;
  info.window_s = 0.4f;
  info.causal = true;
  info.pivot = Pivot::newest;
  info.primary = 2;
  nn::WeightFile file = test::random_network({});
  file.metadata = metadata_of(info);
  const AutoencoderInfo back = make(std::move(file)).info();
  CHECK(back.rate_hz == 50.0f);
  CHECK(back.window_s == 0.4f);
  CHECK(back.causal);
  CHECK(back.pivot == Pivot::newest);
  CHECK(back.primary == 2);
}
