// A character changes between its clips, its muscles and a ragdoll.
#include <algorithm>
#include <cmath>

#include "canter/anim/model_space.h"
#include "canter/physics/quat_order.h"
#include "world/bodies.h"
#include "world/phases.h"

namespace canter::detail {
namespace {

/// Clips whose lengths differ by less than this share are taken for the same motion.
constexpr double kSameLength = 0.02;

// The pose of a character, by clips and layers or by physics, as it is or `earlier_s` ago; with
// what is left of a transition if `shown`.
bool pose_of(WorldData& world, const CharacterPlace& place, double earlier_s, bool shown,
             Arena& scratch, PoseView out) {
  CharacterState state = earlier(world, place.state(), earlier_s);
  if (!shown) state.transition_slot1 = 0;
  if (!place.is_physical())
    return evaluate(world, state, *place.skeleton, scratch, out) == ParkReason::none;
  if (body_pose(world, place, earlier_s, scratch, out) != ParkReason::none) return false;
  apply_transition(world, state, *place.skeleton, out);
  return true;
}

void shift_body(const BodyParts& parts, const Vec3& by) {
  const glm::dvec3 wide(by);
  for (const std::size_t axis : {std::size_t{0}, std::size_t{2}}) {
    parts.before[axis] += wide[static_cast<int>(axis)];
    parts.episode.state[axis] += wide[static_cast<int>(axis)];
  }
  parts.episode.head->origin += wide;
}

// The clip that a character plays, if it is as long as the skill's: the same motion.
const Clip* same_motion(const WorldData& world, const CharacterPlace& place,
                        const mimic::Task& task) {
  const Clip* clip = world.find_clip(place.state().play.clip);
  if (clip == nullptr) return nullptr;
  const double wanted = task.motion().duration_s();
  const double difference = std::abs(static_cast<double>(clip->duration_s()) - wanted);
  return difference > kSameLength * wanted ? nullptr : clip;
}

// The phase at which the skill goes on where the character's clip is.
double phase_of_clip(const WorldData& world, const CharacterPlace& place, const mimic::Task& task) {
  const Clip* clip = same_motion(world, place, task);
  if (clip == nullptr) return 0.0;
  return std::clamp(place.state().play.time_s / static_cast<double>(clip->duration_s()), 0.0, 1.0);
}

// The character's clip goes on where the skill is.
void take_phase_of_body(const WorldData& world, CharacterPlace& place, const mimic::Task& task,
                        const BodyParts& parts) {
  const Clip* clip = same_motion(world, place, task);
  if (clip == nullptr) return;
  PlayState& play = place.state().play;
  const double phase = mimic::phase_at(task.motion(), parts.episode.head->time_s);
  play.time_s = wrap_time(*clip, play.wrap, phase * static_cast<double>(clip->duration_s()));
}

// Where the reference was a physics step ago becomes where the body was: it comes with the
// reference's movement, not out of a standstill.
void come_moving(const mimic::Task& task, const BodyParts& parts, Arena& scratch) {
  const Arena::Scope scope(scratch);
  const auto velocities =
      scratch.take<double>(static_cast<std::size_t>(task.model().num_body_velocities()));
  if (velocities.empty()) return;
  mimic::EpisodeHead earlier = *parts.episode.head;
  earlier.time_s -= task.model().step_s();
  mimic::reference_now(task, {&earlier, parts.episode.state, parts.episode.action}, parts.before,
                       velocities);
}

// The mode itself. A body that takes over from clips begins on its reference; a ragdoll that is to
// perform again, where the reference is by now.
void change_mode(const WorldData& world, CharacterPlace& place, SkillAsset& skill, BodyMode mode,
                 bool smooth) {
  const BodyParts parts = parts_of(skill.task(), place.body_bytes());
  const BodyMode from = parts.state->mode;
  if (from == BodyMode::kinematic && mode != from)
    put_onto_reference(skill, skill.scratch(0), parts,
                       smooth ? phase_of_clip(world, place, skill.task()) : 0.0);
  if (from == BodyMode::ragdoll && mode == BodyMode::simulated)
    put_onto_reference(skill, skill.scratch(0), parts,
                       mimic::phase_at(skill.task().motion(), parts.episode.head->time_s));
  if (from == BodyMode::simulated && mode == BodyMode::kinematic && smooth)
    take_phase_of_body(world, place, skill.task(), parts);
  parts.state->mode = mode;
}

// What was shown and what comes, each now and kBefore_s ago.
struct SwitchPoses {
  PoseView was, was_before, comes, comes_before;
};

bool take_poses(const Skeleton& skeleton, Arena& scratch, SwitchPoses& poses) {
  bool taken = true;
  for (PoseView* pose : {&poses.was, &poses.was_before, &poses.comes, &poses.comes_before}) {
    *pose = pose_over(skeleton, scratch);
    taken = taken && pose->rotations != nullptr;
  }
  return taken;
}

// How two poses stand to each other.
struct Stance {
  Vec3 from{0.0f}, to{0.0f};  ///< their places on the floor: means of the joints, without heights
  float turn_rad = 0.0f;      ///< about the vertical, which brings the first nearest to the second
};

// The first joint of which others branch off: what is above it does not move with the body.
int first_branching(const Skeleton& skeleton) {
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    int children = 0;
    for (int c = j + 1; c < skeleton.num_joints(); ++c) children += skeleton.parent(c) == j ? 1 : 0;
    if (children != 1) return j;
  }
  return 0;
}

bool compare(const Skeleton& skeleton, ConstPoseView from, ConstPoseView to, Arena& scratch,
             Stance& out) {
  const Arena::Scope scope(scratch);
  const auto joints = static_cast<std::size_t>(skeleton.num_joints());
  const std::span<Transform> a = scratch.take<Transform>(joints);
  const std::span<Transform> b = scratch.take<Transform>(joints);
  if (a.empty() || b.empty()) return false;
  model_transforms(skeleton, from, a);
  model_transforms(skeleton, to, b);
  // Of all turns about Y the nearest one, by the angles that are left: each joint counts alike.
  float along = 0.0f, across = 0.0f;
  const auto first = static_cast<std::size_t>(first_branching(skeleton));
  for (std::size_t j = 0; j < joints; ++j) {
    out.from += Vec3(1, 0, 1) * a[j].translation / static_cast<float>(joints);
    out.to += Vec3(1, 0, 1) * b[j].translation / static_cast<float>(joints);
    if (j < first) continue;
    const Quat turn = b[j].rotation * glm::conjugate(a[j].rotation);
    along += turn.w * turn.w - turn.y * turn.y;
    across += 2.0f * turn.w * turn.y;
  }
  out.turn_rad = std::atan2(across, along);
  return true;
}

void carry_roots(const Skeleton& skeleton, const PoseView& pose, const Transform& by) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) < 0) pose.set(j, by * pose.get(j));
}

