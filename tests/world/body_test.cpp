// Characters with bodies: skills, control steps, falls, snapshots.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "canter/nn/architecture.h"
#include "canter/physics/pose.h"
#include "canter/world/snapshot.h"
#include "heap_probe.h"
#include "mimic/made_up_clip.h"
#include "scene.h"

namespace canter::test {
namespace {

constexpr double kStep_s = 1.0 / 120.0;

mimic::Task make_task(float speed_m_s = 0.0f, mimic::TaskOptions options = {}) {
  return mimic::make_task(physics::humanoid_body(), humanoid_skeleton(),
                          made_up_clip(humanoid_skeleton(), speed_m_s), options)
      .value();
}

mimic::TaskOptions endless() {
  mimic::TaskOptions options;
  options.fall = mimic::FallSet::none;
  options.max_root_distance_m = options.max_root_turn_rad = 0.0f;
  return options;
}

/// A network that maps observations to `value` for every action.
nn::Model constant_policy(const mimic::Task& task, float value) {
  const std::int64_t seen = task.observation_size(), said = task.action_size();
  const nn::TensorMap tensors = {
      {"l.weight",
       nn::Tensor::of(nn::Shape{said, seen}, std::span<const float>(std::vector<float>(
                                                 static_cast<std::size_t>(said * seen), 0.0f)))},
      {"l.bias", nn::Tensor::of(nn::Shape{said}, std::span<const float>(std::vector<float>(
                                                     static_cast<std::size_t>(said), value)))}};
  const std::string text =
      R"({"canter_architecture": 1, "inputs": [{"name": "observation", "shape": ["batch", )" +
      std::to_string(seen) + R"(]}], "layers": [{"type": "linear", "tensors": "l"}]})";
  nn::Architecture read = nn::read_architecture(text, tensors, "test").value();
  return nn::compile(std::move(read.graph)).value();
}

/// A world with a skill of the made-up clip, and characters on the body's own skeleton.
struct Bodies {
  explicit Bodies(const mimic::Task& t = make_task(), WorldDesc desc = {}) : task(t), world(desc) {
    skill = world.add_skill(task).value();
    skeleton = std::make_shared<const Skeleton>(humanoid_skeleton());
  }
  /// A character that clips move.
  CharacterId add_bare(const std::shared_ptr<const Skeleton>& its_skeleton) {
    CharacterDesc desc;
    desc.skeleton = its_skeleton;
    return world.create(desc).value();
  }
  CharacterId add(double phase = 0.0, AfterFall after = AfterFall::restart) {
    const CharacterId id = add_bare(skeleton);
    REQUIRE(world.simulate(id, {skill, phase, after}).ok());
    return id;
  }
  StepReport run(int steps) {
    StepReport last;
    for (int i = 0; i < steps; ++i) last = step(world, kStep_s);
    return last;
  }
  std::vector<std::byte> saved() const {
    std::vector<std::byte> bytes(snapshot_size(world));
    REQUIRE(save(world, bytes).ok());
    return bytes;
  }

