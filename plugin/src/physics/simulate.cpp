#include "canter/physics/simulate.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <new>

#include "canter/physics/quat_order.h"
#include "physics/drive.h"
#include "physics/scratch_data.h"

namespace canter::physics {

using detail::ModelData;

namespace {

/// Positions beyond this are a fault: the engine's own bound.
constexpr double kMaxPosition = 1e6;

bool all_below(std::span<const double> numbers, double bound) {
  bool good = true;
  for (const double x : numbers) good = good && std::abs(x) < bound;  // false for NaN
  return good;
}

bool all_finite(std::span<const double> numbers) {
  bool good = true;
  for (const double x : numbers) good = good && std::isfinite(x);
  return good;
}

// Forgets whatever a failed step left in the engine: half a step, its stack, its warnings.
void clear_engine(const ModelData& model, Scratch::Data& scratch) {
  mj_resetData(model.engine.get(), scratch.engine.get());
}

void load_state(const ModelData& model, const StateView& state, mjData& engine) {
  std::copy(state.positions.begin(), state.positions.end(), engine.qpos);
  std::copy(state.velocities.begin(), state.velocities.end(), engine.qvel);
  std::copy(state.accelerations.begin(), state.accelerations.end(), engine.qacc_warmstart);
  engine.time = 0.0;
  engine.warning[mjWARN_CONTACTFULL].number = 0;
  engine.warning[mjWARN_CNSTRFULL].number = 0;
  mju_zero(engine.qfrc_applied, model.engine->nv);
}

void store_state(const StateView& state, const mjData& engine) {
  std::copy_n(engine.qpos, state.positions.size(), state.positions.begin());
  std::copy_n(engine.qvel, state.velocities.size(), state.velocities.begin());
  std::copy_n(engine.qacc_warmstart, state.accelerations.size(), state.accelerations.begin());
}

void apply_pushes(const ModelData& model, std::span<const Push> pushes, mjData& engine) {
  for (const Push& push : pushes) {
    double* force =
        engine.xfrc_applied + 6 * model.engine_body[static_cast<std::size_t>(push.joint)];
    for (int a = 0; a < 3; ++a) force[a] += push.force_n[a];
  }
}

void clear_pushes(const ModelData& model, std::span<const Push> pushes, mjData& engine) {
  for (const Push& push : pushes)
    mju_zero(engine.xfrc_applied + 6 * model.engine_body[static_cast<std::size_t>(push.joint)], 6);
}

// The joint whose link touches the ground in a contact, or -1.
int touching_joint(const ModelData& model, const mjContact& contact) {
  const int a = model.geom_owner[static_cast<std::size_t>(contact.geom1)];
  const int b = model.geom_owner[static_cast<std::size_t>(contact.geom2)];
  if (a == detail::kGround && b >= 0) return b;
  if (b == detail::kGround && a >= 0) return a;
  return -1;
}

JointSet touching_joints(const ModelData& model, const mjData& engine) {
  JointSet touching = 0;
  for (int c = 0; c < engine.ncon; ++c) {
    const int joint = touching_joint(model, engine.contact[c]);
    if (joint >= 0) touching |= JointSet{1} << joint;
  }
  return touching;
}

bool is_shelved(const double* box_position) {
  return box_position[1] > 0.5 * detail::kBoxShelf_m;
}

// Boxes that are not in use wait on their shelf instead of falling.
void shelve_boxes(const ModelData& model, const StateView& state) {
  for (int i = 0; i < model.options.num_boxes; ++i) {
    double* p = state.positions.data() + model.num_body_positions + 7 * i;
    if (!is_shelved(p)) continue;
    const auto first_velocity = static_cast<std::size_t>(model.num_body_velocities + 6 * i);
    std::fill_n(p, 7, 0.0);
    p[0] = static_cast<double>(i);
    p[1] = detail::kBoxShelf_m;
    p[3] = 1.0;
    std::fill_n(state.velocities.begin() + static_cast<std::ptrdiff_t>(first_velocity), 6, 0.0);
    std::fill_n(state.accelerations.begin() + static_cast<std::ptrdiff_t>(first_velocity), 6, 0.0);
  }
}

// Everything between loading and storing the state: what the engine may fail in.
struct StepWork {
  const ModelData& model;
  const Drive& drive;
  std::span<const Push> pushes;
  Scratch::Data& scratch;
  SimulateReport& report;

