// Phases of characters: of clips and of poses, locks, transitions in phase, snapshots.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "canter/phase/frame_tracker.h"
#include "canter/phase/tracker.h"
#include "canter/world/snapshot.h"
#include "heap_probe.h"
#include "mimic/made_up_clip.h"
#include "phase/networks.h"
#include "scene.h"

namespace canter::test {
namespace {

constexpr float kTwoPi = 6.28318531f;

phase::Autoencoder pose_network(int frames = 41, const char* pivot = "centre") {
  NetworkShape shape;
  shape.dims = 3 * phase::kBodyPoints;
  shape.hidden = 6;
  shape.frames = frames;
  nn::WeightFile file = random_network(shape);
  file.metadata = {{"phase.rate_hz", "60"},
                   {"phase.window_s", "1"},
                   {"phase.primary", "1"},
                   {"phase.pivot", pivot}};
  return phase::make_autoencoder(std::move(file), "test").value();
}

/// Phases that go round at `hz`, swaying twice a cycle as those of gaits do, and a second channel
/// twice as fast.
std::shared_ptr<const phase::ClipPhases> swaying(const Clip& clip, float hz, float start = 0.0f) {
  phase::PhaseTrack track;
  track.channels = 2;
  track.loop = clip.loop();
  track.mode = phase::Mode::centred;
  track.duration_s = clip.duration_s();
  for (int f = 0; f <= static_cast<int>(clip.duration_s() * 60.0f + 1e-3f); ++f) {
    const float cycles = start + hz * static_cast<float>(f) / 60.0f;
    const float sway = 0.02f * std::sin(2.0f * kTwoPi * cycles);
    track.values.push_back({phase::wrap_cycle(cycles + sway), hz, 1.0f, 0.0f});
    track.values.push_back({phase::wrap_cycle(2.0f * cycles), 2.0f * hz, 0.3f, 0.1f});
  }
  return phase::make_clip_phases(std::move(track));
}

/// Two loops with phases, of one and of 0.8 cycles per second, that last two seconds and five.
struct PhaseScene : Scene {
  explicit PhaseScene(WorldDesc desc = {}) : Scene(desc, 21) {
    slow_clip = make_clip(*skeleton, 151, true, 3);
    fast_clip = make_clip(*skeleton, 61, true, 4);
    slow = world.add_clip(slow_clip);
    fast = world.add_clip(fast_clip);
    REQUIRE(world.set_clip_phases(slow, swaying(*slow_clip, 0.8f)).ok());
    REQUIRE(world.set_clip_phases(fast, swaying(*fast_clip, 1.0f, 0.3f)).ok());
  }
  CharacterId play(ClipId clip, PhaseDesc phase, double time_s = 0.0) {
    const CharacterId id = add();
    REQUIRE(world.set_phase(id, phase).ok());
    REQUIRE(world.play(id, {clip, time_s}).ok());
    return id;
  }
  void run(int frames) {
    for (int i = 0; i < frames; ++i) step(world, kFrame_s);
  }
  float primary(CharacterId id) const {
    const PhaseView view = world.phase(id);
    REQUIRE(!view.channels.empty());
    return view.channels[static_cast<std::size_t>(view.primary)].phase;
  }
  std::vector<std::byte> saved() const {
    std::vector<std::byte> bytes(snapshot_size(world));
    REQUIRE(save(world, bytes).ok());
    return bytes;
  }