// A body that clips move: its reference goes along, but cannot turn.
void carry_body(const mimic::Task& task, const BodyParts& parts, const Transform& by) {
  const glm::dquat turn(by.rotation);
  const glm::dvec3 was = physics::load3(parts.episode.state.data());
  for (double* root : {parts.before.data(), parts.episode.state.data()}) {
    physics::store3(turn * physics::load3(root) + glm::dvec3(by.translation), root);
    physics::to_wxyz(turn * physics::from_wxyz(root + 3), root + 3);
  }
  double* velocity = physics::state_over(task.model(), parts.episode.state).velocities.data();
  physics::store3(turn * physics::load3(velocity), velocity);
  parts.episode.head->origin += physics::load3(parts.episode.state.data()) - was;
}

// Stairs and slopes stay where they are.
bool may_turn(const physics::Ground& ground) {
  return ground.slope_rad == 0.0f && ground.num_steps == 0;
}

// Lets what comes begin where what was stands on the floor, and as it faces. A body that comes is
// moved there, clips are by the placement; the placement turns for both, because what a body
// imitates cannot. What was shown stays where it is in the world.
void meet_on_floor(CharacterPlace& place, const mimic::Task& task, const BodyParts& parts,
                   Arena& scratch, const SwitchPoses& poses) {
  const Skeleton& skeleton = *place.skeleton;
  Stance stance;
  if (!compare(skeleton, poses.comes, poses.was, scratch, stance)) return;
  if (!may_turn(task.model().options().ground)) stance.turn_rad = 0.0f;
  const bool body_comes = parts.state->mode != BodyMode::kinematic;
  if (body_comes) {
    const Transform shift{kIdentityRotation, stance.to - stance.from, Vec3(1.0f)};
    shift_body(parts, shift.translation);
    carry_roots(skeleton, poses.comes, shift);
    carry_roots(skeleton, poses.comes_before, shift);
    stance.from = stance.to;
  }
  const Quat turn = glm::angleAxis(stance.turn_rad, Vec3(0, 1, 0));
  Transform& placement = place.state().placement;
  placement = placement * Transform{turn, stance.to - turn * stance.from, Vec3(1.0f)};
  placement.rotation = glm::normalize(placement.rotation);
  const Quat back = glm::conjugate(turn);
  const Transform carried{back, stance.from - back * stance.to, Vec3(1.0f)};
  carry_roots(skeleton, poses.was, carried);
  carry_roots(skeleton, poses.was_before, carried);
  if (!body_comes) carry_body(task, parts, carried);
  // What was shown last is seen until the next step.
  for (Mat4& model : place.models()) model = to_matrix(carried) * model;
}

}  // namespace

void switch_body(WorldData& world, CharacterPlace& place, SkillAsset& skill, BodyMode mode,
                 float fade_s) {
  const BodyParts parts = parts_of(skill.task(), place.body_bytes());
  const BodyMode from = parts.state->mode;
  if (mode == from) return;
  // Muscles that go limp are where they are: nothing jumps, and what is under way goes on.
  if (mode == BodyMode::ragdoll && from == BodyMode::simulated)
    return change_mode(world, place, skill, mode, false);

  Arena scratch(world.workers[0].scratch.bytes());
  SwitchPoses poses;
  const bool was = fade_s > 0.0f && take_poses(*place.skeleton, scratch, poses) &&
                   pose_of(world, place, 0.0, true, scratch, poses.was) &&
                   pose_of(world, place, kBefore_s, true, scratch, poses.was_before);
  change_mode(world, place, skill, mode, was);
  if (was && mode != BodyMode::kinematic) come_moving(skill.task(), parts, scratch);
  if (!was || !pose_of(world, place, 0.0, false, scratch, poses.comes) ||
      !pose_of(world, place, kBefore_s, false, scratch, poses.comes_before)) {
    note_cut(place);
    return end_transition(world, place.state());
  }
  meet_on_floor(place, skill.task(), parts, scratch, poses);
  if (!take_offsets(world, place,
                    {poses.was, poses.was_before, poses.comes, poses.comes_before,
                     static_cast<float>(kBefore_s), fade_s})) {
    note_cut(place);
    ++world.refused_transitions;
    return;
  }
  place.state().transition_over_layers = 1;
}

}  // namespace canter::detail
