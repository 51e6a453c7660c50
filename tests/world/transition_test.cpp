// Inertialized transitions and root motion, as characters of a world use them.
#include "heap_probe.h"
#include "scene.h"

using namespace canter;
using namespace canter::test;

namespace {

// Largest distance between the joints of two poses, metres.
float distance(std::span<const Mat4> a, std::span<const Mat4> b) {
  float largest = 0.0f;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, glm::length(Vec3(a[i][3]) - Vec3(b[i][3])));
  return largest;
}

// Largest change of joint velocity (m/s) from one step to the next, over the steps around a switch.
float jerkiness(Scene& scene, CharacterId id, const Transition& transition) {
  constexpr double kStep_s = 1.0 / 240.0;
  std::array<std::vector<Mat4>, 3> last;
  float largest = 0.0f;
  for (int i = 0; i < 80; ++i) {
    if (i == 10) REQUIRE(scene.world.play(id, {scene.wave, 0.3}, transition).ok());
    step(scene.world, kStep_s);
    last[0] = last[1];
    last[1] = last[2];
    last[2] = copy_of(scene.world.models(id));
    if (i < 2) continue;
    for (std::size_t j = 0; j < last[0].size(); ++j) {
      const Vec3 was = Vec3(last[1][j][3]) - Vec3(last[0][j][3]);
      const Vec3 is = Vec3(last[2][j][3]) - Vec3(last[1][j][3]);
      largest = std::max(largest, glm::length(is - was) / static_cast<float>(kStep_s));
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("an inertialized transition starts where the old motion was and ends in the new") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk}).ok());
  step(scene.world, 0.5);
  const std::vector<Mat4> before = copy_of(scene.world.models(id));
  REQUIRE(scene.world.play(id, {scene.wave}, {TransitionKind::inertialize, 0.3f}).ok());
  step(scene.world, 0.0);
  CHECK(distance(scene.world.models(id), before) < 1e-4f);
  for (int i = 0; i < 40; ++i) step(scene.world, 0.01);
  CHECK(scene.world.state(id)->transition_slot1 == 0);
  CHECK(difference(scene.world.models(id), scene.reference(*scene.wave_clip, 0.4f)) < 1e-4f);
}

TEST_CASE("an inertialized transition has no jolt where a cut has one") {
  Scene cut;
  Scene smooth;
  const CharacterId in_cut = cut.add();
  const CharacterId in_smooth = smooth.add();
  REQUIRE(cut.world.play(in_cut, {cut.walk, 0.2}).ok());
  REQUIRE(smooth.world.play(in_smooth, {smooth.walk, 0.2}).ok());
  const float with_cut = jerkiness(cut, in_cut, {});
  const float with_transition = jerkiness(smooth, in_smooth, {TransitionKind::inertialize, 0.25f});
  MESSAGE("largest change of joint velocity, m/s: cut " << with_cut << ", inertialized "
                                                        << with_transition);
  CHECK(with_transition < 0.2f * with_cut);
}

TEST_CASE("a transition during a transition goes on from what is shown") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk, 0.4}).ok());
  step(scene.world, 0.1);
  for (const TransitionKind first : {TransitionKind::inertialize, TransitionKind::crossfade}) {
    for (int i = 0; i < 6; ++i) {
      const ClipId next = i % 2 == 0 ? scene.wave : scene.walk;
      const TransitionKind kind = i % 2 == 0 ? first : TransitionKind::inertialize;
      const std::vector<Mat4> before = copy_of(scene.world.models(id));
      REQUIRE(scene.world.play(id, {next, 0.1 * i}, {kind, 0.3f}).ok());
      step(scene.world, 0.0);
      CHECK(distance(scene.world.models(id), before) < 1e-4f);
      step(scene.world, 0.07);
    }
  }
}