  static void run(void* user) {
    StepWork& work = *static_cast<StepWork*>(user);
    const mjModel* engine_model = work.model.engine.get();
    mjData* engine = work.scratch.engine.get();
    mj_fwdPosition(engine_model, engine);
    mj_fwdVelocity(engine_model, engine);
    work.report.touching = touching_joints(work.model, *engine);
    detail::apply_law(work.model, work.drive, work.scratch);
    apply_pushes(work.model, work.pushes, *engine);
    detail::solve_within_limits(work.model, work.scratch, work.report);
    mj_Euler(engine_model, engine);
    clear_pushes(work.model, work.pushes, *engine);
  }
};

bool good_input(const ModelData& model, const Drive& drive, std::span<const Push> pushes,
                const StateView& state) {
  bool good =
      all_below(state.positions, kMaxPosition) && all_finite(state.velocities) &&
      all_finite(state.accelerations) &&
      all_finite(drive.positions.first(static_cast<std::size_t>(model.num_body_positions))) &&
      all_finite(drive.velocities) && std::isfinite(drive.strength) && drive.strength >= 0.0f;
  for (const Push& push : pushes)
    good = good && std::isfinite(push.force_n.x + push.force_n.y + push.force_n.z);
  return good;
}

Fault check_result(const ModelData& model, const mjData& engine) {
  const std::span positions(engine.qpos, static_cast<std::size_t>(model.engine->nq));
  const std::span velocities(engine.qvel, static_cast<std::size_t>(model.engine->nv));
  if (!all_finite(positions) || !all_finite(velocities)) return Fault::non_finite;
  if (!all_below(velocities, kMaxVelocity) || !all_below(positions, kMaxPosition))
    return Fault::exploding;
  return Fault::none;
}

}  // namespace

Scratch::Scratch(Model model)
    : model_(std::move(model)), data_(std::make_unique<Data>(*model_.data().engine)) {
  const ModelData& m = model_.data();
  mjData* engine = nullptr;
  if (!detail::guarded([&] { engine = mj_makeData(m.engine.get()); }, data_->error) ||
      engine == nullptr)
    throw std::bad_alloc();
  data_->engine.reset(engine);
  const auto nv = static_cast<std::size_t>(m.engine->nv);
  data_->law.resize(nv);
  data_->torque.resize(nv);
  data_->share.resize(m.drives.size(), 1.0);
  data_->contacts.reserve(static_cast<std::size_t>(m.engine->nconmax));
}
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

StateView state_over(const Model& model, std::span<double> block) {
  const auto nq = static_cast<std::size_t>(model.num_positions());
  const auto nv = static_cast<std::size_t>(model.num_velocities());
  assert(block.size() >= nq + 2 * nv);
  return {block.first(nq), block.subspan(nq, nv), block.subspan(nq + nv, nv)};
}

void rest_state(const Model& model, std::span<double> block) {
  const ModelData& data = model.data();
  const StateView state = state_over(model, block);
  std::fill(block.begin(), block.end(), 0.0);
  for (const JointIndex& joint : data.joints) {
    if (joint.type == JointType::root)
      state.positions[static_cast<std::size_t>(joint.position) + 3] = 1.0;
    if (joint.type == JointType::ball)
      state.positions[static_cast<std::size_t>(joint.position)] = 1.0;
  }
  for (int i = 0; i < data.options.num_boxes; ++i)
    state.positions[static_cast<std::size_t>(data.num_body_positions + 7 * i + 1)] =
        detail::kBoxShelf_m;
  shelve_boxes(data, state);
  std::array<LinkState, kMaxBodyJoints> links;
  forward_kinematics(model, state.positions, state.velocities, links);
  state.positions[1] -=
      lowest_distance(model, std::span(links).first(data.joints.size())) / data.ground_normal.y;
}

SimulateReport simulate(const Model& model, const Drive& drive, std::span<const Push> pushes,
                        std::span<double> block, Scratch& scratch) {
  const ModelData& data = model.data();
  Scratch::Data& work = scratch.data();
  assert(&scratch.model().data() == &data);
  assert(drive.positions.size() >= static_cast<std::size_t>(data.num_body_positions));
  const StateView state = state_over(model, block);
  SimulateReport report;
  if (!good_input(data, drive, pushes, state)) {
    report.fault = Fault::non_finite;
    return report;
  }
  load_state(data, state, *work.engine);
  work.stale_contacts = true;
  StepWork step{data, drive, pushes, work, report};
  if (!detail::run_guarded(StepWork::run, &step, work.error))
    report.fault = Fault::engine_error;
  else
    report.fault = check_result(data, *work.engine);
  if (report.fault != Fault::none) {
    clear_engine(data, work);
    return report;
  }
  report.contacts_dropped = work.engine->warning[mjWARN_CONTACTFULL].number != 0 ||
                            work.engine->warning[mjWARN_CNSTRFULL].number != 0;
  store_state(state, *work.engine);
  shelve_boxes(data, state);
  return report;
}

const char* describe(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "nothing is wrong";
    case Fault::non_finite:
      return "the simulation got or made a number that is not finite";
    case Fault::exploding:
      return "a velocity grew beyond every bound";
    case Fault::engine_error:
      return "the physics engine reported an error";
  }
  return "unknown";
}

