#include "viewer/phase.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "viewer/phase_map.h"

namespace canter::test {
namespace {

using namespace viewer;
using phase::ChannelPhase;
using phase::PhaseTrack;

constexpr float kRate_hz = 60.0f;

/// A clip whose channels turn evenly, at multiples of a speed; the first is the primary one.
PhaseTrack even_track(float seconds, float hz, bool loop, float begins = 0.0f, int channels = 2) {
  PhaseTrack track;
  track.rate_hz = kRate_hz;
  track.loop = loop;
  track.mode = phase::Mode::centred;
  track.channels = channels;
  track.duration_s = seconds;
  const auto frames = static_cast<int>(std::lround(seconds * kRate_hz)) + (loop ? 0 : 1);
  for (int f = 0; f < frames; ++f)
    for (int c = 0; c < channels; ++c) {
      const float speed = hz * static_cast<float>(c + 1);
      const float time_s = static_cast<float>(f) / kRate_hz;
      track.values.push_back(
          {phase::wrap_cycle(begins + speed * time_s), speed, 1.0f / static_cast<float>(c + 1), 0});
    }
  return track;
}

/// Of a track's primary channel.
float phase_at(const PhaseTrack& track, double time_s) {
  std::vector<ChannelPhase> now(static_cast<std::size_t>(track.channels));
  phase::sample(track, static_cast<float>(time_s), now);
  return now[static_cast<std::size_t>(track.primary)].phase;
}

PhaseMapPtr map_phases_ok(const PhaseTrack& leading, const PhaseTrack& other) {
  const Result<PhaseMapPtr> map = map_phases(leading, other);
  REQUIRE_MESSAGE(map.ok(), (map.ok() ? "" : map.error().message));
  return *map;
}

TEST_CASE("two clips in step have the same phase at every time, lap after lap") {
  const PhaseTrack walk = even_track(1.0f, 1.0f, true, 0.3f);
  const PhaseTrack run = even_track(1.4f, 1.0f / 0.7f, true, 0.9f);
  const auto map = map_phases_ok(walk, run);
  double before = map->at(0.0, 0);
  for (const std::int64_t lap : {0, 1, 7})
    for (double t = 0.0; t <= 1.0; t += 0.01) {
      const double there = map->at(t, lap);
      CHECK(std::abs(phase::cycle_difference(phase_at(run, there), phase_at(walk, t))) < 0.005f);
      CHECK(there >= before - 1e-9);
      before = there;
    }
  // A lap of the one is half a lap of the other.
  CHECK(map->per_lap_s == doctest::Approx(0.7).epsilon(1e-3));
  CHECK(map->at(1.0, 0) == doctest::Approx(map->at(0.0, 1)).epsilon(1e-3));
}

TEST_CASE("a clip that does not loop stays at its end") {
  const PhaseTrack walk = even_track(4.0f, 1.0f, true);
  const PhaseTrack once = even_track(2.0f, 1.0f, false);
  const auto map = map_phases_ok(walk, once);
  CHECK(map->at(1.5, 0) == doctest::Approx(1.5).epsilon(1e-2));
  CHECK(map->at(3.5, 0) == doctest::Approx(2.0));
  CHECK(map->at(3.5, 5) == doctest::Approx(2.0));
}

TEST_CASE("a phase that stands still or goes back for a while holds the other clip") {
  PhaseTrack sways = even_track(2.0f, 1.0f, false);
  for (int f = 40; f < 60; ++f)
    sways.values[static_cast<std::size_t>(2 * f)].phase =
        sways.values[80].phase - 0.001f * static_cast<float>(f - 40);
  const auto map = map_phases_ok(sways, even_track(2.0f, 1.0f, true));
  CHECK(map->at(50.0 / 60.0, 0) == doctest::Approx(map->at(45.0 / 60.0, 0)).epsilon(1e-3));
  for (std::size_t i = 1; i < map->other_s.size(); ++i)
    CHECK(map->other_s[i] >= map->other_s[i - 1]);
}

TEST_CASE("what has no phase keeps no step") {
  const PhaseTrack walk = even_track(1.0f, 1.0f, true);
  PhaseTrack still = even_track(1.0f, 0.0f, true);
  CHECK(!map_phases(walk, still).ok());
  CHECK(!map_phases(still, walk).ok());
  CHECK(!map_phases(walk, PhaseTrack{}).ok());
}

TEST_CASE("the manifold's picture runs as the dial does") {
  for (const float begins : {0.0f, 0.37f, 0.8f}) {
    const PhaseTrack track = even_track(2.0f, 1.0f, true, begins, 3);
    const Projection projection(track);
    for (int f = 0; f < track.frames(); f += 7) {
      const auto now = std::span(track.values).subspan(static_cast<std::size_t>(3 * f), 3);
      const plot::Point at = projection(now);
      const float found = plot::dial_phase(at.x, -at.y);
      CHECK(std::abs(phase::cycle_difference(found, now[0].phase)) < 0.02f);
      // Its radius is the strongest channel's amplitude.
      CHECK(std::hypot(at.x, at.y) == doctest::Approx(1.0f).epsilon(0.02));
    }
  }
}

TEST_CASE("a picture of other channels or of none is its middle") {
  const Projection projection(even_track(1.0f, 1.0f, true));
  const std::vector<ChannelPhase> one(1);
  CHECK(!projection.takes(one));
  CHECK(projection(one).x == 0.0f);
  CHECK(!Projection().takes({}));
  CHECK(!Projection(PhaseTrack{}).takes({}));
}

TEST_CASE("a history keeps the last ten seconds and the last second") {
  PhaseHistory history;
  const PhaseTrack track = even_track(1.0f, 1.0f, true);
  const Projection projection(track);
  for (int i = 0; i < 700; ++i) {
    PhaseNow shown = reading_at(track, i / 60.0), beside = reading_at(track, i / 60.0 - 0.1);
    history.note(shown, beside, projection);
  }
  CHECK(history.ahead.size() == PhaseHistory::kFrames);
  CHECK(history.trail.size() == PhaseHistory::kTrail);
  CHECK(history.ahead.back() == doctest::Approx(0.1f).epsilon(0.02));
  // Without one of the two there is nothing to compare; the frame network has no manifold.
  const PhaseNow none, frame{phase::Mode::frame, 1.0f, 0, std::vector<ChannelPhase>(1)};
  history.note(frame, none, projection);
  CHECK(history.ahead.size() == PhaseHistory::kFrames);
  CHECK(history.trail.empty());
}

}  // namespace
}  // namespace canter::test