TEST_CASE("beyond max_transitions a character crossfades and the world counts it") {
  WorldDesc desc;
  desc.max_transitions = 2;
  Scene scene(desc);
  std::vector<CharacterId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(scene.add());
    REQUIRE(scene.world.play(ids.back(), {scene.walk}).ok());
  }
  step(scene.world, 0.1);
  for (const CharacterId id : ids)
    REQUIRE(scene.world.play(id, {scene.wave}, {TransitionKind::inertialize, 0.2f}).ok());
  CHECK(scene.world.refused_transitions() == 2);
  CHECK(scene.world.state(ids[1])->transition_slot1 != 0);
  CHECK(scene.world.state(ids[2])->transition_slot1 == 0);
  CHECK(scene.world.state(ids[2])->fade_duration_s == 0.2f);
  // Slots come back when a transition ends, is cut, or its character goes.
  const auto transition = [&](CharacterId id) {
    return scene.world.play(id, {scene.walk}, {TransitionKind::inertialize, 0.2f}).ok();
  };
  REQUIRE(scene.world.play(ids[0], {scene.walk}).ok());
  REQUIRE(scene.world.destroy(ids[1]));
  CHECK(transition(ids[2]));
  CHECK(transition(ids[3]));
  CHECK(scene.world.refused_transitions() == 2);
  step(scene.world, 0.3);
  CHECK(transition(ids[0]));
  CHECK(scene.world.refused_transitions() == 2);
}

TEST_CASE("a larger skeleton that arrives during a transition does not disturb it") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk}).ok());
  step(scene.world, 0.5);
  REQUIRE(scene.world.play(id, {scene.wave}, {TransitionKind::inertialize, 0.3f}).ok());
  step(scene.world, 0.1);
  const std::vector<Mat4> before = copy_of(scene.world.models(id));
  CharacterDesc desc;
  desc.skeleton = std::make_shared<const Skeleton>(synthetic_skeleton(90));
  REQUIRE(scene.world.create(desc).ok());
  step(scene.world, 0.0);
  CHECK(same_bits(scene.world.models(id), before));
}

TEST_CASE("transitions touch no heap and do not depend on threads") {
  const auto run = [](const Jobs& jobs, bool count) {
    WorldDesc desc;
    desc.jobs = jobs;
    Scene scene(desc);
    const Walk walk = make_walk(*scene.skeleton, 31, true, 5);
    const ClipId walking = scene.world.add_clip(walk.clip, walk.motion);
    std::vector<CharacterId> ids;
    for (int i = 0; i < 40; ++i) {
      ids.push_back(scene.add());
      REQUIRE(scene.world.play(ids.back(), {walking, 0.02 * i}).ok());
      scene.world.set_root_motion(ids.back(), RootMotionMode::move);
    }
    step(scene.world, kFrame_s);
    const HeapProbe probe;
    bool ok = true;
    for (int i = 0; i < 60; ++i) {
      if (i % 7 == 0)
        for (std::size_t c = 0; c < 10; ++c)
          ok = ok && scene.world
                         .play(ids[c * 4], {i % 2 == 0 ? scene.wave : walking},
                               {TransitionKind::inertialize, 0.2f})
                         .ok();
      step(scene.world, kFrame_s);
    }
    if (count) CHECK(probe.count() == 0);
    CHECK(ok);
    std::vector<Mat4> all;
    for (const CharacterId id : ids) {
      all.push_back(to_matrix(scene.world.placement(id)));
      const std::span<const Mat4> models = scene.world.models(id);
      all.insert(all.end(), models.begin(), models.end());
    }
    return all;
  };
  const std::vector<Mat4> one = run({}, true);
  CHECK(same_bits(one, run(threads(), false)));
}

TEST_CASE("root motion moves the placement as far as the clip goes, over laps, both ways") {
  Scene scene;
  const Walk walk = make_walk(*scene.skeleton, 31, true, 5);
  const ClipId walking = scene.world.add_clip(walk.clip, walk.motion);
  for (const float speed : {1.0f, -2.0f}) {
    CharacterDesc desc;
    desc.skeleton = scene.skeleton;
    desc.root_motion = RootMotionMode::move;
    desc.placement.translation = Vec3(3.0f, 0.0f, -1.0f);
    desc.placement.rotation = exp_rotation(Vec3(0.0f, 1.1f, 0.0f));
    const CharacterId id = scene.world.create(desc).value();
    REQUIRE(scene.world.play(id, {walking, 0.25, speed}).ok());
    for (int i = 0; i < 200; ++i) step(scene.world, kFrame_s);
    const float end = 0.25f + speed * static_cast<float>(200 * kFrame_s);
    const Transform expected = desc.placement * root_delta(*walk.motion, 0.25f, end);
    const Transform is = scene.world.placement(id);
    // 200 products of float transforms over some metres.
    CHECK(glm::length(is.translation - expected.translation) < 1e-3f);
    CHECK(std::abs(glm::dot(is.rotation, expected.rotation)) > 1.0f - 1e-5f);
    CHECK(glm::length(expected.translation - desc.placement.translation) > 2.0f);
  }
}

