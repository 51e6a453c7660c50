#include "canter/phase/track.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "canter/import/import.h"
#include "canter/phase/index.h"
#include "canter/phase/metrics.h"
#include "networks.h"
#include "test_data.h"

using namespace canter;
using namespace canter::phase;

namespace {

constexpr double kTwoPi = 6.283185307179586;

// A track whose only channel goes round at `hz`.
PhaseTrack steady_track(float hz, float seconds, float start = 0.0f, bool loop = false) {
  PhaseTrack track;
  track.channels = 1;
  track.loop = loop;
  track.mode = Mode::centred;
  track.duration_s = seconds;
  for (int f = 0; f <= static_cast<int>(seconds * 60.0f + 1e-3f); ++f)
    track.values.push_back(
        {wrap_cycle(start + hz * static_cast<float>(f) / 60.0f), hz, 1.0f, 0.0f});
  return track;
}

// One feature of three is a wave; its phase is 0 at frame 0.
Features wave_features(float hz, int frames, int margin) {
  Features f;
  f.margin = margin;
  f.frames = frames;
  f.dims = 3;
  f.duration_s = static_cast<float>(frames - 1) / 60.0f;
  for (int r = 0; r < frames + 2 * margin; ++r) {
    f.values.push_back(static_cast<float>(std::sin(kTwoPi * hz * (r - margin) / 60.0)));
    f.values.insert(f.values.end(), {0.0f, 0.0f});
  }
  return f;
}

Autoencoder transparent(float head_hz) {
  auto network = make_autoencoder(test::transparent_network(121, 60.0f, head_hz), "test");
  REQUIRE(network.ok());
  return std::move(*network);
}

}  // namespace

TEST_CASE("a clip's phases are those of its windows, frame by frame") {
  const Autoencoder network = transparent(1.0f);
  const Features features = wave_features(1.0f, 200, 121);
  const PhaseTrack track = extract_phases(network, features, false);
  CHECK(track.mode == Mode::centred);
  REQUIRE(track.frames() == 200);
  Encoder encoder(network);
  for (const int f : {0, 77, 199}) {
    ChannelPhase whole;
    encoder.encode(features.window(f, 121), {&whole, 1});
    CHECK(std::abs(cycle_difference(track.at(f, 0).phase, whole.phase)) < 1e-4f);
    CHECK(std::abs(cycle_difference(track.at(f, 0).phase, static_cast<float>(f) / 60.0f)) < 0.01f);
  }
}

TEST_CASE("a carried phase is where the future will say it was") {
  for (const float hz : {0.8f, 1.0f, 1.3f}) {
    CAPTURE(hz);
    const Autoencoder network = transparent(hz);
    Features features = wave_features(hz, 400, 300);
    const LowPass low_pass = butterworth(3.25f, 60.0f);
    filter_causal(low_pass, features.values, 3);
    const PhaseTrack live = extract_live(network, features, false);
    CHECK(live.mode == Mode::carried);
    // What the filter delays is made up for. A head that projects sways by a hundredth, where the
    // window is no whole number of waves.
    for (int f = 200; f < 400; f += 10) {
      CHECK(std::abs(cycle_difference(live.at(f, 0).phase, hz * static_cast<float>(f) / 60.0f)) <
            0.03f);
      CHECK(live.at(f, 0).frequency_hz == doctest::Approx(hz).epsilon(0.03));
    }
  }
}

TEST_CASE("sampling a track goes the shorter way round, and wraps with its loop") {
  const PhaseTrack loop = steady_track(2.0f, 1.0f, 0.9f, true);
  ChannelPhase c;
  for (const float time_s : {0.0f, 0.123f, 0.999f, 1.75f, -0.3f, 12.4f}) {
    sample(loop, time_s, {&c, 1});
    CHECK(std::abs(cycle_difference(c.phase, 0.9f + 2.0f * time_s)) < 1e-3f);
  }
  const PhaseTrack clip = steady_track(1.0f, 0.5f);
  sample(clip, 9.0f, {&c, 1});
  CHECK(c.phase == doctest::Approx(0.5f));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1.0f}) {
    sample(clip, bad, {&c, 1});
    CHECK(c.phase == doctest::Approx(0.0f));
  }
  c.phase = 0.25f;
  sample(PhaseTrack(), 0.0f, {&c, 1});
  CHECK(c.phase == 0.25f);
}

