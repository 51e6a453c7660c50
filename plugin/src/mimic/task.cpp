#include "canter/mimic/task.h"

#include <cmath>

#include "canter/mimic/episode.h"
#include "mimic/task_data.h"

namespace canter::mimic {

using physics::BodyDesc;
using physics::BodyJoint;
using physics::JointType;
using physics::Part;

struct TaskAccess {
  static Task make(std::shared_ptr<const Task::Data> data) {
    Task task;
    task.data_ = std::move(data);
    return task;
  }
};

namespace {

Error refuse(const std::string& what) {
  return {ErrorCode::bad_value, "task: " + what};
}

// Physics steps per action, or why the two rates do not go together.
Result<int> whole_steps(const TaskOptions& options) {
  if (!(options.control_rate_hz >= 1.0 && options.control_rate_hz <= options.physics.rate_hz))
    return refuse("control rate " + std::to_string(options.control_rate_hz) +
                  " Hz; expected 1 to the physics rate, " +
                  std::to_string(options.physics.rate_hz) + " Hz");
  const double ratio = options.physics.rate_hz / options.control_rate_hz;
  const double whole = std::round(ratio);
  if (std::abs(ratio - whole) > 1e-6)
    return refuse("physics rate " + std::to_string(options.physics.rate_hz) +
                  " Hz is not a multiple of the control rate " +
                  std::to_string(options.control_rate_hz) + " Hz");
  return static_cast<int>(whole);
}

// Whether the ranges leave anything of [0, 1) to start from.
Result<void> validate_starts(std::span<const PhaseRange> skipped) {
  float left = 1.0f, end = 0.0f;
  for (const PhaseRange& range : skipped) {
    if (!(range.from >= end && range.to > range.from && range.to <= 1.0f))
      return refuse("phases to skip must be ranges within [0, 1], in order and apart; found " +
                    std::to_string(range.from) + " to " + std::to_string(range.to));
    left -= range.to - range.from;
    end = range.to;
  }
  if (left < 0.01f) return refuse("the phases to skip leave none to start from");
  return {};
}

Result<void> validate(const TaskOptions& options) {
  const auto positive = [](double x) { return x > 0.0 && x < 1e6; };
  if (!positive(static_cast<double>(options.interface.residual_rad)))
    return refuse("a residual of " + std::to_string(options.interface.residual_rad) +
                  " rad per unit; expected more than 0");
  if (!(options.max_root_turn_rad >= 0.0f) || !(options.max_root_distance_m >= 0.0f))
    return refuse("allowed deviations must be 0 (never) or more");
  if (!positive(options.episode_s) || !(options.hold_s >= 0.0 && options.hold_s < 1e6))
    return refuse("an episode lasts more than 0 s and holds 0 s or more");
  return validate_starts(options.skip_starts);
}

bool may_touch(FallSet fall, Part part) {
  switch (fall) {
    case FallSet::all_but_feet:
      return part == Part::foot;
    case FallSet::all_but_feet_and_hands:
      return part == Part::foot || part == Part::hand;
    case FallSet::trunk:
      return part != Part::trunk;
    case FallSet::none:
      break;
  }
  return true;
}

void describe_joints(Task::Data& data) {
  const BodyDesc& body = data.model.body();
  for (std::size_t j = 0; j < body.joints.size(); ++j) {
    const BodyJoint& joint = body.joints[j];
    if (joint.type == JointType::ball || joint.type == JointType::hinge)
      data.driven.push_back(static_cast<int>(j));
    if (joint.key) data.keys.push_back(static_cast<int>(j));
    if (!may_touch(data.options.fall, joint.part)) data.fall |= physics::JointSet{1} << j;
  }
}

}  // namespace

FallSet fall_set_for(std::string_view clip_name) {
  const auto names = [&](std::string_view word) {
    return clip_name.find(word) != std::string_view::npos;
  };
  if (names("cartwheel")) return FallSet::all_but_feet_and_hands;
  if (names("crawl")) return FallSet::trunk;
  if (names("roll") || names("getup")) return FallSet::none;
  return FallSet::all_but_feet;
}

const physics::Model& Task::model() const {
  return data_->model;
}
const ReferenceMotion& Task::motion() const {
  return data_->motion;
}
const TaskOptions& Task::options() const {
  return data_->options;
}
int Task::observation_size() const {
  return data_->observation_size;
}
int Task::action_size() const {
  return static_cast<int>(data_->action_ranges.size());
}
std::span<const TableRow> Task::observation_table() const {
  return data_->observation_table;
}
std::span<const TableRow> Task::action_table() const {
  return data_->action_table;
}
std::span<const ActionRange> Task::action_ranges() const {
  return data_->action_ranges;
}
int Task::steps_per_action() const {
  return data_->steps_per_action;
}
double Task::action_s() const {
  return data_->steps_per_action * data_->model.step_s();
}
std::size_t Task::episode_bytes() const {
  const std::size_t bytes = sizeof(EpisodeHead) +
                            static_cast<std::size_t>(data_->model.state_size()) * sizeof(double) +
                            data_->action_ranges.size() * sizeof(float);
  return align_up(bytes, sizeof(double));
}

Result<Task> make_task(const BodyDesc& body, const Skeleton& skeleton, const RawClip& clip,
                       const TaskOptions& options) {
  if (const Result<void> valid = validate(options); !valid) return valid.error();
  const Result<int> steps = whole_steps(options);
  if (!steps) return steps.error();
  Result<physics::Model> model = physics::make_model(body, options.physics);
  if (!model) return model.error();
  Result<ReferenceMotion> motion = make_reference_motion(*model, skeleton, clip);
  if (!motion) return motion.error();

  auto data = std::make_shared<Task::Data>();
  data->model = std::move(*model);
  data->motion = std::move(*motion);
  data->options = options;
  data->observation_table = observation_table(body, options.interface);
  data->observation_size = table_size(data->observation_table);
  data->action_table = action_table(body, options.interface);
  data->action_ranges = action_ranges(body, options.interface);
  data->steps_per_action = *steps;
  describe_joints(*data);
  return TaskAccess::make(std::move(data));
}

}  // namespace canter::mimic
