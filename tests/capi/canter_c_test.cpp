#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "canter/world/world.h"
#include "capi/context.h"
#include "heap_probe.h"
#include "host.h"

using namespace canter;
using namespace canter::test;

extern "C" int canter_test_c11_layout_fits(void);

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a C host sees the poses that the C++ world makes") {
  Host host;
  const canter_character c = host.add();
  REQUIRE(host.play(c, 1.5f) == CANTER_STATUS_OK);
  canter_update_report report = canter_update_report_default();
  for (int i = 0; i < 25; ++i)
    REQUIRE(canter_world_update(host.context, host.world, 1.0 / 60.0, &report) == CANTER_STATUS_OK);
  CHECK(report.num_updated == 1);

  World world;
  const ClipFile file = load_clip_file(host.bytes).value();
  CharacterDesc desc;
  desc.skeleton = std::make_shared<const Skeleton>(file.skeleton);
  const CharacterId id = world.create(desc).value();
  const ClipId clip = world.add_clip(std::make_shared<const Clip>(file.clip));
  REQUIRE(world.play(id, {clip, 0.0, 1.5f}).ok());
  for (int i = 0; i < 25; ++i) step(world, 1.0 / 60.0);
  const std::vector<float> models = host.models(c);
  REQUIRE(models.size() == 16 * 20);
  CHECK(std::memcmp(models.data(), world.models(id).data(), models.size() * sizeof(float)) == 0);
}

