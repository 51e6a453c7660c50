#include "canter/world/world.h"

#include <limits>

#include "canter/anim/blend.h"
#include "heap_probe.h"
#include "scene.h"

using namespace canter;
using namespace canter::test;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("an empty world steps") {
  World world;
  const StepReport report = step(world, kFrame_s);
  CHECK(report.num_stepped == 0);
  CHECK(world.trace().num_frames() == 1);
}

TEST_CASE("a new character shows its rest pose before and after a step") {
  Scene scene;
  const CharacterId id = scene.add();
  Pose rest(*scene.skeleton);
  std::vector<Mat4> expected(20);
  local_to_model(*scene.skeleton, Mat4(1.0f), rest, expected);
  CHECK(same_bits(scene.world.models(id), expected));
  step(scene.world, kFrame_s);
  CHECK(same_bits(scene.world.models(id), expected));
}

TEST_CASE("a world keeps one skeleton of a kind, however many copies come and go") {
  Scene scene;
  const CharacterId first = scene.add();
  for (int i = 0; i < 3; ++i) {
    CharacterDesc desc;
    desc.skeleton = std::make_shared<const Skeleton>(*scene.skeleton);
    const std::weak_ptr<const Skeleton> copy = desc.skeleton;
    const CharacterId id = scene.world.create(desc).value();
    desc.skeleton.reset();
    CHECK_FALSE(copy.expired());
    CHECK(scene.world.destroy(id));
    CHECK(copy.expired());
  }
  CHECK(scene.world.alive(first));
}

TEST_CASE("a playing character shows the clip's pose, at every speed and both wraps") {
  for (const float speed : {1.0f, -1.0f, 0.0f, 5.0f, -5.0f, 0.3f}) {
    for (const Wrap wrap : {Wrap::as_clip, Wrap::loop, Wrap::clamp}) {
      for (const bool looping_clip : {true, false}) {
        Scene scene;
        const CharacterId id = scene.add();
        const Clip& clip = looping_clip ? *scene.walk_clip : *scene.wave_clip;
        const bool loops = wrap == Wrap::loop || (wrap == Wrap::as_clip && looping_clip);
        REQUIRE(
            scene.world.play(id, {looping_clip ? scene.walk : scene.wave, 0.25, speed, wrap}).ok());
        double t = 0.25;
        for (int i = 0; i < 200; ++i) {
          step(scene.world, kFrame_s);
          t += kFrame_s * static_cast<double>(speed);
        }
        const auto duration = static_cast<double>(clip.duration_s());
        if (loops) {
          t -= std::floor(t / duration) * duration;
        } else {
          t = std::clamp(t, 0.0, duration - (looping_clip ? 1e-6 : 0.0));
        }
        CAPTURE(speed);
        CAPTURE(t);
        // 200 additions in double and one rounding to float: far below a micrometre.
        CHECK(difference(scene.world.models(id), scene.reference(clip, static_cast<float>(t))) <
              1e-5f);
      }
    }
  }
}

TEST_CASE("one long step and many short ones end in the same pose") {
  Scene a;
  Scene b;
  const CharacterId in_a = a.add();
  const CharacterId in_b = b.add();
  REQUIRE(a.world.play(in_a, {a.walk}).ok());
  REQUIRE(b.world.play(in_b, {b.walk}).ok());
  for (int i = 0; i < 210; ++i) step(a.world, 1.0 / 120.0);
  step(b.world, 1.75);
  CHECK(difference(a.world.models(in_a), b.world.models(in_b)) < 1e-5f);
  CHECK(a.world.clock().num_steps == 210);
}

TEST_CASE("seek, pause and a step of zero scrub") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk}).ok());
  CHECK(scene.world.set_paused(id, true));
  for (const double t : {0.9, 0.1, 0.5}) {
    CHECK(scene.world.seek(id, t));
    step(scene.world, kFrame_s);
    CHECK(same_bits(scene.world.models(id),
                    scene.reference(*scene.walk_clip, static_cast<float>(t))));
  }
  CHECK(scene.world.set_paused(id, false));
  CHECK(scene.world.seek(id, 0.7));
  step(scene.world, 0.0);
  CHECK(same_bits(scene.world.models(id), scene.reference(*scene.walk_clip, 0.7f)));
  CHECK_FALSE(scene.world.seek(id, std::numeric_limits<double>::infinity()));
}