  mimic::Task task;
  World world;
  SkillId skill;
  std::shared_ptr<const Skeleton> skeleton;
};

TEST_CASE("a body in the world is the episode that mimic::step runs") {
  Bodies scene(make_task(0.0f, endless()));
  const CharacterId id = scene.add(0.25);
  mimic::Scratch scratch(scene.task);
  mimic::Episode episode(scene.task);
  const mimic::EpisodeView view = mimic::episode_over(scene.task, episode.bytes());
  mimic::reset(scene.task, 0.25, view, scratch);
  const std::vector<float> nothing(static_cast<std::size_t>(scene.task.action_size()), 0.0f);
  for (int action = 0; action < 20; ++action) {
    scene.run(scene.task.steps_per_action());
    const mimic::StepResult result = mimic::step(scene.task, nothing, view, scratch);
    const BodyView body = scene.world.body(id);
    CHECK(std::memcmp(body.positions.data(), view.state.data(), body.positions.size_bytes()) == 0);
    // The world judges an action when the next one begins.
    if (action > 0) CHECK(body.state->reward_paper > 0.0f);
    CHECK(result.end == mimic::End::running);
  }
  CHECK(scene.world.body(id).state->num_ends == 0);
}

TEST_CASE("the pose lies between the last two physics steps") {
  Bodies scene;
  const CharacterId id = scene.add();
  scene.run(30);
  const std::vector<double> before(scene.world.body(id).positions.begin(),
                                   scene.world.body(id).positions.end());
  step(scene.world, 1.5 * kStep_s);
  const std::vector<double> after(scene.world.body(id).positions.begin(),
                                  scene.world.body(id).positions.end());
  const Mat4 root = scene.world.models(id)[0];
  for (int axis = 0; axis < 3; ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    CHECK(static_cast<double>(root[3][axis]) ==
          doctest::Approx(0.5 * (before[a] + after[a])).epsilon(1e-5));
  }
}

TEST_CASE("bodies are the same bits with one worker and many") {
  WorldDesc alone, many;
  alone.max_workers = 1;
  many.max_workers = 3;
  many.jobs = threads();
  Bodies a(make_task(), alone), b(make_task(), many);
  for (int i = 0; i < 5; ++i) a.add(0.2 * i), b.add(0.2 * i);
  a.run(240), b.run(240);
  CHECK(a.saved() == b.saved());
}

TEST_CASE("the network runs once for everyone and its actions arrive") {
  Bodies scene;
  const nn::Model policy = constant_policy(scene.task, 0.25f);
  REQUIRE(scene.world.set_policy(scene.skill, &policy).ok());
  const CharacterId first = scene.add(), second = scene.add(0.5);
  scene.run(8);
  for (const CharacterId id : {first, second})
    for (const float action : scene.world.body(id).action) CHECK(action == 0.25f);
  REQUIRE(scene.world.set_policy(scene.skill, nullptr).ok());
  scene.run(4);
  CHECK(scene.world.body(first).action[0] == 0.0f);
}

TEST_CASE("what falls is put back where the reference is, and says why") {
  Bodies scene;
  const CharacterId id = scene.add();
  int ended = 0;
  for (int i = 0; i < 1200 && ended == 0; ++i) ended += step(scene.world, kStep_s).num_ended;
  REQUIRE(ended == 1);
  const BodyState& state = *scene.world.body(id).state;
  CHECK(state.num_ends == 1);
  CHECK((state.last_end == mimic::End::fell || state.last_end == mimic::End::strayed));
  CHECK(state.mode == BodyMode::simulated);
  // Upright again, and moving on.
  CHECK(scene.world.body(id).positions[1] > 0.7);
  scene.run(12);
  CHECK(scene.world.state(id)->parked == ParkReason::none);
}

TEST_CASE("a body that may go limp stays where it falls") {
  Bodies scene;
  const CharacterId id = scene.add(0.0, AfterFall::ragdoll);
  scene.run(1500);
  const BodyView body = scene.world.body(id);
  CHECK(body.state->mode == BodyMode::ragdoll);
  CHECK(body.positions[1] < 0.5);
  CHECK(body.state->num_ends == 1);
  CHECK(!body.contacts.empty());
  // And stands up where it lies when it is asked to perform again.
  const double x = body.positions[0];
  REQUIRE(scene.world.set_body_mode(id, BodyMode::simulated));
  CHECK(scene.world.body(id).positions[1] > 0.7);
  CHECK(scene.world.body(id).positions[0] == doctest::Approx(x));
}

TEST_CASE("contacts of a frame carry the body's weight, however long the frame is") {
  const mimic::Task task =
      mimic::make_task(physics::humanoid_body(), humanoid_skeleton(), standing_clip(), endless())
          .value();
  for (const double frame_s : {1.0 / 240.0, 1.0 / 120.0, 1.0 / 30.0}) {
    CAPTURE(frame_s);
    Bodies bodies(task);
    const CharacterId id = bodies.add();
    bodies.run(60);  // it lands
    const auto frames = static_cast<int>(0.5 / frame_s);
    double sum_n = 0.0;
    int empty = 0;
    for (int i = 0; i < frames; ++i) {
      step(bodies.world, frame_s);
      const BodyView body = bodies.world.body(id);
      empty += body.contacts.empty() ? 1 : 0;
      for (const physics::Contact& contact : body.contacts) {
        CHECK(contact.force_n.y > 0.0);
        CHECK(contact.other == -1);
        sum_n += contact.force_n.y / frames;
      }
    }
    CHECK(empty == 0);
    CHECK(sum_n == doctest::Approx(45.0 * 9.8).epsilon(0.03));
  }
}

TEST_CASE("a policy of NaN parks its own character and no other") {
  Bodies scene;
  const SkillId sick = scene.world.add_skill(scene.task).value();
  const nn::Model nan = constant_policy(scene.task, std::numeric_limits<float>::quiet_NaN());
  REQUIRE(scene.world.set_policy(sick, &nan).ok());
  const CharacterId well = scene.add(), ill = scene.add();
  REQUIRE(scene.world.simulate(ill, {sick, 0.0, AfterFall::restart}).ok());
  scene.run(60);
  CHECK(scene.world.state(ill)->parked == ParkReason::simulation_failed);
  CHECK(scene.world.body(ill).state->last_end == mimic::End::broken);
  CHECK(scene.world.state(well)->parked == ParkReason::none);
  Bodies alone;
  const CharacterId same = alone.add();
  alone.run(60);
  CHECK(same_bits(scene.world.models(well), alone.world.models(same)));
  // With a network that works it performs again.
  REQUIRE(scene.world.set_policy(sick, nullptr).ok());
  REQUIRE(scene.world.restart(ill, 0.0));
  scene.run(12);
  CHECK(scene.world.state(ill)->parked == ParkReason::none);
}

TEST_CASE("a snapshot of bodies continues bit for bit, in another world too") {
  Bodies scene;
  scene.add(), scene.add(0.6);
  scene.run(50);
  const std::vector<std::byte> middle = scene.saved();
  scene.run(70);
  const std::vector<std::byte> end = scene.saved();
  REQUIRE(restore(scene.world, middle).ok());
  CHECK(scene.saved() == middle);
  scene.run(70);
  CHECK(scene.saved() == end);

  Bodies other;
  other.add();  // so that the world has seen the skeleton
  REQUIRE(restore(other.world, middle).ok());
  other.run(70);
  CHECK(other.saved() == end);
}

TEST_CASE("one character's snapshot goes back into its body, and into no other") {
  Bodies scene;
  const CharacterId id = scene.add(), bare = scene.add_bare(scene.skeleton);
  scene.run(30);
  std::vector<std::byte> bytes(snapshot_size(scene.world, id));
  REQUIRE(save(scene.world, id, bytes).ok());
  const std::vector<Mat4> then = copy_of(scene.world.models(id));
  scene.run(30);
  REQUIRE(restore(scene.world, id, bytes).ok());
  CHECK(same_bits(scene.world.models(id), then));
  CHECK(!restore(scene.world, bare, bytes).ok());
  // Cut short, and with a mode that no call could have put there.
  std::vector<std::byte> bad(bytes.begin(), bytes.end() - 64);
  CHECK(!restore(scene.world, id, bad).ok());
  const BodyState state = *scene.world.body(id).state;
  const auto at =
      std::search(bytes.begin(), bytes.end(), reinterpret_cast<const std::byte*>(&state),
                  reinterpret_cast<const std::byte*>(&state + 1));
  REQUIRE(at != bytes.end());
  bad = bytes;
  bad[static_cast<std::size_t>(at - bytes.begin()) + offsetof(BodyState, mode)] = std::byte{9};
  const Result<void> refused = restore(scene.world, id, bad);
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("numbers out of range") != std::string::npos);
}

TEST_CASE("a world of bodies does not touch the heap once it runs") {
  Bodies scene;
  const nn::Model policy = constant_policy(scene.task, 0.01f);
  REQUIRE(scene.world.set_policy(scene.skill, &policy).ok());
  for (int i = 0; i < 3; ++i) scene.add(0.3 * i);
  scene.run(120);
  HeapProbe probe;
  scene.run(240);
  CHECK(probe.count() == 0);
}

TEST_CASE("another skeleton shows the body's pose") {
  Bodies scene;
  // A skeleton of the same shape under other names and with other bone lengths.
  SkeletonDesc desc;
  const Skeleton& own = humanoid_skeleton();
  const auto renamed = [](std::string name) {
    const std::pair<const char*, const char*> words[] = {{"root", "Hips"},
                                                         {"chest", "Spine"},
                                                         {"neck", "Neck"},
                                                         {"right_hip", "RightUpLeg"},
                                                         {"right_knee", "RightLeg"},
                                                         {"right_ankle", "RightFoot"},
                                                         {"left_hip", "LeftUpLeg"},
                                                         {"left_knee", "LeftLeg"},
                                                         {"left_ankle", "LeftFoot"},
                                                         {"right_shoulder", "RightArm"},
                                                         {"right_elbow", "RightForeArm"},
                                                         {"right_wrist", "RightHand"},
                                                         {"left_shoulder", "LeftArm"},
                                                         {"left_elbow", "LeftForeArm"},
                                                         {"left_wrist", "LeftHand"}};
    for (const auto& [from, to] : words)
      if (name == from) return std::string(to);
    return name;
  };
  for (int j = 0; j < own.num_joints(); ++j) {
    Transform rest = own.rest_pose()[static_cast<std::size_t>(j)];
    rest.translation *= 1.2f;
    desc.joints.push_back({renamed(std::string(own.name(j))), own.parent(j), rest});
  }
  scene.skeleton = std::make_shared<const Skeleton>(make_skeleton(desc).value());
  const CharacterId id = scene.add();
  scene.run(24);
  CHECK(scene.world.state(id)->parked == ParkReason::none);
  const float height = scene.world.models(id)[0][3].y;
  CHECK(height == doctest::Approx(1.2 * scene.world.body(id).positions[1]).epsilon(0.03));
  std::vector<Mat4> reference(static_cast<std::size_t>(scene.skeleton->num_joints()));
  REQUIRE(scene.world.reference_models(id, reference));
  CHECK(reference[0][3].y == doctest::Approx(height).epsilon(0.05));
  // One that has nothing to do with a body is refused in words.
  const auto stick = std::make_shared<const Skeleton>(synthetic_skeleton(3));
  const CharacterId odd = scene.add_bare(stick);
  const Result<void> refused = scene.world.simulate(odd, {scene.skill});
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("does not fit the character") != std::string::npos);
}

