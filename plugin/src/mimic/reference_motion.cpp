#include "canter/mimic/reference_motion.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "canter/anim/model_space.h"
#include "canter/physics/quat_order.h"
#include "mimic/frames.h"
#include "mimic/task_data.h"

namespace canter::mimic {

using physics::from_wxyz;
using physics::JointIndex;
using physics::JointType;
using physics::load3;
using physics::store3;
using physics::to_wxyz;

struct MotionAccess {
  static ReferenceMotion make(std::shared_ptr<const ReferenceMotion::Data> data) {
    ReferenceMotion motion;
    motion.data_ = std::move(data);
    return motion;
  }
};

namespace {

using Data = ReferenceMotion::Data;

constexpr float kShortestClip_s = 0.1f;
constexpr double kLeastLapTurn_rad = 0.5;
constexpr glm::dvec3 kUp(0.0, 1.0, 0.0);

// For every joint of the body, the clip's joint of its name.
Result<std::vector<int>> match_joints(const physics::BodyDesc& body, const Skeleton& skeleton) {
  std::vector<int> matches;
  for (const physics::BodyJoint& joint : body.joints) {
    matches.push_back(skeleton.find(joint.name));
    if (matches.back() < 0 && joint.type != JointType::fixed)
      return Error{ErrorCode::bad_value, "the clip has no joint '" + joint.name + "' of the body " +
                                             body.name +
                                             "; retarget it onto the body's skeleton first"};
  }
  return matches;
}

double hinge_angle(const glm::dquat& q) {
  return std::remainder(2.0 * std::atan2(q.z, q.w), 2.0 * glm::pi<double>());
}

// One frame's positions: rotations relative to the body's parent, whatever lies between.
void write_positions(const physics::Model& model, const std::vector<int>& matches,
                     std::span<const Transform> models, double* out) {
  for (int j = 0; j < model.num_joints(); ++j) {
    const JointIndex& index = model.joints()[static_cast<std::size_t>(j)];
    const int match = matches[static_cast<std::size_t>(j)];
    if (index.type == JointType::fixed) continue;
    const Transform& own = models[static_cast<std::size_t>(match)];
    double* p = out + index.position;
    if (index.type == JointType::root) {
      store3(glm::dvec3(own.translation), p);
      to_wxyz(glm::normalize(glm::dquat(own.rotation)), p + 3);
      continue;
    }
    const int parent = matches[static_cast<std::size_t>(index.parent)];
    const glm::dquat local = glm::normalize(
        glm::conjugate(glm::dquat(models[static_cast<std::size_t>(parent)].rotation)) *
        glm::dquat(own.rotation));
    if (index.type == JointType::ball)
      to_wxyz(local, p);
    else
      *p = hinge_angle(local);
  }
}

Error with_clip_name(const RawClip& clip, const Error& error) {
  return {error.code, "clip '" + clip.name + "': " + error.message};
}

// A time as two frames and the share of the second, and how many laps went before.
struct Moment {
  std::size_t frame;
  double share;
  double laps;
  bool held;  ///< beyond an end of a clip that does not loop
};

Moment moment_at(const Data& data, double time_s) {
  const double duration = data.duration_s();
  Moment moment{0, 0.0, 0.0, false};
  double within = time_s;
  if (data.loop) {
    moment.laps = std::floor(time_s / duration);
    within = time_s - moment.laps * duration;
  } else {
    moment.held = time_s < 0.0 || time_s > duration;
  }
  const double frames = std::clamp(within * data.rate_hz, 0.0, data.num_frames - 1.0);
  moment.frame =
      std::min(static_cast<std::size_t>(frames), static_cast<std::size_t>(data.num_frames - 2));
  moment.share = frames - static_cast<double>(moment.frame);
  return moment;
}

void slerp_into(const double* a, const double* b, double share, double* out) {
  to_wxyz(glm::slerp(from_wxyz(a), from_wxyz(b), share), out);
}

// What takes the first frame's root (7 numbers) to the last one's, over the ground.
void measure_lap(const double* first, const double* last, Data& data) {
  data.lap = load3(last) - load3(first);
  data.lap.y = 0.0;
  const glm::dquat turn = from_wxyz(last + 3) * glm::conjugate(from_wxyz(first + 3));
  const double angle = std::remainder(2.0 * std::atan2(turn.y, turn.w), 2.0 * glm::pi<double>());
  if (std::abs(angle) < kLeastLapTurn_rad) return;
  data.lap_turn_rad = angle;
  // Half way, and aside by what makes the way a chord of the turn.
  data.pivot = load3(first) + 0.5 * (data.lap + glm::cross(kUp, data.lap) / std::tan(0.5 * angle));
}

// Moves a root, position and velocity, on by whole laps.
void add_laps(const Data& data, double laps, double* position, double* velocity) {
  if (data.lap_turn_rad == 0.0) {
    store3(load3(position) + laps * data.lap, position);
    return;
  }
  const glm::dquat turn = glm::angleAxis(laps * data.lap_turn_rad, kUp);
  store3(data.pivot + turn * (load3(position) - data.pivot), position);
  to_wxyz(turn * from_wxyz(position + 3), position + 3);
  store3(turn * load3(velocity), velocity);  // the angular one is in the root's own axes
}

}  // namespace

const std::string& ReferenceMotion::name() const {
  return data_->name;
}
bool ReferenceMotion::loop() const {
  return data_->loop;
}
double ReferenceMotion::duration_s() const {
  return data_->duration_s();
}
double ReferenceMotion::rate_hz() const {
  return data_->rate_hz;
}
int ReferenceMotion::num_frames() const {
  return data_->num_frames;
}
const glm::dvec3& ReferenceMotion::lap() const {
  return data_->lap;
}
double ReferenceMotion::lap_turn_rad() const {
  return data_->lap_turn_rad;
}

Result<ReferenceMotion> make_reference_motion(const physics::Model& model, const Skeleton& skeleton,
                                              const RawClip& clip) {
  if (const Result<void> valid = validate(clip, skeleton); !valid)
    return with_clip_name(clip, valid.error());
  if (clip.num_frames() < 2 || clip.duration_s() < kShortestClip_s)
    return with_clip_name(
        clip,
        {ErrorCode::bad_value,
         std::to_string(clip.num_frames()) + " frames and " + std::to_string(clip.duration_s()) +
             " s are too short to imitate; expected at least 2 frames and 0.1 s"});
  const Result<std::vector<int>> matches = match_joints(model.body(), skeleton);
  if (!matches) return with_clip_name(clip, matches.error());

  auto data = std::make_shared<Data>();
  data->name = clip.name;
  data->loop = clip.loop;
  data->rate_hz = static_cast<double>(clip.rate_hz);
  data->num_frames = clip.num_frames();
  data->num_positions = model.num_body_positions();
  data->num_velocities = model.num_body_velocities();
  const auto nq = static_cast<std::size_t>(data->num_positions);
  data->positions.resize(static_cast<std::size_t>(data->num_frames) * nq);
  std::vector<Transform> models(static_cast<std::size_t>(skeleton.num_joints()));
  for (int f = 0; f < data->num_frames; ++f) {
    model_transforms(skeleton, clip.frame(f), models);
    write_positions(model, *matches, models, &data->positions[static_cast<std::size_t>(f) * nq]);
  }
  if (data->loop)
    measure_lap(data->positions.data(),
                &data->positions[static_cast<std::size_t>(data->num_frames - 1) * nq], *data);
  detail::Frames frames;
  frames.loop = data->loop;
  frames.rate_hz = data->rate_hz;
  frames.count = data->num_frames;
  frames.width = data->num_positions;
  frames.values = data->positions;
  data->velocities = detail::velocities_of(model, frames).values;
  return MotionAccess::make(std::move(data));
}

void sample(const ReferenceMotion& motion, const physics::Model& model, double time_s,
            std::span<double> positions, std::span<double> velocities) {
  const Data& data = motion.data();
  assert(positions.size() >= static_cast<std::size_t>(data.num_positions));
  assert(velocities.size() >= static_cast<std::size_t>(data.num_velocities));
  const Moment moment = moment_at(data, time_s);
  const auto nq = static_cast<std::size_t>(data.num_positions);
  const auto nv = static_cast<std::size_t>(data.num_velocities);
  const double* a = &data.positions[moment.frame * nq];
  const double* b = a + nq;
  for (const JointIndex& index : model.joints()) {
    const int p = index.position;
    double* out = &positions[static_cast<std::size_t>(p)];
    switch (index.type) {
      case JointType::root:
        store3(glm::mix(load3(a + p), load3(b + p), moment.share), out);
        slerp_into(a + p + 3, b + p + 3, moment.share, out + 3);
        break;
      case JointType::ball:
        slerp_into(a + p, b + p, moment.share, out);
        break;
      case JointType::hinge:
        *out = a[p] + moment.share * (b[p] - a[p]);
        break;
      case JointType::fixed:
        break;
    }
  }
  const double* va = &data.velocities[moment.frame * nv];
  for (std::size_t k = 0; k < nv; ++k)
    velocities[k] = moment.held ? 0.0 : va[k] + moment.share * (va[k + nv] - va[k]);
  if (moment.laps != 0.0) add_laps(data, moment.laps, positions.data(), velocities.data());
}

double phase_at(const ReferenceMotion& motion, double time_s) {
  const double cycles = time_s / motion.duration_s();
  return motion.loop() ? cycles - std::floor(cycles) : std::clamp(cycles, 0.0, 1.0);
}

}  // namespace canter::mimic