TEST_CASE("a crossfade starts at the old motion and ends at the new") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk}).ok());
  step(scene.world, 0.5);
  const std::vector<Mat4> before = copy_of(scene.world.models(id));
  REQUIRE(scene.world.play(id, {scene.wave}, {TransitionKind::crossfade, 0.2f}).ok());
  step(scene.world, 0.0);
  CHECK(difference(scene.world.models(id), before) < 1e-5f);
  // No frame on the way is farther from the one before than the motions themselves move.
  std::vector<Mat4> last = before;
  for (int i = 0; i < 24; ++i) {
    step(scene.world, 0.01);
    CHECK(difference(scene.world.models(id), last) < 0.2f);
    last = copy_of(scene.world.models(id));
  }
  CHECK(difference(last, scene.reference(*scene.wave_clip, 0.24f)) < 1e-5f);
}

TEST_CASE("layers: a mask decides which joints change, weight fades, additive adds") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk}).ok());
  scene.world.set_paused(id, true);
  std::vector<float> weights(20, 0.0f);
  weights[19] = 1.0f;
  const MaskId mask = scene.world.add_mask(*scene.skeleton, weights).value();
  const std::vector<Mat4> base = scene.reference(*scene.walk_clip, 0.0f);

  Layer layer;
  layer.playback = {scene.wave, 0.4, 0.0f};
  layer.mask = mask;
  REQUIRE(scene.world.set_layer(id, 0, layer).ok());
  step(scene.world, kFrame_s);
  const std::vector<Mat4> masked = copy_of(scene.world.models(id));
  CHECK(difference(std::span(masked).first(19), std::span(base).first(19)) < 1e-5f);
  CHECK(difference(std::span(masked).last(1), std::span(base).last(1)) > 1e-3f);

  // A mask of a half at a weight of a half is a quarter of the layer.
  std::fill(weights.begin(), weights.end(), 0.5f);
  layer.mask = scene.world.add_mask(*scene.skeleton, weights).value();
  layer.weight = 0.5f;
  REQUIRE(scene.world.set_layer(id, 0, layer).ok());
  step(scene.world, kFrame_s);
  Pose walking(*scene.skeleton);
  Pose waving(*scene.skeleton);
  sample(*scene.walk_clip, 0.0f, walking);
  sample(*scene.wave_clip, 0.4f, waving);
  blend(walking, waving, 0.25f, walking);
  std::vector<Mat4> quarter(20);
  local_to_model(*scene.skeleton, Mat4(1.0f), walking, quarter);
  CHECK(difference(scene.world.models(id), quarter) < 1e-5f);

  // Without a mask and at full weight the layer is all there is.
  layer.mask = {};
  layer.weight = 1.0f;
  REQUIRE(scene.world.set_layer(id, 0, layer).ok());
  step(scene.world, kFrame_s);
  CHECK(difference(scene.world.models(id), scene.reference(*scene.wave_clip, 0.4f)) < 1e-5f);

  // Fading out over 0.1 s leaves nothing.
  Layer off;
  off.mode = LayerMode::off;
  off.fade_s = 0.1f;
  scene.world.set_paused(id, false);
  REQUIRE(scene.world.set_speed(id, 0.0f));
  REQUIRE(scene.world.set_layer(id, 0, off).ok());
  step(scene.world, 0.05);
  CHECK(difference(scene.world.models(id), base) > 1e-3f);
  step(scene.world, 0.06);
  CHECK(difference(scene.world.models(id), base) < 1e-5f);
  CHECK(scene.world.state(id)->layers[0].mode == LayerMode::off);

  // An additive layer at its own first frame adds nothing; later it does.
  layer.mode = LayerMode::additive;
  layer.playback.time_s = 0.0;
  REQUIRE(scene.world.set_layer(id, 3, layer).ok());
  step(scene.world, 0.0);
  CHECK(difference(scene.world.models(id), base) < 1e-5f);
  layer.playback.time_s = 0.3;
  REQUIRE(scene.world.set_layer(id, 3, layer).ok());
  step(scene.world, 0.0);
  CHECK(difference(scene.world.models(id), base) > 1e-3f);
}