TEST_CASE("bad calls about bodies change nothing") {
  Bodies scene;
  const CharacterId id = scene.add();
  CHECK(!scene.world.simulate({}, {scene.skill}).ok());
  CHECK(!scene.world.simulate(id, {SkillId{}}).ok());
  CHECK(!scene.world.simulate(id, {scene.skill, 1.5}).ok());
  CHECK(!scene.world.restart(id, -0.1));
  CHECK(!scene.world.push(id, {99, {1.0, 0.0, 0.0}, 0.1}));
  CHECK(!scene.world.push(id, {0, {NAN, 0.0, 0.0}, 0.1}));
  CHECK(!scene.world.throw_box(id, 0, Vec3(0), Vec3(0)));  // the task has none
  mimic::TaskOptions slow;
  slow.physics.rate_hz = 240.0;
  CHECK(!scene.world.add_skill(make_task(0.0f, slow)).ok());
  mimic::TaskOptions original;
  original.interface = mimic::interface_from("deepmimic").value();
  const nn::Model other = constant_policy(make_task(0.0f, original), 0.0f);
  const Result<void> refused = scene.world.set_policy(scene.skill, &other);
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("another body or interface") != std::string::npos);
  // Taken away under its feet: parked, with the reason.
  REQUIRE(scene.world.remove_skill(scene.skill));
  scene.run(1);
  CHECK(scene.world.state(id)->parked == ParkReason::missing_skill);
}

