#include "world/bodies.h"

#include <algorithm>
#include <cmath>

#include "canter/physics/pose.h"
#include "canter/physics/quat_order.h"

namespace canter::detail {
namespace {

std::size_t before_offset() {
  return align_up(sizeof(BodyState));
}

/// A position between two: places and angles linear, rotations along the shorter arc.
void mix_positions(const physics::Model& model, std::span<const double> a,
                   std::span<const double> b, double share, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] + share * (b[i] - a[i]);
  for (const physics::JointIndex& joint : model.joints()) {
    const bool ball = joint.type == physics::JointType::ball;
    if (!ball && joint.type != physics::JointType::root) continue;
    const auto at = static_cast<std::size_t>(joint.position + (ball ? 0 : 3));
    physics::to_wxyz(glm::slerp(physics::from_wxyz(&a[at]), physics::from_wxyz(&b[at]), share),
                     &out[at]);
  }
}

}  // namespace

std::size_t episode_offset(const mimic::Task& task) {
  const auto count = static_cast<std::size_t>(task.model().num_positions());
  return before_offset() + align_up(count * sizeof(double));
}

std::size_t body_bytes(const mimic::Task& task) {
  return episode_offset(task) + align_up(task.episode_bytes());
}

BodyParts parts_of(const mimic::Task& task, std::span<std::byte> body) {
  const auto count = static_cast<std::size_t>(task.model().num_positions());
  return {reinterpret_cast<BodyState*>(body.data()),
          {reinterpret_cast<double*>(body.data() + before_offset()), count},
          mimic::episode_over(task, body.subspan(episode_offset(task)))};
}

SkillAsset* skill_of(const WorldData& world, const CharacterPlace& place) {
  return world.skills.find(place.body_state().skill).get();
}

Result<std::shared_ptr<const Retargeter>> make_from_body(const SkillAsset& skill,
                                                         const Skeleton& skeleton) {
  if (skill.skeleton().hash() == skeleton.hash()) return std::shared_ptr<const Retargeter>();
  Result<Retargeter> made = make_retargeter(skill.skeleton(), skeleton);
  if (!made)
    return Error{made.error().code,
                 "the body's pose does not fit the character: " + made.error().message};
  return std::make_shared<const Retargeter>(std::move(made).value());
}

Result<void> reserve_skills(WorldData& world) {
  for (std::uint32_t i = 0; i < world.skills.num_places(); ++i) {
    const SkillId id = world.skills.at(i);
    if (!id) continue;
    const auto members = std::ranges::count_if(world.places, [&](const CharacterPlace& place) {
      return place.live() && place.has_body() && place.body_state().skill == id;
    });
    if (Result<void> done = world.skills.find(id)->reserve(static_cast<int>(members)); !done)
      return done;
  }
  return {};
}

void put_onto_reference(SkillAsset& skill, mimic::Scratch& scratch, const BodyParts& parts,
                        double phase) {
  const mimic::Task& task = skill.task();
  const double x = parts.episode.state[0], z = parts.episode.state[2];
  const std::int32_t push_joint = parts.episode.head->push_joint;
  mimic::reset(task, phase, parts.episode, scratch);
  parts.episode.head->push_joint = push_joint;
  const bool somewhere = std::isfinite(x) && std::isfinite(z);
  if (somewhere) {
    parts.episode.state[0] += x;
    parts.episode.state[2] += z;
    parts.episode.head->origin += glm::dvec3(x, 0.0, z);
  }
  std::copy_n(parts.episode.state.begin(), parts.before.size(), parts.before.begin());
}

bool write_body_pose(const SkillAsset& skill, const CharacterPlace& place,
                     std::span<const double> positions, Arena& scratch, PoseView out) {
  const physics::Model& model = skill.task().model();
  if (place.from_body == nullptr) {
    physics::write_pose(model, positions, out);
    return true;
  }
  const Arena::Scope scope(scratch);
  const PoseView own = pose_over(skill.skeleton(), scratch);
  const std::span<Transform> room = scratch.take<Transform>(place.from_body->scratch_size());
  if (own.rotations == nullptr || room.empty()) return false;
  physics::write_pose(model, positions, own);
  retarget_pose(*place.from_body, own, 0.0f, room, out);
  return true;
}

ParkReason body_pose(const WorldData& world, const CharacterPlace& place, double earlier_s,
                     Arena& scratch, PoseView out) {
  SkillAsset* skill = skill_of(world, place);
  if (skill == nullptr) return ParkReason::missing_skill;
  const Arena::Scope scope(scratch);
  const BodyParts parts = parts_of(skill->task(), place.body_bytes());
  const physics::Model& model = skill->task().model();
  const std::span<double> shown =
      scratch.take<double>(static_cast<std::size_t>(model.num_body_positions()));
  if (shown.empty()) return ParkReason::out_of_scratch;
  const double share = static_cast<double>(world.clock.alpha()) - earlier_s / model.step_s();
  mix_positions(model, parts.before, parts.episode.state, share, shown);
  return write_body_pose(*skill, place, shown, scratch, out) ? ParkReason::none
                                                             : ParkReason::out_of_scratch;
}

ParkReason show_body(WorldData& world, const CharacterPlace& place, Arena& scratch, PoseView out) {
  const ParkReason why = body_pose(world, place, 0.0, scratch, out);
  if (why == ParkReason::none) apply_transition(world, place.state(), *place.skeleton, out);
  return why;
}

}  // namespace canter::detail