TEST_CASE("a track's file gives the track back, and damage a reason") {
  PhaseTrack track = steady_track(1.0f, 1.0f, 0.2f, true);
  const auto bytes = save_phase_track(track, {{"clip", "walk"}});
  const auto back = load_phase_track(bytes, "walk.phase");
  REQUIRE_MESSAGE(back.ok(), back.error().message);
  CHECK(back->frames() == track.frames());
  CHECK(back->loop);
  CHECK(back->mode == Mode::centred);
  CHECK(back->duration_s == 1.0f);
  for (int f = 0; f < track.frames(); ++f) CHECK(back->at(f, 0).phase == track.at(f, 0).phase);

  auto cut = bytes;
  cut.resize(bytes.size() - 4);
  CHECK_FALSE(load_phase_track(cut, "walk.phase").ok());
  const auto refusal = [&](auto change) {
    auto file = nn::read_safetensors(bytes, "walk.phase");
    REQUIRE(file.ok());
    change(*file);
    const auto loaded =
        load_phase_track(nn::write_safetensors(file->tensors, file->metadata), "walk.phase");
    return loaded.ok() ? std::string() : loaded.error().message;
  };
  CHECK(refusal([](nn::WeightFile& f) { f.metadata["format"] = "x"; }).find("format") !=
        std::string::npos);
  CHECK(refusal([](nn::WeightFile& f) { f.metadata["rate_hz"] = "nan"; }).find("rate_hz") !=
        std::string::npos);
  CHECK(refusal([](nn::WeightFile& f) { f.metadata["primary"] = "1"; }).find("primary") !=
        std::string::npos);
  CHECK(refusal([](nn::WeightFile& f) { f.tensors.erase("offset"); }).find("offset") !=
        std::string::npos);
  CHECK(refusal([](nn::WeightFile& f) {
          f.tensors.find("phase")->second.as<float>()[3] = std::numeric_limits<float>::infinity();
        }).find("phase") != std::string::npos);
}

TEST_CASE("a matching time is found in another clip") {
  const PhaseTrack walk = steady_track(0.9f, 4.0f, 0.3f);
  const PhaseTrack run = steady_track(1.4f, 3.0f, 0.8f);
  const PhaseIndex index(run);
  for (int i = 0; i < 40; ++i) {
    const float from_s = 0.1f * static_cast<float>(i);
    const PhaseMatch match = align_transition(walk, from_s, index);
    REQUIRE(match.found);
    CHECK(std::abs(match.phase_error) < 1e-3f);
    CHECK(match.time_s <= 2.52f);  // not in the tail
    CHECK(std::abs(cycle_difference(0.3f + 0.9f * from_s, 0.8f + 1.4f * match.time_s)) < 1e-3f);
  }
  CHECK(speed_in_step(run, 1.0f, 0.9f) == doctest::Approx(0.9f / 1.4f).epsilon(1e-3));
  CHECK(speed_in_step(run, 1.0f, 100.0f) == 2.0f);
  CHECK(speed_in_step(PhaseTrack(), 1.0f, 1.0f) == 1.0f);
  const PhaseTrack none;
  const ChannelPhase any;
  CHECK_FALSE(find_match(PhaseIndex(none), {&any, 1}).found);
  // A clip that stands still has one phase: the nearest there is.
  const PhaseTrack still = steady_track(0.0f, 2.0f, 0.1f);
  const ChannelPhase half{0.5f, 1.0f, 1.0f, 0.0f};
  CHECK(find_match(PhaseIndex(still), {&half, 1}).phase_error == doctest::Approx(-0.4f));
}

