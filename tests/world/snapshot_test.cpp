#include "canter/world/snapshot.h"

#include <array>
#include <random>

#include "heap_probe.h"
#include "scene.h"

using namespace canter;
using namespace canter::test;

namespace {

std::vector<std::byte> saved(const World& world) {
  std::vector<std::byte> bytes(snapshot_size(world));
  REQUIRE(save(world, bytes).value() == bytes.size());
  return bytes;
}

std::vector<std::byte> saved(const World& world, CharacterId id) {
  std::vector<std::byte> bytes(snapshot_size(world, id));
  REQUIRE(save(world, id, bytes).value() == bytes.size());
  return bytes;
}

// Five characters in the middle of everything a character can be in the middle of.
std::vector<CharacterId> populate(Scene& scene) {
  std::vector<CharacterId> ids;
  for (int i = 0; i < 5; ++i) {
    const CharacterId id = scene.add();
    ids.push_back(id);
    REQUIRE(scene.world.play(id, {scene.walk, 0.1 * i, 1.0f + 0.3f * static_cast<float>(i)}).ok());
  }
  for (int i = 0; i < 7; ++i) step(scene.world, 0.013);
  REQUIRE(scene.world.play(ids[1], {scene.wave}, {TransitionKind::crossfade, 0.5f}).ok());
  Layer layer;
  layer.playback = {scene.wave, 0.2, -0.7f, Wrap::loop};
  layer.mode = LayerMode::additive;
  layer.weight = 0.8f;
  layer.fade_s = 0.4f;
  REQUIRE(scene.world.set_layer(ids[2], 1, layer).ok());
  scene.world.set_paused(ids[3], true);
  REQUIRE(scene.world.play(ids[4], {scene.wave}, {TransitionKind::inertialize, 0.4f}).ok());
  for (int i = 0; i < 5; ++i) step(scene.world, 0.017);
  return ids;
}

void run(Scene& scene) {
  for (int i = 0; i < 40; ++i) step(scene.world, 0.011);
}

}  // namespace

TEST_CASE("save, step, restore, step gives equal bits") {
  Scene scene;
  populate(scene);
  const std::vector<std::byte> before = saved(scene.world);
  run(scene);
  const std::vector<std::byte> after = saved(scene.world);
  CHECK(after != before);
  REQUIRE(restore(scene.world, before).ok());
  CHECK(saved(scene.world) == before);
  run(scene);
  CHECK(saved(scene.world) == after);
}

TEST_CASE("a snapshot continues in another world with the same assets") {
  Scene a;
  const std::vector<CharacterId> ids = populate(a);
  const std::vector<std::byte> before = saved(a.world);
  run(a);
  Scene b;
  b.add();  // makes the skeleton known; the character itself goes with the restore
  b.add();
  REQUIRE(restore(b.world, before).ok());
  CHECK(b.world.num_characters() == 5);
  run(b);
  CHECK(saved(a.world) == saved(b.world));
  CHECK(same_bits(a.world.models(ids[2]), b.world.models(ids[2])));
}

TEST_CASE("a transition under way is part of the snapshot, and needs room where it is restored") {
  Scene scene;
  const std::vector<CharacterId> ids = populate(scene);
  REQUIRE(scene.world.state(ids[4])->transition_slot1 != 0);
  const std::vector<std::byte> bytes = saved(scene.world, ids[4]);
  CHECK(bytes.size() > saved(scene.world, ids[0]).size());
  run(scene);
  const std::vector<Mat4> after = copy_of(scene.world.models(ids[4]));
  CHECK(scene.world.state(ids[4])->transition_slot1 == 0);
  REQUIRE(restore(scene.world, ids[0], bytes).ok());
  CHECK(saved(scene.world, ids[0]).size() == bytes.size());
  run(scene);
  CHECK(same_bits(scene.world.models(ids[0]), after));

  WorldDesc none;
  none.max_transitions = 0;
  Scene tight(none);
  const CharacterId id = tight.add();
  CHECK(restore(tight.world, id, bytes).error().message.find("max_transitions") !=
        std::string::npos);
}

TEST_CASE("one character is rewound, or forked onto another, alone and without the heap") {
  Scene scene;
  const std::vector<CharacterId> ids = populate(scene);
  std::vector<std::byte> bytes = saved(scene.world, ids[1]);
  const HeapProbe probe;
  const bool saves = save(scene.world, ids[1], bytes).ok();
  run(scene);
  const std::span<const Mat4> models = scene.world.models(ids[1]);
  std::array<Mat4, 20> after;
  std::copy(models.begin(), models.end(), after.begin());
  const bool restores =
      restore(scene.world, ids[1], bytes).ok() && restore(scene.world, ids[4], bytes).ok();
  run(scene);
  CHECK(probe.count() == 0);
  CHECK(saves);
  CHECK(restores);
  CHECK(same_bits(scene.world.models(ids[1]), after));
  CHECK(same_bits(scene.world.models(ids[4]), after));
}

TEST_CASE("restoring brings back the destroyed, removes the new, and their handles stay dead") {
  Scene scene;
  const std::vector<CharacterId> ids = populate(scene);
  const std::vector<std::byte> before = saved(scene.world);
  REQUIRE(scene.world.destroy(ids[0]));
  const CharacterId in_its_place = scene.add();
  const CharacterId sixth = scene.add();
  CHECK(in_its_place.index1 == ids[0].index1);
  REQUIRE(restore(scene.world, before).ok());
  CHECK(scene.world.num_characters() == 5);
  CHECK(scene.world.alive(ids[0]));
  CHECK_FALSE(scene.world.alive(in_its_place));
  CHECK_FALSE(scene.world.alive(sixth));
  CHECK(saved(scene.world) == before);
  // A generation given out before the restore is not given out again after it.
  REQUIRE(scene.world.destroy(ids[0]));
  const CharacterId next = scene.add();
  CHECK(next.index1 == ids[0].index1);
  CHECK(next != in_its_place);
  CHECK_FALSE(scene.world.alive(in_its_place));
  CHECK(scene.add() != sixth);
}