TEST_CASE("root motion of a one-off clip: clamped it stops, looped by the player it goes on") {
  Scene scene;
  const Walk once = make_walk(*scene.skeleton, 31, false, 5);
  const ClipId clip = scene.world.add_clip(once.clip, once.motion);
  const auto way = [&](Wrap wrap, float speed, double start, double frame_s, int frames) {
    const CharacterId id = scene.add();
    scene.world.set_root_motion(id, RootMotionMode::move);
    REQUIRE(scene.world.play(id, {clip, start, speed, wrap}).ok());
    for (int i = 0; i < frames; ++i) step(scene.world, frame_s);
    const Transform end = scene.world.placement(id);
    scene.world.destroy(id);
    return end;
  };
  const Transform lap = root_delta(*once.motion, 0.0f, 1.0f);
  const auto near = [](const Transform& a, const Transform& b) {
    return glm::length(a.translation - b.translation) < 2e-3f &&
           std::abs(glm::dot(a.rotation, b.rotation)) > 1.0f - 1e-5f;
  };
  CHECK(near(way(Wrap::clamp, 1.0f, 0.0, 0.1, 30), lap));
  const Transform two_and_a_half = lap * lap * root_delta(*once.motion, 0.0f, 0.5f);
  CHECK(near(way(Wrap::loop, 1.0f, 0.0, 0.01, 250), two_and_a_half));
  CHECK(near(way(Wrap::loop, 1.0f, 0.0, 2.5, 1), two_and_a_half));
  const Transform back =
      root_delta(*once.motion, 0.5f, 0.0f) * inverse(lap) * root_delta(*once.motion, 1.0f, 0.25f);
  CHECK(near(way(Wrap::loop, -1.0f, 0.5, 0.01, 225), back));
  CHECK(near(way(Wrap::loop, -1.0f, 0.5, 2.25, 1), back));
}

TEST_CASE("root motion left in the pose shows the original clip, dropped it stays in place") {
  Scene scene;
  const Walk walk = make_walk(*scene.skeleton, 31, true, 1);  // as Scene's own walk clip
  const ClipId walking = scene.world.add_clip(walk.clip, walk.motion);
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {walking, 0.4}).ok());
  step(scene.world, 0.2);
  CHECK(distance(scene.world.models(id), scene.reference(*scene.walk_clip, 0.6f)) < 1e-3f);
  CHECK(scene.world.placement(id).translation == Vec3(0.0f));
  CHECK(scene.world.set_root_motion(id, RootMotionMode::in_place));
  step(scene.world, 0.0);
  CHECK(difference(scene.world.models(id), scene.reference(*walk.clip, 0.6f)) < 1e-5f);
  CHECK_FALSE(scene.world.set_root_motion(id, static_cast<RootMotionMode>(7)));
}

TEST_CASE("a crossfade goes over from the one root motion to the other") {
  Scene scene;
  const Walk walk = make_walk(*scene.skeleton, 31, true, 5);
  const ClipId walking = scene.world.add_clip(walk.clip, walk.motion);
  const ClipId standing = scene.world.add_clip(walk.clip);
  const CharacterId id = scene.add();
  scene.world.set_root_motion(id, RootMotionMode::move);
  REQUIRE(scene.world.play(id, {walking}).ok());
  step(scene.world, 0.5);
  REQUIRE(scene.world.play(id, {standing}, {TransitionKind::crossfade, 0.4f}).ok());
  float last = std::numeric_limits<float>::infinity();
  for (int i = 0; i < 8; ++i) {
    const Vec3 before = scene.world.placement(id).translation;
    step(scene.world, 0.05);
    const float moved = glm::length(scene.world.placement(id).translation - before);
    CHECK(moved < last + 0.02f);
    last = moved;
  }
  CHECK(last < 1e-6f);
}