TEST_CASE("skeleton and clip answer what they are") {
  Host host;
  const Skeleton expected = synthetic_skeleton(20);
  std::uint32_t n = 0;
  CHECK(canter_skeleton_num_joints(host.context, host.skeleton, &n) == CANTER_STATUS_OK);
  CHECK(n == 20);
  std::vector<std::int32_t> parents(5, -9);
  CHECK(canter_skeleton_parents(host.context, host.skeleton, parents.data(), 4, &n) ==
        CANTER_STATUS_OK);
  CHECK(n == 20);
  for (int j = 0; j < 4; ++j) CHECK(parents[static_cast<std::size_t>(j)] == expected.parent(j));
  CHECK(parents[4] == -9);
  std::vector<canter_transform> rest(20);
  CHECK(canter_skeleton_rest_pose(host.context, host.skeleton, rest.data(), 20, nullptr) ==
        CANTER_STATUS_OK);
  CHECK(rest[1].translation[1] == expected.rest_pose()[1].translation.y);
  CHECK(rest[1].rotation[3] == 1.0f);
  const char* name = nullptr;
  CHECK(canter_skeleton_joint_name(host.context, host.skeleton, 6, &name) == CANTER_STATUS_OK);
  CHECK(std::string(name) == expected.name(6));
  CHECK(canter_skeleton_joint_name(host.context, host.skeleton, 20, &name) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(name == nullptr);
  std::int32_t joint = 0;
  CHECK(canter_skeleton_find_joint(host.context, host.skeleton, "head", &joint) ==
        CANTER_STATUS_OK);
  CHECK(joint == expected.find("head"));
  CHECK(canter_skeleton_find_joint(host.context, host.skeleton, "tail", &joint) ==
        CANTER_STATUS_OK);
  CHECK(joint == -1);
  canter_clip_info info = canter_clip_info_default();
  CHECK(canter_clip_get_info(host.context, host.clip, &info) == CANTER_STATUS_OK);
  CHECK(info.num_joints == 20);
  CHECK(info.num_frames == 31);
  CHECK(info.duration_s == 1.0f);
  CHECK(info.loops == 1);
  CHECK(info.bytes > 0);
}

TEST_CASE("bad data is refused with its reason") {
  Host host;
  canter_skeleton s{7, 7};
  CHECK(canter_skeleton_load(host.context, host.bytes.data(), 10, &s) == CANTER_STATUS_BAD_DATA);
  CHECK(s.index1 == 0);
  CHECK(contains(host.error(), "canter_skeleton_load: "));
  CHECK(canter_skeleton_load(host.context, nullptr, 10, &s) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_skeleton_load(host.context, nullptr, 0, &s) == CANTER_STATUS_BAD_DATA);
  CHECK(canter_skeleton_load(host.context, host.bytes.data(), host.bytes.size(), nullptr) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  const std::vector<std::byte> foreign = clip_bytes(7, 10);
  canter_clip clip{7, 7};
  CHECK(canter_clip_load(host.context, host.skeleton, foreign.data(), foreign.size(), &clip) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(clip.index1 == 0);
  CHECK(contains(host.error(), "another skeleton"));
}

TEST_CASE("bad handles give a status and dead ones never match again") {
  Host host;
  const canter_character c = host.add();
  CHECK(canter_character_destroy(host.context, c) == CANTER_STATUS_OK);
  CHECK(canter_character_destroy(host.context, c) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(contains(host.error(), "stale"));
  const canter_character again = host.add();
  CHECK(again.index1 == c.index1);
  CHECK(host.play(c) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(host.play(again) == CANTER_STATUS_OK);
  CHECK(host.play(canter_character{}) == CANTER_STATUS_INVALID_HANDLE);

  // A second clip in the place of the first.
  CHECK(canter_clip_destroy(host.context, host.clip) == CANTER_STATUS_OK);
  canter_clip second{};
  CHECK(canter_clip_load(host.context, host.skeleton, host.bytes.data(), host.bytes.size(),
                         &second) == CANTER_STATUS_OK);
  CHECK(second.index1 == host.clip.index1);
  CHECK(host.play(again) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(canter_clip_destroy(host.context, host.clip) == CANTER_STATUS_INVALID_HANDLE);
  host.clip = second;
  CHECK(host.play(again) == CANTER_STATUS_OK);

  CHECK(canter_skeleton_destroy(host.context, host.skeleton) == CANTER_STATUS_OK);
  std::uint32_t n = 0;
  CHECK(canter_skeleton_num_joints(host.context, host.skeleton, &n) ==
        CANTER_STATUS_INVALID_HANDLE);
  // The character keeps its skeleton alive.
  CHECK(canter_world_update(host.context, host.world, 0.1, nullptr) == CANTER_STATUS_OK);
  CHECK(host.models(again).size() == 16 * 20);

  CHECK(canter_world_destroy(host.context, host.world) == CANTER_STATUS_OK);
  CHECK(canter_world_update(host.context, host.world, 0.1, nullptr) ==
        CANTER_STATUS_INVALID_HANDLE);
  CHECK(host.play(again) == CANTER_STATUS_INVALID_HANDLE);
  canter_world next{};
  CHECK(canter_world_create(host.context, nullptr, &next) == CANTER_STATUS_OK);
  CHECK(next.index1 == host.world.index1);
  CHECK(host.play(again) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(canter_world_update(nullptr, next, 0.1, nullptr) == CANTER_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("numbers out of range are refused, one at a time") {
  Host host;
  const canter_character c = host.add();
  const auto play = [&](auto&& spoil) {
    canter_play_desc desc = canter_play_desc_default();
    desc.clip = host.clip;
    spoil(desc);
    return canter_character_play(host.context, c, &desc);
  };
  CHECK(play([](canter_play_desc&) {}) == CANTER_STATUS_OK);
  CHECK(play([](canter_play_desc& d) { d.speed = 5.5f; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(contains(host.error(), "speed"));
  CHECK(play([](canter_play_desc& d) { d.time_s = static_cast<double>(kNaN); }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(play([](canter_play_desc& d) { d.wrap = 3; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(play([](canter_play_desc& d) { d.wrap = -1; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(play([](canter_play_desc& d) { d.transition = 99; }) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(play([](canter_play_desc& d) { d.transition_duration_s = -1.0f; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(play([](canter_play_desc& d) { d.clip.generation = 9; }) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(play([](canter_play_desc& d) { d.size -= 1; }) == CANTER_STATUS_VERSION);
  CHECK(play([](canter_play_desc& d) { d.size += 8; }) == CANTER_STATUS_VERSION);
  CHECK(canter_character_play(host.context, c, nullptr) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_seek(host.context, c, HUGE_VAL) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_set_speed(host.context, c, kNaN) == CANTER_STATUS_INVALID_ARGUMENT);
  for (const double dt : {-0.1, HUGE_VAL, static_cast<double>(kNaN)})
    CHECK(canter_world_update(host.context, host.world, dt, nullptr) ==
          CANTER_STATUS_INVALID_ARGUMENT);
  canter_transform placement = canter_transform_default();
  placement.rotation[3] = 0.0f;
  CHECK(canter_character_set_placement(host.context, c, &placement) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  canter_layer_desc layer = canter_layer_desc_default();
  layer.clip = host.clip;
  CHECK(canter_character_set_layer(host.context, c, 0, &layer) == CANTER_STATUS_OK);
  CHECK(canter_character_set_layer(host.context, c, CANTER_MAX_LAYERS, &layer) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  layer.mode = 7;
  CHECK(canter_character_set_layer(host.context, c, 0, &layer) == CANTER_STATUS_INVALID_ARGUMENT);

  const auto world = [&](auto&& spoil) {
    canter_world_desc desc = canter_world_desc_default();
    spoil(desc);
    canter_world w{};
    return canter_world_create(host.context, &desc, &w);
  };
  CHECK(world([](canter_world_desc&) {}) == CANTER_STATUS_OK);
  CHECK(world([](canter_world_desc& d) { d.max_characters = 0; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(world([](canter_world_desc& d) { d.max_characters = 0xffffffffu; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(world([](canter_world_desc& d) { d.max_workers = 100000; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(world([](canter_world_desc& d) { d.latency_history = 0; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(world([](canter_world_desc& d) { d.fixed_rate_hz = 0.0; }) ==
        CANTER_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("masks, layers and the palette") {
  Host host;
  const canter_character c = host.add();
  REQUIRE(host.play(c, 0.0f) == CANTER_STATUS_OK);
  REQUIRE(canter_world_update(host.context, host.world, 0.0, nullptr) == CANTER_STATUS_OK);
  const std::vector<float> base = host.models(c);
  std::vector<float> weights(20, 0.0f);
  weights[19] = 1.0f;
  canter_mask mask{};
  CHECK(canter_mask_create(host.context, host.world, host.skeleton, weights.data(), 19, &mask) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  REQUIRE(canter_mask_create(host.context, host.world, host.skeleton, weights.data(), 20, &mask) ==
          CANTER_STATUS_OK);
  canter_layer_desc layer = canter_layer_desc_default();
  layer.clip = host.clip;
  layer.mask = mask;
  layer.time_s = 0.4;
  layer.speed = 0.0f;
  REQUIRE(canter_character_set_layer(host.context, c, 0, &layer) == CANTER_STATUS_OK);
  REQUIRE(canter_world_update(host.context, host.world, 0.0, nullptr) == CANTER_STATUS_OK);
  const std::vector<float> layered = host.models(c);
  const auto changed = [&](std::size_t joint) {
    float d = 0.0f;
    for (std::size_t i = 0; i < 16; ++i)
      d = std::max(d, std::abs(layered[16 * joint + i] - base[16 * joint + i]));
    return d;
  };
  CHECK(changed(18) < 1e-5f);
  CHECK(changed(19) > 1e-4f);

  // With identities as inverse binds the palette is the models themselves.
  const std::uint32_t joints[2] = {19, 3};
  float inverse_bind[32] = {};
  for (const std::size_t i : {0u, 5u, 10u, 15u}) inverse_bind[i] = inverse_bind[16 + i] = 1.0f;
  float palette[32];
  REQUIRE(canter_character_read_palette(host.context, c, 2, joints, inverse_bind, palette) ==
          CANTER_STATUS_OK);
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(palette[i] == doctest::Approx(layered[16 * 19 + i]));
    CHECK(palette[16 + i] == doctest::Approx(layered[16 * 3 + i]));
  }
  const std::uint32_t wrong[1] = {20};
  CHECK(canter_character_read_palette(host.context, c, 1, wrong, inverse_bind, palette) ==
        CANTER_STATUS_INVALID_ARGUMENT);

  // Destroying what is in use parks the character and says why.
  CHECK(canter_mask_destroy(host.context, host.world, mask) == CANTER_STATUS_OK);
  CHECK(canter_mask_destroy(host.context, host.world, mask) == CANTER_STATUS_INVALID_HANDLE);
  canter_update_report report = canter_update_report_default();
  REQUIRE(canter_world_update(host.context, host.world, 0.0, &report) == CANTER_STATUS_OK);
  CHECK(report.newly_parked == 1);
  canter_character_state state = canter_character_state_default();
  REQUIRE(canter_character_get_state(host.context, c, &state) == CANTER_STATUS_OK);
  CHECK(state.parked == CANTER_PARK_MISSING_CLIP);
  CHECK(contains(canter_park_reason_text(state.parked), "removed"));
  CHECK(host.models(c) == layered);
  layer = canter_layer_desc_default();
  layer.mode = CANTER_LAYER_OFF;
  REQUIRE(canter_character_set_layer(host.context, c, 0, &layer) == CANTER_STATUS_OK);
  REQUIRE(canter_character_resume(host.context, c) == CANTER_STATUS_OK);
  REQUIRE(canter_world_update(host.context, host.world, 0.0, &report) == CANTER_STATUS_OK);
  CHECK(report.num_parked == 0);
}

TEST_CASE("root motion in the file moves the placement") {
  Host host;
  RootMotion motion;
  const std::vector<std::byte> bytes = walk_bytes(20, &motion);
  canter_clip walk{};
  REQUIRE(canter_clip_load(host.context, host.skeleton, bytes.data(), bytes.size(), &walk) ==
          CANTER_STATUS_OK);
  canter_clip_info info = canter_clip_info_default();
  REQUIRE(canter_clip_get_info(host.context, walk, &info) == CANTER_STATUS_OK);
  CHECK(info.has_root_motion == 1);
  REQUIRE(canter_clip_get_info(host.context, host.clip, &info) == CANTER_STATUS_OK);
  CHECK(info.has_root_motion == 0);

  const canter_character c = host.add();
  CHECK(canter_character_set_root_motion(host.context, c, 3) == CANTER_STATUS_INVALID_ARGUMENT);
  REQUIRE(canter_character_set_root_motion(host.context, c, CANTER_ROOT_MOTION_MOVE) ==
          CANTER_STATUS_OK);
  canter_play_desc play = canter_play_desc_default();
  play.clip = walk;
  play.transition = CANTER_TRANSITION_INERTIALIZE;
  REQUIRE(canter_character_play(host.context, c, &play) == CANTER_STATUS_OK);
  for (int i = 0; i < 150; ++i)
    REQUIRE(canter_world_update(host.context, host.world, 0.01, nullptr) == CANTER_STATUS_OK);
  canter_character_state state = canter_character_state_default();
  REQUIRE(canter_character_get_state(host.context, c, &state) == CANTER_STATUS_OK);
  const Vec3 expected = root_delta(motion, 0.0f, 1.5f).translation;
  CHECK(glm::length(expected) > 1.0f);
  CHECK(std::abs(state.placement.translation[0] - expected.x) < 1e-3f);
  CHECK(std::abs(state.placement.translation[2] - expected.z) < 1e-3f);
}

TEST_CASE("latency has every stage and their sum") {
  Host host;
  REQUIRE(host.play(host.add()) == CANTER_STATUS_OK);
  for (int i = 0; i < 10; ++i)
    REQUIRE(canter_world_update(host.context, host.world, 0.01, nullptr) == CANTER_STATUS_OK);
  std::uint32_t n = 0;
  REQUIRE(canter_world_num_stages(host.context, host.world, &n) == CANTER_STATUS_OK);
  double sum_of_max = 0.0;
  canter_stage_latency row = canter_stage_latency_default();
  for (std::uint32_t s = 0; s < n; ++s) {
    REQUIRE(canter_world_latency(host.context, host.world, s, &row) == CANTER_STATUS_OK);
    CHECK(row.num_frames == 10);
    CHECK(row.name != nullptr);
    sum_of_max += row.max_us;
  }
  REQUIRE(canter_world_latency(host.context, host.world, n, &row) == CANTER_STATUS_OK);
  CHECK(std::string(row.name) == "total");
  CHECK(row.max_us > 0.0);
  CHECK(row.max_us <= sum_of_max * 1.0001);
  CHECK(canter_world_latency(host.context, host.world, n + 1, &row) ==
        CANTER_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("snapshots through C: equal bits after save, update, restore, update") {
  Host host;
  const canter_character a = host.add();
  const canter_character b = host.add();
  REQUIRE(host.play(a, 1.3f) == CANTER_STATUS_OK);
  REQUIRE(host.play(b, -0.7f) == CANTER_STATUS_OK);
  const auto run = [&] {
    for (int i = 0; i < 30; ++i)
      REQUIRE(canter_world_update(host.context, host.world, 0.013, nullptr) == CANTER_STATUS_OK);
  };
  run();
  std::size_t size = 0;
  REQUIRE(canter_world_save(host.context, host.world, nullptr, 0, &size) == CANTER_STATUS_OK);
  std::vector<std::byte> snapshot(size);
  CHECK(canter_world_save(host.context, host.world, snapshot.data(), size - 1, nullptr) ==
        CANTER_STATUS_LIMIT);
  REQUIRE(canter_world_save(host.context, host.world, snapshot.data(), size, &size) ==
          CANTER_STATUS_OK);
  std::size_t one_size = 0;
  REQUIRE(canter_character_save(host.context, a, nullptr, 0, &one_size) == CANTER_STATUS_OK);
  std::vector<std::byte> one(one_size);
  REQUIRE(canter_character_save(host.context, a, one.data(), one.size(), nullptr) ==
          CANTER_STATUS_OK);
  run();
  const std::vector<float> after_a = host.models(a);
  const std::vector<float> after_b = host.models(b);
  REQUIRE(canter_character_destroy(host.context, b) == CANTER_STATUS_OK);
  REQUIRE(canter_world_restore(host.context, host.world, snapshot.data(), size) ==
          CANTER_STATUS_OK);
  run();
  CHECK(host.models(a) == after_a);
  CHECK(host.models(b) == after_b);
  REQUIRE(canter_character_restore(host.context, b, one.data(), one.size()) == CANTER_STATUS_OK);
  run();
  CHECK(host.models(b) == after_a);
  CHECK(canter_world_restore(host.context, host.world, snapshot.data(), size / 2) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(canter_character_restore(host.context, b, nullptr, 3) == CANTER_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("a warmed-up update takes no memory, neither from the heap nor from the host") {
  CountingAllocator memory;
  canter_context_desc desc = canter_context_desc_default();
  desc.allocator = memory.as_c();
  Host host(&desc);
  const canter_character c = host.add();
  REQUIRE(host.play(c) == CANTER_STATUS_OK);
  REQUIRE(canter_world_update(host.context, host.world, 0.01, nullptr) == CANTER_STATUS_OK);
  std::vector<float> m(std::size_t{16} * 20);
  const long calls = memory.calls;
  const HeapProbe probe;
  bool ok = true;
  for (int i = 0; i < 100; ++i) {
    ok = ok && canter_world_update(host.context, host.world, 0.01, nullptr) == CANTER_STATUS_OK &&
         canter_character_read_models(host.context, c, m.data(), 20, nullptr) == CANTER_STATUS_OK &&
         canter_character_seek(host.context, c, 0.1) == CANTER_STATUS_OK &&
         host.play(c) == CANTER_STATUS_OK;
  }
  CHECK(probe.count() == 0);
  CHECK(memory.calls == calls);
  CHECK(ok);
}

TEST_CASE("everything taken from the host's allocator is given back") {
  CountingAllocator memory;
  canter_context_desc desc = canter_context_desc_default();
  desc.allocator = memory.as_c();
  {
    Host host(&desc);
    const canter_character c = host.add();
    REQUIRE(host.play(c) == CANTER_STATUS_OK);
    REQUIRE(canter_world_update(host.context, host.world, 0.01, nullptr) == CANTER_STATUS_OK);
    CHECK(memory.live > 3);
    // Characters and worlds are all in there: a bigger world takes that much more.
    const long before = memory.live_bytes;
    for (int i = 0; i < 50; ++i) host.add();
    CHECK(memory.live_bytes - before >=
          50 * static_cast<long>(World::character_bytes(synthetic_skeleton(20))));
  }
  CHECK(memory.live == 0);
  CHECK(memory.live_bytes == 0);
}

TEST_CASE("worlds and characters live in the host's memory alone; assets do not entirely") {
  CountingAllocator memory;
  canter_context_desc desc = canter_context_desc_default();
  desc.allocator = memory.as_c();
  const HeapProbe whole;
  canter_context* context = nullptr;
  REQUIRE(canter_context_create(&desc, &context) == CANTER_STATUS_OK);
  canter_world world{};
  REQUIRE(canter_world_create(context, nullptr, &world) == CANTER_STATUS_OK);
  CHECK(whole.count() == 0);

  const std::vector<std::byte> bytes = clip_bytes(20, 31);
  canter_skeleton skeleton{};
  canter_clip clip{};
  const HeapProbe loading;
  REQUIRE(canter_skeleton_load(context, bytes.data(), bytes.size(), &skeleton) == CANTER_STATUS_OK);
  REQUIRE(canter_clip_load(context, skeleton, bytes.data(), bytes.size(), &clip) ==
          CANTER_STATUS_OK);
  MESSAGE("loading a skeleton and a clip takes from the C++ heap " << loading.count() << " times");

  const HeapProbe living;
  canter_character_desc who = canter_character_desc_default();
  who.skeleton = skeleton;
  canter_character c{};
  canter_play_desc play = canter_play_desc_default();
  play.clip = clip;
  const bool ok = canter_character_create(context, world, &who, &c) == CANTER_STATUS_OK &&
                  canter_character_play(context, c, &play) == CANTER_STATUS_OK &&
                  canter_world_update(context, world, 0.01, nullptr) == CANTER_STATUS_OK &&
                  canter_character_destroy(context, c) == CANTER_STATUS_OK &&
                  canter_world_destroy(context, world) == CANTER_STATUS_OK;
  CHECK(living.count() == 0);
  CHECK(ok);
  canter_context_destroy(context);
  CHECK(memory.live == 0);
}

TEST_CASE("running out of memory is a status at every point, and nothing leaks") {
  const std::vector<std::byte> bytes = clip_bytes(5, 4);
  bool succeeded = false;
  int failures = 0;
  for (long fail_after = 0; !succeeded && fail_after < 200; ++fail_after) {
    CountingAllocator memory;
    memory.fail_after = fail_after;
    canter_context_desc desc = canter_context_desc_default();
    desc.allocator = memory.as_c();
    canter_context* context = nullptr;
    canter_world world{};
    canter_skeleton skeleton{};
    canter_clip clip{};
    canter_character character{};
    canter_status status = canter_context_create(&desc, &context);
    if (status == CANTER_STATUS_OK) status = canter_world_create(context, nullptr, &world);
    if (status == CANTER_STATUS_OK)
      status = canter_skeleton_load(context, bytes.data(), bytes.size(), &skeleton);
    if (status == CANTER_STATUS_OK)
      status = canter_clip_load(context, skeleton, bytes.data(), bytes.size(), &clip);
    if (status == CANTER_STATUS_OK) {
      canter_character_desc c = canter_character_desc_default();
      c.skeleton = skeleton;
      status = canter_character_create(context, world, &c, &character);
    }
    if (status == CANTER_STATUS_OK) {
      canter_play_desc p = canter_play_desc_default();
      p.clip = clip;
      status = canter_character_play(context, character, &p);
    }
    if (status == CANTER_STATUS_OK) {
      succeeded = true;
    } else {
      ++failures;
      CHECK(status == CANTER_STATUS_OUT_OF_MEMORY);
      // What is there goes on working.
      if (context != nullptr && world.index1 != 0)
        CHECK(canter_world_update(context, world, 0.01, nullptr) == CANTER_STATUS_OK);
    }
    canter_context_destroy(context);
    CHECK(memory.live == 0);
  }
  CHECK(succeeded);
  CHECK(failures > 5);
}

TEST_CASE("two contexts do not know of each other") {
  Host a;
  Host b;
  const canter_character c = a.add();
  CHECK(canter_character_destroy(b.context, c) == CANTER_STATUS_INVALID_HANDLE);
  CHECK_FALSE(b.error().empty());
  CHECK(a.error().empty());
}

TEST_CASE("a world in an update answers busy, others do not wait") {
  struct Probe {
    Host* host = nullptr;
    canter_character character{};
    canter_status read = CANTER_STATUS_OK, update = CANTER_STATUS_OK, load = CANTER_STATUS_BUSY;
    canter_status destroy_clip = CANTER_STATUS_OK;
  } probe;
  canter_context_desc desc = canter_context_desc_default();
  desc.jobs.user = &probe;
  desc.jobs.parallel_for = [](void* user, std::int32_t count,
                              void (*run)(void* data, std::int32_t index), void* data) {
    Probe& p = *static_cast<Probe*>(user);
    std::uint32_t n = 0;
    p.read = canter_character_read_models(p.host->context, p.character, nullptr, 0, &n);
    p.update = canter_world_update(p.host->context, p.host->world, 0.01, nullptr);
    p.destroy_clip = canter_clip_destroy(p.host->context, p.host->clip);
    canter_clip clip{};
    p.load = canter_clip_load(p.host->context, p.host->skeleton, p.host->bytes.data(),
                              p.host->bytes.size(), &clip);
    for (std::int32_t i = 0; i < count; ++i) run(data, i);
  };
  Host host(&desc);
  probe.host = &host;
  for (int i = 0; i < 20; ++i) probe.character = host.add();
  REQUIRE(host.play(probe.character) == CANTER_STATUS_OK);
  CHECK(canter_world_update(host.context, host.world, 0.01, nullptr) == CANTER_STATUS_OK);
  CHECK(probe.read == CANTER_STATUS_BUSY);
  CHECK(probe.update == CANTER_STATUS_BUSY);
  CHECK(probe.destroy_clip == CANTER_STATUS_BUSY);
  CHECK(probe.load == CANTER_STATUS_OK);
  CHECK(host.models(probe.character).size() == 16 * 20);
  CHECK(canter_clip_destroy(host.context, host.clip) == CANTER_STATUS_OK);
}

TEST_CASE("several threads read poses and load clips at once") {
  Host host;
  const canter_character c = host.add();
  REQUIRE(host.play(c) == CANTER_STATUS_OK);
  REQUIRE(canter_world_update(host.context, host.world, 0.1, nullptr) == CANTER_STATUS_OK);
  const std::vector<float> expected = host.models(c);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<float> m(expected.size());
      for (int i = 0; i < 200; ++i) {
        if (canter_character_read_models(host.context, c, m.data(), 20, nullptr) !=
                CANTER_STATUS_OK ||
            m != expected)
          ++wrong;
        canter_clip clip{};
        if (t == 0 && canter_clip_load(host.context, host.skeleton, host.bytes.data(),
                                       host.bytes.size(), &clip) != CANTER_STATUS_OK)
          ++wrong;
        if (t == 1) {
          char text[64];
          canter_clip_load(host.context, host.skeleton, nullptr, 0, &clip);
          canter_last_error(host.context, text, sizeof text);
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("errors reach the log; their text is cut where the caller's buffer ends") {
  std::string logged;
  canter_context_desc desc = canter_context_desc_default();
  desc.log.user = &logged;
  desc.log.write = [](void* user, canter_log_level level, const char* message) {
    if (level == CANTER_LOG_ERROR) *static_cast<std::string*>(user) = message;
  };
  Host host(&desc);
  CHECK(canter_character_destroy(host.context, {}) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(logged == host.error());
  CHECK(contains(logged, "canter_character_destroy: "));
  char text[8];
  CHECK(canter_last_error(host.context, text, sizeof text) == logged.size());
  CHECK(std::string(text) == logged.substr(0, 7));

  // What an update parks is a warning in the same log.
  std::string warned;
  desc.log.user = &warned;
  desc.log.write = [](void* user, canter_log_level level, const char* message) {
    if (level == CANTER_LOG_WARNING) *static_cast<std::string*>(user) += message;
  };
  Host second(&desc);
  REQUIRE(second.play(second.add()) == CANTER_STATUS_OK);
  REQUIRE(canter_clip_destroy(second.context, second.clip) == CANTER_STATUS_OK);
  for (int i = 0; i < 3; ++i)
    REQUIRE(canter_world_update(second.context, second.world, 0.01, nullptr) == CANTER_STATUS_OK);
  CHECK(warned == "character 1 is parked: a clip or mask it plays was removed from the world");
}

TEST_CASE("version, layout and sizes tell header and library apart") {
  CHECK(canter_test_c11_layout_fits() == 1);
  CHECK(canter_version() == CANTER_VERSION);
  CHECK(std::string(canter_version_string()) == "0.1.0");
  canter_layout layout = canter_layout_of_header();
  CHECK(canter_check_layout(&layout) == CANTER_STATUS_OK);
  CHECK(canter_check_layout(nullptr) == CANTER_STATUS_INVALID_ARGUMENT);
  layout.play_desc -= 4;  // an older program
  CHECK(canter_check_layout(&layout) == CANTER_STATUS_OK);
  layout.play_desc += 8;  // a newer one
  CHECK(canter_check_layout(&layout) == CANTER_STATUS_VERSION);
  layout = canter_layout_of_header();
  layout.transform += 4;
  CHECK(canter_check_layout(&layout) == CANTER_STATUS_VERSION);
  layout = canter_layout_of_header();
  layout.version += 1u << 12;
  CHECK(canter_check_layout(&layout) == CANTER_STATUS_VERSION);
  CHECK(std::string(canter_status_name(CANTER_STATUS_BUSY)) == "CANTER_STATUS_BUSY");
}

TEST_CASE("an older caller's shorter structure keeps defaults and is not written beyond its end") {
  struct Grown {
    std::uint32_t size;
    std::int32_t old_field;
    std::int32_t new_field;
  };
  constexpr std::size_t kFirstSize = 8;
  const Grown defaults{sizeof(Grown), 1, 2};
  Grown caller{kFirstSize, 5, 99};
  const Grown read = capi::read_desc(&caller, defaults, kFirstSize);
  CHECK(read.old_field == 5);
  CHECK(read.new_field == 2);
  capi::write_out(&caller, Grown{sizeof(Grown), 7, 8}, kFirstSize);
  CHECK(caller.size == kFirstSize);
  CHECK(caller.old_field == 7);
  CHECK(caller.new_field == 99);
  caller.size = kFirstSize - 1;
  CHECK_THROWS_AS(capi::read_desc(&caller, defaults, kFirstSize), capi::Refusal);
}
