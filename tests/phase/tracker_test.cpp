#include "canter/phase/tracker.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "heap_probe.h"
#include "networks.h"
#include "walker.h"

using namespace canter;
using namespace canter::phase;

namespace {

struct Stage : test::Walker {
  Autoencoder network;

  Stage() : Walker(600) {
    test::NetworkShape shape;
    shape.dims = 3 * kBodyPoints;
    shape.hidden = 8;
    shape.channels = 4;
    shape.frames = 61;
    nn::WeightFile file = test::random_network(shape);
    file.metadata = {{"phase.rate_hz", "60"}, {"phase.window_s", "1"}};
    network = make_autoencoder(std::move(file), "test").value();
  }
};

bool finite(std::span<const ChannelPhase> channels) {
  for (const ChannelPhase& c : channels)
    if (!std::isfinite(c.phase) || c.phase < 0.0f || c.phase >= 1.0f ||
        !std::isfinite(c.frequency_hz) || !std::isfinite(c.amplitude) || !std::isfinite(c.offset))
      return false;
  return true;
}

}  // namespace

TEST_CASE("a live character's phases are those of the clip seen without its future") {
  const Stage s;
  Tracker tracker(s.network);
  std::vector<float> state(tracker.state_size());
  tracker.start(state);
  CHECK(tracker.reading(state).mode == Mode::none);
  const auto features = motion_features(s.skeleton, s.body, s.clip, settings_for(s.network, true));
  REQUIRE(features.ok());
  const PhaseTrack clip = extract_live(s.network, *features, false);
  for (int f = 0; f < 400; ++f) {
    const auto models = s.models_at(static_cast<float>(f) / 60.0f);
    const TrackItem item{&s.body, models, f == 0 ? 0.0 : 1.0 / 60.0, state};
    tracker.update({&item, 1});
    if (f < 200) continue;
    // Both have forgotten how they began.
    const auto now = tracker.phases(state);
    for (int c = 0; c < 4; ++c) {
      const ChannelPhase& expected = clip.at(f, c);
      const ChannelPhase& got = now[static_cast<std::size_t>(c)];
      CHECK(got.amplitude == doctest::Approx(expected.amplitude).epsilon(1e-2).scale(0.1));
      CHECK(std::abs(cycle_difference(got.phase, expected.phase)) < 0.02f);
    }
  }
  CHECK(tracker.reading(state).mode == Mode::carried);
  CHECK(tracker.reading(state).filled == 1.0f);
}

TEST_CASE("frame rates differ, phases hardly") {
  const Stage s;
  Tracker tracker(s.network);
  std::vector<float> reference;
  for (const double fps : {60.0, 20.0, 144.0}) {
    CAPTURE(fps);
    std::vector<float> state(tracker.state_size());
    tracker.start(state);
    for (int f = 0; f <= static_cast<int>(5.0 * fps); ++f) {
      const auto models = s.models_at(static_cast<float>(f / fps));
      const TrackItem item{&s.body, models, f == 0 ? 0.0 : 1.0 / fps, state};
      tracker.update({&item, 1});
      CHECK(finite(tracker.phases(state)));
    }
    const auto now = tracker.phases(state);
    if (reference.empty()) {
      for (const ChannelPhase& c : now) reference.push_back(c.amplitude);
    } else {
      for (std::size_t c = 0; c < now.size(); ++c)
        CHECK(now[c].amplitude == doctest::Approx(reference[c]).epsilon(0.1).scale(0.1));
    }
  }
}

TEST_CASE("bad poses and times give finite phases, and the others do not notice") {
  const Stage s;
  Tracker tracker(s.network, 2);
  const std::size_t size = tracker.state_size();
  std::vector<float> states(3 * size), alone(size);
  for (int c = 0; c < 3; ++c)
    tracker.start(std::span(states).subspan(static_cast<std::size_t>(c) * size, size));
  tracker.start(alone);
  for (int f = 0; f < 150; ++f) {
    const auto good = s.models_at(static_cast<float>(f) / 60.0f);
    auto bad = good;
    if (f % 3 != 0) bad[2][3][0] = std::numeric_limits<float>::quiet_NaN();
    if (f % 3 != 0) bad[0][3][1] = std::numeric_limits<float>::infinity();
    const double dt = 1.0 / 60.0;
    const double odd = f % 5 == 0 ? -1.0 : f % 7 == 0 ? 10.0 : f % 11 == 0 ? NAN : dt;
    const TrackItem items[] = {{&s.body, good, dt, std::span(states).first(size)},
                               {&s.body, bad, dt, std::span(states).subspan(size, size)},
                               {&s.body, good, odd, std::span(states).subspan(2 * size, size)}};
    tracker.update(items);
    const TrackItem one{&s.body, good, dt, alone};
    tracker.update({&one, 1});
    for (std::size_t c = 0; c < 3; ++c)
      CHECK(finite(tracker.phases(std::span(states).subspan(c * size, size))));
  }
  const auto shared = tracker.phases(std::span(states).first(size));
  const auto own = tracker.phases(alone);
  for (std::size_t c = 0; c < own.size(); ++c)
    CHECK(std::abs(cycle_difference(shared[c].phase, own[c].phase)) < 1e-3f);
}

TEST_CASE("a tracker does not touch the heap, and its state is its snapshot") {
  const Stage s;
  Tracker tracker(s.network, 2);
  tracker.reserve(3);
  const std::size_t size = tracker.state_size();
  std::vector<float> states(3 * size);
  const auto a = s.models_at(0.0f), b = s.models_at(0.1f);
  const auto update = [&](const std::vector<Mat4>& models, std::span<float> all) {
    const TrackItem items[] = {{&s.body, models, 1.0 / 60.0, all.first(size)},
                               {&s.body, models, 1.0 / 60.0, all.subspan(size, size)},
                               {&s.body, models, 1.0 / 30.0, all.subspan(2 * size, size)}};
    tracker.update(items);
  };
  for (std::size_t c = 0; c < 3; ++c) tracker.start(std::span(states).subspan(c * size, size));
  for (int i = 0; i < 10; ++i) update(i % 2 == 0 ? a : b, states);
  std::vector<float> copy = states;
  const test::HeapProbe probe;
  for (int i = 0; i < 20; ++i) update(i % 2 == 0 ? a : b, states);
  CHECK(probe.count() == 0);
  for (int i = 0; i < 20; ++i) update(i % 2 == 0 ? a : b, copy);
  CHECK(copy == states);
}
