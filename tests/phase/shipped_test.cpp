// The networks that ship, on motions of people they have not seen.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <string>

#include "canter/import/import.h"
#include "canter/phase/frame_network.h"
#include "canter/phase/index.h"
#include "canter/phase/metrics.h"
#include "canter/phase/window_network.h"
#include "test_data.h"

using namespace canter;
using namespace canter::phase;

namespace {

constexpr float kEdge_s = 1.0f;

Autoencoder shipped(const char* name) {
  const auto path = test::source_dir() / "assets/models" / name;
  auto network = load_autoencoder(test::read_file(path), path.string());
  REQUIRE_MESSAGE(network.ok(), network.error().message);
  return std::move(*network);
}

// A motion of the shared data, walked for ten seconds where it is a loop.
struct Motion {
  Skeleton skeleton;
  Body body;
  RawClip clip;
  Gait gait;
};
std::optional<Motion> motion(const std::string& file) {
  const auto path = test::shared_data("motions/" + file);
  if (!path) return {};
  auto scene = importer::load_file(path->string());
  REQUIRE_MESSAGE(scene.ok(), scene.error().message);
  Motion m;
  m.skeleton = scene->skeleton;
  m.body = make_body(m.skeleton);
  m.clip = unrolled(m.skeleton, scene->clips.front(), 10.0f);
  // Of a short clip a single stride has to do, as in `canter phase eval`.
  GaitSettings settings;
  if (m.clip.duration_s() < 6.0f) settings.fewest = 1;
  m.gait = find_gait(m.skeleton, m.clip, kEdge_s, m.clip.duration_s() - kEdge_s, settings).value();
  return m;
}

// Four people whom no network was trained or chosen on. Empty without the shared data.
constexpr const char* kHeldOut[] = {"bvh/pymo_meredith_walk.bvh", "bvh/accad_swagger.bvh",
                                    "bvh/cmu_mb_12_01_walk.bvh",
                                    "deepmimic/motions/humanoid3d_run.txt"};
std::vector<Motion> held_out() {
  std::vector<Motion> motions;
  for (const char* file : kHeldOut)
    if (auto m = motion(file)) motions.push_back(*std::move(m));
  return motions;
}

GaitScores score(const Autoencoder& network, const std::vector<Motion>& motions, bool live) {
  std::vector<PhaseTrack> tracks;
  for (const Motion& m : motions) {
    const auto features = motion_features(m.skeleton, m.body, m.clip, settings_for(network, live));
    REQUIRE(features.ok());
    tracks.push_back(live ? extract_live(network, *features, false)
                          : extract_phases(network, *features, false));
  }
  std::vector<ScoredClip> scored;
  for (std::size_t i = 0; i < motions.size(); ++i)
    scored.push_back(
        {&tracks[i], &motions[i].gait, kEdge_s, motions[i].clip.duration_s() - kEdge_s});
  return score_gait(scored, network.info().primary);
}

// Returns how many segments were looked at.
int check_gait(const GaitScores& s) {
  MESSAGE("monotone " << s.m2_steady << ", R2 " << s.m3_r2 << ", residual " << s.m3_rms
                      << ", speed " << s.m4a_median << " " << s.m4a_p95 << ", strikes " << s.m5a[0]
                      << " " << s.m5a[1] << ", offset " << s.m5b);
  CHECK(s.segments >= 1);
  CHECK(s.ratio == 1);
  CHECK(s.m2_steady >= 0.98);
  CHECK(s.m3_r2 >= 0.995);
  CHECK(s.m3_rms <= 0.03);
  CHECK(s.m9 <= 0.10);
  // The one stride of a short clip has too few strikes to gather.
  if (s.segments == 1 && std::isnan(s.m5b)) return 1;
  CHECK(s.m5a[0] >= 0.95);
  CHECK(s.m5a[1] >= 0.95);
  CHECK(s.m5b <= 0.05);
  return s.segments;
}

void check_unseen(const Autoencoder& network) {
  for (const char* key : {"trained_on", "validated_on"})
    for (const std::string file : kHeldOut)
      CHECK(network.provenance().at(key).find(file.substr(file.rfind('/') + 1)) ==
            std::string::npos);
}

}  // namespace

TEST_CASE("the shipped network tells the phase of walks and runs it has not seen") {
  const Autoencoder network = shipped("phase.safetensors");
  CHECK(network.info().channels == 5);
  CHECK(network.info().dims == 3 * kBodyPoints);
  check_unseen(network);
  const auto motions = held_out();
  if (motions.empty()) return;
  // Each of them, and all together.
  int segments = 0;
  for (std::size_t i = 0; i < motions.size(); ++i) {
    CAPTURE(kHeldOut[i]);
    segments += check_gait(score(network, {motions[i]}, false));
  }
  CHECK(segments >= 7);
  CHECK(check_gait(score(network, motions, false)) == segments);
}

TEST_CASE("live phases lose little, carried or past-only") {
  const Autoencoder network = shipped("phase.safetensors");
  const Autoencoder past = shipped("phase_past.safetensors");
  CHECK(past.info().pivot == Pivot::newest);
  CHECK(past.info().causal);
  check_unseen(past);
  const auto motions = held_out();
  if (motions.empty()) return;
  const double centred = score(network, motions, false).m3_rms;
  const double carried = score(network, motions, true).m3_rms;
  const double past_only = score(past, motions, true).m3_rms;
  MESSAGE("residual " << centred << " cycles, carried " << carried << ", past-only " << past_only);
  CHECK(carried - centred <= 0.02);
  CHECK(past_only - centred <= 0.02);
}