TEST_CASE("a push moves the body") {
  Bodies a(make_task(0.0f, endless())), b(make_task(0.0f, endless()));
  const CharacterId left = a.add(), right = b.add();
  a.run(4), b.run(4);
  REQUIRE(b.world.push(right, {0, {400.0, 0.0, 0.0}, 0.2}));
  a.run(24), b.run(24);
  CHECK(b.world.body(right).positions[0] > a.world.body(left).positions[0] + 0.05);
}

TEST_CASE("thrown boxes are shown where they are between two steps, until the body is put back") {
  mimic::TaskOptions options = endless();
  options.physics.num_boxes = 3;
  Bodies scene(make_task(0.0f, options));
  const CharacterId id = scene.add();
  scene.run(4);
  std::array<Transform, 2> boxes;
  CHECK(scene.world.boxes(id, boxes) == 0);
  // In free flight, beside everything.
  const Vec3 from(5.0f, 3.0f, 1.0f), velocity(2.0f, 1.0f, -3.0f);
  REQUIRE(scene.world.throw_box(id, 1, from, velocity));
  REQUIRE(scene.world.boxes(id, boxes) == 1);
  CHECK(glm::distance(boxes[0].translation, from) < 1e-5f);
  scene.run(12);
  const double frame_s = 0.5 * kStep_s;
  Vec3 before(0.0f);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(scene.world.boxes(id, boxes) == 1);
    const Vec3 moved = boxes[0].translation - before;
    if (i > 0) CHECK(moved.x == doctest::Approx(2.0 * frame_s).epsilon(1e-3));
    if (i > 0) CHECK(moved.z == doctest::Approx(-3.0 * frame_s).epsilon(1e-3));
    before = boxes[0].translation;
    step(scene.world, frame_s);
  }
  // It lies flat on the floor in the end, and turned if it was hit on an edge.
  for (int box = 0; box < 3; ++box)
    REQUIRE(scene.world.throw_box(id, box, Vec3(3.0f + box, 0.5f, 2.0f), Vec3(0.0f)));
  scene.run(240);
  CHECK(scene.world.boxes(id, boxes) == 3);  // of which two fit
  CHECK(scene.world.boxes(id, {}) == 3);
  CHECK(boxes[0].translation.y == doctest::Approx(0.1).epsilon(0.02));
  REQUIRE(scene.world.restart(id, 0.0));
  CHECK(scene.world.boxes(id, boxes) == 0);
  CHECK(scene.world.boxes({}, boxes) == 0);
}

