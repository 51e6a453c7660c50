// Bodies through the C interface.
#include <cmath>
#include <cstring>
#include <limits>

#include "canter/anim/root_motion.h"
#include "canter/world/world.h"
#include "heap_probe.h"
#include "host.h"
#include "mimic/made_up_clip.h"

using namespace canter;
using namespace canter::test;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

mimic::TaskOptions endless() {
  mimic::TaskOptions options;
  options.fall = mimic::FallSet::none;
  options.max_root_distance_m = options.max_root_turn_rad = 0.0f;
  return options;
}

/// A context with a world, a policy that stands, and its body's skeleton.
struct BodyHost : Host {
  explicit BodyHost(const mimic::TaskOptions& options = endless(),
                    const canter_policy_desc& desc = canter_policy_desc_default()) {
    file = idle_policy_file(standing_clip(), options);
    REQUIRE(canter_policy_load(context, file.data(), file.size(), &desc, &policy) ==
            CANTER_STATUS_OK);
    REQUIRE(canter_policy_skeleton(context, policy, &body) == CANTER_STATUS_OK);
  }
  canter_character add_bare() {
    canter_character_desc desc = canter_character_desc_default();
    desc.skeleton = body;
    canter_character c{};
    REQUIRE(canter_character_create(context, world, &desc, &c) == CANTER_STATUS_OK);
    return c;
  }
  canter_status simulate(canter_character c, int after_fall = CANTER_AFTER_FALL_RESTART) {
    canter_simulate_desc desc = canter_simulate_desc_default();
    desc.policy = policy;
    desc.after_fall = after_fall;
    return canter_character_simulate(context, c, &desc);
  }
  canter_character add_simulated() {
    const canter_character c = add_bare();
    REQUIRE(simulate(c) == CANTER_STATUS_OK);
    return c;
  }
  canter_body_state state(canter_character c) {
    canter_body_state s = canter_body_state_default();
    REQUIRE(canter_character_get_body_state(context, c, &s) == CANTER_STATUS_OK);
    return s;
  }
  canter_update_report run(int frames) {
    canter_update_report report = canter_update_report_default();
    for (int i = 0; i < frames; ++i)
      REQUIRE(canter_world_update(context, world, 1.0 / 60.0, &report) == CANTER_STATUS_OK);
    return report;
  }
  std::vector<canter_contact> contacts(canter_character c) {
    std::uint32_t count = 0;
    REQUIRE(canter_character_read_contacts(context, c, nullptr, 0, &count) == CANTER_STATUS_OK);
    std::vector<canter_contact> all(count);
    REQUIRE(canter_character_read_contacts(context, c, all.data(), count, &count) ==
            CANTER_STATUS_OK);
    return all;
  }
  float height(canter_character c) { return models(c)[13]; }

  std::vector<std::byte> file;
  canter_policy policy{};
  canter_skeleton body{};
};

}  // namespace

TEST_CASE("a C host sees the body that the C++ world simulates") {
  BodyHost host;
  const canter_character c = host.add_simulated();
  const canter_update_report report = host.run(40);
  CHECK(report.num_simulated == 1);
  CHECK(report.num_ended == 0);

  World world;
  const mimic::Policy policy = mimic::load_policy(host.file, "idle").value();
  CharacterDesc desc;
  desc.skeleton = policy.skeleton();
  const CharacterId id = world.create(desc).value();
  const SkillId skill = world.add_skill(policy.task(), &policy.network()).value();
  REQUIRE(world.simulate(id, {skill}).ok());
  for (int i = 0; i < 40; ++i) step(world, 1.0 / 60.0);
  const std::vector<float> models = host.models(c);
  REQUIRE(models.size() == 16 * 15);
  CHECK(std::memcmp(models.data(), world.models(id).data(), models.size() * sizeof(float)) == 0);
  std::vector<Mat4> expected(15);
  std::vector<float> reference(16 * 15);
  std::uint32_t count = 0;
  REQUIRE(world.reference_models(id, expected));
  REQUIRE(canter_character_read_reference(host.context, c, reference.data(), 15, &count) ==
          CANTER_STATUS_OK);
  CHECK(count == 15);
  CHECK(std::memcmp(reference.data(), expected.data(), reference.size() * sizeof(float)) == 0);

  const canter_body_state state = host.state(c);
  const BodyView body = world.body(id);
  CHECK(state.mode == CANTER_BODY_SIMULATED);
  CHECK(state.phase == doctest::Approx(40.0 / 60.0));
  CHECK(state.reward_paper == body.state->reward_paper);
  CHECK(state.reward_paper > 0.9f);
  CHECK(state.reward_code == body.state->reward_code);
  CHECK(state.pose == body.state->terms.pose);
  CHECK(state.com_velocity == body.state->terms.com_velocity);
  CHECK(state.joint_error_rad == body.state->joint_error_rad);
  CHECK(state.touching == body.state->touching);
  CHECK(state.last_end == CANTER_END_NONE);
}

