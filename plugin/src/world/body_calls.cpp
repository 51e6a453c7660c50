// World's calls about skills and bodies.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "canter/anim/local_to_model.h"
#include "canter/physics/pose.h"
#include "world/bodies.h"
#include "world/phases.h"

namespace canter {

using detail::BodyParts;
using detail::CharacterPlace;
using detail::parts_of;
using detail::SkillAsset;

namespace {

Error stale_skill() {
  return {ErrorCode::bad_value, "the skill's handle is stale: it was removed or never existed"};
}

bool is_phase(double phase) {
  return phase >= 0.0 && phase <= 1.0;
}

// A place and its skill, where it has a body whose skill is still there.
struct Embodied {
  CharacterPlace* place = nullptr;
  SkillAsset* skill = nullptr;
  BodyParts parts;
  explicit operator bool() const { return skill != nullptr; }
};

Embodied embodied(detail::WorldData& world, CharacterId character) {
  CharacterPlace* place = world.find(character);
  if (place == nullptr || !place->has_body()) return {};
  SkillAsset* skill = detail::skill_of(world, *place);
  if (skill == nullptr) return {};
  return {place, skill, parts_of(skill->task(), place->body_bytes())};
}

}  // namespace

Result<SkillId> World::add_skill(const mimic::Task& task, const nn::Model* policy) {
  const double rate_hz = task.model().options().rate_hz;
  if (std::abs(rate_hz - data_->desc.fixed_rate_hz) > 1e-9)
    return Error{ErrorCode::bad_value,
                 "the skill is simulated at " + std::to_string(rate_hz) + " Hz, the world at " +
                     std::to_string(data_->desc.fixed_rate_hz) + " Hz (WorldDesc::fixed_rate_hz)"};
  Result<Skeleton> skeleton = physics::body_skeleton(task.model().body());
  if (!skeleton) return skeleton.error();
  const std::pmr::polymorphic_allocator<> allocator(data_->desc.memory);
  auto skill =
      std::allocate_shared<SkillAsset>(allocator, task, std::move(skeleton).value(),
                                       static_cast<int>(data_->workers.size()), data_->desc.memory);
  if (Result<void> set = skill->set_policy(policy); !set) return set.error();
  detail::reserve_for(*data_, skill->skeleton());
  return data_->skills.add(std::move(skill));
}

Result<void> World::set_policy(SkillId id, const nn::Model* policy) {
  const auto& skill = data_->skills.find(id);
  if (skill == nullptr) return stale_skill();
  return skill->set_policy(policy);
}

bool World::remove_skill(SkillId skill) {
  return data_->skills.remove(skill);
}

const mimic::Task* World::task(SkillId id) const {
  const auto& skill = data_->skills.find(id);
  return skill == nullptr ? nullptr : &skill->task();
}

Result<void> World::simulate(CharacterId character, const SimulateDesc& desc) {
  CharacterPlace* place = data_->find(character);
  if (place == nullptr)
    return Error{ErrorCode::bad_value,
                 "the character's handle is stale: it was destroyed or never existed"};
  const std::shared_ptr<SkillAsset>& skill = data_->skills.find(desc.skill);
  if (skill == nullptr) return stale_skill();
  if (!is_phase(desc.phase) || desc.after_fall > AfterFall::ragdoll)
    return Error{ErrorCode::bad_value,
                 "the phase is " + std::to_string(desc.phase) + " cycles; expected 0 to 1"};
  auto retargeter = detail::make_from_body(*skill, *place->skeleton);
  if (!retargeter) return retargeter.error();

  Block body(detail::body_bytes(skill->task()), data_->desc.memory);
  const BodyParts parts = parts_of(skill->task(), body.bytes());
  *parts.state = BodyState{};
  parts.state->skill = desc.skill;
  parts.state->mode = BodyMode::simulated;
  parts.state->after_fall = desc.after_fall;
  mimic::reset(skill->task(), desc.phase, parts.episode, skill->scratch(0));
  std::copy_n(parts.episode.state.begin(), parts.before.size(), parts.before.begin());
  std::swap(place->body, body);
  if (Result<void> reserved = detail::reserve_skills(*data_); !reserved) {
    std::swap(place->body, body);
    return reserved;
  }
  place->readout = std::make_unique<detail::BodyReadout>();
  place->from_body = std::move(retargeter).value();
  place->state().parked = ParkReason::none;
  detail::note_cut(*place);
  return {};
}

bool World::set_body_mode(CharacterId character, BodyMode mode, float fade_s) {
  const Embodied e = embodied(*data_, character);
  if (!e || mode > BodyMode::ragdoll || !(fade_s >= 0.0f && fade_s <= detail::kMaxFade_s))
    return false;
  detail::switch_body(*data_, *e.place, *e.skill, mode, fade_s);
  return true;
}

bool World::restart(CharacterId character, double phase) {
  const Embodied e = embodied(*data_, character);
  if (!e || !is_phase(phase)) return false;
  detail::put_onto_reference(*e.skill, e.skill->scratch(0), e.parts, phase);
  e.parts.state->num_faults_in_row = 0;
  detail::note_cut(*e.place);
  e.place->state().parked = ParkReason::none;
  return true;
}

bool World::push(CharacterId character, const mimic::PushOrder& order) {
  const Embodied e = embodied(*data_, character);
  const double sum = order.force_n.x + order.force_n.y + order.force_n.z + order.duration_s;
  if (!e || !std::isfinite(sum) || order.duration_s < 0.0 || order.joint < 0 ||
      order.joint >= e.skill->task().model().num_joints())
    return false;
  mimic::push(e.parts.episode, order);
  return true;
}

bool World::throw_box(CharacterId character, int box, const Vec3& position, const Vec3& velocity) {
  const Embodied e = embodied(*data_, character);
  const Vec3 sum = position + velocity;
  if (!e || box < 0 || box >= e.skill->task().model().options().num_boxes ||
      !std::isfinite(sum.x + sum.y + sum.z))
    return false;
  const physics::Model& model = e.skill->task().model();
  physics::throw_box(model, box, glm::dvec3(position), glm::dvec3(velocity), e.parts.episode.state);
  // It does not come from where it was a step ago.
  const auto first = static_cast<std::ptrdiff_t>(model.num_body_positions());
  std::copy(e.parts.episode.state.begin() + first,
            e.parts.episode.state.begin() + static_cast<std::ptrdiff_t>(e.parts.before.size()),
            e.parts.before.begin() + first);
  return true;
}

int World::boxes(CharacterId character, std::span<Transform> out) const {
  const Embodied e = embodied(*data_, character);
  if (!e || !e.place->is_physical()) return 0;
  const physics::Model& model = e.skill->task().model();
  const auto now = physics::state_over(model, e.parts.episode.state).positions;
  const double share = static_cast<double>(data_->clock.alpha());
  std::size_t count = 0;
  for (int i = 0; i < model.options().num_boxes; ++i) {
    const auto to = physics::box_pose(model, i, now);
    if (!to) continue;
    if (count < out.size()) {
      const auto from = physics::box_pose(model, i, e.parts.before).value_or(*to);
      out[count] = {Quat(glm::slerp(from.rotation, to->rotation, share)),
                    Vec3(glm::mix(from.centre, to->centre, share)), Vec3(1.0f)};
    }
    ++count;
  }
  return static_cast<int>(count);
}

BodyView World::body(CharacterId character) const {
  const Embodied e = embodied(*data_, character);
  if (!e) return {};
  const physics::Model& model = e.skill->task().model();
  const physics::StateView state = physics::state_over(model, e.parts.episode.state);
  const detail::BodyReadout& readout = *e.place->readout;
  return {&e.skill->task(),
          e.parts.state,
          e.parts.episode.head,
          state.positions.first(static_cast<std::size_t>(model.num_body_positions())),
          state.velocities.first(static_cast<std::size_t>(model.num_body_velocities())),
          e.parts.episode.action,
          std::span(readout.contacts).first(readout.num_contacts),
          std::span(readout.torque_shares).first(static_cast<std::size_t>(model.num_joints()))};
}

bool World::reference_models(CharacterId character, std::span<Mat4> out) const {
  const Embodied e = embodied(*data_, character);
  if (!e || out.size() != static_cast<std::size_t>(e.place->skeleton->num_joints())) return false;
  const physics::Model& model = e.skill->task().model();
  Arena scratch(data_->workers[0].scratch.bytes());
  const PoseView pose = pose_over(*e.place->skeleton, scratch);
  const auto positions = scratch.take<double>(static_cast<std::size_t>(model.num_body_positions()));
  const auto velocities =
      scratch.take<double>(static_cast<std::size_t>(model.num_body_velocities()));
  if (pose.rotations == nullptr || positions.empty() || velocities.empty()) return false;
  mimic::reference_now(e.skill->task(), e.parts.episode, positions, velocities);
  if (!detail::write_body_pose(*e.skill, *e.place, positions, scratch, pose)) return false;
  local_to_model(*e.place->skeleton, Mat4(1.0f), pose, out);
  return true;
}

}  // namespace canter
