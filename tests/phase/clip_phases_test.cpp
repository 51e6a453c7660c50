#include "canter/phase/clip_phases.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "canter/import/import.h"
#include "networks.h"
#include "test_data.h"

using namespace canter;
using namespace canter::phase;

namespace {

// One channel at `hz`, and one that stands at 0.25.
PhaseTrack steady_track(float hz, float seconds, bool loop, float start = 0.0f) {
  PhaseTrack track;
  track.channels = 2;
  track.loop = loop;
  track.duration_s = seconds;
  for (int f = 0; f <= static_cast<int>(seconds * 60.0f + 1e-3f); ++f) {
    track.values.push_back(
        {wrap_cycle(start + hz * static_cast<float>(f) / 60.0f), 9.0f, 1.0f, 0.0f});
    track.values.push_back({0.25f, 9.0f, 0.0f, 0.0f});
  }
  return track;
}

}  // namespace

TEST_CASE("a channel's speed is that of its phase, over a loop's seam too") {
  for (const bool loop : {false, true}) {
    const PhaseTrack track = steady_track(1.5f, 2.0f, loop);
    for (const float t : {0.0f, 0.1f, 1.0f, 1.95f, 2.0f})
      CHECK(phase_speed_hz(track, 0, t) == doctest::Approx(1.5).epsilon(1e-3));
    CHECK(phase_speed_hz(track, 1, 1.0f) == 0.0f);
  }
  CHECK(phase_speed_hz(steady_track(-0.5f, 2.0f, true), 0, 0.0f) ==
        doctest::Approx(-0.5).epsilon(2e-2));
  CHECK(phase_speed_hz(PhaseTrack(), 0, 1.0f) == 0.0f);
  CHECK(phase_speed_hz(steady_track(1.0f, 0.0f, false), 0, 0.0f) == 0.0f);
  CHECK(phase_speed_hz(steady_track(1.0f, 1.0f, false), 7, 0.0f) == 0.0f);
}

TEST_CASE("a phase is found at the time nearest to now, either way, over the seam of a loop") {
  const PhaseTrack once = steady_track(0.5f, 4.0f, false), loop = steady_track(0.5f, 4.0f, true);
  for (const PhaseTrack* track : {&once, &loop}) {
    // Phase 0.5 is at 1 s and 3 s.
    CHECK(find_phase(*track, 0, 0.5f, 0.2f).value() == doctest::Approx(1.0).epsilon(1e-3));
    CHECK(find_phase(*track, 0, 0.5f, 1.9f).value() == doctest::Approx(1.0).epsilon(1e-3));
    CHECK(find_phase(*track, 0, 0.5f, 2.1f).value() == doctest::Approx(3.0).epsilon(1e-3));
    CHECK(find_phase(*track, 0, -0.5f, 3.0f).value() == doctest::Approx(3.0).epsilon(1e-3));
    CHECK_FALSE(find_phase(*track, 1, 0.6f, 1.0f).has_value());
    CHECK_FALSE(find_phase(*track, 2, 0.5f, 1.0f).has_value());
    CHECK_FALSE(find_phase(*track, 0, std::numeric_limits<float>::infinity(), 1.0f).has_value());
  }
  // 0.95 is at 1.9 s and 3.9 s: from the start of a loop the latter is nearer, behind the seam.
  CHECK(find_phase(once, 0, 0.95f, 0.0f).value() == doctest::Approx(1.9).epsilon(1e-3));
  CHECK(find_phase(loop, 0, 0.95f, 0.0f).value() == doctest::Approx(3.9).epsilon(1e-3));
  CHECK_FALSE(find_phase(PhaseTrack(), 0, 0.5f, 0.0f).has_value());
}

TEST_CASE("a clip's phases carry speeds in place of frequencies, an index, and strikes") {
  const auto of_track = make_clip_phases(steady_track(1.25f, 4.0f, true, 0.1f));
  CHECK(of_track->track.at(100, 0).frequency_hz == doctest::Approx(1.25).epsilon(1e-3));
  CHECK(of_track->track.at(100, 1).frequency_hz == 0.0f);
  CHECK(&of_track->index.track() == &of_track->track);
  CHECK(of_track->strikes[0].empty());

  const auto path = test::source_dir() / "motion_data/walk.clip";
  const auto scene = importer::load_file(path.string()).value();
  const auto file = test::source_dir() / "assets/models/phase.safetensors";
  const Autoencoder network = load_autoencoder(test::read_file(file), file.string()).value();
  const auto phases = make_clip_phases(network, scene.skeleton, scene.clips.front());
  REQUIRE_MESSAGE(phases.ok(), phases.error().message);
  const ClipPhases& walk = **phases;
  CHECK(walk.track.mode == Mode::centred);
  REQUIRE(!walk.strikes[0].empty());
  REQUIRE(!walk.strikes[1].empty());
  // Left and right strikes lie half a cycle apart, and the cycle is theirs.
  const float apart = cycle_difference(walk.strikes[1][0].phase, walk.strikes[0][0].phase);
  CHECK(std::abs(apart) == doctest::Approx(0.5).epsilon(0.15));
  const float strides_hz =
      static_cast<float>(walk.strikes[0].size()) / scene.clips.front().duration_s();
  const ChannelPhase gait = sample_channel(walk.track, walk.track.primary, 0.5f);
  CHECK(gait.frequency_hz == doctest::Approx(strides_hz).epsilon(0.15));
}

TEST_CASE("what no network can see is refused") {
  test::NetworkShape few;
  const Autoencoder network = make_autoencoder(test::random_network(few), "test").value();
  const auto scene =
      importer::load_file((test::source_dir() / "motion_data/walk.clip").string()).value();
  const auto refused = make_clip_phases(network, scene.skeleton, scene.clips.front());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("23 points") != std::string::npos);
}