std::span<const Contact> contacts(Scratch& scratch) {
  // Worked out when asked for: few ask, and the engine keeps what it takes until the next step.
  Scratch::Data& work = scratch.data();
  const ModelData& model = scratch.model().data();
  if (!work.stale_contacts) return work.contacts;
  work.stale_contacts = false;
  work.contacts.clear();
  for (int c = 0; c < work.engine->ncon; ++c) {
    const mjContact& contact = work.engine->contact[c];
    const int a = model.geom_owner[static_cast<std::size_t>(contact.geom1)];
    const int b = model.geom_owner[static_cast<std::size_t>(contact.geom2)];
    if (contact.exclude != 0 || (a < 0 && b < 0)) continue;
    double wrench[6];
    mj_contactForce(model.engine.get(), work.engine.get(), c, wrench);
    // The frame's rows: normal from the first geometry to the second, then two tangents.
    glm::dvec3 force(0.0);
    for (int k = 0; k < 3; ++k) force += wrench[k] * load3(contact.frame + 3 * k);
    const bool on_second = b >= 0;
    work.contacts.push_back({load3(contact.pos), on_second ? force : -force, on_second ? b : a,
                             on_second ? std::max(a, -1) : std::max(b, -1)});
  }
  return work.contacts;
}

std::span<const double> applied_torques(const Scratch& scratch) {
  return std::span(scratch.data().torque)
      .first(static_cast<std::size_t>(scratch.model().num_body_velocities()));
}

double torque_share(const Scratch& scratch, int joint) {
  for (const detail::DriveJoint& drive : scratch.model().data().drives) {
    if (drive.joint != joint) continue;
    double squares = 0.0;
    for (int k = 0; k < drive.num_dofs; ++k) {
      const double torque = scratch.data().torque[static_cast<std::size_t>(drive.velocity + k)];
      squares += torque * torque;
    }
    return std::sqrt(squares) / drive.torque_limit;
  }
  return 0.0;
}

const char* engine_error(const Scratch& scratch) {
  return scratch.data().error.data();
}

void throw_box(const Model& model, int index, const glm::dvec3& position,
               const glm::dvec3& velocity, std::span<double> block) {
  const ModelData& data = model.data();
  if (index < 0 || index >= data.options.num_boxes) return;
  const StateView state = state_over(model, block);
  double* p = state.positions.data() + data.num_body_positions + 7 * index;
  double* v = state.velocities.data() + data.num_body_velocities + 6 * index;
  store3(position, p);
  to_wxyz(glm::dquat(1.0, 0.0, 0.0, 0.0), p + 3);
  store3(velocity, v);
  store3(glm::dvec3(0.0), v + 3);
}

std::optional<BoxPose> box_pose(const Model& model, int index, std::span<const double> positions) {
  const ModelData& data = model.data();
  if (index < 0 || index >= data.options.num_boxes) return std::nullopt;
  const double* p = positions.data() + data.num_body_positions + 7 * index;
  if (is_shelved(p)) return std::nullopt;
  return BoxPose{load3(p), from_wxyz(p + 3)};
}

}  // namespace canter::physics
