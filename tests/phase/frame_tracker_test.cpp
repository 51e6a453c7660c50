#include "canter/phase/frame_tracker.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "heap_probe.h"
#include "networks.h"
#include "walker.h"

using namespace canter;
using namespace canter::phase;

namespace {

// The network over a clip's frames as `canter phase frame` trains it.
std::vector<FramePhase> expected(const test::Walker& w, const FrameNetwork& network) {
  FeatureSettings raw;
  raw.margin = 0;
  raw.cutoff_hz = 0.0f;
  const Features features = motion_features(w.skeleton, w.body, w.clip, raw).value();
  const auto dims = static_cast<std::size_t>(features.dims);
  FrameEstimator estimator(network);
  std::vector<float> input(kFrameInputs);
  std::vector<FramePhase> out(static_cast<std::size_t>(features.frames));
  for (std::size_t f = 0; f < out.size(); ++f) {
    frame_input(std::span(features.points).subspan(f * dims, dims),
                features.row(static_cast<int>(f)), input);
    estimator.run(input, std::span(out).subspan(f, 1));
  }
  return out;
}

void show(FrameTracker& tracker, const test::Walker& w, float time_s, double dt_s,
          std::span<float> state) {
  const auto models = w.models_at(time_s);
  const TrackItem item{&w.body, models, dt_s, state};
  tracker.update({&item, 1});
}

}  // namespace

TEST_CASE("the frame tracker gives what the network says of every frame of a clip") {
  const test::Walker w(200);
  const FrameNetwork network = test::random_frame_network();
  FrameTracker tracker(network);
  std::vector<float> state(tracker.state_size());
  tracker.start(state);
  CHECK(tracker.reading(state).mode == Mode::none);
  const std::vector<FramePhase> clip = expected(w, network);
  for (int f = 0; f < 200; ++f) {
    show(tracker, w, static_cast<float>(f) / 60.0f, f == 0 ? 0.0 : 1.0 / 60.0, state);
    if (f == 0) continue;
    const ChannelPhase& now = tracker.phases(state)[0];
    const FramePhase& of_clip = clip[static_cast<std::size_t>(f)];
    CHECK(std::abs(cycle_difference(now.phase, of_clip.phase)) < 2e-3f);
    CHECK(now.amplitude == doctest::Approx(of_clip.confidence).epsilon(1e-2).scale(0.05));
    CHECK(std::isfinite(now.frequency_hz));
  }
  CHECK(tracker.reading(state).mode == Mode::frame);
  CHECK(tracker.reading(state).filled == 1.0f);
}

TEST_CASE("a batch is each character alone, at any frame rate, whatever the others show") {
  const test::Walker w(300);
  const FrameNetwork network = test::random_frame_network();
  FrameTracker together(network, 4), alone(network, 1);
  constexpr std::size_t kCount = 7;
  const std::size_t size = together.state_size();
  std::vector<float> states(kCount * size), own(kCount * size);
  for (int f = 0; f < 100; ++f) {
    std::vector<std::vector<Mat4>> models;
    std::vector<TrackItem> items;
    for (std::size_t c = 0; c < kCount; ++c) {
      // 20 to 140 frames a second; the last one's pose is broken.
      const double dt_s = 1.0 / (20.0 + 20.0 * static_cast<double>(c));
      models.push_back(w.models_at(static_cast<float>(f * dt_s)));
      if (c + 1 == kCount) models.back()[3][3][0] = std::numeric_limits<float>::quiet_NaN();
      items.push_back(
          {&w.body, {}, f == 0 ? 0.0 : dt_s, std::span(states).subspan(c * size, size)});
    }
    for (std::size_t c = 0; c < kCount; ++c) items[c].models = models[c];
    together.update(items);
    for (std::size_t c = 0; c < kCount; ++c) {
      items[c].state = std::span(own).subspan(c * size, size);
      alone.update({&items[c], 1});
      const ChannelPhase a = together.phases(std::span(states).subspan(c * size, size))[0];
      const ChannelPhase b = alone.phases(items[c].state)[0];
      CHECK(std::abs(cycle_difference(a.phase, b.phase)) < 1e-4f);
      CHECK(a.amplitude == doctest::Approx(b.amplitude).epsilon(1e-4).scale(0.01));
      CHECK(std::isfinite(a.frequency_hz));
      CHECK(alone.is_sound(items[c].state));
    }
  }
  CHECK(together.reading(std::span(states).subspan(6 * size, size)).mode == Mode::none);
}

TEST_CASE("a frame tracker does not touch the heap, and knows a state from other floats") {
  const test::Walker w(60);
  FrameTracker tracker(test::random_frame_network());
  std::vector<float> state(tracker.state_size());
  const auto a = w.models_at(0.0f), b = w.models_at(0.1f);
  const auto update = [&](const std::vector<Mat4>& models) {
    const TrackItem item{&w.body, models, 1.0 / 60.0, state};
    tracker.update({&item, 1});
  };
  update(a);
  {
    const test::HeapProbe probe;
    for (int i = 0; i < 20; ++i) update(i % 2 == 0 ? a : b);
    CHECK(probe.count() == 0);
  }
  CHECK(tracker.is_sound(state));
  for (const std::size_t at : {std::size_t{0}, std::size_t{5}, state.size() - 1}) {
    std::vector<float> bad = state;
    bad[at] = std::numeric_limits<float>::infinity();
    CHECK_FALSE(tracker.is_sound(bad));
  }
  CHECK_FALSE(tracker.is_sound(std::span(state).first(state.size() - 1)));
}