TEST_CASE("snapshots of something else are refused and change nothing") {
  Scene scene;
  const std::vector<CharacterId> ids = populate(scene);
  const std::vector<std::byte> before = saved(scene.world);
  const std::vector<std::byte> one = saved(scene.world, ids[0]);
  World& w = scene.world;
  CHECK_FALSE(restore(w, one).ok());
  CHECK_FALSE(restore(w, ids[0], before).ok());
  CHECK_FALSE(restore(w, CharacterId{}, one).ok());
  CHECK_FALSE(save(w, CharacterId{}, std::span<std::byte>()).ok());
  std::vector<std::byte> small(one.size() - 1);
  CHECK_FALSE(save(w, ids[0], small).ok());

  // Another skeleton, and a world too small.
  Scene other({}, 9);
  const CharacterId stranger = other.add();
  CHECK(restore(other.world, stranger, one).error().message.find("another skeleton") !=
        std::string::npos);
  CHECK(restore(other.world, before).error().message.find("never seen") != std::string::npos);
  WorldDesc tight;
  tight.max_characters = 4;
  Scene small_scene(tight);
  small_scene.add();
  CHECK(restore(small_scene.world, before).error().code == ErrorCode::limit);
  WorldDesc faster;
  faster.fixed_rate_hz = 240.0;
  Scene fast(faster);
  fast.add();
  CHECK_FALSE(restore(fast.world, before).ok());
  CHECK(saved(w) == before);
}

TEST_CASE("a snapshot with a number that no call could have put there is refused") {
  Scene scene;
  const std::vector<CharacterId> ids = populate(scene);
  const std::vector<std::byte> good = saved(scene.world, ids[0]);
  const std::size_t state_at = good.size() - World::character_bytes(*scene.skeleton);
  const auto accepts = [&](auto&& spoil) {
    std::vector<std::byte> bytes = good;
    CharacterState state;
    std::memcpy(&state, bytes.data() + state_at, sizeof state);
    spoil(state);
    std::memcpy(bytes.data() + state_at, &state, sizeof state);
    return restore(scene.world, ids[0], bytes).ok();
  };
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  using State = CharacterState;
  CHECK(accepts([](State&) {}));
  CHECK_FALSE(accepts([](State& s) { s.play.time_s = static_cast<double>(kNaN); }));
  CHECK_FALSE(accepts([](State& s) { s.play.speed = 5.5f; }));
  CHECK_FALSE(accepts([](State& s) { s.previous.wrap = static_cast<Wrap>(3); }));
  CHECK_FALSE(accepts([](State& s) { s.fade_s = kNaN; }));
  CHECK_FALSE(accepts([](State& s) { s.fade_duration_s = -1.0f; }));
  CHECK_FALSE(accepts([](State& s) { s.transition_s = kNaN; }));
  CHECK_FALSE(accepts([](State& s) { s.transition_duration_s = 99.0f; }));
  CHECK_FALSE(accepts([](State& s) { s.transition_slot1 = 1; }));
  CHECK_FALSE(accepts([](State& s) { s.placement.translation.z = kNaN; }));
  CHECK_FALSE(accepts([](State& s) { s.placement.rotation = Quat(0, 0, 0, 0); }));
  CHECK_FALSE(accepts([](State& s) { s.root_motion = static_cast<RootMotionMode>(3); }));
  CHECK_FALSE(accepts([](State& s) { s.parked = static_cast<ParkReason>(7); }));
  CHECK_FALSE(accepts([](State& s) { s.paused = 2; }));
  CHECK_FALSE(accepts([](State& s) { s.layers[3].mode = static_cast<LayerMode>(3); }));
  CHECK_FALSE(accepts([](State& s) { s.layers[0].weight = kNaN; }));
  CHECK_FALSE(accepts([](State& s) { s.layers[1].target_weight = 3.0f; }));
  CHECK_FALSE(accepts([](State& s) { s.layers[2].weight_per_s = -1.0f; }));
  CHECK_FALSE(accepts([](State& s) { s.layers[2].play.speed = kNaN; }));
}

TEST_CASE("truncated and damaged snapshots never harm") {
  Scene scene;
  const std::vector<CharacterId> ids = populate(scene);
  const std::size_t stride = snapshot_size(scene.world, ids[0]);
  const std::vector<std::byte> good = saved(scene.world);
  for (std::size_t n = 0; n < good.size(); n += 7)
    CHECK_FALSE(restore(scene.world, std::span(good).first(n)).ok());
  std::vector<std::byte> longer = good;
  longer.push_back({});
  CHECK_FALSE(restore(scene.world, longer).ok());
  CHECK(saved(scene.world) == good);

  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  CAPTURE(kSeed);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::byte> bad = good;
    for (int k = 0; k < 3; ++k) {
      // Mostly the states, which lie at the front of each character's part.
      const std::size_t character = stride * (random() % 5);
      bad[56 + character + random() % 400] ^= static_cast<std::byte>(1u << (random() % 8));
    }
    if (!restore(scene.world, bad).ok()) ++refused;
    step(scene.world, 0.01);
  }
  MESSAGE("refused " << refused << " of 20000");
  CHECK(refused > 5000);
  REQUIRE(restore(scene.world, good).ok());
  CHECK(saved(scene.world) == good);
}