TEST_CASE("the shipped window network says what the autoencoder says, without its future") {
  const Autoencoder teacher = shipped("phase.safetensors");
  const auto path = test::source_dir() / "assets/models/phase_window.safetensors";
  const auto network = load_window_network(test::read_file(path), path.string());
  REQUIRE_MESSAGE(network.ok(), network.error().message);
  const auto motions = held_out();
  if (motions.empty()) return;
  FeatureSettings settings = settings_for(teacher, true);
  settings.margin = kWindowFrames;
  WindowEstimator estimator(*network);
  std::vector<FramePhase> out(kWindowPhases);
  std::vector<float> errors;
  for (const Motion& m : motions) {
    const auto features = motion_features(m.skeleton, m.body, m.clip, settings);
    const auto track = phases_of(teacher, m.skeleton, m.body, m.clip);
    REQUIRE(features.ok());
    REQUIRE(track.ok());
    REQUIRE_FALSE(m.gait.steady.empty());
    for (const GaitSegment& s : m.gait.steady)
      for (int f = static_cast<int>(s.start_s * 60.0f); f < static_cast<int>(s.end_s * 60.0f);
           f += 10) {
        const float* first = features->row(f + features->margin - kWindowFrames + 1).data();
        estimator.run({first, std::size_t{kWindowFrames} * std::size_t{kWindowDims}}, out);
        const float own = out[static_cast<std::size_t>(track->primary)].phase;
        errors.push_back(std::abs(cycle_difference(own, track->at(f, track->primary).phase)));
      }
  }
  std::sort(errors.begin(), errors.end());
  MESSAGE(errors.size() << " windows, median error " << errors[errors.size() / 2]
                        << " cycles, largest " << errors.back());
  // It knows few people: no crowd's network yet.
  CHECK(errors[errors.size() / 2] < 0.04f);
  CHECK(errors[errors.size() * 9 / 10] < 0.1f);
}

TEST_CASE("a dog, a stance and a chain get finite phases") {
  const Autoencoder network = shipped("phase.safetensors");
  for (const std::string file :
       {"deepmimic/motions/dog3d_trot.txt", "bvh/geno_stance.bvh", "bvh/rotation_first_root.bvh",
        "bvh/full_precision_frame_time.bvh", "bvh/makehuman_dance1_pose.bvh",
        "bvh/fairmotion_sinusoidal.bvh"}) {
    CAPTURE(file);
    const auto path = test::shared_data("motions/" + file);
    if (!path) return;
    const auto scene = importer::load_file(path->string());
    REQUIRE(scene.ok());
    const auto track =
        phases_of(network, scene->skeleton, make_body(scene->skeleton), scene->clips.front());
    REQUIRE_MESSAGE(track.ok(), track.error().message);
    CHECK(track->frames() >= 1);
    for (const ChannelPhase& c : track->values) {
      CHECK(c.phase >= 0.0f);
      CHECK(c.phase < 1.0f);
      CHECK(std::isfinite(c.frequency_hz));
      CHECK(std::isfinite(c.amplitude));
      CHECK(std::isfinite(c.offset));
    }
  }
}

TEST_CASE("a transition from a walk comes to the same moment of a run every time") {
  const Autoencoder network = shipped("phase.safetensors");
  const auto walk = motion("bvh/pymo_meredith_walk.bvh");
  const auto run = motion("deepmimic/motions/humanoid3d_run.txt");
  if (!walk || !run) return;
  const auto walking = phases_of(network, walk->skeleton, walk->body, walk->clip);
  const auto running = phases_of(network, run->skeleton, run->body, run->clip);
  REQUIRE(walking.ok());
  REQUIRE(running.ok());
  const PhaseIndex index(*running);
  // From every left strike of the walk to the run: always to the same moment of its stride.
  MatchSettings settings;
  settings.primary_only = true;
  const std::vector<float>& strikes_s = run->gait.strikes_s[0];
  REQUIRE_FALSE(strikes_s.empty());
  std::complex<double> sum;
  int matches = 0;
  for (const float strike_s : walk->gait.strikes_s[0]) {
    if (strike_s < kEdge_s || strike_s > walk->clip.duration_s() - kEdge_s) continue;
    const PhaseMatch match = align_transition(*walking, strike_s, index, settings);
    REQUIRE(match.found);
    CHECK(std::abs(match.phase_error) < 0.01f);
    // The run is one stride of 0.8 s, again and again.
    const double share = static_cast<double>((match.time_s - strikes_s.front()) / 0.8f);
    sum += std::polar(1.0, 6.283185307179586 * share);
    ++matches;
  }
  MESSAGE(matches << " transitions, gathered by " << std::abs(sum) / matches << " at "
                  << std::arg(sum) / 6.283185307179586 << " of the run's stride");
  REQUIRE(matches >= 4);
  CHECK(std::abs(sum) / matches >= 0.95);
}