TEST_CASE("a paused body stands still however long frames are") {
  Bodies scene;
  const CharacterId id = scene.add();
  scene.run(30);
  step(scene.world, 0.3 * kStep_s);
  REQUIRE(scene.world.set_paused(id, true));
  step(scene.world, 0.3 * kStep_s);
  const std::vector<Mat4> still = copy_of(scene.world.models(id));
  for (int i = 0; i < 4; ++i) {
    step(scene.world, 0.3 * kStep_s);
    CHECK(same_bits(scene.world.models(id), still));
  }
}

// Largest distance that a joint moves between two frames' models, as placed in the world.
float jump_between(const std::vector<Mat4>& before, const std::vector<Mat4>& now) {
  float most = 0.0f;
  for (std::size_t j = 0; j < now.size(); ++j)
    most = std::max(most, glm::distance(Vec3(before[j][3]), Vec3(now[j][3])));
  return most;
}

std::vector<Mat4> placed_models(const World& world, CharacterId id) {
  const Transform placement = world.placement(id);
  const Mat4 to_world =
      glm::translate(Mat4(1.0f), placement.translation) * glm::mat4_cast(placement.rotation);
  std::vector<Mat4> models(world.models(id).begin(), world.models(id).end());
  for (Mat4& m : models) m = to_world * m;
  return models;
}