TEST_CASE("bad calls are refused with a reason and change nothing") {
  Scene scene;
  const CharacterId id = scene.add();
  World& w = scene.world;
  const Skeleton other = synthetic_skeleton(7);
  const ClipId foreign = w.add_clip(make_clip(other, 31, true, 1));
  CHECK(w.play(id, {foreign}).error().message.find("another skeleton") != std::string::npos);
  CHECK_FALSE(w.play(id, {ClipId{99, 1}}).ok());
  CHECK_FALSE(w.play(id, {scene.walk, 0.0, 5.1f}).ok());
  CHECK_FALSE(w.play(id, {scene.walk, 0.0, kNaN}).ok());
  CHECK_FALSE(w.play(id, {scene.walk, static_cast<double>(kNaN)}).ok());
  CHECK_FALSE(w.play(id, {scene.walk}, {TransitionKind::crossfade, -1.0f}).ok());
  CHECK_FALSE(w.play(id, {scene.walk}, {TransitionKind::crossfade, kNaN}).ok());
  CHECK_FALSE(w.play({}, {scene.walk}).ok());
  CHECK_FALSE(w.set_speed(id, 6.0f));
  CHECK_FALSE(w.set_speed(id, kNaN));
  Layer layer;
  layer.playback.clip = scene.walk;
  CHECK_FALSE(w.set_layer(id, kMaxLayers, layer).ok());
  CHECK_FALSE(w.set_layer(id, -1, layer).ok());
  layer.weight = 1.5f;
  CHECK_FALSE(w.set_layer(id, 0, layer).ok());
  layer.weight = 1.0f;
  layer.mask = w.add_mask(other, std::vector<float>(7, 1.0f)).value();
  CHECK_FALSE(w.set_layer(id, 0, layer).ok());
  CHECK_FALSE(w.add_mask(other, std::vector<float>(6, 1.0f)).ok());
  CHECK_FALSE(w.add_mask(other, std::vector<float>(7, kNaN)).ok());
  Transform placement;
  placement.translation.x = kNaN;
  CHECK_FALSE(w.set_placement(id, placement));
  CHECK_FALSE(w.create({}).ok());
  CHECK(w.state(id)->play == PlayState{});
  for (const LayerState& l : w.state(id)->layers) CHECK(l.mode == LayerMode::off);
}

TEST_CASE("a bad dt counts as zero and is reported") {
  Scene scene;
  const CharacterId id = scene.add();
  REQUIRE(scene.world.play(id, {scene.walk}).ok());
  for (const double dt : {-1.0, static_cast<double>(kNaN), HUGE_VAL}) {
    CHECK(step(scene.world, dt).bad_dt);
    CHECK(scene.world.state(id)->play.time_s == 0.0);
  }
  CHECK_FALSE(step(scene.world, 0.0).bad_dt);
}

TEST_CASE("handles of the dead never match again") {
  Scene scene;
  const CharacterId first = scene.add();
  CHECK(scene.world.destroy(first));
  CHECK_FALSE(scene.world.destroy(first));
  const CharacterId second = scene.add();
  CHECK(second.index1 == first.index1);
  CHECK(second != first);
  CHECK_FALSE(scene.world.alive(first));
  CHECK(scene.world.models(first).empty());
  CHECK(scene.world.state(first) == nullptr);
  CHECK_FALSE(scene.world.alive(CharacterId{}));
  CHECK_FALSE(scene.world.alive(CharacterId{4000000, 1}));
  CHECK(scene.world.remove_clip(scene.walk));
  CHECK_FALSE(scene.world.remove_clip(scene.walk));
  const ClipId again = scene.world.add_clip(scene.walk_clip);
  CHECK(again.index1 == scene.walk.index1);
  CHECK(scene.world.clip(scene.walk) == nullptr);
  CHECK(scene.world.clip(again) == scene.walk_clip.get());
}

TEST_CASE("a full world refuses and goes on") {
  WorldDesc desc;
  desc.max_characters = 3;
  Scene scene(desc);
  for (int i = 0; i < 3; ++i) scene.add();
  CharacterDesc one_more;
  one_more.skeleton = scene.skeleton;
  CHECK(scene.world.create(one_more).error().code == ErrorCode::limit);
  CHECK(step(scene.world, kFrame_s).num_stepped == 3);
}

TEST_CASE("a broken character is parked with its reason, the others go on") {
  Scene scene;
  const CharacterId good = scene.add();
  CharacterDesc desc;
  desc.skeleton = scene.skeleton;
  bool broken = false;
  desc.pose_hook.user = &broken;
  desc.pose_hook.adjust = [](void* user, CharacterId, const Skeleton&, PoseView pose) {
    if (*static_cast<bool*>(user)) pose.translations[5].y = kNaN;
  };
  const CharacterId bad = scene.world.create(desc).value();
  const ClipId doomed = scene.world.add_clip(scene.walk_clip);
  const CharacterId orphan = scene.add();
  REQUIRE(scene.world.play(good, {scene.walk}).ok());
  REQUIRE(scene.world.play(bad, {scene.walk}).ok());
  REQUIRE(scene.world.play(orphan, {doomed}).ok());
  CHECK(step(scene.world, kFrame_s).num_stepped == 3);
  const std::vector<Mat4> last_good = copy_of(scene.world.models(bad));

  broken = true;
  scene.world.remove_clip(doomed);
  StepReport report = step(scene.world, kFrame_s);
  CHECK(report.newly_parked == 2);
  CHECK(report.num_stepped == 1);
  report = step(scene.world, kFrame_s);
  CHECK(report.newly_parked == 0);
  CHECK(report.num_parked == 2);
  CHECK(scene.world.state(bad)->parked == ParkReason::non_finite_pose);
  CHECK(scene.world.state(orphan)->parked == ParkReason::missing_clip);
  CHECK(same_bits(scene.world.models(bad), last_good));
  CHECK(difference(scene.world.models(good),
                   scene.reference(*scene.walk_clip, static_cast<float>(3 * kFrame_s))) < 1e-5f);

  broken = false;
  CHECK(scene.world.resume(bad));
  REQUIRE(scene.world.play(orphan, {scene.wave}).ok());
  CHECK(step(scene.world, kFrame_s).num_stepped == 3);
}