TEST_CASE("metrics of a perfect phase are perfect, and faults show where they belong") {
  Gait gait;
  for (int i = 0; i <= 6; ++i) {
    gait.strikes_s[0].push_back(1.0f + static_cast<float>(i));
    gait.strikes_s[1].push_back(1.5f + static_cast<float>(i));
  }
  gait.steady = {{1.0f, 4.0f, 3}, {4.0f, 7.0f, 3}};
  PhaseTrack track = steady_track(1.0f, 8.0f, 0.25f);
  const ScoredClip clip{&track, &gait, 0.5f, 7.5f};
  const GaitScores good = score_gait({&clip, 1}, 0);
  CHECK(good.segments == 2);
  CHECK(good.strides == 6);
  CHECK(good.ratio == 1);
  CHECK(good.m2_steady == 1.0);
  CHECK(good.m3_r2 == doctest::Approx(1.0));
  CHECK(good.m3_rms < 1e-4);
  CHECK(good.m4a_median < 1e-4);
  CHECK(good.m5a[0] == doctest::Approx(1.0).epsilon(1e-4));
  CHECK(good.m5b < 1e-3);
  CHECK(good.m8 < 1e-5);
  CHECK(good.m9 < 1e-6);

  // A phase that sways by a twentieth of a cycle, a stumble backwards, a swell of amplitude.
  PhaseTrack bad = track;
  for (int f = 0; f < bad.frames(); ++f) {
    ChannelPhase& c = bad.values[static_cast<std::size_t>(f)];
    c.phase = wrap_cycle(c.phase + 0.05f * static_cast<float>(std::sin(kTwoPi * f / 60.0)));
    c.amplitude = 1.0f + 0.5f * static_cast<float>(std::sin(kTwoPi * f / 120.0));
  }
  for (int f = 100; f < 110; ++f)
    bad.values[static_cast<std::size_t>(f)].phase = bad.values[100].phase;
  const ScoredClip worse{&bad, &gait, 0.5f, 7.5f};
  const GaitScores faults = score_gait({&worse, 1}, 0);
  CHECK(faults.m3_rms == doctest::Approx(0.05 / std::sqrt(2.0)).epsilon(0.3));
  CHECK(faults.m2_steady < 0.98);
  CHECK(faults.m9 > 0.2);
  CHECK(faults.m8 > good.m8);
  // Twice as fast is the step.
  PhaseTrack twice = steady_track(2.0f, 8.0f);
  const ScoredClip steps{&twice, &gait, 0.5f, 7.5f};
  CHECK(score_gait({&steps, 1}, 0).ratio == 2);
  CHECK(score_gait({&steps, 1}, 0).m4a_median < 1e-4);
  // Nothing to measure is NaN, not a number.
  const Gait none;
  const ScoredClip empty{&track, &none, 0.5f, 7.5f};
  CHECK(std::isnan(score_gait({&empty, 1}, 0).m3_r2));
}

TEST_CASE("retrieval by a good descriptor finds alike frames, by a bad one does not") {
  constexpr int kFrames = 600;
  std::vector<float> points, good, bad;
  std::vector<int> clip;
  for (int f = 0; f < kFrames; ++f) {
    const double turn = kTwoPi * f / 50.0;
    points.insert(points.end(),
                  {static_cast<float>(std::sin(turn)), static_cast<float>(std::cos(turn)), 0.0f});
    good.insert(good.end(),
                {static_cast<float>(std::sin(turn)), static_cast<float>(std::cos(turn))});
    bad.insert(bad.end(), {static_cast<float>(f * 7919 % 101), 0.0f});
    clip.push_back(0);
  }
  RetrievalSet set;
  set.points = points;
  set.dims = 3;
  set.clip = clip;
  set.width = 2;
  set.exclude = 10;
  set.descriptors = good;
  const RetrievalScores found = score_retrieval(set);
  CHECK(found.queries == kFrames);
  CHECK(found.distance_m < 0.05);
  CHECK(found.jump == 1.0);
  set.descriptors = bad;
  CHECK(score_retrieval(set).distance_m > 0.5);
}

TEST_CASE("retrieval leaves out the query's own neighbours, and no others") {
  // A point on its way along a line: only neighbours are alike.
  constexpr int kFrames = 300, kExclude = 40;
  std::vector<float> way;
  std::vector<int> one_clip(kFrames, 0), two_clips(2 * kFrames, 0);
  for (int f = 0; f < kFrames; ++f)
    way.insert(way.end(), {0.01f * static_cast<float>(f), 0.0f, 0.0f});
  RetrievalSet set;
  set.descriptors = set.points = way;
  set.width = set.dims = 3;
  set.clip = one_clip;
  set.exclude = kExclude;
  // The ten nearest lie just beyond, on both sides or, near an end, on one.
  const double distance = score_retrieval(set).distance_m;
  CHECK(distance > 0.01 * (kExclude + 3) - 1e-4);
  CHECK(distance < 0.01 * (kExclude + 6));
  set.exclude = 0;
  CHECK(score_retrieval(set).distance_m < 0.01 * 6);
  // The same way in another clip may be found where it is.
  std::vector<float> twice = way;
  twice.insert(twice.end(), way.begin(), way.end());
  std::fill(two_clips.begin() + kFrames, two_clips.end(), 1);
  set.descriptors = set.points = twice;
  set.clip = two_clips;
  set.exclude = kExclude;
  CHECK(score_retrieval(set).distance_m < 0.01 * 6);
}