TEST_CASE("what a policy is, from its file") {
  BodyHost host;
  canter_policy_info info = canter_policy_info_default();
  REQUIRE(canter_policy_get_info(host.context, host.policy, &info) == CANTER_STATUS_OK);
  CHECK(info.num_joints == 15);
  CHECK(info.num_observations == 361);
  CHECK(info.num_actions == 28);
  CHECK(info.rate_hz == 120.0);
  CHECK(info.control_rate_hz == 30.0);
  CHECK(info.duration_s == doctest::Approx(1.0));
  CHECK(info.loops == 1);
  CHECK(info.mass_kg == doctest::Approx(45.0));
  CHECK(std::string(info.clip_name) == "made_up");
  std::int32_t ankle = -1;
  CHECK(canter_skeleton_find_joint(host.context, host.body, "left_ankle", &ankle) ==
        CANTER_STATUS_OK);
  CHECK(ankle > 0);
}

TEST_CASE("contacts carry the body's weight and name the feet") {
  BodyHost host;
  const canter_character c = host.add_simulated();
  host.run(60);
  float weight_n = 0.0f;
  for (const canter_contact& contact : host.contacts(c)) {
    weight_n += contact.force_n[1];
    CHECK(contact.other == -1);
    CHECK(std::abs(contact.position[1]) < 0.02f);
    const char* name = nullptr;
    REQUIRE(canter_skeleton_joint_name(host.context, host.body,
                                       static_cast<std::uint32_t>(contact.joint),
                                       &name) == CANTER_STATUS_OK);
    CHECK(std::string(name).find("ankle") != std::string::npos);
    CHECK((host.state(c).touching >> contact.joint & 1u) == 1u);
  }
  CHECK(weight_n == doctest::Approx(45.0 * 9.8).epsilon(0.1));
}

TEST_CASE("a push moves it, limp it falls, restarted it stands") {
  BodyHost host;
  const canter_character c = host.add_simulated();
  host.run(10);
  const float force[3] = {200.0f, 0.0f, 0.0f};
  REQUIRE(canter_character_push(host.context, c, 0, force, 0.2) == CANTER_STATUS_OK);
  host.run(12);
  CHECK(host.models(c)[12] > 0.02f);  // the root's x
  REQUIRE(canter_character_set_body_mode(host.context, c, CANTER_BODY_RAGDOLL, 0.0f) ==
          CANTER_STATUS_OK);
  const float standing = host.height(c);
  host.run(90);
  CHECK(host.state(c).mode == CANTER_BODY_RAGDOLL);
  CHECK(host.height(c) < 0.5f * standing);
  CHECK(!host.contacts(c).empty());
  REQUIRE(canter_character_set_body_mode(host.context, c, CANTER_BODY_SIMULATED, 0.0f) ==
          CANTER_STATUS_OK);
  REQUIRE(canter_character_restart(host.context, c, 0.25) == CANTER_STATUS_OK);
  host.run(1);
  CHECK(host.height(c) == doctest::Approx(standing).epsilon(0.05));
  CHECK(host.state(c).phase == doctest::Approx(0.25 + 1.0 / 60.0).epsilon(0.05));
  // Its clips again: the rest pose.
  REQUIRE(canter_character_set_body_mode(host.context, c, CANTER_BODY_ANIMATED, 0.0f) ==
          CANTER_STATUS_OK);
  CHECK(host.run(2).num_simulated == 0);
}