TEST_CASE("a warmed-up frame does not touch the heap") {
  Scene scene;
  for (int i = 0; i < 12; ++i) {
    const CharacterId id = scene.add();
    REQUIRE(scene.world.play(id, {scene.walk, 0.1 * i}).ok());
    Layer layer;
    layer.playback.clip = scene.wave;
    layer.mode = i % 2 == 0 ? LayerMode::additive : LayerMode::replace;
    layer.weight = 0.5f;
    REQUIRE(scene.world.set_layer(id, 1, layer).ok());
  }
  for (int i = 0; i < 10; ++i) step(scene.world, kFrame_s);
  const HeapProbe probe;
  for (int i = 0; i < 300; ++i) {
    step(scene.world, kFrame_s);
    if (i % 50 != 0) continue;
    // Control is part of a frame too.
    const bool ok =
        scene.world.play({1, 1}, {scene.wave}, {TransitionKind::crossfade, 0.3f}).ok() &&
        scene.world.seek({2, 1}, 0.3) && scene.world.set_speed({3, 1}, -2.0f);
    if (!ok) break;
  }
  CHECK(probe.count() == 0);
}

TEST_CASE("results do not depend on the number of threads") {
  const auto run = [](const Jobs& jobs, int workers) {
    WorldDesc desc;
    desc.max_characters = 100;
    desc.jobs = jobs;
    desc.max_workers = workers;
    Scene scene(desc);
    for (int i = 0; i < 100; ++i) {
      const CharacterId id = scene.add();
      REQUIRE(scene.world.play(id, {i % 3 == 0 ? scene.wave : scene.walk, 0.01 * i}).ok());
    }
    for (int i = 0; i < 20; ++i) {
      step(scene.world, kFrame_s);
      if (i == 10)
        for (std::uint32_t c = 0; c < 100; c += 7)
          REQUIRE(
              scene.world.play({c + 1, 1}, {scene.walk}, {TransitionKind::crossfade, 0.1f}).ok());
    }
    std::vector<Mat4> all;
    for (int i = 0; i < 100; ++i) {
      const std::span<const Mat4> models = scene.world.models(scene.world.character_at(i));
      all.insert(all.end(), models.begin(), models.end());
    }
    return all;
  };
  const std::vector<Mat4> one = run({}, 1);
  CHECK(one.size() == 2000);
  CHECK(same_bits(one, run({}, 8)));
  CHECK(same_bits(one, run(threads(), 2)));
  CHECK(same_bits(one, run(threads(), 8)));
}

TEST_CASE("the trace has a row for every stage of the frame") {
  Scene scene;
  REQUIRE(scene.world.play(scene.add(), {scene.walk}).ok());
  for (int i = 0; i < 5; ++i) step(scene.world, kFrame_s);
  const Trace& trace = scene.world.trace();
  CHECK(trace.num_frames() == 5);
  const std::vector<std::string> stages = {"sample",   "observe", "infer", "drive",
                                           "simulate", "pose",    "model", "phase"};
  REQUIRE(trace.num_stages() == static_cast<int>(stages.size()));
  for (int i = 0; i < trace.num_stages(); ++i)
    CHECK(trace.stage_name(i) == stages[static_cast<std::size_t>(i)]);
  CHECK(trace.stats(0).max_us > 0.0);
  CHECK(trace.stats(6).max_us > 0.0);
  CHECK(trace.stats(4).max_us == 0.0);  // nobody has a body
  CHECK(trace.stats(7).max_us == 0.0);  // nor a phase
}

TEST_CASE("a character of 67 joints fits into 5 kB") {
  CHECK(World::character_bytes(synthetic_skeleton(67)) <= 5000);
}

TEST_CASE("the fixed clock gives whole steps and an interpolation weight") {
  FixedClock clock;
  int steps = 0;
  for (int i = 0; i < 600; ++i) steps += clock.advance(1.0 / 60.0);
  CHECK(steps == 1200);
  CHECK(clock.advance(1.0 / 180.0) == 0);
  CHECK(clock.alpha() == doctest::Approx(2.0 / 3.0).epsilon(1e-6));
  CHECK(clock.advance(10.0) == clock.max_steps_per_frame);
  CHECK(clock.dropped_steps == 1200 - clock.max_steps_per_frame);
}