TEST_CASE("principal components are the directions of most change") {
  std::vector<float> rows;
  for (int r = 0; r < 200; ++r) {
    const auto a = static_cast<float>(3.0 * std::sin(0.37 * r));
    const auto b = static_cast<float>(std::cos(1.1 * r));
    rows.insert(rows.end(), {a + 5.0f, b, a + 0.1f * b, -2.0f});
  }
  const auto projected = principal_components(rows, 4, 2);
  // The first carries a in both of its places: variance 2 * 9 / 2.
  double first = 0.0, second = 0.0;
  for (std::size_t r = 0; r < 200; ++r) {
    first += std::pow(static_cast<double>(projected[2 * r]), 2) / 200.0;
    second += std::pow(static_cast<double>(projected[2 * r + 1]), 2) / 200.0;
  }
  CHECK(first == doctest::Approx(9.0).epsilon(0.05));
  CHECK(second == doctest::Approx(0.5).epsilon(0.1));
}

TEST_CASE("rows are projected on the components of others") {
  // Others that change along the first two axes; these lie on the third as well, which is lost.
  std::vector<float> others, rows;
  for (int r = 0; r < 100; ++r) {
    const auto a = static_cast<float>(3.0 * std::sin(0.37 * r));
    const auto b = static_cast<float>(std::cos(1.1 * r));
    others.insert(others.end(), {a, b, 1.0f});
    rows.insert(rows.end(), {2.0f * a, b, static_cast<float>(r)});
  }
  const Components found = find_components(others, 3, 2);
  const auto along = project(found, rows);
  REQUIRE(along.size() == 200);
  const float sign = found.basis[0] > 0.0 ? 1.0f : -1.0f;
  for (std::size_t r = 0; r < 100; ++r)
    CHECK(sign * along[2 * r] - 2.0f * others[3 * r] ==
          doctest::Approx(sign * along[0] - 2.0f * others[0]).epsilon(0.02).scale(6.0));
  CHECK(project(found, {}).empty());
}

TEST_CASE("strides of the right foot count where the left has none") {
  const auto bytes = test::read_file(test::source_dir() / "motion_data/walk.clip");
  const auto scene = importer::load(bytes, "walk.clip");
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  const RawClip walk = unrolled(scene->skeleton, scene->clips.front(), 8.0f);
  GaitSettings settings;
  settings.fewest = 1;
  const auto find = [&](float from_s, float to_s) {
    auto gait = find_gait(scene->skeleton, walk, from_s, to_s, settings);
    REQUIRE(gait.ok());
    return *std::move(gait);
  };
  const Gait whole = find(0.0f, walk.duration_s());
  const auto& [left, right] = whole.strikes_s;
  REQUIRE(left.size() > 4);
  REQUIRE_FALSE(whole.steady.empty());
  CHECK(std::count(left.begin(), left.end(), whole.steady.front().start_s) == 1);
  const Gait one = find(right[2] - 0.01f, right[3] + 0.01f);
  REQUIRE(one.steady.size() == 1);
  CHECK(one.steady.front().start_s == right[2]);
  CHECK(one.steady.front().end_s == right[3]);
  CHECK(find(right[2] + 0.01f, right[3] + 0.01f).steady.empty());
}

TEST_CASE("a runner's feet rest only half as still, and are found") {
  const auto path = test::shared_data("motions/deepmimic/motions/humanoid3d_jog.txt");
  if (!path) return;
  const auto scene = importer::load_file(path->string());
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  const RawClip jog = unrolled(scene->skeleton, scene->clips.front(), 10.0f);
  GaitSettings settings;
  const auto found = find_gait(scene->skeleton, jog, 1.0f, 9.0f, settings);
  REQUIRE(found.ok());
  CHECK(found->steady.size() >= 2);
  settings.lenience = 1.0f;
  const auto strict = find_gait(scene->skeleton, jog, 1.0f, 9.0f, settings);
  REQUIRE(strict.ok());
  CHECK(strict->strikes_s[0].empty());
}
