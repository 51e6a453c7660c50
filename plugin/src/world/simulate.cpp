// The physics of a frame: fixed steps, and control steps between them. Control steps of a skill
// fall on the same fixed steps for all who perform it, so that its network runs once for everyone.
#include <algorithm>
#include <cmath>

#include "world/bodies.h"
#include "world/phases.h"

namespace canter::detail {
namespace {

/// A simulation that breaks this often without one finished action is not put back again.
constexpr std::uint32_t kMaxFaultsInRow = 3;

CharacterPlace& place_at(WorldData& world, int index) {
  return world.places[static_cast<std::size_t>(index)];
}

// A body that stands still does so between two physics steps as well.
void hold_still(const WorldData& world, CharacterPlace& place) {
  SkillAsset* skill = skill_of(world, place);
  if (skill == nullptr) return;
  const BodyParts parts = parts_of(skill->task(), place.body_bytes());
  std::copy_n(parts.episode.state.begin(), parts.before.size(), parts.before.begin());
}

void gather_bodies(WorldData& world) {
  world.bodies.clear();
  for (int i = 0; i < world.used_places; ++i) {
    CharacterPlace& place = place_at(world, i);
    if (!place.live() || !place.is_physical()) continue;
    const CharacterState& state = place.state();
    if (state.parked != ParkReason::none) continue;
    if (state.paused != 0) {
      hold_still(world, place);
      continue;
    }
    if (skill_of(world, place) == nullptr)
      park(world, world.workers[0], place, ParkReason::missing_skill);
    else
      world.bodies.push_back(i);
  }
}

// What follows from an episode that is over: it goes on, begins again, or the body goes limp.
void go_on(WorldData& world, Worker& worker, CharacterPlace& place, SkillAsset& skill,
           mimic::Scratch& scratch) {
  const BodyParts parts = parts_of(skill.task(), place.body_bytes());
  mimic::EpisodeHead& head = *parts.episode.head;
  BodyState& state = *parts.state;
  if (head.end == mimic::End::time_limit) {
    // A limit of training; nobody here waits for it.
    head.end = mimic::End::running;
    head.elapsed_s = 0.0;
    return;
  }
  state.last_end = head.end;
  ++state.num_ends;
  ++worker.num_ended;
  const bool broken = head.end == mimic::End::broken;
  state.num_faults_in_row = broken ? state.num_faults_in_row + 1 : 0;
  if (state.num_faults_in_row >= kMaxFaultsInRow)
    return park(world, worker, place, ParkReason::simulation_failed);
  const bool over = head.end == mimic::End::finished;
  if (!over && !broken && state.after_fall == AfterFall::ragdoll) {
    state.mode = BodyMode::ragdoll;
    return;
  }
  const double phase = over ? 0.0 : mimic::phase_at(skill.task().motion(), head.time_s);
  put_onto_reference(skill, scratch, parts, phase);
  note_cut(place);
}

// What the last action came to, and what the policy sees next.
void judge_and_observe(WorldData& world, SkillAsset& skill, int member, int worker_index) {
  Worker& worker = world.workers[static_cast<std::size_t>(worker_index)];
  const StageTimer timer(worker, Stage::observe);
  CharacterPlace& place = place_at(world, skill.members()[static_cast<std::size_t>(member)]);
  mimic::Scratch& scratch = skill.scratch(worker_index);
  const BodyParts parts = parts_of(skill.task(), place.body_bytes());
  // An action that broke in its first physics step has no steps, but an end.
  const mimic::EpisodeHead& head = *parts.episode.head;
  if (head.substep > 0 || head.end != mimic::End::running) {
    const mimic::StepResult result = mimic::judge(skill.task(), parts.episode, scratch);
    BodyState& state = *parts.state;
    state.terms = result.terms;
    state.reward_paper = result.reward_paper;
    state.reward_code = result.reward_code;
    state.joint_error_rad = result.joint_error_rad;
    state.position_error_m = result.position_error_m;
    if (result.end == mimic::End::running)
      state.num_faults_in_row = 0;
    else
      go_on(world, worker, place, skill, scratch);
  }
  mimic::observe(skill.task(), parts.episode, scratch, skill.observation(member));
}

// observe and infer: the skills whose control step this is, each for all who perform it.
void choose_actions(WorldData& world, std::int64_t fixed_step) {
  for (std::uint32_t i = 0; i < world.skills.num_places(); ++i) {
    const SkillId id = world.skills.at(i);
    if (!id) continue;
    SkillAsset& skill = *world.skills.find(id);
    if (fixed_step % skill.task().steps_per_action() != 0) continue;
    skill.begin();
    for (const int body : world.bodies) {
      const BodyState& state = place_at(world, body).body_state();
      if (state.skill == id && state.mode == BodyMode::simulated) skill.join(body);
    }
    const int count = static_cast<int>(skill.members().size());
    if (count == 0) continue;
    for_each_on_workers(world, count, [&](int member, int worker) {
      judge_and_observe(world, skill, member, worker);
    });
    const StageTimer timer(world.workers[0], Stage::infer);
    skill.infer();
    for (int m = 0; m < count; ++m) {
      CharacterPlace& place = place_at(world, skill.members()[static_cast<std::size_t>(m)]);
      const BodyParts parts = parts_of(skill.task(), place.body_bytes());
      mimic::begin_action(skill.task(), skill.action(m), parts.episode);
    }
  }
}

// A ragdoll falls on with the push it was given.
physics::SimulateReport fall_on(const mimic::Task& task, const mimic::EpisodeView& episode,
                                mimic::Scratch& scratch) {
  mimic::EpisodeHead& head = *episode.head;
  const double step_s = task.model().step_s();
  const physics::Push push{head.push_joint, head.push_force_n};
  const bool pushed = head.push_left_s > 0.5 * step_s;
  physics::Drive limp;
  limp.positions = episode.state;
  limp.strength = 0.0f;
  head.push_left_s = pushed ? head.push_left_s - step_s : 0.0;
  return physics::simulate(task.model(), limp, std::span(&push, pushed ? 1u : 0u), episode.state,
                           scratch.physics());
}

/// Contacts of the same two links nearer than this are one, m: about a foot's corner.
constexpr double kSamePlace_m = 0.03;

// Adds a step's contact to those of the frame, whose forces are means over the frame's steps.
void note_contact(const physics::Contact& contact, double share, BodyReadout& readout) {
  if (contact.force_n == glm::dvec3(0.0)) return;  // near the ground, but not on it
  const std::span seen = std::span(readout.contacts).first(readout.num_contacts);
  const auto same = std::ranges::find_if(seen, [&](const physics::Contact& c) {
    return c.joint == contact.joint && c.other == contact.other &&
           glm::distance(c.position, contact.position) < kSamePlace_m;
  });
  if (same != seen.end()) {
    same->position = contact.position;
    same->force_n += share * contact.force_n;
  } else if (readout.num_contacts < readout.contacts.size()) {
    physics::Contact& added = readout.contacts[readout.num_contacts++];
    added = contact;
    added.force_n *= share;
  }
}

// What instruments see of a step: its contacts join those of the frame, its torques replace those
// of the step before.
void read_out(const physics::Model& model, mimic::Scratch& scratch, int steps_of_frame,
              BodyReadout& readout) {
  for (const physics::Contact& contact : physics::contacts(scratch.physics()))
    note_contact(contact, 1.0 / steps_of_frame, readout);
  for (int j = 0; j < model.num_joints(); ++j)
    readout.torque_shares[static_cast<std::size_t>(j)] =
        static_cast<float>(physics::torque_share(scratch.physics(), j));
}

// drive and simulate: one fixed step of one body.
void step_body(WorldData& world, CharacterPlace& place, int worker_index, int steps_of_frame) {
  Worker& worker = world.workers[static_cast<std::size_t>(worker_index)];
  SkillAsset& skill = *skill_of(world, place);
  mimic::Scratch& scratch = skill.scratch(worker_index);
  const BodyParts parts = parts_of(skill.task(), place.body_bytes());
  const bool limp = parts.state->mode == BodyMode::ragdoll;
  // Before its first control step, and after its episode ended in the middle of an action, it
  // waits.
  const mimic::EpisodeHead& head = *parts.episode.head;
  const bool waits = place.state().parked != ParkReason::none ||
                     (!limp && (head.end != mimic::End::running || head.num_actions == 0 ||
                                head.substep >= skill.task().steps_per_action()));
  std::copy_n(parts.episode.state.begin(), parts.before.size(), parts.before.begin());
  if (waits) return;

  physics::SimulateReport report;
  if (limp) {
    const StageTimer timer(worker, Stage::simulate);
    report = fall_on(skill.task(), parts.episode, scratch);
  } else {
    physics::Drive drive;
    {
      const StageTimer timer(worker, Stage::drive);
      drive = mimic::drive(skill.task(), parts.episode, scratch);
    }
    const StageTimer timer(worker, Stage::simulate);
    report = mimic::simulate(skill.task(), drive, parts.episode, scratch);
  }
  parts.state->touching = report.touching;
  parts.state->saturated = report.saturated;
  if (report.fault != physics::Fault::none) {
    parts.state->last_fault = report.fault;
    // A body without a skill to put it back stays where it broke.
    if (limp) park(world, worker, place, ParkReason::simulation_failed);
    return;
  }
  read_out(skill.task().model(), scratch, steps_of_frame, *place.readout);
}

}  // namespace

void simulate_bodies(WorldData& world, int num_fixed_steps) {
  gather_bodies(world);
  const int count = static_cast<int>(world.bodies.size());
  if (count == 0) return;
  const std::int64_t first = world.clock.num_steps - num_fixed_steps;
  for (int k = 0; k < num_fixed_steps; ++k) {
    choose_actions(world, first + k);
    for_each_on_workers(world, count, [&](int i, int worker) {
      CharacterPlace& place = place_at(world, world.bodies[static_cast<std::size_t>(i)]);
      if (k == 0) place.readout->num_contacts = 0;
      step_body(world, place, worker, num_fixed_steps);
    });
  }
}

}  // namespace canter::detail