TEST_CASE("from muscles to clips and back the pose glides, over the same place") {
  const double frame_s = 1.0 / 60.0;
  Bodies scene(make_task(1.0f, endless()));
  const CharacterId id = scene.add_bare(scene.skeleton);
  // The clip that the skill imitates, somewhere else and turned, its root motion left in the pose.
  Transform placement;
  placement.translation = Vec3(3.0f, 0.0f, -2.0f);
  placement.rotation = glm::angleAxis(0.5f, Vec3(0, 1, 0));
  REQUIRE(scene.world.set_placement(id, placement));
  const ClipId clip = scene.world.add_clip(std::make_shared<const Clip>(
      compress(made_up_clip(humanoid_skeleton(), 1.0f), humanoid_skeleton()).value()));
  REQUIRE(scene.world.play(id, {clip, 0.4, 1.0f, Wrap::clamp}).ok());
  REQUIRE(scene.world.simulate(id, {scene.skill}).ok());
  REQUIRE(scene.world.set_body_mode(id, BodyMode::kinematic));
  for (const float fade_s : {0.3f, 0.0f}) {
    CAPTURE(fade_s);
    REQUIRE(scene.world.seek(id, 0.4));
    step(scene.world, frame_s);
    step(scene.world, frame_s);
    // A frame of ordinary movement, then those of the switch and after it.
    std::vector<Mat4> before = placed_models(scene.world, id);
    step(scene.world, frame_s);
    const float usual = jump_between(before, placed_models(scene.world, id));
    float largest = 0.0f;
    for (const BodyMode mode : {BodyMode::simulated, BodyMode::kinematic}) {
      REQUIRE(scene.world.set_body_mode(id, mode, fade_s));
      for (int i = 0; i < 12; ++i) {
        before = placed_models(scene.world, id);
        step(scene.world, frame_s);
        largest = std::max(largest, jump_between(before, placed_models(scene.world, id)));
      }
      const double phase =
          mimic::phase_at(scene.task.motion(), scene.world.body(id).episode->time_s);
      if (mode == BodyMode::simulated) CHECK((phase > 0.5) == (fade_s > 0.0f));
    }
    MESSAGE("fade " << fade_s << " s: usual " << usual << " m, largest " << largest << " m");
    if (fade_s > 0.0f)
      CHECK(largest < 3.0f * usual);
    else
      CHECK(largest > 6.0f * usual);  // the guard sees the jump where nothing glides
  }
  CHECK(!scene.world.set_body_mode(id, BodyMode::simulated, -1.0f));
  CHECK(!scene.world.set_body_mode(id, BodyMode::simulated, NAN));
}

// Turns about the vertical and how far a joint's rotation changes between frames, as placed in the
// world.
float heading_of(const Mat4& model) {
  return std::atan2(model[2].x, model[2].z);
}

float turn_between(const Mat4& before, const Mat4& now) {
  const Quat turn = glm::quat_cast(Mat3(now)) * glm::conjugate(glm::quat_cast(Mat3(before)));
  return 2.0f * std::acos(std::min(1.0f, std::abs(turn.w)));
}

// The clip about the vertical, and from another place.
RawClip turned(RawClip clip, float by_rad) {
  const Transform turn{glm::angleAxis(by_rad, Vec3(0, 1, 0)), Vec3(0.7f, 0.0f, -0.4f), Vec3(1.0f)};
  for (int f = 0; f < clip.num_frames(); ++f) clip.frame(f)[0] = turn * clip.frame(f)[0];
  return clip;
}

/// A character that plays a clip of the made-up motion, turned, and has a body that performs it.
struct Switcher : Bodies {
  explicit Switcher(float by_rad, mimic::TaskOptions options = endless())
      : Bodies(make_task(1.0f, options)) {
    id = add_bare(skeleton);
    Transform placement;
    placement.translation = Vec3(3.0f, 0.0f, -2.0f);
    placement.rotation = glm::angleAxis(0.5f, Vec3(0, 1, 0));
    REQUIRE(world.set_placement(id, placement));
    const RawClip raw = turned(made_up_clip(humanoid_skeleton(), 1.0f), by_rad);
    clip = world.add_clip(std::make_shared<const Clip>(compress(raw, humanoid_skeleton()).value()));
    REQUIRE(world.play(id, {clip, 0.3, 1.0f, Wrap::clamp}).ok());
    REQUIRE(world.simulate(id, {skill}).ok());
    REQUIRE(world.set_body_mode(id, BodyMode::kinematic));
    step(world, kFrame_s);
    step(world, kFrame_s);
  }
  /// The largest turn of a joint between two frames while 12 pass.
  float largest_turn(int joint) {
    float largest = 0.0f;
    for (int i = 0; i < 12; ++i) {
      const std::vector<Mat4> before = placed_models(world, id);
      step(world, kFrame_s);
      const auto j = static_cast<std::size_t>(joint);
      largest = std::max(largest, turn_between(before[j], placed_models(world, id)[j]));
    }
    return largest;
  }
  float heading() { return heading_of(placed_models(world, id)[0]); }

  CharacterId id;
  ClipId clip;
};