  std::shared_ptr<const Clip> slow_clip, fast_clip;
  ClipId slow, fast;
};

bool same_bits(std::span<const phase::ChannelPhase> a, std::span<const phase::ChannelPhase> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

bool finite(const PhaseView& view) {
  return std::all_of(view.channels.begin(), view.channels.end(), [](const phase::ChannelPhase& c) {
    return c.phase >= 0.0f && c.phase < 1.0f && std::isfinite(c.frequency_hz) &&
           std::isfinite(c.amplitude) && std::isfinite(c.offset);
  });
}

/// A tracker beside the world, fed with the poses the world shows.
template <class Tracker, class Network>
struct ByHand {
  explicit ByHand(const Network& network) : tracker(network), state(tracker.state_size()) {
    tracker.start(state);
  }
  void see(const Skeleton& skeleton, std::span<const Mat4> models, double dt_s) {
    const phase::Body body = phase::make_body(skeleton);
    const phase::TrackItem item{&body, models, dt_s, state};
    tracker.update({&item, 1});
  }
  Tracker tracker;
  std::vector<float> state;
};

}  // namespace

TEST_CASE("a phase by a network is that of the poses shown") {
  PhaseScene scene;
  const phase::Autoencoder network = pose_network();
  const PhaseNetworkId id = scene.world.add_phase_network(network).value();
  const CharacterId c = scene.play(scene.slow, {PhaseSource::pose, id});
  CHECK(scene.world.phase(c).mode == phase::Mode::none);
  ByHand<phase::Tracker, phase::Autoencoder> expected(network);
  for (int i = 0; i < 90; ++i) {
    step(scene.world, kFrame_s);
    // What came before the first step was no movement.
    expected.see(*scene.skeleton, scene.world.models(c), i == 0 ? 1e6 : kFrame_s);
    REQUIRE(same_bits(scene.world.phase(c).channels, expected.tracker.phases(expected.state)));
  }
  const PhaseView view = scene.world.phase(c);
  CHECK(view.mode == phase::Mode::carried);
  CHECK(view.filled == 1.0f);
  CHECK(view.primary == 1);
  CHECK_FALSE(view.has_body_phase);
  CHECK(scene.world.trace().stats(7).max_us > 0.0);
}

TEST_CASE("a past-only network's phase is its window's, not carried") {
  PhaseScene scene;
  const phase::Autoencoder network = pose_network(41, "newest");
  REQUIRE(network.info().pivot == phase::Pivot::newest);
  const PhaseNetworkId id = scene.world.add_phase_network(network).value();
  const CharacterId c = scene.play(scene.slow, {PhaseSource::pose, id});
  ByHand<phase::Tracker, phase::Autoencoder> expected(network);
  for (int i = 0; i < 60; ++i) {
    step(scene.world, kFrame_s);
    expected.see(*scene.skeleton, scene.world.models(c), i == 0 ? 1e6 : kFrame_s);
    REQUIRE(same_bits(scene.world.phase(c).channels, expected.tracker.phases(expected.state)));
  }
  CHECK(scene.world.phase(c).mode == phase::Mode::past_only);
}

TEST_CASE("the frame network serves as well") {
  PhaseScene scene;
  const phase::FrameNetwork network = random_frame_network();
  const PhaseNetworkId id = scene.world.add_phase_network(network).value();
  const CharacterId c = scene.play(scene.slow, {PhaseSource::pose, id});
  ByHand<phase::FrameTracker, phase::FrameNetwork> expected(network);
  for (int i = 0; i < 30; ++i) {
    step(scene.world, kFrame_s);
    expected.see(*scene.skeleton, scene.world.models(c), i == 0 ? 1e6 : kFrame_s);
    REQUIRE(same_bits(scene.world.phase(c).channels, expected.tracker.phases(expected.state)));
  }
  CHECK(scene.world.phase(c).mode == phase::Mode::frame);
  CHECK(scene.world.phase(c).channels.size() == 1);
}

TEST_CASE("a simulated character's phase is that of its simulated body") {
  World world;
  const mimic::Task task = mimic::make_task(physics::humanoid_body(), humanoid_skeleton(),
                                            made_up_clip(humanoid_skeleton(), 0.0f), {})
                               .value();
  const SkillId skill = world.add_skill(task).value();
  const phase::Autoencoder network = pose_network();
  const PhaseNetworkId id = world.add_phase_network(network).value();
  CharacterDesc desc;
  desc.skeleton = std::make_shared<const Skeleton>(humanoid_skeleton());
  const CharacterId body = world.create(desc).value(), fallen = world.create(desc).value();
  for (const CharacterId c : {body, fallen}) {
    REQUIRE(world.simulate(c, {skill, 0.25}).ok());
    REQUIRE(world.set_phase(c, {PhaseSource::pose, id}).ok());
  }
  REQUIRE(world.set_body_mode(fallen, BodyMode::ragdoll));
  ByHand<phase::Tracker, phase::Autoencoder> expected(network);
  for (int i = 0; i < 60; ++i) {
    const std::uint32_t ends = world.body(body).state->num_ends;
    step(world, kFrame_s);
    // A body that is put back has not moved there.
    const bool cut = i == 0 || world.body(body).state->num_ends != ends;
    expected.see(*desc.skeleton, world.models(body), cut ? 1e6 : kFrame_s);
    REQUIRE(same_bits(world.phase(body).channels, expected.tracker.phases(expected.state)));
  }
  const PhaseView view = world.phase(body);
  CHECK(view.has_body_phase);
  CHECK(view.body_phase ==
        doctest::Approx(mimic::phase_at(task.motion(), world.body(body).episode->time_s)));
  CHECK_FALSE(world.phase(fallen).has_body_phase);
  CHECK_FALSE(same_bits(world.phase(fallen).channels, view.channels));
  // Going limp is movement, being put back is none, gliding into clips is movement again.
  const auto next_is = [&](bool cut) {
    step(world, kFrame_s);
    expected.see(*desc.skeleton, world.models(body), cut ? 1e6 : kFrame_s);
    return same_bits(world.phase(body).channels, expected.tracker.phases(expected.state));
  };
  REQUIRE(world.set_body_mode(body, BodyMode::ragdoll));
  CHECK(next_is(false));
  REQUIRE(world.set_body_mode(body, BodyMode::simulated));
  CHECK(next_is(true));
  REQUIRE(world.set_body_mode(body, BodyMode::kinematic, 0.3f));
  CHECK(next_is(false));
}

TEST_CASE("a clip's own phases are read at its time, by its speed, and blended in a crossfade") {
  PhaseScene scene;
  const CharacterId c = scene.play(scene.slow, {PhaseSource::clip}, 0.4);
  REQUIRE(scene.world.set_speed(c, 1.5f));
  scene.run(20);
  const phase::PhaseTrack& track = scene.world.clip_phases(scene.slow)->track;
  std::vector<phase::ChannelPhase> expected(2);
  const auto at = static_cast<float>(scene.world.state(c)->play.time_s);
  phase::sample(track, at, expected);
  PhaseView view = scene.world.phase(c);
  CHECK(view.mode == phase::Mode::centred);
  REQUIRE(view.channels.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(view.channels[i].phase == expected[i].phase);
    CHECK(view.channels[i].frequency_hz == 1.5f * expected[i].frequency_hz);
  }
  CHECK(view.channels[0].frequency_hz == doctest::Approx(1.2).epsilon(0.15));
  // Paused and scrubbed it says where it is, and that it stands.
  scene.world.set_paused(c, true);
  REQUIRE(scene.world.seek(c, 1.0));
  scene.run(1);
  CHECK(scene.primary(c) == phase::sample_channel(track, 0, 1.0f).phase);
  CHECK(scene.world.phase(c).channels[0].frequency_hz == 0.0f);
  scene.world.set_paused(c, false);
  // Half of a crossfade from here to a phase of 0.3 more.
  REQUIRE(scene.world.play(c, {scene.fast, 0.0}, {TransitionKind::crossfade, 2.0f}).ok());
  scene.run(60);
  const float from =
      phase::sample_channel(track, 0, static_cast<float>(scene.world.state(c)->previous.time_s))
          .phase;
  const float to = phase::sample_channel(scene.world.clip_phases(scene.fast)->track, 0,
                                         static_cast<float>(scene.world.state(c)->play.time_s))
                       .phase;
  CHECK(phase::cycle_difference(scene.primary(c), from) ==
        doctest::Approx(0.5f * phase::cycle_difference(to, from)).epsilon(0.01));
  // A clip without phases has none.
  REQUIRE(scene.world.play(c, {scene.walk}).ok());
  scene.run(1);
  CHECK(scene.world.phase(c).mode == phase::Mode::none);
  CHECK(scene.world.phase(c).channels.empty());
}

TEST_CASE("a locked character comes into step with another, smoothly, and stays there") {
  PhaseScene scene;
  const CharacterId leader = scene.play(scene.fast, {PhaseSource::clip});
  const CharacterId follower = scene.play(scene.slow, {PhaseSource::clip}, 1.0);
  REQUIRE(scene.world.set_speed(follower, 0.9f));
  scene.run(1);
  const float before =
      std::abs(phase::cycle_difference(scene.primary(leader), scene.primary(follower)));
  CHECK(before > 0.2f);
  REQUIRE(scene.world.lock_phase(follower, leader).ok());
  float jerk = 0.0f, largest = 0.0f;
  double squares = 0.0;
  float speed = scene.world.state(follower)->play.speed;
  for (int i = 0; i < 1200; ++i) {
    scene.run(1);
    const float now = scene.world.state(follower)->play.speed;
    jerk = std::max(jerk, std::abs(now - speed));
    speed = now;
    if (i < 300) continue;
    const float off = phase::cycle_difference(scene.primary(leader), scene.primary(follower));
    largest = std::max(largest, std::abs(off));
    squares += static_cast<double>(off * off) / 900.0;
  }
  MESSAGE("phase difference " << before << " cycles before; after five seconds " << largest
                              << " at most, " << std::sqrt(squares)
                              << " RMS; speed changes by at most " << jerk << " per frame");
  // The seam of the two-second loop of a whole number of cycles is even; what is left is the sway.
  CHECK(largest < 0.02f);
  CHECK(std::sqrt(squares) < 0.01);
  CHECK(jerk < 0.2f);  // of speeds from 0.5 to 2
  CHECK(speed == doctest::Approx(1.25).epsilon(0.15));
  CHECK(scene.world.phase(follower).leader == leader);

  // A leader that stands lets the follower stand; gone, it leaves it as it was before.
  scene.world.set_paused(leader, true);
  scene.run(120);
  CHECK(scene.world.state(follower)->play.speed < 0.01f);
  scene.world.set_paused(leader, false);
  scene.run(600);
  CHECK(std::abs(phase::cycle_difference(scene.primary(leader), scene.primary(follower))) < 0.02f);
  scene.world.destroy(leader);
  scene.run(1);
  CHECK(scene.world.state(follower)->play.speed == 0.9f);
  CHECK(!scene.world.phase(follower).leader);
}

TEST_CASE("a lock may hold a distance, and is given up") {
  PhaseScene scene;
  const CharacterId leader = scene.play(scene.fast, {PhaseSource::clip});
  const CharacterId follower = scene.play(scene.slow, {PhaseSource::clip}, 1.0);
  scene.run(1);
  PhaseLock half;
  half.offset = 0.5f;
  REQUIRE(scene.world.lock_phase(follower, leader, half).ok());
  scene.run(600);
  const float ahead = phase::cycle_difference(scene.primary(follower), scene.primary(leader));
  CHECK(std::abs(ahead) == doctest::Approx(0.5).epsilon(0.04));
  CHECK(std::abs(scene.world.phase(follower).phase_error) < 0.02f);
  // The speed the host wants meanwhile is what it gets back.
  REQUIRE(scene.world.set_speed(follower, 0.7f));
  scene.run(60);
  REQUIRE(scene.world.unlock_phase(follower));
  CHECK(scene.world.state(follower)->play.speed == 0.7f);
  CHECK_FALSE(scene.world.unlock_phase(follower));
}

TEST_CASE("a transition in phase starts where the old clip is") {
  PhaseScene scene;
  for (const double time_s : {0.0, 0.7, 1.9, 3.3}) {
    CAPTURE(time_s);
    // By its own phase, and by that of the clip it plays.
    for (const PhaseSource source : {PhaseSource::clip, PhaseSource::none}) {
      const CharacterId c = scene.play(scene.slow, {source}, time_s);
      scene.run(3);
      const float before =
          phase::sample_channel(scene.world.clip_phases(scene.slow)->track, 0,
                                static_cast<float>(scene.world.state(c)->play.time_s))
              .phase;
      const auto match =
          scene.world.play_in_phase(c, {scene.fast}, {TransitionKind::inertialize, 0.3f});
      REQUIRE(match.ok());
      const float after =
          phase::sample_channel(scene.world.clip_phases(scene.fast)->track, 0,
                                static_cast<float>(scene.world.state(c)->play.time_s))
              .phase;
      CHECK(scene.world.state(c)->play.clip == scene.fast);
      CHECK(std::abs(phase::cycle_difference(after, before)) < 2e-3f);
      CHECK(std::abs(match->phase_error) < 2e-3f);
      scene.world.destroy(c);
    }
  }
}

TEST_CASE("scrub by phase goes to the nearest time that has it") {
  PhaseScene scene;
  const CharacterId c = scene.play(scene.slow, {PhaseSource::clip}, 2.1);
  scene.world.set_paused(c, true);
  for (int channel = 0; channel < 2; ++channel) {
    for (const float wanted : {0.1f, 0.5f, 0.95f}) {
      const double before = scene.world.state(c)->play.time_s;
      REQUIRE(scene.world.scrub(c, channel, wanted));
      scene.run(1);
      const float got = scene.world.phase(c).channels[static_cast<std::size_t>(channel)].phase;
      CHECK(std::abs(phase::cycle_difference(got, wanted)) < 1e-3f);
      // Half a cycle of 0.8 or 1.6 Hz either way.
      CHECK(std::abs(scene.world.state(c)->play.time_s - before) < (channel == 0 ? 0.66 : 0.33));
    }
  }
  CHECK_FALSE(scene.world.scrub(c, 2, 0.5f));
  CHECK_FALSE(scene.world.scrub(c, 0, std::numeric_limits<float>::quiet_NaN()));
  CHECK_FALSE(scene.world.scrub({}, 0, 0.5f));
  REQUIRE(scene.world.play(c, {scene.walk}).ok());
  CHECK_FALSE(scene.world.scrub(c, 0, 0.5f));
}

TEST_CASE("cuts, seeks and broken poses are no movement") {
  PhaseScene scene;
  const PhaseNetworkId id = scene.world.add_phase_network(pose_network()).value();
  const CharacterId c = scene.play(scene.slow, {PhaseSource::pose, id});
  REQUIRE(scene.world.set_speed(c, 0.0f));
  scene.run(60);
  const std::vector<phase::ChannelPhase> still(scene.world.phase(c).channels.begin(),
                                               scene.world.phase(c).channels.end());
  const auto unmoved = [&] {
    scene.run(20);
    const auto now = scene.world.phase(c).channels;
    for (std::size_t i = 0; i < now.size(); ++i)
      if (now[i].amplitude != still[i].amplitude) return false;
    return true;
  };
  CHECK(unmoved());
  REQUIRE(scene.world.seek(c, 2.0));
  CHECK(unmoved());
  REQUIRE(scene.world.play(c, {scene.fast, 0.5, 0.0f}).ok());
  CHECK(unmoved());
  // Whereas a crossfade is one.
  REQUIRE(scene.world.play(c, {scene.slow, 1.0, 0.0f}, {TransitionKind::crossfade, 0.3f}).ok());
  CHECK_FALSE(unmoved());
}

TEST_CASE("whatever a character shows, its phase is finite") {
  PhaseScene scene;
  const PhaseNetworkId networks[] = {scene.world.add_phase_network(pose_network()).value(),
                                     scene.world.add_phase_network(random_frame_network()).value()};
  // A chain without limbs, and a character whose pose breaks now and then.
  SkeletonDesc links;
  for (int j = 0; j < 4; ++j) {
    SkeletonDesc::Joint joint;
    joint.name = "link_" + std::to_string(j);
    joint.parent = j - 1;
    joint.rest.translation = Vec3(0.0f, 0.3f, 0.0f);
    links.joints.push_back(joint);
  }
  int frame = 0;
  CharacterDesc breaking;
  breaking.skeleton = scene.skeleton;
  breaking.pose_hook.user = &frame;
  breaking.pose_hook.adjust = [](void* user, CharacterId, const Skeleton&, PoseView pose) {
    if (*static_cast<int*>(user) % 7 == 3)
      pose.rotations[2].x = std::numeric_limits<float>::quiet_NaN();
  };
  CharacterDesc chain;
  chain.skeleton = std::make_shared<const Skeleton>(make_skeleton(links).value());
  for (const PhaseNetworkId network : networks) {
    const CharacterId broken = scene.world.create(breaking).value();
    REQUIRE(scene.world.play(broken, {scene.walk}).ok());
    const CharacterId limbless = scene.world.create(chain).value();
    for (const CharacterId c : {broken, limbless})
      REQUIRE(scene.world.set_phase(c, {PhaseSource::pose, network}).ok());
    for (frame = 0; frame < 100; ++frame) {
      step(scene.world, frame % 9 == 8 ? 0.5 : frame % 11 == 10 ? -1.0 : kFrame_s);
      REQUIRE(finite(scene.world.phase(broken)));
      REQUIRE(finite(scene.world.phase(limbless)));
      scene.world.resume(broken);
    }
    CHECK(scene.world.phase(limbless).mode != phase::Mode::none);
  }
}

// Everything at once: both kinds of network, clips' phases, a lock and a crossfade.
void populate(PhaseScene& scene) {
  const PhaseNetworkId network = scene.world.add_phase_network(pose_network()).value();
  const PhaseNetworkId frame = scene.world.add_phase_network(random_frame_network()).value();
  for (int i = 0; i < 19; ++i)
    scene.play(i % 2 == 0 ? scene.slow : scene.fast, {PhaseSource::pose, network}, 0.1 * i);
  for (int i = 0; i < 11; ++i) scene.play(scene.slow, {PhaseSource::pose, frame}, 0.2 * i);
  const CharacterId leader = scene.play(scene.fast, {PhaseSource::clip});
  const CharacterId follower = scene.play(scene.slow, {PhaseSource::clip}, 1.0);
  REQUIRE(scene.world.lock_phase(follower, leader).ok());
  scene.run(50);
  REQUIRE(scene.world.play(leader, {scene.slow, 0.0}, {TransitionKind::crossfade, 0.5f}).ok());
}

TEST_CASE("phases are the same bits with one worker and many") {
  const auto run = [](Jobs jobs, int num_workers) {
    WorldDesc desc;
    desc.jobs = jobs;
    desc.max_workers = num_workers;
    PhaseScene scene(desc);
    populate(scene);
    scene.run(40);
    return scene.saved();
  };
  const auto one = run({}, 1);
  CHECK(one == run(threads(), 2));
  CHECK(one == run(threads(), 8));
  // On a busy machine the first thread may do everything: here the last one does.
  Jobs backwards;
  backwards.parallel_for = [](void*, int count, void (*work)(void*, int), void* data) {
    for (int i = count; i-- > 0;) work(data, i);
  };
  CHECK(one == run(backwards, 8));
}

TEST_CASE("a world of phases does not touch the heap once it runs") {
  PhaseScene scene;
  populate(scene);
  scene.run(30);
  const HeapProbe probe;
  scene.run(120);
  CHECK(probe.count() == 0);
}

TEST_CASE("a snapshot of phases continues bit for bit, in another world too") {
  PhaseScene scene;
  populate(scene);
  scene.run(10);
  const std::vector<std::byte> middle = scene.saved();
  scene.run(60);
  const std::vector<std::byte> end = scene.saved();
  REQUIRE(restore(scene.world, middle).ok());
  CHECK(scene.saved() == middle);
  scene.run(60);
  CHECK(scene.saved() == end);

  PhaseScene other;
  REQUIRE(other.world.add_phase_network(pose_network()).ok());
  CHECK(restore(other.world, middle).error().message.find("never seen") != std::string::npos);
  other.add();
  CHECK(restore(other.world, middle).error().message.find("phase network") != std::string::npos);
  REQUIRE(other.world.add_phase_network(random_frame_network()).ok());
  REQUIRE(restore(other.world, middle).ok());
  other.run(60);
  CHECK(other.saved() == end);
}

TEST_CASE("one character's phase is rewound alone and without the heap") {
  PhaseScene scene;
  const PhaseNetworkId network = scene.world.add_phase_network(pose_network()).value();
  const CharacterId c = scene.play(scene.slow, {PhaseSource::pose, network});
  const CharacterId bare = scene.add();
  scene.run(60);
  std::vector<std::byte> bytes(snapshot_size(scene.world, c)),
      none(snapshot_size(scene.world, bare));
  REQUIRE(save(scene.world, c, bytes).ok());
  REQUIRE(save(scene.world, bare, none).ok());
  scene.run(30);
  const std::vector<phase::ChannelPhase> then(scene.world.phase(c).channels.begin(),
                                              scene.world.phase(c).channels.end());
  {
    const HeapProbe probe;
    REQUIRE(restore(scene.world, c, bytes).ok());
    CHECK(probe.count() == 0);
  }
  scene.run(30);
  CHECK(same_bits(scene.world.phase(c).channels, then));
  CHECK(restore(scene.world, bare, bytes).error().message.find("none like it") !=
        std::string::npos);
  // Without a phase, and with it again.
  REQUIRE(restore(scene.world, c, none).ok());
  scene.run(1);
  CHECK(scene.world.phase(c).channels.empty());
  REQUIRE(restore(scene.world, c, bytes).ok());
  scene.run(30);
  CHECK(same_bits(scene.world.phase(c).channels, then));
}

TEST_CASE("damaged phases never harm") {
  PhaseScene scene;
  const PhaseNetworkId network = scene.world.add_phase_network(pose_network(11)).value();
  const CharacterId c = scene.play(scene.slow, {PhaseSource::pose, network});
  scene.run(30);
  std::vector<std::byte> good(snapshot_size(scene.world, c));
  REQUIRE(save(scene.world, c, good).ok());
  // The phase lies last.
  const std::size_t front = good.size() - snapshot_size(scene.world, scene.add());
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  CAPTURE(kSeed);
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    std::vector<std::byte> bad = good;
    for (int k = 0; k < 6; ++k)
      bad[good.size() - 1 - random() % front] ^= static_cast<std::byte>(1u << (random() % 8));
    if (!restore(scene.world, c, bad).ok()) ++refused;
    step(scene.world, 0.01);
    REQUIRE(scene.world.alive(c));
  }
  MESSAGE("refused " << refused << " of 4000");
  CHECK(refused > 100);
  REQUIRE(restore(scene.world, c, good).ok());
}

TEST_CASE("bad calls about phases are refused with a reason and change nothing") {
  PhaseScene scene;
  World& w = scene.world;
  const auto says = [](const auto& result, const char* part) {
    return !result.ok() && result.error().message.find(part) != std::string::npos;
  };
  NetworkShape few, many;
  many.dims = 3 * phase::kBodyPoints;
  many.channels = static_cast<int>(kMaxPhaseChannels) + 1;
  CHECK(says(w.add_phase_network(phase::make_autoencoder(random_network(few), "t").value()),
             "9 features; expected 69"));
  CHECK(says(w.add_phase_network(phase::make_autoencoder(random_network(many), "t").value()),
             "17 phase channels; at most 16"));
  CHECK(says(w.set_clip_phases({}, nullptr), "stale"));
  CHECK(says(w.set_clip_phases(scene.walk, swaying(*scene.slow_clip, 1.0f)), "the clip lasts 1.0"));
  CHECK(w.clip_phases(scene.walk) == nullptr);

  const CharacterId a = scene.play(scene.slow, {PhaseSource::clip}), b = scene.add();
  scene.run(1);
  CHECK(says(w.set_phase({}, {PhaseSource::clip}), "stale"));
  CHECK(says(w.set_phase(a, {PhaseSource::pose}), "the phase network's handle is stale"));
  CHECK(says(w.set_phase(a, {static_cast<PhaseSource>(9)}), "unknown"));
  CHECK(says(w.lock_phase(a, a), "its own"));
  CHECK(says(w.lock_phase(a, b), "leader has no phase"));
  CHECK(says(w.lock_phase(b, a), "follower has no phase"));
  CHECK(says(w.lock_phase(a, {}), "stale"));
  REQUIRE(w.set_phase(b, {PhaseSource::clip}).ok());
  PhaseLock bad;
  bad.half_life_s = 0.0f;
  CHECK(says(w.lock_phase(a, b, bad), "half-life"));
  bad = {};
  bad.max_speed = 0.1f;
  CHECK(says(w.lock_phase(a, b, bad), "speeds"));
  CHECK(says(w.play_in_phase(b, {scene.slow}), "no phase to start from"));
  CHECK(says(w.play_in_phase(a, {scene.walk}), "no phases"));
  CHECK(says(w.play_in_phase(a, {ClipId{}}), "stale"));
  CHECK(w.state(a)->play.clip == scene.slow);
  CHECK(w.phase({}).channels.empty());

  // A network taken away: no phase, and the character goes on.
  const PhaseNetworkId network = w.add_phase_network(pose_network()).value();
  REQUIRE(w.set_phase(b, {PhaseSource::pose, network}).ok());
  scene.run(2);
  CHECK(w.phase(b).mode == phase::Mode::carried);
  REQUIRE(w.remove_phase_network(network));
  scene.run(1);
  CHECK(w.phase(b).mode == phase::Mode::none);
  CHECK(w.state(b)->parked == ParkReason::none);
  REQUIRE(w.set_phase(a, {PhaseSource::none}).ok());
  CHECK(w.phase(a).channels.empty());
}

}  // namespace canter::test