TEST_CASE("a thrown box hits") {
  canter_policy_desc with_box = canter_policy_desc_default();
  with_box.num_boxes = 1;
  BodyHost host(endless(), with_box);
  const canter_character c = host.add_simulated();
  host.run(10);
  const float from[3] = {-0.6f, 1.0f, 0.0f}, flight[3] = {8.0f, 0.5f, 0.0f};
  CHECK(canter_character_throw_box(host.context, c, 1, from, flight) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  const float before = host.models(c)[12];
  std::uint32_t none = 9;
  REQUIRE(canter_character_read_boxes(host.context, c, nullptr, 0, &none) == CANTER_STATUS_OK);
  CHECK(none == 0);
  REQUIRE(canter_character_throw_box(host.context, c, 0, from, flight) == CANTER_STATUS_OK);
  bool hit = false;
  for (int i = 0; i < 20; ++i) {
    host.run(1);
    for (const canter_contact& contact : host.contacts(c)) hit = hit || contact.position[1] > 0.3f;
  }
  CHECK(hit);
  CHECK(host.models(c)[12] > before + 0.005f);
  std::uint32_t count = 0;
  REQUIRE(canter_character_read_boxes(host.context, c, nullptr, 0, &count) == CANTER_STATUS_OK);
  REQUIRE(count == 1);
  float box[16];
  REQUIRE(canter_character_read_boxes(host.context, c, box, 1, &count) == CANTER_STATUS_OK);
  CHECK(box[13] > 0.05f);
  CHECK(box[13] < 1.5f);
  CHECK(box[15] == 1.0f);
  const Vec3 axis(box[0], box[1], box[2]);
  CHECK(glm::length(axis) == doctest::Approx(1.0f));
  CHECK(canter_character_read_boxes(host.context, c, nullptr, 1, &count) ==
        CANTER_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("a fall ends the performance, says why and is put back, or goes limp") {
  mimic::TaskOptions strict = endless();
  strict.fall = mimic::FallSet::all_but_feet;
  BodyHost host(strict);
  const canter_character back = host.add_simulated(), limp = host.add_bare();
  REQUIRE(host.simulate(limp, CANTER_AFTER_FALL_RAGDOLL) == CANTER_STATUS_OK);
  const float force[3] = {1500.0f, 0.0f, 0.0f};
  for (const canter_character c : {back, limp})
    REQUIRE(canter_character_push(host.context, c, 0, force, 0.3) == CANTER_STATUS_OK);
  host.run(150);
  CHECK(host.state(back).num_ends >= 1);
  CHECK(host.state(back).last_end == CANTER_END_FELL);
  CHECK(host.state(back).mode == CANTER_BODY_SIMULATED);
  CHECK(host.state(limp).last_end == CANTER_END_FELL);
  CHECK(host.state(limp).mode == CANTER_BODY_RAGDOLL);
  CHECK(std::string(canter_end_text(CANTER_END_FELL)).find("fell") == 0);
  CHECK(std::string(canter_end_text(99)) == "no canter_end");
}

TEST_CASE("a policy without its clip takes the clip that the host gives") {
  BodyHost host;
  // A clip that moves over the ground: its way is put back before it is compared.
  const Skeleton& skeleton = humanoid_skeleton();
  const RawClip raw = made_up_clip(skeleton, 1.0f);
  const std::vector<std::byte> file =
      idle_policy_file(raw, endless(), {.reference = mimic::ReferenceIn::caller});
  canter_policy policy{7, 7};
  CHECK(canter_policy_load(host.context, file.data(), file.size(), nullptr, &policy) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(policy.index1 == 0);
  CHECK(host.error().find("'made_up'") != std::string::npos);

  ClipFile clip_file;
  clip_file.skeleton = skeleton;
  ExtractedRootMotion split = extract_root_motion(skeleton, raw).value();
  clip_file.clip = compress(split.in_place, skeleton).value();
  clip_file.chunks.push_back({kRootMotionChunk, save_root_motion(split.motion)});
  const std::vector<std::byte> bytes = save_clip_file(clip_file);
  canter_policy_desc desc = canter_policy_desc_default();
  REQUIRE(canter_skeleton_load(host.context, bytes.data(), bytes.size(), &desc.clip_skeleton) ==
          CANTER_STATUS_OK);
  REQUIRE(canter_clip_load(host.context, desc.clip_skeleton, bytes.data(), bytes.size(),
                           &desc.clip) == CANTER_STATUS_OK);
  CHECK(canter_policy_load(host.context, file.data(), file.size(), &desc, &policy) ==
        CANTER_STATUS_OK);
  // Another clip, and one that is not of the skeleton given.
  desc.clip = host.clip;
  CHECK(canter_policy_load(host.context, file.data(), file.size(), &desc, &policy) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  desc.clip_skeleton = host.skeleton;
  CHECK(canter_policy_load(host.context, file.data(), file.size(), &desc, &policy) ==
        CANTER_STATUS_BAD_DATA);
}

TEST_CASE("bodies: bad calls give a status and change nothing") {
  BodyHost host;
  canter_policy policy{};
  CHECK(canter_policy_load(host.context, host.file.data(), 100, nullptr, &policy) ==
        CANTER_STATUS_BAD_DATA);
  CHECK(canter_policy_load(host.context, host.bytes.data(), host.bytes.size(), nullptr, &policy) !=
        CANTER_STATUS_OK);
  canter_policy_desc desc = canter_policy_desc_default();
  desc.num_boxes = 9;
  CHECK(canter_policy_load(host.context, host.file.data(), host.file.size(), &desc, &policy) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  desc = canter_policy_desc_default();
  desc.rate_hz = 100.0;  // not a multiple of the control rate
  CHECK(canter_policy_load(host.context, host.file.data(), host.file.size(), &desc, &policy) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  desc.rate_hz = 240.0;
  REQUIRE(canter_policy_load(host.context, host.file.data(), host.file.size(), &desc, &policy) ==
          CANTER_STATUS_OK);

  const canter_character c = host.add_bare();
  const float xyz[3] = {1.0f, 0.0f, 0.0f};
  canter_body_state state = canter_body_state_default();
  canter_simulate_desc simulate = canter_simulate_desc_default();
  simulate.policy = policy;
  CHECK(canter_character_simulate(host.context, c, &simulate) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.error().find("240") != std::string::npos);
  // No body yet.
  CHECK(canter_character_get_body_state(host.context, c, &state) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_push(host.context, c, 0, xyz, 0.1) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_restart(host.context, c, 0.0) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_set_body_mode(host.context, c, CANTER_BODY_RAGDOLL, 0.0f) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  simulate.policy = host.policy;
  simulate.phase = 1.5;
  CHECK(canter_character_simulate(host.context, c, &simulate) == CANTER_STATUS_INVALID_ARGUMENT);
  simulate.phase = 0.0;
  simulate.after_fall = 2;
  CHECK(canter_character_simulate(host.context, c, &simulate) == CANTER_STATUS_INVALID_ARGUMENT);
  REQUIRE(host.simulate(c) == CANTER_STATUS_OK);
  const float bad[3] = {0.0f, kNaN, 0.0f};
  CHECK(canter_character_push(host.context, c, 0, bad, 0.1) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_push(host.context, c, 15, xyz, 0.1) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_push(host.context, c, 0, nullptr, 0.1) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_push(host.context, c, 0, xyz, -1.0) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_restart(host.context, c, -0.1) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_set_body_mode(host.context, c, 3, 0.0f) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_set_body_mode(host.context, c, CANTER_BODY_RAGDOLL, 11.0f) ==
        CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(canter_character_throw_box(host.context, c, 0, xyz, xyz) == CANTER_STATUS_INVALID_ARGUMENT);
  state.size = 4;
  CHECK(canter_character_get_body_state(host.context, c, &state) == CANTER_STATUS_VERSION);
  CHECK(canter_policy_get_info(host.context, policy, nullptr) == CANTER_STATUS_INVALID_ARGUMENT);
  CHECK(host.state(c).mode == CANTER_BODY_SIMULATED);

  // Destroyed under its feet: parked with the reason, and the handle is dead.
  REQUIRE(canter_policy_destroy(host.context, host.policy) == CANTER_STATUS_OK);
  CHECK(canter_policy_destroy(host.context, host.policy) == CANTER_STATUS_INVALID_HANDLE);
  CHECK(host.run(1).newly_parked == 1);
  canter_character_state now = canter_character_state_default();
  REQUIRE(canter_character_get_state(host.context, c, &now) == CANTER_STATUS_OK);
  CHECK(now.parked == CANTER_PARK_MISSING_POLICY);
  CHECK(std::string(canter_park_reason_text(now.parked)).find("skill") != std::string::npos);
  CHECK(host.simulate(c) == CANTER_STATUS_INVALID_HANDLE);
}

TEST_CASE("a snapshot of a body continues bit for bit, and updates take no memory") {
  BodyHost host;
  const canter_character c = host.add_simulated();
  host.run(20);
  std::size_t size = 0;
  REQUIRE(canter_world_save(host.context, host.world, nullptr, 0, &size) == CANTER_STATUS_OK);
  std::vector<std::byte> snapshot(size);
  REQUIRE(canter_world_save(host.context, host.world, snapshot.data(), size, nullptr) ==
          CANTER_STATUS_OK);
  const HeapProbe probe;
  host.run(20);
  CHECK(probe.count() == 0);
  const std::vector<float> once = host.models(c);
  REQUIRE(canter_world_restore(host.context, host.world, snapshot.data(), size) ==
          CANTER_STATUS_OK);
  host.run(20);
  CHECK(host.models(c) == once);
}