TEST_CASE("clip and body face the same way where one makes way for the other") {
  for (const float by_rad : {0.0f, 1.5f, -2.8f}) {
    CAPTURE(by_rad);
    Switcher scene(by_rad);
    const float usual = scene.largest_turn(0);
    const float before = scene.heading();
    for (const BodyMode mode : {BodyMode::simulated, BodyMode::kinematic}) {
      REQUIRE(scene.world.set_body_mode(scene.id, mode, 0.3f));
      const float largest = scene.largest_turn(0);
      const float turned = std::remainder(scene.heading() - before, 2.0f * kPi);
      MESSAGE("turned by " << by_rad << ": usual " << usual << " rad, largest " << largest
                           << " rad, heading changed by " << turned << " rad");
      CHECK(largest < 3.0f * usual);
      CHECK(std::abs(turned) < 0.25f);
    }
    // The clip goes on at the phase of the body, ahead of where it made way.
    CHECK(scene.world.state(scene.id)->play.time_s > 0.7);
  }
}

TEST_CASE("stairs do not turn with who comes to them") {
  mimic::TaskOptions options = endless();
  options.physics.ground.num_steps = 3;
  options.physics.ground.step_start_m = 10.0f;
  Switcher scene(1.5f, options);
  const Quat before = scene.world.placement(scene.id).rotation;
  REQUIRE(scene.world.set_body_mode(scene.id, BodyMode::simulated, 0.3f));
  CHECK(scene.world.placement(scene.id).rotation == before);
}

TEST_CASE("what layers add to a clip fades where a body makes way for it, and back") {
  Switcher scene(0.0f);
  const int arm = humanoid_skeleton().find("left_elbow");
  // An arm held up by a layer of its own.
  RawClip up = standing_clip();
  for (int f = 0; f < up.num_frames(); ++f)
    up.frame(f)[static_cast<std::size_t>(arm)].rotation = glm::angleAxis(1.4f, Vec3(0, 0, 1));
  std::vector<float> weights(static_cast<std::size_t>(humanoid_skeleton().num_joints()), 0.0f);
  weights[static_cast<std::size_t>(arm)] = 1.0f;
  Layer layer;
  layer.playback.clip =
      scene.world.add_clip(std::make_shared<const Clip>(compress(up, humanoid_skeleton()).value()));
  layer.mask = scene.world.add_mask(humanoid_skeleton(), weights).value();
  REQUIRE(scene.world.set_layer(scene.id, 0, layer).ok());
  step(scene.world, kFrame_s);
  for (const BodyMode mode :
       {BodyMode::simulated, BodyMode::kinematic, BodyMode::ragdoll, BodyMode::kinematic}) {
    CAPTURE(static_cast<int>(mode));
    REQUIRE(scene.world.set_body_mode(scene.id, mode, 0.3f));
    // A glide of 1.4 rad in 0.3 s; without one the arm is there at once.
    CHECK(scene.largest_turn(arm) < 0.35f);
    for (int i = 0; i < 20; ++i) step(scene.world, kFrame_s);
  }
  // It is over: the layer is all there is.
  Pose pose(humanoid_skeleton());
  REQUIRE(scene.world.local_pose(scene.id, pose.view()));
  CHECK(std::abs(pose.get(arm).rotation.w) == doctest::Approx(std::cos(0.7)).epsilon(1e-3));
  // Another clip while it lasts: the transition goes on over the layer.
  REQUIRE(scene.world.set_body_mode(scene.id, BodyMode::simulated, 0.3f));
  for (int i = 0; i < 20; ++i) step(scene.world, kFrame_s);
  REQUIRE(scene.world.set_body_mode(scene.id, BodyMode::kinematic, 0.3f));
  for (int i = 0; i < 3; ++i) step(scene.world, kFrame_s);
  REQUIRE(
      scene.world
          .play(scene.id, {scene.clip, 0.1, 1.0f, Wrap::clamp}, {TransitionKind::inertialize, 0.3f})
          .ok());
  CHECK(scene.largest_turn(arm) < 0.35f);
}

TEST_CASE("from muscles to clips and back") {
  Bodies scene;
  const CharacterId id = scene.add();
  scene.run(20);
  REQUIRE(scene.world.set_body_mode(id, BodyMode::kinematic));
  const StepReport report = scene.run(1);
  CHECK(report.num_simulated == 0);
  CHECK(report.num_stepped == 1);
  REQUIRE(scene.world.set_body_mode(id, BodyMode::simulated));
  CHECK(scene.run(5).num_simulated == 1);
}

}  // namespace
}  // namespace canter::test
