// A character changes between its clips, its muscles and a ragdoll.
#include <algorithm>
#include <cmath>

#include "canter/anim/model_space.h"
#include "world/bodies.h"
#include "world/phases.h"

namespace canter::detail {
namespace {

/// Clips whose lengths differ by less than this share are taken for the same motion.
constexpr double kSameLength = 0.02;

// The base pose of a character, by clips or physics, as it is or `earlier_s` ago; with what is left
// of a transition if `shown`.
bool pose_of(WorldData& world, const CharacterPlace& place, double earlier_s, bool shown,
             Arena& scratch, PoseView out) {
  CharacterState state = earlier(world, place.state(), earlier_s);
  if (!shown) state.transition_slot1 = 0;
  if (!place.is_physical())
    return evaluate_base(world, state, *place.skeleton, scratch, out) == ParkReason::none;
  if (body_pose(world, place, earlier_s, scratch, out) != ParkReason::none) return false;
  if (state.transition_slot1 != 0)
    apply_inertialization(world.transitions.view(state.transition_slot1, *place.skeleton),
                          state.transition_s, out);
  return true;
}

// Where a pose stands on the floor: the mean of its joints. The height counts for nothing.
Vec3 place_on_floor(const Skeleton& skeleton, ConstPoseView pose, Arena& scratch) {
  const Arena::Scope scope(scratch);
  const auto joints = static_cast<std::size_t>(skeleton.num_joints());
  const std::span<Transform> models = scratch.take<Transform>(joints);
  if (models.empty()) return Vec3(0.0f);
  model_transforms(skeleton, pose, models);
  Vec3 sum(0.0f);
  for (const Transform& model : models) sum += model.translation / static_cast<float>(joints);
  return {sum.x, 0.0f, sum.z};
}

void shift_body(const BodyParts& parts, const Vec3& by) {
  const glm::dvec3 wide(by);
  for (const std::size_t axis : {std::size_t{0}, std::size_t{2}}) {
    parts.before[axis] += wide[static_cast<int>(axis)];
    parts.episode.state[axis] += wide[static_cast<int>(axis)];
  }
  parts.episode.head->origin += wide;
}

// The phase at which the skill goes on where the character's clip is.
double phase_of_clip(const WorldData& world, const CharacterPlace& place, const mimic::Task& task) {
  const PlayState& play = place.state().play;
  const Clip* clip = world.find_clip(play.clip);
  if (clip == nullptr) return 0.0;
  const auto duration = static_cast<double>(clip->duration_s());
  const double wanted = task.motion().duration_s();
  if (std::abs(duration - wanted) > kSameLength * wanted) return 0.0;
  return std::clamp(play.time_s / duration, 0.0, 1.0);
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
  parts.state->mode = mode;
}

void shift_roots(const Skeleton& skeleton, const PoseView& pose, const Vec3& by) {
  for (int j = 0; j < skeleton.num_joints(); ++j)
    if (skeleton.parent(j) < 0) pose.translations[j] += Vec4(by, 0.0f);
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

// Lets what comes begin where what was stands on the floor. A body that comes is moved there; where
// clips come, the placement is, and the body stays where it is in the world.
void meet_on_floor(CharacterPlace& place, const BodyParts& parts, BodyMode from, Arena& scratch,
                   const SwitchPoses& poses) {
  const Vec3 by = place_on_floor(*place.skeleton, poses.was, scratch) -
                  place_on_floor(*place.skeleton, poses.comes, scratch);
  if (from == BodyMode::kinematic) {
    shift_body(parts, by);
    shift_roots(*place.skeleton, poses.comes, by);
    shift_roots(*place.skeleton, poses.comes_before, by);
  } else if (parts.state->mode == BodyMode::kinematic) {
    Transform& placement = place.state().placement;
    placement.translation += placement.rotation * (placement.scale * by);
    shift_body(parts, -by);
    // What was shown last is seen until the next step.
    for (Mat4& model : place.models()) model[3] -= Vec4(by, 0.0f);
    shift_roots(*place.skeleton, poses.was, -by);
    shift_roots(*place.skeleton, poses.was_before, -by);
  }
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
  meet_on_floor(place, parts, from, scratch, poses);
  if (!take_offsets(world, place,
                    {poses.was, poses.was_before, poses.comes, poses.comes_before,
                     static_cast<float>(kBefore_s), fade_s})) {
    note_cut(place);
    ++world.refused_transitions;
  }
}

}  // namespace canter::detail
